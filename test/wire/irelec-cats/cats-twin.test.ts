import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createChangerPlant } from "../../../simulator/changer/changer-plant.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createCatsTwin, type CatsTwinDeps } from "../../../simulator/irelec-cats/cats-twin.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";

function createRobot(options: Partial<CatsTwinDeps> = {}) {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  let said = "";
  const handlers: ((chunk: Uint8Array) => void)[] = [];
  const end = (): DeviceEnd => ({
    onOpen: () => undefined,
    onClose: () => undefined,
    onData: (handler) => {
      handlers.push(handler);
    },
    send: (chunk) => {
      said += Buffer.from(chunk).toString("latin1");
    },
    hangUp: () => undefined,
  });
  const plant = createChangerPlant({
    // Under the third lid of a CATS the first cassette is the seventh.
    cells: [{ id: "one", code: "R-0001", place: { kind: "tray", tray: options.model === "ISARA" ? 3 : 7, slot: 7 } }],
    chance: createChance(1),
  });
  const twin = createCatsTwin({
    operate: end(),
    monitor: end(),
    clock,
    changer: plant,
    handover: () => ({ kind: "rack", positionIndex: 0 }),
    ...options,
  });
  const talk =
    (socket: number) =>
    async (text: string, waitMs = 0): Promise<string> => {
      said = "";
      handlers[socket]?.(Buffer.from(text, "latin1"));
      await clock.run(clock.nowMs() + waitMs);
      return said;
    };
  return { clock, plant, twin, operate: talk(0), monitor: talk(1) };
}

const PUT = "put(5,3,7,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0)\r";
const GET = PUT.replace("put(5,3,7", "get(5,0,0");

describe("a simulated CATS robot", () => {
  it("answers the state of the reference when a sample is mounted and nothing moves", async () => {
    const { operate, monitor } = createRobot();
    expect(await operate("setdiffr(1,5,1)\rregulon\r")).toBe("setdiffr\rregulon\r");
    expect(await monitor("state\r")).toBe("state(1,1,0,Double,,,,1,5,,,,0,1,0,50.0,,,1,,,,0,,,)\r");
  });

  it("accepts with the name of the order, and says later that it moves", async () => {
    const { operate, monitor, plant, clock } = createRobot();
    expect(await operate(PUT)).toBe("put\r");
    expect(await monitor("state\r")).toContain(",Double,,,,,,,,,0,");
    await operate("", 1000);
    expect(await monitor("state\r")).toContain(",Double,put,,,,,,,,1,");
    expect((await monitor("do\r")).slice(3 + 47, 3 + 52)).toBe("00100");
    await operate("", 3500);
    expect(await monitor("state\r")).toContain(",Double,put,3,7,,,,,,1,");
    expect((await monitor("do\r")).slice(3 + 47, 3 + 52)).toBe("00010");
    await operate("", 10_000);
    expect(await monitor("state\r")).toContain(",Double,,,,3,7,,,,0,");
    expect((await monitor("do\r")).slice(3 + 47, 3 + 52)).toBe("11000");
    expect((await monitor("di\r")).charAt(3 + 11)).toBe("1");
    expect(plant.placeOf(clock.nowMs(), "one")).toEqual({ kind: "rack", positionIndex: 0 });
  });

  it("brings a sample back to where its bookkeeping says", async () => {
    const { operate, plant, clock } = createRobot();
    await operate(PUT, 20_000);
    await operate("setdiffr(2,4,1)\r");
    expect(await operate(GET, 20_000)).toBe("get\r");
    expect(plant.placeOf(clock.nowMs(), "one")).toEqual({ kind: "tray", tray: 4, slot: 4 });
  });

  it("counts the samples under a lid through its three cassettes, and those of a puck by itself", async () => {
    const cats = createRobot();
    await cats.operate(PUT, 20_000);
    expect(await cats.operate("setdiffr(3,20,1)\r")).toBe("setdiffr\r");
    expect(await cats.monitor("state\r")).toContain(",Double,,,,3,20,");
    await cats.operate(GET, 20_000);
    expect(cats.plant.placeOf(cats.clock.nowMs(), "one")).toEqual({ kind: "tray", tray: 8, slot: 4 });
    for (const there of ["3,49", "4,1"]) {
      expect(await cats.operate(`setdiffr(${there},1)\r`)).toBe("Bad arguments\r");
      expect(await cats.operate(PUT.replace("3,7", there))).toBe("Bad arguments\r");
    }
    const isara = createRobot({ model: "ISARA" });
    await isara.operate(PUT, 20_000);
    await isara.operate("setdiffr(8,4,1)\r");
    expect(await isara.monitor("state\r")).toContain(",Double,,,,8,4,");
    await isara.operate(GET, 20_000);
    expect(isara.plant.placeOf(isara.clock.nowMs(), "one")).toEqual({ kind: "tray", tray: 8, slot: 4 });
  });

  it("goes on showing the last code where it cannot read one", async () => {
    const { operate, monitor, plant } = createRobot();
    await operate(PUT.replace("put", "put_bcrd"), 20_000);
    await operate(GET, 20_000);
    plant.smudge("one", true);
    await operate(PUT.replace("put", "put_bcrd"), 20_000);
    expect(await monitor("state\r")).toContain(",R-0001,0,");
  });

  it("reads the code on the way when asked to", async () => {
    const { operate, monitor } = createRobot();
    await operate(PUT.replace("put", "put_bcrd"), 20_000);
    expect(await monitor("state\r")).toContain(",R-0001,0,");
    await operate("clearbcrd\r");
    expect(await monitor("state\r")).not.toContain("R-0001");
  });

  it("has its presence sensor and its trays where the model has them", async () => {
    const { operate, monitor } = createRobot({ model: "ISARA" });
    await operate(PUT, 20_000);
    const inputs = await monitor("di\r");
    expect([inputs.charAt(3 + 10), inputs.charAt(3 + 11), inputs.charAt(3 + 12)]).toEqual(["1", "0", "0"]);
    expect(await monitor("di2\r")).toBe("di2(111000000)\r");
    const cats = createRobot();
    expect((await cats.monitor("di\r")).slice(3 + 12, 3 + 16)).toBe("1110");
    expect(await cats.monitor("di2\r")).toBe("Bad command\r");
  });

  it.each([
    ["openlid1\r", "di", 21],
    ["opentool\r", "di", 24],
  ])("moves its small parts by %j", async (order, question, bit) => {
    const { operate, monitor } = createRobot();
    expect((await monitor(`${question}\r`)).charAt(3 + bit)).toBe("0");
    await operate(order);
    expect((await monitor(`${question}\r`)).charAt(3 + bit)).toBe("1");
  });

  it("refuses a path in the robot's words, and keeps them as its message", async () => {
    const { operate, monitor, twin } = createRobot();
    await operate(PUT, 1000);
    expect(await operate(GET)).toBe("Disable when path is running\r");
    await operate("abort\r", 20_000);
    twin.takePendant(true);
    expect(await operate(PUT)).toBe("Remote Mode requested\r");
    expect(await monitor("message\r")).toBe("Remote Mode requested\r");
    twin.takePendant(false);
    twin.openDoors(true);
    expect(await operate(PUT)).toBe("doors opened\r");
    expect(await operate("on\r")).toBe("doors opened\r");
    twin.openDoors(false);
    expect(await operate("on\r")).toBe("on\r");
    expect(await monitor("message\r")).toBe("\r");
    twin.collide();
    expect(await monitor("state\r")).toMatch(/^state\(0,1,1,/);
    expect(await operate("reset\ron\r")).toBe("reset\ron\r");
    expect(await operate("dance(1,2)\r")).toBe("Bad command\r");
    expect(await operate("put(5,3,7)\r")).toBe("Bad arguments\r");
  });

  it("ends a path that is aborted once the movement under way is over", async () => {
    const { operate, monitor, plant, clock } = createRobot();
    await operate(PUT, 1000);
    expect(await operate("abort\r", 5000)).toBe("abort\r");
    expect(await monitor("state\r")).toContain(",0,");
    await operate("", 20_000);
    expect(plant.placeOf(clock.nowMs(), "one")).toEqual({ kind: "gripper" });
  });

  it("stands still while paused", async () => {
    const { operate, plant, clock } = createRobot();
    await operate(PUT, 1000);
    await operate("pause\r", 30_000);
    expect(plant.placeOf(clock.nowMs(), "one")).toEqual({ kind: "gripper" });
    await operate("restart\r", 10_000);
    expect(plant.placeOf(clock.nowMs(), "one")).toEqual({ kind: "rack", positionIndex: 0 });
  });

  it("survives 10,000 random lines and still answers", async () => {
    const { operate, monitor } = createRobot();
    const words = fc.constantFrom(
      ..."put get home abort on off setdiffr state di do ( ) , 5 3 7 -1 clear memory 0,0,0,0 \r".split(" "),
    );
    const line = fc.array(fc.oneof({ weight: 6, arbitrary: words }, fc.string({ maxLength: 5 })), { maxLength: 12 });
    for (const parts of fc.sample(line, { numRuns: 10_000, seed: 5 })) {
      await operate(`${parts.join("")}\r`, 1);
      await monitor(`${parts.join("")}\r`, 1);
    }
    await operate("abort\r", 20_000);
    expect(await monitor("state\r")).toMatch(/^state\(([^,]*,){25}[^,]*\)\r$/);
  });
});
