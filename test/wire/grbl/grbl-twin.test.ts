/** What the simulated controller answers, byte for byte; texts from the GRBL 1.1 reference and observations of the real core. */
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createGrblTwin, type GrblTwinDeps } from "../../../simulator/grbl/grbl-twin.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createStagePlant } from "../../../simulator/plant/stage-plant.ts";

function createPort(options: Partial<GrblTwinDeps> = {}) {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  let said = "";
  let onData: (chunk: Uint8Array) => void = () => undefined;
  let onOpen: () => void = () => undefined;
  const end: DeviceEnd = {
    onOpen(handler) {
      onOpen = handler;
    },
    onClose: () => undefined,
    onData(handler) {
      onData = handler;
    },
    send(chunk) {
      said += new TextDecoder("latin1").decode(chunk);
    },
    hangUp: () => undefined,
  };
  const stage = createStagePlant({
    speedMmS: 100,
    accelerationMmS2: 500,
    homeXMm: 300,
    homeYMm: 200,
    startXMm: 150,
    startYMm: 100,
  });
  const twin = createGrblTwin({ end, clock, stage, ...options });
  const heard = (): string => {
    const text = said;
    said = "";
    return text;
  };
  return {
    clock,
    twin,
    stage,
    open: () => {
      onOpen();
    },
    /** Sends and returns what is said within `ms`. */
    async ask(bytes: string, ms = 0): Promise<string> {
      onData(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
      await clock.run(clock.nowMs() + ms);
      return heard();
    },
    async wait(ms: number): Promise<string> {
      await clock.run(clock.nowMs() + ms);
      return heard();
    },
  };
}

async function createHomed(options: Partial<GrblTwinDeps> = {}) {
  const port = createPort(options);
  await port.ask("$H\n", 60_000);
  return port;
}

describe("the simulated GRBL controller", () => {
  it("greets and asks to be unlocked after its port was opened, and hears nothing while it boots", async () => {
    const port = createPort();
    port.open();
    expect(await port.ask("$I\n?", 1000)).toBe("");
    expect(await port.wait(1000)).toBe("\r\nGrbl 1.1h ['$' for help]\r\n[MSG:'$H'|'$X' to unlock]\r\n");
    expect(await port.ask("G0 X1\n")).toBe("error:9\r\n");
  });

  it("answers once for each line, and twice for a line that ends with both characters", async () => {
    const port = await createHomed();
    expect(await port.ask("G21\n")).toBe("ok\r\n");
    expect(await port.ask("G21\r\n")).toBe("ok\r\nok\r\n");
    expect(await port.ask("\n")).toBe("ok\r\n");
    expect(await port.ask("(a remark) g 2 1 ; more\n")).toBe("ok\r\n");
  });

  it("tells its build, parser state, help and settings in the fixed texts", async () => {
    const port = await createHomed();
    expect(await port.ask("$I\n")).toBe("[VER:1.1h.20190830:]\r\n[OPT:V,15,128]\r\nok\r\n");
    expect(await port.ask("$G\n")).toBe("[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]\r\nok\r\n");
    expect(await port.ask("$\n")).toBe(
      "[HLP:$$ $# $G $I $N $x=val $Nx=line $J=line $SLP $C $X $H ~ ! ? ctrl-x]\r\nok\r\n",
    );
    const settings = await port.ask("$$\n");
    for (const line of ["$0=10", "$11=0.010", "$20=1", "$22=1", "$110=6000.000", "$120=500.000", "$130=300.000"]) {
      expect(settings).toContain(`${line}\r\n`);
    }
    expect(settings.endsWith("ok\r\n")).toBe(true);
  });

  it.each([
    ["G", "error:2"],
    ["1", "error:1"],
    ["$Q", "error:3"],
    ["$110=-1", "error:4"],
    ["$0=2", "error:6"],
    [`G0 X${"1".repeat(80)}`, "error:11"],
    ["G5", "error:20"],
    ["G0 G1 X-1", "error:21"],
    ["G1 X-5", "error:22"],
    ["G0 G10 X-1", "error:24"],
    ["G0 X-1 X-2", "error:25"],
    ["G10 L20 P1", "error:26"],
    ["G4", "error:28"],
    ["G80 G53 X-1", "error:30"],
    ["G0 X-1 P3", "error:36"],
    ["$J=X-5", "error:22"],
    ["$J=G91 F100", "error:26"],
    ["$J=X-500 F100", "error:15"],
    ["$J=M3 F100 X-1", "error:16"],
  ])("refuses %s with the number of the firmware", async (line, answer) => {
    const port = await createHomed();
    expect(await port.ask(`${line}\n`)).toBe(`${answer}\r\n`);
  });

  it("does not take soft limits without homing", async () => {
    const port = createPort();
    expect(await port.ask("$22=0\n$20=1\n")).toBe("ok\r\nerror:10\r\n");
    expect(await port.ask("$H\n")).toBe("error:5\r\n");
  });

  it("keeps its settings over a power cycle, and loses its place", async () => {
    const port = await createHomed();
    expect(await port.ask("$27=2.5\n")).toBe("ok\r\n");
    port.twin.powerCycle();
    await port.wait(2000);
    expect(await port.ask("$$\n")).toContain("$27=2.500\r\n");
    expect(await port.ask("?")).toBe("<Alarm|MPos:0.000,0.000,0.000|FS:0,0|WCO:0.000,0.000,0.000>\r\n");
  });

  it("homes in silence, with one report just before the ok when it was asked for", async () => {
    const port = createPort();
    expect(await port.ask("$H\n", 1000)).toBe("");
    expect(await port.ask("???G21\n", 500)).toBe("");
    const end = await port.wait(60_000);
    expect(end).toMatch(/^<Home\|MPos:-1\.000,-1\.000,-1\.000\|FS:0,0\|WCO:[^>]*>\r\nok\r\n$/);
    expect(port.stage.xMm(port.clock.nowMs())).toBe(299);
    expect(port.stage.yMm(port.clock.nowMs())).toBe(199);
  });

  it("sits at the near end after homing when the direction bit of the axis is set", async () => {
    const port = await createHomed({ settings: { 23: 1 } });
    expect(await port.ask("?")).toContain("<Idle|MPos:-299.000,-1.000,-1.000|");
    expect(port.stage.xMm(port.clock.nowMs())).toBe(1);
  });

  it("acknowledges a move when it is planned and a dwell when the motion is over", async () => {
    const port = await createHomed();
    await port.ask("G53 G0 X-200 Y-100\n", 10_000);
    const startMs = port.clock.nowMs();
    expect(await port.ask("G53 G0 X-100 Y-100\nG4 P0\n")).toBe("ok\r\n");
    expect(await port.wait(500)).toBe("");
    expect(await port.ask("?")).toMatch(/^<Run\|MPos:-1\d\d\.\d{3},-100\.000,-1\.000\|FS:6000,0/);
    // 100 mm at 100 mm/s and 500 mm/s2: 1.2 s.
    expect(await port.wait(startMs + 1199 - port.clock.nowMs())).toBe("");
    expect(await port.wait(2)).toBe("ok\r\n");
    expect(await port.ask("?")).toMatch(/^<Idle\|MPos:-100\.000,-100\.000,-1\.000\|FS:0,0/);
  });

  it("dwells in whole grains of 50 ms", async () => {
    const port = await createHomed();
    expect(await port.ask("G4 P0.01\n", 49)).toBe("");
    expect(await port.wait(2)).toBe("ok\r\n");
    expect(await port.ask("G4 P0\n")).toBe("ok\r\n");
  });

  it("adds the offset to the first report and every tenth at rest, the overrides to the one after", async () => {
    const port = await createHomed();
    await port.ask("\x18");
    const extras: string[] = [];
    for (let count = 0; count < 21; count += 1) {
      const report = await port.ask("?");
      extras.push(report.includes("WCO:") ? "W" : report.includes("Ov:100,100,100") ? "O" : "-");
    }
    expect(extras.join("")).toBe("WO--------WO--------W");
  });

  it("shows a new work offset in the next report", async () => {
    const port = await createHomed();
    await port.ask("G53 G0 X-20 Y-30\n", 10_000);
    await port.ask("?");
    expect(await port.ask("G10 L20 P1 X0 Y0 Z0\n")).toBe("ok\r\n");
    expect(await port.ask("?")).toContain("|WCO:-20.000,-30.000,-1.000");
    await port.ask("G0 X5\n", 10_000);
    expect(await port.ask("?")).toContain("MPos:-15.000,-30.000,-1.000");
  });

  it("goes deaf in a soft limit alarm, then gives the late ok, the greeting and the unlock message after a reset", async () => {
    const port = await createHomed();
    expect(await port.ask("G53 G0 X5\nG53 G0 X-5\n")).toBe("ALARM:2\r\n");
    expect(await port.wait(600)).toBe("[MSG:Reset to continue]\r\n");
    expect(await port.ask("?G21\n$X\n", 1000)).toBe("");
    expect(await port.ask("\x18", 10)).toBe("ok\r\n\r\nGrbl 1.1h ['$' for help]\r\n[MSG:'$H'|'$X' to unlock]\r\n");
    expect(await port.ask("?")).toContain("<Alarm|MPos:-1.000,-1.000,-1.000");
  });

  it("answers a jog beyond the travel with error 15 and nothing else, and G-code during a jog with error 9", async () => {
    const port = await createHomed();
    expect(await port.ask("$J=G91 X50 F500\n")).toBe("error:15\r\n");
    expect(await port.ask("$J=G91 X-50 F500\n")).toBe("ok\r\n");
    expect(await port.ask("G0 X-5\n", 100)).toBe("error:9\r\n");
    expect(await port.ask("?")).toContain("<Jog|");
    await port.ask("\x85", 1000);
    expect(await port.ask("?")).toContain("<Idle|");
    expect(await port.ask("$G\n")).toContain("G90");
  });

  it("slows down to a hold, resumes, and arrives", async () => {
    const port = await createHomed();
    await port.ask("G53 G0 X-101 Y-1\n", 500);
    expect(await port.ask("!?")).toContain("<Hold:1|");
    await port.wait(300);
    expect(await port.ask("?")).toContain("<Hold:0|");
    expect(await port.ask("G21\n", 1000)).toBe("");
    expect(await port.ask("~", 5000)).toBe("ok\r\n");
    expect(await port.ask("?")).toContain("<Idle|MPos:-101.000,-1.000");
  });

  it("keeps its place through a reset in Hold:0, without an alarm", async () => {
    const port = await createHomed();
    await port.ask("G53 G0 X-201 Y-1\nG4 P0\n", 500);
    await port.ask("!", 1000);
    expect(await port.ask("\x18")).toBe("ok\r\n\r\nGrbl 1.1h ['$' for help]\r\n");
    const report = await port.ask("?");
    const machineX = Number(/MPos:(-[\d.]+),/.exec(report)?.[1]);
    expect(machineX + 300).toBeCloseTo(port.stage.xMm(port.clock.nowMs()), 2);
    expect(report).toContain("<Idle|");
  });

  it("raises alarm 3 on a reset in motion, and its counters no longer tell where the table is", async () => {
    const port = await createHomed();
    await port.ask("G53 G0 X-201 Y-1\n", 500);
    expect(await port.ask("\x18")).toBe("ALARM:3\r\n");
    expect(await port.wait(600)).toBe("\r\nGrbl 1.1h ['$' for help]\r\n[MSG:'$H'|'$X' to unlock]\r\n");
    const machineX = Number(/MPos:(-[\d.]+),/.exec(await port.ask("?"))?.[1]);
    expect(Math.abs(machineX + 300 - port.stage.xMm(port.clock.nowMs()))).toBeGreaterThan(1);
    expect(await port.ask("$X\n")).toBe("[MSG:Caution: Unlocked]\r\nok\r\n");
  });

  it("ends a failed homing with alarm, late ok and greeting", async () => {
    const port = createPort();
    port.twin.failNextHoming(8);
    expect(await port.ask("$H\n", 60_000)).toBe(
      "ALARM:8\r\nok\r\n\r\nGrbl 1.1h ['$' for help]\r\n[MSG:'$H'|'$X' to unlock]\r\n",
    );
  });

  it("queues at most fifteen blocks, and answers the next line when one is done", async () => {
    const port = await createHomed();
    const lines = Array.from({ length: 18 }, (_, index) => `G53G0X-${20 + (index % 2) * 20}\n`).join("");
    let answers = (await port.ask(lines.slice(0, 120))).split("ok").length - 1;
    answers += (await port.ask(lines.slice(120))).split("ok").length - 1;
    expect(answers).toBe(15);
    await port.wait(60_000);
    expect(await port.ask("?")).toContain("<Idle|MPos:-40.000");
  });

  it("refuses settings and queries while it moves", async () => {
    const port = await createHomed();
    expect(await port.ask("G53 G0 X-200\n$$\n$H\n$G\n")).toMatch(
      /^ok\r\nerror:8\r\nerror:8\r\n\[GC:G0 [^\]]*\]\r\nok\r\n$/,
    );
  });

  it("survives 10,000 random inputs and still answers after a reset", async () => {
    const port = await createHomed();
    const alphabet = "GMXYZFPLSTNJ$=#!~?\n\r 0123456789.-;()\x85ABQ/";
    const character = fc.constantFrom(...Array.from(alphabet));
    const lines = fc.sample(fc.string({ unit: character, maxLength: 24 }), { numRuns: 10_000, seed: 7 });
    for (const line of lines) await port.ask(`${line}\n`, 1);
    await port.ask("\x18", 60_000);
    await port.ask("\x18", 60_000);
    expect(await port.ask("\n$I\n")).toContain("[VER:1.1h.20190830:]");
  });
});
