import { describe, expect, it } from "vitest";
import {
  CATS_PLAIN_COMMANDS,
  CATS_QUESTIONS,
  CATS_TRAJECTORIES,
  encodePlain,
  encodeSetDiffractometer,
  encodeSetTool,
  encodeTrajectory,
} from "../../../protocols/wire/irelec-cats/cats-commands.ts";
import { inCassette, inLid } from "../../../protocols/wire/irelec-cats/cats-lids.ts";
import { CATS_ALARM_TEXTS, catsAlarm } from "../../../protocols/wire/irelec-cats/cats-messages.ts";
import {
  decodeCatsBits,
  decodeCatsPosition,
  decodeCatsState,
  isEcho,
} from "../../../protocols/wire/irelec-cats/cats-replies.ts";

describe("lids of a CATS", () => {
  it("have three cassettes each, and their samples are numbered through", () => {
    expect(inLid({ tray: 1, slot: 1 }, 10)).toEqual({ tray: 1, slot: 1 });
    expect(inLid({ tray: 3, slot: 10 }, 10)).toEqual({ tray: 1, slot: 30 });
    expect(inLid({ tray: 4, slot: 1 }, 16)).toEqual({ tray: 2, slot: 1 });
    expect(inLid({ tray: 9, slot: 16 }, 16)).toEqual({ tray: 3, slot: 48 });
  });

  it("give back every cassette and slot, and no sample beyond them", () => {
    const found = new Set<string>();
    for (let tray = 1; tray <= 9; tray += 1) {
      for (let slot = 1; slot <= 16; slot += 1) {
        const there = inLid({ tray, slot }, 16);
        found.add(`${there.tray} ${there.slot}`);
        expect(inCassette(there, 16)).toEqual({ tray, slot });
      }
    }
    expect(found.size).toBe(9 * 16);
    expect(inCassette({ tray: 1, slot: 49 }, 16)).toBeUndefined();
  });
});

describe("what is said to a CATS robot", () => {
  it("is the trajectory of the reference, byte for byte", () => {
    expect(encodeTrajectory("put", { tool: 5, tray: 3, sample: 7, type: 1 })).toBe(
      "put(5,3,7,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0)\r",
    );
    expect(encodeTrajectory("get", { tool: 2 })).toBe("get(2,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0)\r");
    expect(
      encodeTrajectory("transfer", {
        tool: 2,
        tray: 1,
        sample: 2,
        newTray: 3,
        newSample: 4,
        plate: 5,
        well: 6,
        type: 7,
        drop: 8,
        toolCalibration: 9,
      }),
    ).toBe("transfer(2,1,2,3,4,5,6,7,8,9,0,0,0,0,0,0,0,0,0,0)\r");
  });

  it.each(CATS_TRAJECTORIES)("has twenty numbers in every trajectory: %s", (name) => {
    const line = encodeTrajectory(name, { tool: 5 });
    expect(line.startsWith(`${name}(5,`)).toBe(true);
    expect(line.split(",")).toHaveLength(20);
    expect(line.endsWith(")\r")).toBe(true);
  });

  it("is a bare word for everything without arguments", () => {
    for (const word of [...CATS_PLAIN_COMMANDS, ...CATS_QUESTIONS]) expect(encodePlain(word)).toBe(`${word}\r`);
    expect(encodeSetDiffractometer(3, 7, 1)).toBe("setdiffr(3,7,1)\r");
    expect(encodeSetTool(1, 3, 7, 1)).toBe("settool(3,7,1)\r");
    expect(encodeSetTool(2, 0, 0, 0)).toBe("settool2(0,0,0)\r");
  });

  it("never holds what is no number", () => {
    for (const sample of [Number.NaN, Infinity, 1.5, -1, 1000]) {
      expect(() => encodeTrajectory("put", { tool: 5, tray: 1, sample })).toThrow(RangeError);
      expect(() => encodeSetDiffractometer(1, sample, 1)).toThrow(RangeError);
    }
  });
});

const STATE = "state(1,1,0,Double,,,,1,5,,,,0,1,0,50.0,,,1,,,,0,,,)";

describe("what a CATS robot says", () => {
  it("is the state of the reference", () => {
    expect(decodeCatsState(STATE)).toEqual({
      ok: true,
      value: {
        isPowered: true,
        isAutomatic: true,
        hasFault: false,
        tool: "Double",
        pathName: "",
        isPathRunning: false,
        onTool: null,
        onTool2: null,
        onDiffractometer: { tray: 1, slot: 5 },
        code: null,
        speedPercent: 50,
      },
    });
    expect(decodeCatsState("state(0,1,1,Spine,put_bcrd,3,7,-1,-1,,,R-0001,1,0,0,100,,,,,4,2,0,,,)")).toMatchObject({
      value: {
        isPowered: false,
        hasFault: true,
        pathName: "put_bcrd",
        isPathRunning: true,
        onTool: { tray: 3, slot: 7 },
        onTool2: { tray: 4, slot: 2 },
        onDiffractometer: null,
        code: "R-0001",
      },
    });
  });

  it.each([
    "state",
    "state()",
    STATE.slice(0, -1),
    STATE.replace("state(1", "state(2"),
    STATE.replace(",1,5,", ",1,,"),
    STATE.replace(",1,5,", ",one,5,"),
    STATE.replace("50.0", "500"),
    STATE.replace("50.0", ""),
    STATE.replace(",,)", ",)"),
    STATE.replace("Double", "Dou\u00e9le"),
    "collision detection",
  ])("is not believed when it reads %j", (line) => {
    expect(decodeCatsState(line).ok).toBe(false);
  });

  it("is a row of bits for inputs and outputs, long enough and no longer than 99", () => {
    const bits = decodeCatsBits(`di(${"01".repeat(20)})`, "di");
    expect(bits.ok && bits.value.slice(0, 4)).toEqual([false, true, false, true]);
    expect(decodeCatsBits(`do(${"0".repeat(99)})`, "do").ok).toBe(true);
    expect(decodeCatsBits("di2(1110)", "di2").ok).toBe(true);
    for (const line of [
      `di(${"0".repeat(31)})`,
      `di(${"0".repeat(100)})`,
      `di(${"0".repeat(40)}2)`,
      `do(${"0".repeat(60)})`,
      "di()",
    ]) {
      expect(decodeCatsBits(line, "di").ok).toBe(false);
    }
    expect(decodeCatsBits(`do(${"0".repeat(51)})`, "do").ok).toBe(false);
  });

  it("is six numbers for the place of the arm", () => {
    expect(decodeCatsPosition("position(350.5,-120,80,0.0,90.0,-45.5)")).toEqual({
      ok: true,
      value: [350.5, -120, 80, 0, 90, -45.5],
    });
    expect(decodeCatsPosition("position(1,2,3)").ok).toBe(false);
    expect(decodeCatsPosition("position(1,2,3,4,5,nan)").ok).toBe(false);
  });

  it("is an echo for an order that is accepted, and words for one that is not", () => {
    expect(isEcho("put", "put")).toBe(true);
    expect(isEcho("put(5,3,7)", "put")).toBe(true);
    expect(isEcho("put_bcrd", "put")).toBe(false);
    expect(isEcho("doors opened", "put")).toBe(false);
  });

  it("is an alarm in the robot's own spelling, each with advice", () => {
    expect(CATS_ALARM_TEXTS).toEqual([
      "doors opened",
      "Manual brake control selected",
      "emerency stop or air pressure fault",
      "collision detection",
      "Modbus communication fault",
      "LOC menu not disabled",
      "Remote Mode requested",
      "Disable when path is running",
      "X- collision",
      "X+ collision",
      "Y- collision",
      "Y+ collision",
      "Z- collision",
      "Z+ collision",
      "Robot foot collision",
      "low level alarm",
      "high level alarm",
      "cryogenic incoherent signals",
      "cryogen sensors fault",
      "No LN2 available, regulation stopped",
      "FillingUp Timeout",
    ]);
    for (const text of CATS_ALARM_TEXTS) expect(catsAlarm(`12:00 ${text}.`)?.advice.length).toBeGreaterThan(10);
    expect(catsAlarm("collision detection")?.stopsArm).toBe(true);
    expect(catsAlarm("low level alarm")?.stopsArm).toBe(false);
    expect(catsAlarm("")).toBeUndefined();
  });
});
