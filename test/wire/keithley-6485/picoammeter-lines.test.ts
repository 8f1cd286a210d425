import { describe, expect, it } from "vitest";
import * as unit from "../../../protocols/wire/keithley-6485/picoammeter-commands.ts";
import {
  decodeFlag,
  decodePicoammeterError,
  decodePicoammeterIdentity,
  decodeReading,
} from "../../../protocols/wire/keithley-6485/picoammeter-replies.ts";
import { createPicoammeterTwin } from "../../../simulator/keithley-6485/picoammeter-twin.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";

describe("commands to a Keithley 6485", () => {
  it("switch zero check, take the offset, and set range and time", () => {
    expect(unit.ZERO_CORRECT_LINES).toEqual([
      "SYST:ZCH ON",
      "RANG 2e-9",
      "INIT",
      "SYST:ZCOR:ACQ",
      "SYST:ZCH OFF",
      "SYST:ZCOR ON",
    ]);
    expect([unit.RESET, unit.CLEAR_STATUS, unit.IDENTIFY, unit.NEXT_ERROR]).toEqual([
      "*RST",
      "*CLS",
      "*IDN?",
      "SYST:ERR?",
    ]);
    expect([unit.READ, unit.FETCH, unit.INITIATE, unit.BUFFER_DATA, unit.RANGE, unit.ZERO_CHECK_STATE]).toEqual([
      "READ?",
      "FETC?",
      "INIT",
      "TRAC:DATA?",
      "RANG?",
      "SYST:ZCH?",
    ]);
    expect(unit.fixedRange(2.1e-9)).toBe("RANG 2.1E-9");
    expect(unit.fixedRange(2.1e-2)).toBe("RANG 2.1E-2");
    expect(unit.AUTOMATIC_RANGE).toBe("RANG:AUTO ON");
    expect(unit.automaticRangeLimit("ULIM", 2.1e-4)).toBe("RANG:AUTO:ULIM 2.1E-4");
    expect(unit.powerLineCycles(0.01)).toBe("NPLC 0.01");
    expect(unit.ELEMENTS).toBe("FORM:ELEM READ,UNIT,TIME,STAT");
  });

  it("set up triggers, buffer and filter", () => {
    expect(unit.armSource("TIM")).toBe("ARM:SOUR TIM");
    expect(unit.triggerSource("TLIN")).toBe("TRIG:SOUR TLIN");
    expect(unit.count("ARM", 1)).toBe("ARM:COUN 1");
    expect(unit.count("TRIG", 2500)).toBe("TRIG:COUN 2500");
    expect(unit.triggerDelay(0.5)).toBe("TRIG:DEL 0.5");
    expect(unit.bufferLines(10)).toEqual(["TRAC:POIN 10", "TRAC:FEED SENS", "TRAC:FEED:CONT NEXT"]);
    expect(unit.averageCount(10)).toBe("AVER:COUN 10");
  });

  it("choose the smallest range that holds a current", () => {
    expect(unit.rangeFor(1e-9)).toBe(2.1e-9);
    expect(unit.rangeFor(-3e-9)).toBe(2.1e-8);
    expect(unit.rangeFor(0.02)).toBe(2.1e-2);
    expect(unit.rangeFor(0.03)).toBeUndefined();
    expect(unit.rangeFor(NaN)).toBeUndefined();
  });
});

describe("answers of a Keithley 6485", () => {
  it("are a reading with time and status", () => {
    expect(decodeReading("+1.234560E-09A,+2.345E+01,+0.000E+00")).toEqual({
      currentA: 1.23456e-9,
      timeS: 23.45,
      status: 0,
    });
    expect(decodeReading("-1.2E-3A,+0.000E+00,+8.000E+00")).toMatchObject({ currentA: -1.2e-3, status: 8 });
  });

  it("are never a number on an overflow", () => {
    for (const line of [
      "+9.900000E+37A,+1.000E+00,+1.000E+00",
      "+9.900000E+37A,+1.000E+00,+0.000E+00",
      "-9.9E+37A,+1.000E+00,+0.000E+00",
      "+2.100000E-09A,+1.000E+00,+1.000E+00",
    ]) {
      expect(decodeReading(line), line).toMatchObject({ currentA: null });
    }
  });

  it("are no number beyond what the unit, or the range that it was set to, can measure", () => {
    const said = (value: string): string => `${value}A,+1.000E+00,+0.000E+00`;
    expect(decodeReading(said("+2.150000E-02"))).toMatchObject({ currentA: 0.0215 });
    for (const value of ["+2.250000E-02", "-2.250000E-02", "+1.0E+00", "-4.2E+30"]) {
      expect(decodeReading(said(value)), value).toMatchObject({ currentA: null });
    }
    expect(decodeReading(said("-2.150000E-09"), 2.1e-9)).toMatchObject({ currentA: -2.15e-9 });
    expect(decodeReading(said("+2.250000E-09"), 2.1e-9)).toMatchObject({ currentA: null });
  });

  it("are nothing when they are cut, bent or of another kind", () => {
    for (const line of [
      "",
      "+1.234560E-09,+2.345E+01,+0.000E+00",
      "+1.234560E-09V,+2.345E+01,+0.000E+00",
      "+1.234560E-09A,+2.345E+01",
      "+1.234560E-09A,+2.345E+01,+0.000E+00,1",
      "1.2.3A,+2.345E+01,+0.000E+00",
      "NaNA,+2.345E+01,+0.000E+00",
      "A,+2.345E+01,+0.000E+00",
      "+1.0E-09A,+2.345E+01,+0.500E+00",
    ]) {
      expect(decodeReading(line), line).toBeUndefined();
    }
  });

  it("say who it is and what went wrong", () => {
    expect(decodePicoammeterIdentity("KEITHLEY INSTRUMENTS INC.,MODEL 6485,1234567,B03   Sep 29 2010")).toEqual({
      model: "6485",
      serialNumber: "1234567",
      firmware: "B03 Sep 29 2010",
    });
    for (const wrong of ["", "KEITHLEY INSTRUMENTS INC.,6485", "ACME,MODEL 6485,1,1", "a,b,c,d,e"]) {
      expect(decodePicoammeterIdentity(wrong), wrong).toBeUndefined();
    }
    expect(decodePicoammeterError('-113,"Undefined header"')).toEqual({ code: -113, text: "Undefined header" });
    expect(decodePicoammeterError('0,"No error"')).toMatchObject({ code: 0 });
    expect(decodePicoammeterError("0")).toBeUndefined();
    expect([decodeFlag("1"), decodeFlag("0"), decodeFlag("ON")]).toEqual([true, false, undefined]);
  });
});

describe("a simulated Keithley 6485", () => {
  function terminal(currentA: number, onForS = 0) {
    const { clock } = createVirtualTime();
    let received = "";
    let input: (chunk: Uint8Array) => void = () => undefined;
    const end: DeviceEnd = {
      onOpen: () => undefined,
      onClose: () => undefined,
      onData(handler) {
        input = handler;
      },
      send(chunk) {
        received += Buffer.from(chunk).toString("latin1");
      },
      hangUp: () => undefined,
    };
    createPicoammeterTwin({ end, clock, currentA: () => currentA, onForS });
    return async (text: string, seconds = 0.5): Promise<string> => {
      received = "";
      input(Buffer.from(text, "latin1"));
      await clock.run(clock.nowMs() + seconds * 1000);
      return received;
    };
  }

  it("measures nothing while zero check is on, as it is after a reset", async () => {
    const say = terminal(1.23456e-9);
    expect(await say("READ?\n")).toMatch(/^\+0\.000000E\+00A,\+\d\.\d{3}E[+-]\d\d,\+0\.000E\+00\n$/);
    expect(await say("SYST:ZCH OFF\nRANG 2e-9\nREAD?\n")).toMatch(/^\+1\.2345\d\dE-09A,/);
    expect(await say("FETC?\n")).toMatch(/^\+1\.2345\d\dE-09A,/);
    expect(await say("SENSe:CURRent:RANGe?\n")).toBe("+2.100000E-09\n");
    expect(await say("FORM:ELEM READ\nREAD?\n")).toMatch(/^\+1\.2345\d\dE-09\n$/);
  });

  it("counts its time from when it was switched on, and comes round", async () => {
    const say = terminal(1e-9, 99_999);
    expect(decodeReading((await say("READ?\n", 2)).trim())?.timeS).toBeGreaterThan(99_990);
    expect(decodeReading((await say("READ?\n")).trim())?.timeS).toBeLessThan(2);
  });

  it("overflows on a range too small, and finds one when it may", async () => {
    const say = terminal(1e-6);
    expect(await say("SYST:ZCH OFF\nRANG 2.1E-9\nREAD?\n")).toMatch(/^\+9\.900000E\+37A,.*,\+1\.000E\+00\n$/);
    expect(await say("RANG:AUTO ON\nREAD?\n")).toMatch(/^\+1\.0000\d\dE-06A,/);
  });

  it("fills its buffer, and queues its errors", async () => {
    const say = terminal(1e-6);
    await say("SYST:ZCH OFF\nTRAC:POIN 2\nTRAC:FEED SENS\nTRAC:FEED:CONT NEXT\nINIT\nINIT\nINIT\n", 2);
    expect((await say("TRAC:DATA?\n")).split("A,")).toHaveLength(3);
    await say("NONS\nNPLC 60\nARM:SOUR NEV\n");
    expect(await say("SYST:ERR?\nSYST:ERR?\nSYST:ERR?\nSYST:ERR?\n")).toBe(
      '-113,"Undefined header"\n-222,"Parameter data out of range"\n-224,"Illegal parameter value"\n0,"No error"\n',
    );
  });
});
