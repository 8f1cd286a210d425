import { describe, expect, it } from "vitest";
import { createHomedBench, createZaberBench, rackTruth, type ZaberBench } from "./bench.ts";

function code(expected: string): unknown {
  return expect.objectContaining({ code: expected });
}

describe("a stage of Zaber axes", () => {
  it("tells device, firmware and serial number, of each device of the chain", async () => {
    const one = createZaberBench();
    expect(await one.finish(one.stage.connect())).toEqual({
      model: "Zaber 30222",
      serialNumber: "118025",
      firmware: "7.35",
    });
    const two = createZaberBench({ twin: { wiring: "two-devices" } });
    expect(await two.finish(two.stage.connect())).toEqual({
      model: "Zaber 50081",
      serialNumber: "118025, 118026",
      firmware: "7.35",
    });
  });

  it.each([
    ["a firmware that is not known", { twin: { firmware: "5.24" } }, "firmware 5.24"],
    ["another serial number", { twin: { serialNumber: "999" } }, "serial number 999"],
    ["an axis too few", { twin: { wiring: "two-devices" as const } }, "has 1 axes"],
    ["travel that does not reach", { twin: { travelMm: { x: 250, y: 200 } } }, "limit.min to limit.max is 0 to 250 mm"],
    ["another speed", { twin: { motion: { speedMmS: 50, accelerationMmS2: 500 } } }, "maxspeed is 524288"],
  ])("refuses %s, and names it", async (_, options, words) => {
    const axis = { device: 1, microstepUm: 0.15625, serialNumber: "118025" };
    const bench = createZaberBench({
      ...options,
      stage: { axes: { x: { ...axis, axis: 1, originMm: 10 }, y: { ...axis, axis: 2, originMm: 5 } } },
    });
    await expect(bench.finish(bench.stage.connect())).rejects.toMatchObject({
      code: words.startsWith("firmware") ? "device.firmware" : "device.wrong",
      message: expect.stringContaining(words) as string,
    });
    expect(bench.motionsBegun()).toBe(0);
  });

  it("tells another device on the port from noise", async () => {
    const other = createZaberBench({ alter: () => "error:2\r\n" });
    await expect(other.finish(other.stage.connect())).rejects.toMatchObject({ code: "device.wrong" });
    const noise = createZaberBench({ alter: () => "\u00fe\u0003\u0080\r\n" });
    await expect(noise.finish(noise.stage.connect())).rejects.toMatchObject({ code: "link.garbled" });
  });

  it("asks for checksums and alerts, and puts a checksum on every command", async () => {
    const { heard } = await createHomedBench();
    expect(heard.some((line) => line.includes(" set comm.checksum 1:"))).toBe(true);
    expect(heard.some((line) => line.includes(" set comm.alert 1:"))).toBe(true);
    expect(heard.filter((line) => !/^\/1 [012] \d\d.*:[0-9A-F]{2}$/.test(line))).toEqual([]);
  });

  it("needs no homing when the devices still have their reference", async () => {
    const bench = await createHomedBench();
    await bench.finish(bench.stage.moveTo({ xMm: 40, yMm: 40 }));
    bench.stage.disconnect();
    await bench.finish(bench.stage.connect());
    expect(await bench.finish(bench.stage.read())).toEqual({ xMm: 40, yMm: 40, atRest: true });
    bench.twin.powerCycle();
    await bench.finish(bench.stage.connect());
    await expect(bench.finish(bench.stage.read())).rejects.toMatchObject({ code: "stage.not-homed" });
  });

  it("counts against an axis that is mounted the other way round", async () => {
    const bench = await createHomedBench({
      stage: {
        axes: {
          x: { device: 1, axis: 1, microstepUm: 0.15625, originMm: 290, isReversed: true },
          y: { device: 1, axis: 2, microstepUm: 0.15625, originMm: 5 },
        },
      },
    });
    expect(await bench.finish(bench.stage.moveTo({ xMm: 30, yMm: 0 }))).toEqual({ xMm: 30, yMm: 0, atRest: true });
    expect(bench.table.xMm(bench.clock.nowMs())).toBeCloseTo(260, 6);
  });

  it("does not take a stalled axis for one at its target, although it is idle", async () => {
    const bench = await createHomedBench();
    bench.twin.x.stallNext();
    await expect(bench.finish(bench.stage.moveTo({ xMm: 100, yMm: 0 }))).rejects.toMatchObject({
      code: "stage.alarm",
      detail: { flag: "FS", positionLost: true },
    });
    expect(bench.faults).toEqual([code("stage.alarm")]);
    await expect(bench.finish(bench.stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({
      code: "stage.not-homed",
    });
    await bench.finish(bench.stage.home());
    expect(await bench.finish(bench.stage.moveTo({ xMm: 1, yMm: 1 }))).toMatchObject({ xMm: 1 });
  });

  it("acknowledges with its homing what stood from before, and nothing else", async () => {
    const bench = await createHomedBench();
    bench.twin.y.raise("FE");
    await expect(bench.finish(bench.stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({ code: "stage.alarm" });
    const cleared = (): readonly string[] => bench.heard.filter((line) => line.includes("warnings clear"));
    expect(cleared()).toHaveLength(0);
    await bench.finish(bench.stage.home());
    expect(cleared()).toHaveLength(1);
    expect(cleared()[0]).toMatch(/^\/1 2 \d\d warnings clear:/);
    expect(await bench.finish(bench.stage.moveTo({ xMm: 1, yMm: 1 }))).toMatchObject({ yMm: 1 });
    await bench.finish(bench.stage.home());
    expect(cleared()).toHaveLength(1);
  });

  it("does not home over what came up meanwhile", async () => {
    const bench = await createHomedBench();
    await bench.finish(bench.stage.moveTo({ xMm: 200, yMm: 100 }));
    const homing = bench.stage.home();
    homing.catch(() => undefined);
    await bench.pass(500);
    bench.twin.x.raise("FS");
    await expect(bench.finish(homing)).rejects.toMatchObject({ code: "stage.alarm", detail: { flag: "FS" } });
    await expect(bench.finish(bench.stage.read())).rejects.toMatchObject({ code: "stage.not-homed" });
  });

  it.each(["WV", "WT"])("sees through %s, which hides in every answer that the reference is gone", async (flag) => {
    const bench = await createHomedBench();
    bench.twin.x.raise(flag);
    expect(await bench.finish(bench.stage.moveTo({ xMm: 30, yMm: 30 }))).toMatchObject({ xMm: 30 });
    bench.twin.powerCycle();
    bench.twin.x.raise(flag);
    bench.twin.y.raise(flag);
    await expect(bench.finish(bench.stage.moveTo({ xMm: 40, yMm: 30 }))).rejects.toMatchObject({
      code: "stage.not-homed",
    });
    expect(bench.faults).toEqual([code("stage.not-homed")]);
    await bench.finish(bench.stage.home());
    await bench.finish(bench.stage.moveTo({ xMm: 20, yMm: 20 }));
    bench.twin.powerCycle();
    bench.twin.x.raise(flag);
    bench.twin.y.raise(flag);
    await expect(bench.finish(bench.stage.read())).rejects.toMatchObject({ code: "stage.not-homed" });
  });

  it("stops the other axis when one refuses, and says which reason", async () => {
    const bench = await createHomedBench();
    bench.twin.y.setDriver(false);
    bench.twin.y.clearFlags();
    await expect(bench.finish(bench.stage.moveTo({ xMm: 200, yMm: 100 }))).rejects.toMatchObject({
      code: "device.refused",
      detail: { reason: "DRIVERDISABLED" },
    });
    await bench.pass(2000);
    expect(rackTruth(bench).xMm).toBeLessThan(20);
    expect(bench.twin.x.isBusy).toBe(false);
  });

  it("arrives without alerts too, only a little later", async () => {
    const bench = await createHomedBench({ alter: (said) => (said.startsWith("!") ? undefined : said) });
    await bench.finish(bench.stage.moveTo({ xMm: 0, yMm: 0 }));
    const startMs = bench.clock.nowMs();
    await bench.finish(bench.stage.moveTo({ xMm: 25, yMm: 0 }));
    expect(bench.clock.nowMs() - startMs).toBeLessThan(450 + 60);
  });

  it("asks again when an answer was bent, and never moves again for it", async () => {
    let bendNext = "";
    const bench = await createHomedBench({
      alter: (said) => {
        if (bendNext === "" || !said.startsWith("@") || !said.includes(bendNext)) return said;
        bendNext = "";
        return said.replace("IDLE", "IDLF").replace("BUSY", "BUSX");
      },
    });
    await bench.finish(bench.stage.moveTo({ xMm: 0, yMm: 0 }));
    bendNext = "IDLE";
    expect(await bench.finish(bench.stage.read())).toEqual({ xMm: 0, yMm: 0, atRest: true });
    const moves = (): number => bench.heard.filter((line) => line.includes("move abs")).length;
    const before = moves();
    bendNext = "BUSY";
    expect(await bench.finish(bench.stage.moveTo({ xMm: 50, yMm: 0 }))).toMatchObject({ xMm: 50 });
    expect(moves() - before).toBe(2);
  });

  it("does not believe an answer to an earlier question", async () => {
    let held: string | undefined;
    let isHolding = false;
    const bench = await createHomedBench({
      alter: (said) => {
        if (!isHolding) return said;
        isHolding = false;
        held = said;
        return undefined;
      },
    });
    await bench.finish(bench.stage.moveTo({ xMm: 0, yMm: 0 }));
    isHolding = true;
    await bench.finish(bench.stage.read());
    await bench.finish(bench.stage.moveTo({ xMm: 60, yMm: 0 }));
    const reading = bench.stage.read();
    bench.cable.end.send(Buffer.from(held ?? "", "latin1"));
    expect(await bench.finish(reading)).toMatchObject({ xMm: 60 });
  });

  it("stops homing when halted, and has no reference then", async () => {
    const bench = createZaberBench();
    await bench.finish(bench.stage.connect());
    const homing = bench.stage.home();
    homing.catch(() => undefined);
    await bench.pass(300);
    await bench.finish(bench.stage.halt());
    await expect(bench.finish(homing)).rejects.toMatchObject({ code: "stage.position" });
    await bench.pass(60_000);
    expect(bench.twin.x.isBusy).toBe(false);
    await expect(bench.finish(bench.stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({
      code: "stage.not-homed",
    });
  });

  it("does not begin to home behind a stop", async () => {
    const bench = await createHomedBench();
    await bench.finish(bench.stage.moveTo({ xMm: 200, yMm: 100 }));
    const motions = bench.motionsBegun();
    const homing = bench.stage.home();
    homing.catch(() => undefined);
    await bench.pass(1);
    await bench.finish(bench.stage.halt());
    await expect(bench.finish(homing)).rejects.toMatchObject({ code: "stage.position" });
    await bench.pass(60_000);
    expect(bench.motionsBegun()).toBe(motions);
    expect(rackTruth(bench).xMm).toBeCloseTo(200, 1);
  });

  it.each([
    ["a move that waits behind a question", ({ stage }: ZaberBench) => stage.moveTo({ xMm: 240, yMm: 0 }), "read"],
    ["a homing that waits behind a question", ({ stage }: ZaberBench) => stage.home(), "read"],
    ["a move that waits behind another", ({ stage }: ZaberBench) => stage.moveTo({ xMm: 240, yMm: 0 }), "move"],
    ["a homing that waits behind a move", ({ stage }: ZaberBench) => stage.home(), "move"],
  ] as const)("sends nothing of %s once it was stopped", async (_, ask, before) => {
    const bench = await createHomedBench();
    await bench.finish(bench.stage.moveTo({ xMm: 20, yMm: 0 }));
    const first: Promise<unknown> = before === "read" ? bench.stage.read() : bench.stage.moveTo({ xMm: 30, yMm: 0 });
    first.catch(() => undefined);
    const waiting: Promise<unknown> = ask(bench);
    waiting.catch(() => undefined);
    // Both lines of the move that is in front are out.
    if (before === "move") await bench.pass(100);
    const from = bench.heard.length;
    await bench.finish(bench.stage.halt());
    await expect(bench.finish(waiting)).rejects.toMatchObject({ code: "stage.position" });
    await bench.pass(60_000);
    const heard = bench.heard.slice(from);
    const stops = heard.findIndex((line) => line.includes(" stop"));
    expect(stops).toBeGreaterThanOrEqual(0);
    expect(heard.slice(stops).filter((line) => / (move|home|warnings clear)/.test(line))).toEqual([]);
    expect(rackTruth(bench).xMm).toBeLessThan(31);
    expect(await bench.finish(bench.stage.home().then(() => bench.stage.moveTo({ xMm: 5, yMm: 5 })))).toMatchObject({
      xMm: 5,
    });
  });

  it("sends nothing that was asked while it connected and was stopped there", async () => {
    const bench = await createHomedBench();
    const motions = bench.motionsBegun();
    bench.stage.disconnect();
    const connecting = bench.stage.connect();
    const moving = bench.stage.moveTo({ xMm: 240, yMm: 0 });
    moving.catch(() => undefined);
    await expect(bench.stage.halt()).rejects.toMatchObject({ code: "link.closed" });
    await bench.finish(connecting);
    await expect(bench.finish(moving)).rejects.toMatchObject({ code: "stage.position" });
    expect(bench.motionsBegun()).toBe(motions);
  });

  it("does not clear for a homing behind a stop what stood from before", async () => {
    const bench = await createHomedBench();
    bench.twin.y.raise("FE");
    const from = bench.heard.length;
    const homing = bench.stage.home();
    homing.catch(() => undefined);
    // Until the flags of the second axis are asked for.
    while (!bench.heard.slice(from).some((line) => / 2 \d\d warnings:/.test(line))) await bench.pass(0.5);
    await bench.finish(bench.stage.halt());
    await expect(bench.finish(homing)).rejects.toMatchObject({ code: "stage.position" });
    expect(bench.heard.filter((line) => line.includes("warnings clear"))).toEqual([]);
  });

  it("stops even when the first word of the stop is lost", async () => {
    const bench = await createHomedBench();
    await bench.finish(bench.stage.moveTo({ xMm: 0, yMm: 0 }));
    const move = bench.stage.moveTo({ xMm: 240, yMm: 0 });
    move.catch(() => undefined);
    await bench.pass(500);
    bench.cable.hang(true);
    const halting = bench.stage.halt();
    await bench.pass(100);
    bench.cable.hang(false);
    await bench.finish(halting);
    await expect(bench.finish(move)).rejects.toMatchObject({ code: "stage.position" });
    expect(rackTruth(bench).xMm).toBeLessThan(130);
  });

  it("reports a fault flag that comes by itself, and believes no position after it", async () => {
    const bench = await createHomedBench();
    bench.twin.x.raise("FO");
    await bench.finish(bench.stage.read().catch(() => undefined));
    expect(bench.faults).toEqual([code("stage.alarm")]);
    await expect(bench.finish(bench.stage.moveTo({ xMm: 1, yMm: 1 }))).rejects.toMatchObject({
      code: "stage.not-homed",
    });
  });
});
