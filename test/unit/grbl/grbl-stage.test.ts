import { describe, expect, it } from "vitest";
import type { Fault } from "../../../protocols/base/fault.ts";
import { createGrblBench, createHomedBench, trapezoidMs } from "./bench.ts";

function code(expected: string): unknown {
  return expect.objectContaining({ code: expected });
}

describe("a stage on a GRBL controller", () => {
  it("identifies the controller by its build information", async () => {
    const { stage, finish } = createGrblBench();
    expect(await finish(stage.connect())).toEqual({
      model: "GRBL 1.1h",
      serialNumber: null,
      firmware: "1.1h.20190830",
    });
  });

  it("is connected without a greeting when the board does not reset on opening", async () => {
    const { stage, finish } = createGrblBench({ resetsOnOpen: false });
    expect((await finish(stage.connect())).model).toBe("GRBL 1.1h");
  });

  it("refuses a controller whose settings are not the site's, and names them", async () => {
    const { stage, finish } = createGrblBench({ settings: { 110: 3000, 20: 0 } });
    const fault = await finish(stage.connect()).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "device.wrong" });
    expect((fault as Fault).message).toContain("$110");
    expect((fault as Fault).message).toContain("$20");
  });

  it("says that the device is silent when nothing answers", async () => {
    const { stage, finish, cable } = createGrblBench();
    cable.hang(true);
    await expect(finish(stage.connect())).rejects.toMatchObject({ code: "link.timeout" });
  });

  it("will not move before it is homed", async () => {
    const { stage, finish } = createGrblBench();
    await finish(stage.connect());
    await expect(finish(stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({ code: "stage.not-homed" });
    await expect(finish(stage.read())).rejects.toMatchObject({ code: "stage.not-homed" });
  });

  it("brings the table to the place asked for, in rack coordinates", async () => {
    const { stage, finish, table, clock } = await createHomedBench();
    const reading = await finish(stage.moveTo({ xMm: 275, yMm: 175 }));
    expect(reading).toMatchObject({ xMm: 275, yMm: 175, atRest: true });
    // Since its word that nothing is left to move; the report at the target comes after it.
    expect(reading.restSinceMs).toBeLessThan(clock.nowMs());
    expect(table.xMm(clock.nowMs())).toBeCloseTo(285, 6);
    expect(table.yMm(clock.nowMs())).toBeCloseTo(185, 6);
  });

  it("spends at most 20 ms on a hop beyond its motion", async () => {
    const { stage, finish, clock } = await createHomedBench();
    await finish(stage.moveTo({ xMm: 0, yMm: 0 }));
    for (const xMm of [25, 50, 75.5]) {
      const startMs = clock.nowMs();
      const fromMm = (await finish(stage.read())).xMm;
      const readMs = clock.nowMs();
      await finish(stage.moveTo({ xMm, yMm: 0 }));
      expect(readMs - startMs).toBeLessThanOrEqual(4);
      const overheadMs = clock.nowMs() - readMs - trapezoidMs(xMm - fromMm, 100, 500);
      expect(overheadMs).toBeGreaterThan(0);
      expect(overheadMs).toBeLessThanOrEqual(20);
    }
  });

  it("succeeds at once when it is there already", async () => {
    const { stage, finish, clock } = await createHomedBench();
    await finish(stage.moveTo({ xMm: 30, yMm: 20 }));
    const startMs = clock.nowMs();
    await finish(stage.moveTo({ xMm: 30, yMm: 20 }));
    expect(clock.nowMs() - startMs).toBeLessThanOrEqual(5);
  });

  it("refuses a target outside the travel, or no number, without sending it", async () => {
    const { stage, finish, cable } = await createHomedBench();
    const sent = cable.counters.bytesToDevice;
    for (const xMm of [-10.01, 290.01, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(finish(stage.moveTo({ xMm, yMm: 0 }))).rejects.toMatchObject({ code: "stage.position" });
    }
    expect(cable.counters.bytesToDevice).toBe(sent);
  });

  it("keeps its position through a halt and goes on from there", async () => {
    const { stage, finish, clock, table, faults } = await createHomedBench();
    await finish(stage.moveTo({ xMm: 0, yMm: 0 }));
    const move = stage.moveTo({ xMm: 200, yMm: 0 });
    move.catch(() => undefined);
    await clock.run(clock.nowMs() + 700);
    await finish(stage.halt());
    await expect(move).rejects.toMatchObject({ code: "stage.position" });
    const reading = await finish(stage.read());
    expect(reading.atRest).toBe(true);
    expect(reading.xMm).toBeGreaterThan(20);
    expect(reading.xMm).toBeLessThan(100);
    expect(reading.xMm + 10).toBeCloseTo(table.xMm(clock.nowMs()), 2);
    expect(await finish(stage.moveTo({ xMm: 150, yMm: 0 }))).toMatchObject({ xMm: 150 });
    expect(table.xMm(clock.nowMs())).toBeCloseTo(160, 2);
    expect(faults).toEqual([]);
  });

  it("is at rest already when halted at rest", async () => {
    const { stage, finish, faults } = await createHomedBench();
    await finish(stage.halt());
    expect(await finish(stage.moveTo({ xMm: 5, yMm: 5 }))).toMatchObject({ xMm: 5 });
    expect(faults).toEqual([]);
  });

  it("stops the motion when its signal is aborted, and rejects with the reason", async () => {
    const { stage, finish, clock, table } = await createHomedBench();
    await finish(stage.moveTo({ xMm: 0, yMm: 0 }));
    const abort = new AbortController();
    const move = stage.moveTo({ xMm: 250, yMm: 0 }, abort.signal);
    move.catch(() => undefined);
    await clock.run(clock.nowMs() + 500);
    abort.abort(new Error("search was broken"));
    await expect(finish(move)).rejects.toThrow("search was broken");
    const restMm = table.xMm(clock.nowMs());
    await clock.run(clock.nowMs() + 5000);
    expect(table.xMm(clock.nowMs())).toBe(restMm);
    expect(restMm).toBeLessThan(200);
  });

  it("gives the reason of an abort and reports the stop that failed when the cable hangs as well", async () => {
    const { stage, finish, clock, cable, faults } = await createHomedBench();
    await finish(stage.moveTo({ xMm: 0, yMm: 0 }));
    const abort = new AbortController();
    const move = stage.moveTo({ xMm: 250, yMm: 0 }, abort.signal);
    move.catch(() => undefined);
    await clock.run(clock.nowMs() + 500);
    cable.hang(true);
    abort.abort(new Error("search was broken"));
    await expect(finish(move)).rejects.toThrow("search was broken");
    expect(faults).toEqual([code("link.timeout")]);
  });

  it("rejects a waiting move whose signal was aborted, without sending it", async () => {
    const { stage, finish, table, clock } = await createHomedBench();
    const abort = new AbortController();
    const first = stage.moveTo({ xMm: 50, yMm: 0 });
    const second = stage.moveTo({ xMm: 250, yMm: 0 }, abort.signal);
    second.catch(() => undefined);
    abort.abort(new Error("skipped"));
    await finish(first);
    await expect(finish(second)).rejects.toThrow("skipped");
    expect(table.xMm(clock.nowMs())).toBeCloseTo(60, 6);
  });

  it("stops homing when halted, and then has no position", async () => {
    const { stage, finish, clock } = createGrblBench();
    await finish(stage.connect());
    const homing = stage.home();
    homing.catch(() => undefined);
    await clock.run(clock.nowMs() + 5000);
    await finish(stage.halt());
    await expect(homing).rejects.toMatchObject({ name: "Fault" });
    await expect(finish(stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({ code: "stage.not-homed" });
    await finish(stage.home());
    expect(await finish(stage.moveTo({ xMm: 1, yMm: 1 }))).toMatchObject({ xMm: 1 });
  });

  it("raises a failed homing as an alarm although an ok follows, and homes again when asked", async () => {
    const { stage, finish, twin, faults } = createGrblBench();
    await finish(stage.connect());
    twin.failNextHoming(9);
    await expect(finish(stage.home())).rejects.toMatchObject({ code: "stage.alarm", detail: { alarmCode: 9 } });
    await finish(stage.home());
    expect(await finish(stage.moveTo({ xMm: 1, yMm: 1 }))).toMatchObject({ xMm: 1 });
    expect(faults).toEqual([code("stage.alarm")]);
  });

  it("treats a greeting in the middle of a move as a lost position", async () => {
    const { stage, finish, clock, twin, faults } = await createHomedBench();
    await finish(stage.moveTo({ xMm: 0, yMm: 0 }));
    const move = stage.moveTo({ xMm: 250, yMm: 0 });
    move.catch(() => undefined);
    await clock.run(clock.nowMs() + 300);
    twin.powerCycle();
    await expect(finish(move)).rejects.toMatchObject({ code: "stage.not-homed" });
    expect(faults).toEqual([code("stage.not-homed")]);
    await expect(finish(stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({ code: "stage.not-homed" });
    await finish(stage.home());
    expect(await finish(stage.moveTo({ xMm: 1, yMm: 1 }))).toMatchObject({ xMm: 1 });
  });

  it("reports a limit switch as an alarm and needs homing after it", async () => {
    const { stage, finish, clock, twin, faults } = await createHomedBench();
    const move = stage.moveTo({ xMm: 0, yMm: 0 });
    move.catch(() => undefined);
    await clock.run(clock.nowMs() + 300);
    twin.hitLimitSwitch();
    await expect(finish(move)).rejects.toMatchObject({ code: "stage.alarm", detail: { alarmCode: 1 } });
    await expect(finish(stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({ code: "stage.not-homed" });
    await finish(stage.home());
    expect(await finish(stage.moveTo({ xMm: 1, yMm: 1 }))).toMatchObject({ xMm: 1 });
    expect(faults).toEqual([code("stage.alarm")]);
  });

  it("reads the stage back when the answer to a move is lost, and never sends it twice", async () => {
    const { stage, finish, clock, cable, table } = await createHomedBench();
    await finish(stage.moveTo({ xMm: 0, yMm: 0 }));
    const move = stage.moveTo({ xMm: 100, yMm: 0 });
    await clock.run(clock.nowMs() + 600);
    cable.hang(true);
    await clock.run(clock.nowMs() + 1000);
    cable.hang(false);
    const sent = cable.counters.bytesToDevice;
    expect(await finish(move)).toMatchObject({ xMm: 100, atRest: true });
    expect(cable.counters.bytesToDevice - sent).toBeLessThanOrEqual(1);
    expect(table.xMm(clock.nowMs())).toBeCloseTo(110, 6);
    expect(await finish(stage.moveTo({ xMm: 20, yMm: 20 }))).toMatchObject({ xMm: 20, yMm: 20 });
  });

  it("says that the stage is not where it was sent when the move itself was lost", async () => {
    const { stage, finish, clock, cable } = await createHomedBench();
    await finish(stage.moveTo({ xMm: 0, yMm: 0 }));
    cable.hang(true);
    const move = stage.moveTo({ xMm: 100, yMm: 0 });
    move.catch(() => undefined);
    await clock.run(clock.nowMs() + 100);
    cable.hang(false);
    await expect(finish(move)).rejects.toMatchObject({ code: "stage.position" });
    expect(await finish(stage.moveTo({ xMm: 100, yMm: 0 }))).toMatchObject({ xMm: 100 });
  });

  it("rejects with a timeout while the cable hangs, then works again without a new connection", async () => {
    const { stage, finish, cable } = await createHomedBench();
    cable.hang(true);
    await expect(finish(stage.moveTo({ xMm: 100, yMm: 0 }))).rejects.toMatchObject({ code: "link.timeout" });
    cable.hang(false);
    expect(await finish(stage.moveTo({ xMm: 100, yMm: 0 }))).toMatchObject({ xMm: 100 });
  });

  it("tells of a cable that drops, and has no position after the link is opened again", async () => {
    const { stage, finish, cable, faults } = await createHomedBench();
    cable.cut("unplugged");
    expect(faults).toEqual([code("link.closed")]);
    await expect(finish(stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({ code: "link.closed" });
    await finish(stage.connect());
    await expect(finish(stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({ code: "stage.not-homed" });
  });

  it("performs moves one after the other in the order asked", async () => {
    const { stage, finish } = await createHomedBench();
    const done: number[] = [];
    const moves = [50, 10, 80].map((xMm) => stage.moveTo({ xMm, yMm: 0 }).then((reading) => done.push(reading.xMm)));
    await finish(Promise.all(moves));
    expect(done).toEqual([50, 10, 80]);
  });
});
