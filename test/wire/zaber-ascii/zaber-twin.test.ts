import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createTwoAxisStagePlant } from "../../../simulator/plant/stage-axes.ts";
import { createZaberTwin, type ZaberTwinDeps } from "../../../simulator/zaber-ascii/zaber-twin.ts";

function createPort(options: Partial<ZaberTwinDeps> = {}) {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  let said = "";
  let onData: (chunk: Uint8Array) => void = () => undefined;
  const plant = createTwoAxisStagePlant({
    speedMmS: 100,
    accelerationMmS2: 500,
    homeXMm: 0,
    homeYMm: 0,
    startXMm: 40,
    startYMm: 30,
  });
  const twin = createZaberTwin({
    end: {
      onOpen: () => undefined,
      onClose: () => undefined,
      onData: (handler) => {
        onData = handler;
      },
      send: (chunk) => {
        said += new TextDecoder("latin1").decode(chunk);
      },
      hangUp: () => undefined,
    },
    clock,
    axes: plant.axes,
    travelMm: { x: 300, y: 200 },
    motion: { speedMmS: 100, accelerationMmS2: 500 },
    ...options,
  });
  return {
    twin,
    plant,
    clock,
    ask: async (text: string, waitMs = 0): Promise<string> => {
      said = "";
      onData(Buffer.from(text, "latin1"));
      await clock.run(clock.nowMs() + waitMs);
      return said;
    },
    wait: async (ms: number): Promise<string> => {
      said = "";
      await clock.run(clock.nowMs() + ms);
      return said;
    },
  };
}

async function createHomed(options: Partial<ZaberTwinDeps> = {}) {
  const port = createPort(options);
  await port.ask("/home\n", 60_000);
  return port;
}

describe("a simulated Zaber controller", () => {
  it("answers for the device, the axis and the number it was asked by", async () => {
    const port = createPort();
    expect(await port.ask("/1 0 01 get deviceid\n")).toBe("@01 0 01 OK IDLE WR 30222\r\n");
    expect(await port.ask("/1 2 get resolution\n")).toBe("@01 2 OK IDLE WR 64\r\n");
    expect(await port.ask("/\n")).toBe("@01 0 OK IDLE WR 0\r\n");
    expect(await port.ask("/2 0 get version\n")).toBe("");
    expect(await port.ask("/1 0 05 get system.axiscount\r\n")).toBe("@01 0 05 OK IDLE WR 2\r\n");
    expect(await port.ask("/1 0 get system.serial\n")).toBe("@01 0 OK IDLE WR 118025\r\n");
  });

  it("speaks for every device of the chain when all are asked", async () => {
    const port = createPort({ wiring: "two-devices" });
    expect(await port.ask("/0 0 09 get system.serial\n")).toBe(
      "@01 0 09 OK IDLE WR 118025\r\n@02 0 09 OK IDLE WR 118026\r\n",
    );
  });

  it("checks a checksum that is there, and sends one when it is set to", async () => {
    const port = await createHomed();
    expect(await port.ask("/1 0 01 get pos:2C\n")).toBe("@01 0 01 OK IDLE -- 0 0\r\n");
    expect(await port.ask("/1 0 01 get pos:2D\n")).toBe("");
    expect(await port.ask("/1 0 set comm.checksum 1\n")).toBe("@01 0 OK IDLE -- 0:8D\r\n");
    expect(await port.ask("/1 0\n")).toBe("@01 0 OK IDLE -- 0:8D\r\n");
  });

  it("has no reference before it is homed, and both axes at 0 after", async () => {
    const port = createPort();
    expect(await port.ask("/1 1 warnings\n")).toBe("@01 1 OK IDLE WR 01 WR\r\n");
    expect(await port.ask("/1 0 home\n")).toBe("@01 0 OK BUSY WR 0\r\n");
    await port.wait(60_000);
    expect(await port.ask("/1 0 get pos\n")).toBe("@01 0 OK IDLE -- 0 0\r\n");
    expect(await port.ask("/1 1 warnings\n")).toBe("@01 1 OK IDLE -- 00\r\n");
    expect([port.plant.xMm(port.clock.nowMs()), port.plant.yMm(port.clock.nowMs())]).toEqual([0, 0]);
  });

  it("is busy until the motion is over, and says so by an alert when alerts are on", async () => {
    const port = await createHomed();
    await port.ask("/1 0 set comm.alert 1\n");
    expect(await port.ask("/1 1 move abs 160000\n", 400)).toBe("@01 1 OK BUSY -- 0\r\n");
    expect(await port.ask("/1 1\n")).toBe("@01 1 OK BUSY -- 0\r\n");
    expect(await port.wait(51)).toBe("!01 1 IDLE --\r\n");
    expect(await port.ask("/1 1 get pos\n")).toBe("@01 1 OK IDLE -- 160000\r\n");
    expect(port.plant.xMm(port.clock.nowMs())).toBeCloseTo(25, 9);
    expect(await port.ask("/1 1 move rel -32000\n", 2000)).toContain("OK BUSY");
    expect(await port.ask("/1 1 get pos\n")).toContain(" 128000\r\n");
  });

  it("moves each axis by itself: the shorter way is over sooner", async () => {
    const port = await createHomed();
    await port.ask("/1 0 set comm.alert 1\n");
    const said = await port.ask("/1 1 move abs 640000\n/1 2 move abs 64000\n", 5000);
    expect(said.indexOf("!01 2 IDLE")).toBeGreaterThan(0);
    expect(said.indexOf("!01 2 IDLE")).toBeLessThan(said.indexOf("!01 1 IDLE"));
  });

  it("slows down to a stop where it is told to, and remembers that it was interrupted", async () => {
    const port = await createHomed();
    await port.ask("/1 1 move max\n", 1000);
    expect(await port.ask("/1 1 stop\n", 1000)).toBe("@01 1 OK BUSY NI 0\r\n");
    expect(await port.ask("/1 1\n")).toBe("@01 1 OK IDLE NI 0\r\n");
    const restMm = port.plant.xMm(port.clock.nowMs());
    expect(restMm).toBeGreaterThan(90);
    expect(restMm).toBeLessThan(120);
    await port.ask("/1 1 move min\n", 60_000);
    expect(await port.ask("/1 1 get pos\n")).toBe("@01 1 OK IDLE -- 0\r\n");
  });

  it("lets a new move replace the one under way", async () => {
    const port = await createHomed();
    await port.ask("/1 1 move max\n", 1000);
    expect(await port.ask("/1 1 move abs 64000\n", 60_000)).toBe("@01 1 OK BUSY NI 0\r\n");
    expect(await port.ask("/1 1 get pos\n")).toContain(" 64000\r\n");
  });

  it.each([
    ["/1 3 get pos", "BADAXIS"],
    ["/1 1 move abs 99999999", "BADDATA"],
    ["/1 1 move abs", "BADDATA"],
    ["/1 1 move abs 1.5", "BADDATA"],
    ["/1 1 dance", "BADCOMMAND"],
    ["/1 1 get nothing", "BADCOMMAND"],
    ["/1 1 get deviceid", "DEVICEONLY"],
    ["/1 0 set deviceid 5", "NOACCESS"],
    ["/1 0 set comm.alert 5", "BADDATA"],
    ["/1 1 io get di", "DEVICEONLY"],
    ["/1 0 io set do 9 1", "BADDATA"],
    [`/1 0 tools echo ${"x".repeat(60)}`, "LONGWORD"],
  ])("turns down %j with %s", async (line, reason) => {
    const port = await createHomed();
    expect(await port.ask(`${line}\n`)).toMatch(new RegExp(`RJ IDLE -- ${reason}\\r\\n$`));
  });

  it("refuses a number that no message can have, settings in motion, and motion with the drive off", async () => {
    const port = await createHomed();
    expect(await port.ask("/1 0 100 get pos\n")).toBe("@01 0 RJ IDLE -- BADMESSAGEID\r\n");
    await port.ask("/1 1 move max\n", 100);
    expect(await port.ask("/1 1 set limit.max 5\n")).toContain("RJ BUSY -- STATUSBUSY");
    await port.wait(60_000);
    await port.ask("/1 1 driver disable\n");
    expect(await port.ask("/1 1 move min\n")).toBe("@01 1 RJ IDLE FO DRIVERDISABLED\r\n");
    await port.ask("/1 1 driver enable\n");
    expect(await port.ask("/1 1 move min\n")).toBe("@01 1 OK BUSY -- 0\r\n");
  });

  it("shows a stall until it is cleared, through moves and homing", async () => {
    const port = await createHomed();
    await port.ask("/1 0 set comm.alert 1\n");
    port.twin.x.stallNext();
    expect(await port.ask("/1 1 move abs 640000\n", 10_000)).toBe("@01 1 OK BUSY -- 0\r\n!01 1 IDLE FS\r\n");
    expect(await port.ask("/1 1 move abs 160000\n", 10_000)).toBe("@01 1 OK BUSY FS 0\r\n!01 1 IDLE FS\r\n");
    expect(await port.ask("/1 1 home\n", 60_000)).toBe("@01 1 OK BUSY FS 0\r\n!01 1 IDLE FS\r\n");
    expect(await port.ask("/1 1 warnings clear\n")).toBe("@01 1 OK IDLE -- 01 FS\r\n");
    expect(await port.ask("/1 1 move abs 640000\n")).toContain("OK BUSY -- 0");
  });

  it("splits an answer that is too long for one packet", async () => {
    const port = await createHomed();
    const words = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron";
    const said = await port.ask(`/1 0 33 tools echo ${words}\n`);
    expect(said).toMatch(/^@01 0 33 OK IDLE -- alpha .*\\\r\n#01 0 33 cont 1 .*omicron\r\n$/);
    for (const packet of said.split("\r\n")) expect(packet.length).toBeLessThanOrEqual(80);
  });

  it("reads and sets its digital lines", async () => {
    const port = await createHomed();
    expect(await port.ask("/1 0 io set do 2 1\n/1 0 io get do\n/1 0 io get do 2\n/1 0 io get ai 1\n")).toBe(
      "@01 0 OK IDLE -- 0\r\n@01 0 OK IDLE -- 0 1 0 0\r\n@01 0 OK IDLE -- 1\r\n@01 0 OK IDLE -- 0.0\r\n",
    );
  });

  it("loses its place when switched off, and says nothing of it but WR", async () => {
    const port = await createHomed({ settings: { "comm.alert": "1" } });
    await port.ask("/1 1 move abs 160000\n", 5000);
    port.twin.powerCycle();
    expect(await port.wait(5000)).toBe("");
    expect(await port.ask("/1 0 get pos\n")).toBe("@01 0 OK IDLE WR 0 0\r\n");
    expect(await port.ask("/1 0 system reset\n/1 0 set pos 5\n/1 0 renumber\n")).toBe(
      "@01 0 OK IDLE WR 0\r\n@01 0 OK IDLE -- 0\r\n@01 0 OK IDLE -- 0\r\n",
    );
  });

  it("survives 10,000 random lines and still answers", async () => {
    const port = await createHomed();
    const words = fc.constantFrom(
      ..."/1 2 0 00 99 100 home move abs rel vel min max stop estop get set pos warnings clear driver enable io do tools echo system reset maxspeed 1000 -5 :2C @ ! \\".split(
        " ",
      ),
    );
    const line = fc.array(fc.oneof({ weight: 6, arbitrary: words }, fc.string({ maxLength: 5 })), { maxLength: 9 });
    for (const parts of fc.sample(line, { numRuns: 10_000, seed: 11 })) await port.ask(`/${parts.join(" ")}\n`, 1);
    await port.ask("/0 0 set comm.checksum 0\n", 120_000);
    expect(await port.ask("/1 0 04 get deviceid\n")).toMatch(/^@01 0 04 OK /);
  });
});
