/**
 * What every sample changer owes whoever drives it. A bench brings the driver, a robot behind cables that can fail,
 * and the truth about every cell; it may run on virtual or real time. Before each test a cell lies in slots 1 and 2 of
 * tray 1, and the handover place is empty.
 */
import { describe, expect, it } from "vitest";
import type { Fault } from "../../protocols/base/fault.ts";
import type { SampleChanger, TraySlot } from "../../protocols/roles/sample-changer.ts";
import { type AfterTest, type ContractOptions, untilFault } from "./contract-run.ts";

export type TruePlace = "handover" | "elsewhere" | TraySlot;

export interface SampleChangerBench {
  readonly changer: SampleChanger;
  readonly faults: readonly Fault[];
  readonly finish: <T>(work: Promise<T>) => Promise<T>;
  readonly pass: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
  /** Where the cell is that lay in slot 1 or 2 of tray 1 at first. */
  readonly whereIs: (cell: 1 | 2) => TruePlace;
  /** Movements of the arm that the robot itself has begun. */
  readonly pathsBegun: () => number;
  /** The stage brings another, empty position to the handover place. */
  readonly moveRackOn: () => void;
  /** What is carried next falls. */
  readonly dropNext: () => void;
  /** The presence sensor says this whatever is there; null lets it see again. */
  readonly stickSensor: (says: boolean | null) => void;
  /** A door opens: the robot stops by its own chain. */
  readonly openDoor: (isOpen: boolean) => void;
  readonly hang: (isHung: boolean) => void;
  /** The answer to the next order to move is lost; with `swallow` the order itself too. */
  readonly loseNextAnswer: (how: "answer" | "swallow") => void;
  readonly cut: () => void | Promise<void>;
  readonly close?: () => Promise<void> | void;
}

export interface SampleChangerBenchOptions {
  readonly device?: "right" | "wrong";
}

/** `makeBench` gives a changer that is not connected yet. */
export function sampleChangerContract(
  name: string,
  makeBench: (options: SampleChangerBenchOptions) => SampleChangerBench | Promise<SampleChangerBench>,
  { isConcurrent = false, pace = 1 }: ContractOptions = {},
): void {
  (isConcurrent ? describe.concurrent : describe)(`a sample changer by ${name}`, () => {
    const first: TraySlot = { tray: 1, slot: 1 };
    const second: TraySlot = { tray: 1, slot: 2 };

    async function bench(after: AfterTest, options: SampleChangerBenchOptions = {}): Promise<SampleChangerBench> {
      const made = await makeBench(options);
      after(async () => {
        made.changer.disconnect();
        await made.close?.();
      });
      return made;
    }

    async function connected(after: AfterTest): Promise<SampleChangerBench> {
      const made = await bench(after);
      await made.finish(made.changer.connect());
      return made;
    }

    async function loaded(after: AfterTest): Promise<SampleChangerBench> {
      const made = await connected(after);
      await made.finish(made.changer.load(first));
      return made;
    }

    it("says who it is, and is refused when it is something else", async ({ onTestFinished: after }) => {
      const made = await bench(after);
      expect((await made.finish(made.changer.connect())).model.length).toBeGreaterThan(2);
      const other = await bench(after, { device: "wrong" });
      await expect(other.finish(other.changer.connect())).rejects.toMatchObject({ code: "device.wrong" });
      await expect(other.finish(other.changer.load(first))).rejects.toMatchObject({ code: "link.closed" });
    });

    it("is named silent when nothing answers, within half a minute", async ({ onTestFinished: after }) => {
      const made = await bench(after);
      made.hang(true);
      const startMs = made.nowMs();
      await expect(made.finish(made.changer.connect())).rejects.toMatchObject({ code: "link.timeout" });
      expect(made.nowMs() - startMs).toBeLessThan(30_000);
    });

    it("carries a cell to the handover place and back, and says so only when it is true", async ({
      onTestFinished: after,
    }) => {
      const made = await connected(after);
      expect(await made.finish(made.changer.load(first))).toMatchObject({ slot: first });
      expect(made.whereIs(1)).toBe("handover");
      expect(await made.finish(made.changer.read())).toMatchObject({
        held: null,
        delivered: first,
        isPresent: true,
        isArmAtRack: false,
        path: null,
      });
      await made.finish(made.changer.unload(first));
      expect(made.whereIs(1)).toEqual(first);
      expect(await made.finish(made.changer.read())).toMatchObject({ held: null, delivered: null, isPresent: false });
      expect(made.faults).toEqual([]);
    });

    it("fills one position after the other as the stage brings them", async ({ onTestFinished: after }) => {
      const made = await loaded(after);
      made.moveRackOn();
      await made.finish(made.changer.load(second));
      expect(made.whereIs(2)).toBe("handover");
      expect(made.whereIs(1)).toBe("elsewhere");
    });

    it("puts a cell into another slot than it came from when told so", async ({ onTestFinished: after }) => {
      const made = await loaded(after);
      await made.finish(made.changer.unload({ tray: 1, slot: 5 }));
      expect(made.whereIs(1)).toEqual({ tray: 1, slot: 5 });
    });

    it("never carries a cell to a place that is taken", async ({ onTestFinished: after }) => {
      const made = await loaded(after);
      const begun = made.pathsBegun();
      await expect(made.finish(made.changer.load(second))).rejects.toMatchObject({ code: "changer.not-ready" });
      expect(made.pathsBegun()).toBe(begun);
      expect(made.whereIs(2)).toEqual(second);
    });

    it("fetches nothing from an empty place, and knows its own trays", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      const { trayCount, slotsPerTray } = made.changer.capabilities;
      await expect(made.finish(made.changer.unload(first))).rejects.toMatchObject({ code: "changer.not-ready" });
      for (const slot of [
        { tray: trayCount + 1, slot: 1 },
        { tray: 0, slot: 1 },
        { tray: 1, slot: slotsPerTray + 1 },
        { tray: 1, slot: 1.5 },
        { tray: 1, slot: Number.NaN },
      ]) {
        await expect(made.finish(made.changer.load(slot))).rejects.toMatchObject({ code: "changer.not-ready" });
      }
      expect(made.pathsBegun()).toBe(0);
    });

    it("says that the cell's place is unproven when it fell on the way", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      made.dropNext();
      await expect(made.finish(made.changer.load(first))).rejects.toMatchObject({
        code: "changer.lost",
        detail: { isPresent: false },
      });
      expect(made.whereIs(1)).toBe("elsewhere");
    });

    it("believes the sensor no more than its bookkeeping: what contradicts is unproven", async ({
      onTestFinished: after,
    }) => {
      const made = await connected(after);
      made.stickSensor(false);
      await expect(made.finish(made.changer.load(first))).rejects.toMatchObject({ code: "changer.lost" });
      made.stickSensor(null);
      expect((await made.finish(made.changer.read())).isPresent).toBe(true);
    });

    it("does not start with a door open, and breaks off when one opens", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      made.openDoor(true);
      await expect(made.finish(made.changer.load(first))).rejects.toMatchObject({ code: "changer.not-ready" });
      expect(made.pathsBegun()).toBe(0);
      made.openDoor(false);
      await made.finish(made.changer.powerOn());
      const loading = made.changer.load(first);
      loading.catch(() => undefined);
      await made.pass(2500 * pace);
      made.openDoor(true);
      await expect(made.finish(loading)).rejects.toMatchObject({ code: "changer.alarm" });
    });

    it("finds out what came of an order whose answer was lost, and never gives it twice", async ({
      onTestFinished: after,
    }) => {
      const made = await connected(after);
      made.loseNextAnswer("answer");
      await made.finish(made.changer.load(first));
      expect(made.whereIs(1)).toBe("handover");
      expect(made.pathsBegun()).toBe(1);
    });

    it("says so when the order itself was lost: nothing moved, and nothing is sent again by itself", async ({
      onTestFinished: after,
    }) => {
      const made = await connected(after);
      made.loseNextAnswer("swallow");
      await expect(made.finish(made.changer.load(first))).rejects.toMatchObject({ code: "device.unknown-outcome" });
      await made.pass(15_000 * pace);
      expect(made.pathsBegun()).toBe(0);
      expect(made.whereIs(1)).toEqual(first);
      await made.finish(made.changer.load(first));
      expect(made.whereIs(1)).toBe("handover");
    });

    it("goes on by itself when it could not be seen for a moment, and is followed again", async ({
      onTestFinished: after,
    }) => {
      const made = await connected(after);
      const loading = made.changer.load(first);
      await made.pass(3000 * pace);
      made.hang(true);
      await made.pass(2000);
      made.hang(false);
      expect(await made.finish(loading)).toMatchObject({ slot: first });
      expect(made.whereIs(1)).toBe("handover");
    });

    it("stops the arm when its signal is aborted, and rejects with the reason", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      const abort = new AbortController();
      const loading = made.changer.load(first, abort.signal);
      loading.catch(() => undefined);
      await made.pass(2000 * pace);
      abort.abort(new Error("search was broken"));
      await expect(made.finish(loading)).rejects.toThrow("search was broken");
      const where = made.whereIs(1);
      await made.pass(20_000 * pace);
      expect(made.whereIs(1)).toEqual(where);
      expect((await made.finish(made.changer.read())).path).toBeNull();
    });

    it("can be stopped at any time, as often as asked", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      await made.finish(made.changer.abort());
      await made.finish(made.changer.abort());
      const loading = made.changer.load(first);
      loading.catch(() => undefined);
      await made.pass(2000 * pace);
      await made.finish(made.changer.abort());
      await expect(made.finish(loading)).rejects.toMatchObject({ code: "changer.lost" });
    });

    it.each(["its signal", "a stop"])("does not send the arm after %s, and says that nothing moved", async (by) => {
      const made = await makeBench({});
      await made.finish(made.changer.connect());
      const abort = new AbortController();
      const loading = made.changer.load(first, abort.signal);
      loading.catch(() => undefined);
      if (by === "its signal") abort.abort(new Error("search was broken"));
      else await made.finish(made.changer.abort());
      await expect(made.finish(loading)).rejects.toMatchObject({ code: "changer.not-ready" });
      await made.pass(2000 * pace);
      expect(made.pathsBegun()).toBe(0);
      expect(made.whereIs(1)).toEqual(first);
      made.changer.disconnect();
      await made.close?.();
    });

    it("does not begin a transfer whose signal was aborted while it waited", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      const abort = new AbortController();
      const loading = made.changer.load(first);
      const unloading = made.changer.unload(first, abort.signal);
      unloading.catch(() => undefined);
      abort.abort(new Error("skipped"));
      await made.finish(loading);
      await expect(made.finish(unloading)).rejects.toThrow("skipped");
      expect(made.whereIs(1)).toBe("handover");
    });

    it("tells of a cable that drops, and works again after connecting", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      await made.cut();
      await untilFault(made);
      expect(made.faults.map(({ code }) => code)).toContain("link.closed");
      await made.finish(made.changer.connect());
      await made.finish(made.changer.load(first));
      expect(made.whereIs(1)).toBe("handover");
    });
  });
}
