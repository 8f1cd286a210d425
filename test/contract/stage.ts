/**
 * What every stage owes whoever drives it, whatever dialect it speaks and whatever lies between. A bench brings the
 * driver, a device behind a cable that can fail, and the truth about the table; it may run on virtual or real time.
 */
import { describe, expect, it } from "vitest";
import type { Fault } from "../../protocols/base/fault.ts";
import type { Stage, StagePosition } from "../../protocols/roles/stage.ts";
import { type AfterTest, type ContractOptions, untilFault } from "./contract-run.ts";

export interface StageBench {
  readonly stage: Stage;
  /** Reported by the driver unasked. */
  readonly faults: readonly Fault[];
  /** Rack coordinates reach from 0 to at least here; more than 250 mm and 150 mm. */
  readonly travelMm: { readonly x: number; readonly y: number };
  /** Allowed beyond the motion itself from the call of a move to its end. */
  readonly overheadMs: number;
  /** Lets the world go on until the work is done. */
  readonly finish: <T>(work: Promise<T>) => Promise<T>;
  readonly pass: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
  /** Where the table truly is, in rack coordinates. */
  readonly truth: () => StagePosition;
  /** Motions that the device itself has begun: moves and homings, over all axes. */
  readonly motionsBegun: () => number;
  /** While hung, the cable stays open and nothing passes in either direction. */
  readonly hang: (isHung: boolean) => void;
  readonly cut: () => void | Promise<void>;
  readonly powerCycle: () => void;
  readonly close?: () => Promise<void> | void;
}

export interface StageBenchOptions {
  /** `wrong`: the right family with another identity or other settings than the site's. */
  readonly device?: "right" | "wrong";
}

/** `makeBench` gives a stage that is not connected yet. */
export function stageContract(
  name: string,
  makeBench: (options: StageBenchOptions) => StageBench | Promise<StageBench>,
  { isConcurrent = false, pace = 1 }: ContractOptions = {},
): void {
  (isConcurrent ? describe.concurrent : describe)(`a stage by ${name}`, () => {
    async function bench(after: AfterTest, options: StageBenchOptions = {}): Promise<StageBench> {
      const made = await makeBench(options);
      after(async () => {
        made.stage.disconnect();
        await made.close?.();
      });
      return made;
    }

    async function homed(after: AfterTest): Promise<StageBench> {
      const made = await bench(after);
      await made.finish(made.stage.connect());
      await made.finish(made.stage.home());
      return made;
    }

    async function at(after: AfterTest, xMm: number, yMm: number): Promise<StageBench> {
      const made = await homed(after);
      await made.finish(made.stage.moveTo({ xMm, yMm }));
      return made;
    }

    function expectAt(made: StageBench, xMm: number, yMm: number): void {
      expect(Math.abs(made.truth().xMm - xMm)).toBeLessThan(0.05);
      expect(Math.abs(made.truth().yMm - yMm)).toBeLessThan(0.05);
    }

    it("says who it is", async ({ onTestFinished: after }) => {
      const { stage, finish } = await bench(after);
      const identity = await finish(stage.connect());
      expect(identity.model.length).toBeGreaterThan(3);
      expect(identity.firmware).toMatch(/\d/);
    });

    it("is refused when it is not the site's", async ({ onTestFinished: after }) => {
      const { stage, finish } = await bench(after, { device: "wrong" });
      await expect(finish(stage.connect())).rejects.toMatchObject({ code: "device.wrong" });
      await expect(finish(stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({ code: "link.closed" });
    });

    it("is named silent when nothing answers, within half a minute", async ({ onTestFinished: after }) => {
      const made = await bench(after);
      made.hang(true);
      const startMs = made.nowMs();
      await expect(made.finish(made.stage.connect())).rejects.toMatchObject({ code: "link.timeout" });
      expect(made.nowMs() - startMs).toBeLessThan(30_000);
    });

    it("does not move before it has a reference", async ({ onTestFinished: after }) => {
      const { stage, finish, motionsBegun } = await bench(after);
      await finish(stage.connect());
      await expect(finish(stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({ code: "stage.not-homed" });
      await expect(finish(stage.read())).rejects.toMatchObject({ code: "stage.not-homed" });
      expect(motionsBegun()).toBe(0);
    });

    it("brings the table where it is sent, and says so from there", async ({ onTestFinished: after }) => {
      const made = await homed(after);
      for (const [xMm, yMm] of [
        [200, 125],
        [0, 0],
        [25.5, 12.25],
      ] as const) {
        const reading = await made.finish(made.stage.moveTo({ xMm, yMm }));
        expect(reading.atRest).toBe(true);
        expect(Math.abs(reading.xMm - xMm)).toBeLessThan(0.02);
        expect(Math.abs(reading.yMm - yMm)).toBeLessThan(0.02);
        expectAt(made, xMm, yMm);
      }
      expect(made.faults).toEqual([]);
    });

    it("is there at once when it is there already", async ({ onTestFinished: after }) => {
      const made = await at(after, 30, 20);
      const startMs = made.nowMs();
      await made.finish(made.stage.moveTo({ xMm: 30, yMm: 20 }));
      expect(made.nowMs() - startMs).toBeLessThanOrEqual(made.overheadMs);
      expectAt(made, 30, 20);
    });

    it("says that it moves while it moves", async ({ onTestFinished: after }) => {
      const made = await at(after, 0, 0);
      const move = made.stage.moveTo({ xMm: 200, yMm: 0 });
      await made.pass(500 * pace);
      const reading = await made.finish(made.stage.read());
      expect(reading.atRest).toBe(false);
      expect(reading.xMm).toBeGreaterThan(1);
      expect(reading.xMm).toBeLessThan(190);
      await made.finish(move);
    });

    it("spends little on a hop beyond its motion", async ({ onTestFinished: after }) => {
      const made = await at(after, 0, 0);
      for (const [xMm, yMm] of [
        [25, 0],
        [50, 25],
        [50, 50],
      ] as const) {
        const startMs = made.nowMs();
        await made.finish(made.stage.moveTo({ xMm, yMm }));
        // 25 mm at 100 mm/s and 500 mm/s2, when the pace is 1.
        expect(made.nowMs() - startMs).toBeGreaterThanOrEqual(449 * pace);
        expect(made.nowMs() - startMs).toBeLessThanOrEqual(450 * pace + made.overheadMs);
      }
    });

    it("refuses a target outside its travel, or no number, and moves nothing", async ({ onTestFinished: after }) => {
      const made = await at(after, 10, 10);
      const begun = made.motionsBegun();
      const { x, y } = made.travelMm;
      for (const target of [
        { xMm: -50, yMm: 10 },
        { xMm: x + 50, yMm: 10 },
        { xMm: 10, yMm: y + 50 },
        { xMm: Number.NaN, yMm: 10 },
        { xMm: 10, yMm: Number.POSITIVE_INFINITY },
      ]) {
        await expect(made.finish(made.stage.moveTo(target))).rejects.toMatchObject({ code: "stage.position" });
      }
      expect(made.motionsBegun()).toBe(begun);
      expectAt(made, 10, 10);
    });

    it("stops under control when halted, keeps its position, and goes on from there", async ({
      onTestFinished: after,
    }) => {
      const made = await at(after, 0, 0);
      const move = made.stage.moveTo({ xMm: 240, yMm: 0 });
      move.catch(() => undefined);
      await made.pass(700 * pace);
      await made.finish(made.stage.halt());
      await expect(made.finish(move)).rejects.toMatchObject({ code: "stage.position" });
      const reading = await made.finish(made.stage.read());
      expect(reading.atRest).toBe(true);
      expect(reading.xMm).toBeGreaterThan(20);
      expect(reading.xMm).toBeLessThan(200);
      expectAt(made, reading.xMm, 0);
      await made.finish(made.stage.moveTo({ xMm: 150, yMm: 10 }));
      expectAt(made, 150, 10);
      expect(made.faults).toEqual([]);
    });

    it("is at rest when halted at rest, as often as asked", async ({ onTestFinished: after }) => {
      const made = await at(after, 5, 5);
      await made.finish(made.stage.halt());
      await made.finish(made.stage.halt());
      await made.finish(made.stage.moveTo({ xMm: 15, yMm: 5 }));
      expectAt(made, 15, 5);
      expect(made.faults).toEqual([]);
    });

    it("stops when its signal is aborted, and rejects with the reason", async ({ onTestFinished: after }) => {
      const made = await at(after, 0, 0);
      const abort = new AbortController();
      const move = made.stage.moveTo({ xMm: 240, yMm: 0 }, abort.signal);
      move.catch(() => undefined);
      await made.pass(500 * pace);
      abort.abort(new Error("search was broken"));
      await expect(made.finish(move)).rejects.toThrow("search was broken");
      const restMm = made.truth().xMm;
      expect(restMm).toBeLessThan(200);
      await made.pass(1500 * pace);
      expect(made.truth().xMm).toBe(restMm);
    });

    it("does not begin a move whose signal was aborted while it waited", async ({ onTestFinished: after }) => {
      const made = await at(after, 0, 0);
      const begun = made.motionsBegun();
      const abort = new AbortController();
      const first = made.stage.moveTo({ xMm: 20, yMm: 0 });
      const second = made.stage.moveTo({ xMm: 240, yMm: 0 }, abort.signal);
      second.catch(() => undefined);
      abort.abort(new Error("skipped"));
      await made.finish(first);
      const begunByFirst = made.motionsBegun();
      expect(begunByFirst).toBeGreaterThan(begun);
      await expect(made.finish(second)).rejects.toThrow("skipped");
      expect(made.motionsBegun()).toBe(begunByFirst);
      expectAt(made, 20, 0);
    });

    it("performs moves one after the other in the order asked", async ({ onTestFinished: after }) => {
      const { stage, finish } = await homed(after);
      const done: number[] = [];
      const moves = [50, 10, 80].map((xMm) =>
        stage.moveTo({ xMm, yMm: 0 }).then((reading) => done.push(Math.round(reading.xMm))),
      );
      await finish(Promise.all(moves));
      expect(done).toEqual([50, 10, 80]);
    });

    it("is read back when the answer to a move is lost: the outcome is found out, nothing is sent twice", async ({
      onTestFinished: after,
    }) => {
      const made = await at(after, 0, 0);
      const begun = made.motionsBegun();
      const move = made.stage.moveTo({ xMm: 100, yMm: 0 });
      await made.pass(600 * pace);
      const begunByMove = made.motionsBegun();
      expect(begunByMove).toBeGreaterThan(begun);
      made.hang(true);
      await made.pass(1000);
      made.hang(false);
      expect((await made.finish(move)).atRest).toBe(true);
      expect(made.motionsBegun()).toBe(begunByMove);
      expectAt(made, 100, 0);
      await made.finish(made.stage.moveTo({ xMm: 20, yMm: 20 }));
      expectAt(made, 20, 20);
    });

    it("is not where it was sent when the move itself was lost, and is not sent there by itself", async ({
      onTestFinished: after,
    }) => {
      const made = await at(after, 0, 0);
      const begun = made.motionsBegun();
      made.hang(true);
      const move = made.stage.moveTo({ xMm: 100, yMm: 0 });
      move.catch(() => undefined);
      await made.pass(100);
      made.hang(false);
      await expect(made.finish(move)).rejects.toMatchObject({ code: "stage.position" });
      await made.pass(3000 * pace);
      expect(made.motionsBegun()).toBe(begun);
      expectAt(made, 0, 0);
      await made.finish(made.stage.moveTo({ xMm: 100, yMm: 0 }));
      expectAt(made, 100, 0);
    });

    it("gives a fault while the cable hangs, then works again without a new connection", async ({
      onTestFinished: after,
    }) => {
      const made = await at(after, 0, 0);
      made.hang(true);
      await expect(made.finish(made.stage.moveTo({ xMm: 100, yMm: 0 }))).rejects.toMatchObject({
        code: "link.timeout",
      });
      made.hang(false);
      await made.finish(made.stage.moveTo({ xMm: 50, yMm: 0 }));
      expectAt(made, 50, 0);
    });

    it("has lost its reference when it is switched off in the middle of a move", async ({ onTestFinished: after }) => {
      const made = await at(after, 0, 0);
      const move = made.stage.moveTo({ xMm: 240, yMm: 0 });
      move.catch(() => undefined);
      await made.pass(300 * pace);
      made.powerCycle();
      await expect(made.finish(move)).rejects.toMatchObject({ code: "stage.not-homed" });
      expect(made.faults.map(({ code }) => code)).toEqual(["stage.not-homed"]);
      await expect(made.finish(made.stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({
        code: "stage.not-homed",
      });
      await made.finish(made.stage.home());
      await made.finish(made.stage.moveTo({ xMm: 30, yMm: 30 }));
      expectAt(made, 30, 30);
    });

    it("tells of a cable that drops, and believes no position after it that the device does not vouch for", async ({
      onTestFinished: after,
    }) => {
      const made = await at(after, 40, 40);
      await made.cut();
      await untilFault(made);
      expect(made.faults.map(({ code }) => code)).toEqual(["link.closed"]);
      await expect(made.finish(made.stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({ code: "link.closed" });
      await made.finish(made.stage.connect());
      const reading = await made.finish(made.stage.read()).catch((error: unknown) => error);
      if (reading instanceof Error) expect(reading).toMatchObject({ code: "stage.not-homed" });
      else expect(reading).toMatchObject({ xMm: 40, yMm: 40, atRest: true });
    });
  });
}
