import { describe, expect, it } from "vitest";
import * as dg645 from "../../../protocols/wire/dg645/dg645-commands.ts";
import {
  decodeDelay,
  decodeDg645Identity,
  decodeEvents,
  decodeNumber,
  decodeWhole,
  errorText,
  EVENT,
} from "../../../protocols/wire/dg645/dg645-replies.ts";

describe("commands to a DG645", () => {
  it("set a gate of 100 ms that begins 1 ms after the trigger", () => {
    expect(dg645.delay(dg645.EDGE.A, dg645.EDGE.T0, 1e-3)).toBe("DLAY 2,0,1e-3");
    expect(dg645.delay(dg645.EDGE.B, dg645.EDGE.A, 0.1)).toBe("DLAY 3,2,0.1");
    expect(dg645.delay(dg645.EDGE.H, dg645.EDGE.G, 0)).toBe("DLAY 9,8,0");
    expect(dg645.delay(dg645.EDGE.A, dg645.EDGE.T0, 1.23456789e-7)).toBe("DLAY 2,0,1.23457e-7");
    expect(dg645.delay(dg645.EDGE.A, dg645.EDGE.T0, 1999.999999999995)).toBe("DLAY 2,0,1999.999999999995");
  });

  it("name outputs, edges and sources by the numbers of the manual", () => {
    expect(Object.values(dg645.GATE_OUTPUTS).map(({ number, from, to }) => [number, from, to])).toEqual([
      [1, 2, 3],
      [2, 4, 5],
      [3, 6, 7],
      [4, 8, 9],
    ]);
    expect(Object.values(dg645.TRIGGER_SOURCE)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(Object.values(EVENT)).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
  });

  it("set trigger, burst and outputs", () => {
    expect(dg645.whole("TSRC", dg645.TRIGGER_SOURCE.singleShot)).toBe("TSRC5");
    expect(dg645.whole("INHB", 1)).toBe("INHB1");
    expect(dg645.whole("ADVT", 0)).toBe("ADVT0");
    expect(dg645.whole("BURM", 1)).toBe("BURM1");
    expect(dg645.whole("BURC", 96)).toBe("BURC96");
    expect(dg645.whole("BURT", 0)).toBe("BURT0");
    expect(dg645.whole("*RCL", 3)).toBe("*RCL3");
    expect(dg645.whole("*SAV", 3)).toBe("*SAV3");
    expect(dg645.time("BURD", 0.5)).toBe("BURD0.5");
    expect(dg645.time("BURP", 2)).toBe("BURP2");
    expect(dg645.time("HOLD", 1e-6)).toBe("HOLD1e-6");
    expect(dg645.triggerRate(1000)).toBe("TRAT1000.000000");
    expect(dg645.triggerLevel(1.5)).toBe("TLVL1.50");
    expect(dg645.indexed("PRES", 1, 4)).toBe("PRES 1,4");
    expect(dg645.indexed("PHAS", 2, 0)).toBe("PHAS 2,0");
    expect(dg645.indexed("LPOL", 1, 1)).toBe("LPOL 1,1");
    expect(dg645.indexed("IFCF", 8, 1)).toBe("IFCF 8,1");
    expect(dg645.volts("LAMP", 1, 4)).toBe("LAMP 1,4.00");
    expect(dg645.volts("LOFF", 1, -0.8)).toBe("LOFF 1,-0.80");
    expect(dg645.resetInterface(2)).toBe("IFRS 2");
    expect(dg645.ask("TSRC")).toBe("TSRC?");
    expect(dg645.askIndexed("DLAY", 2)).toBe("DLAY?2");
    expect(dg645.askIndexed("LAMP", 1)).toBe("LAMP?1");
    expect([dg645.IDENTIFY, dg645.RESET, dg645.CLEAR_STATUS, dg645.FIRE, dg645.LAST_ERROR]).toEqual([
      "*IDN?",
      "*RST",
      "*CLS",
      "*TRG",
      "LERR?",
    ]);
    expect([dg645.EVENT_STATUS, dg645.ETHERNET_ADDRESS, dg645.REMOTE, dg645.LOCAL]).toEqual([
      "INSR?",
      "EMAC?",
      "REMT",
      "LCAL",
    ]);
  });
});

describe("answers of a DG645", () => {
  it("say who it is, or are another device's", () => {
    expect(decodeDg645Identity("Stanford Research Systems,DG645,s/n001013,ver1.00.10B")).toEqual({
      serialNumber: "001013",
      firmware: "1.00.10B",
    });
    for (const wrong of [
      "Stanford Research Systems,SR830,s/n12345,ver1.07",
      "Somebody,DG645,s/n1,ver1",
      "Stanford Research Systems,DG645",
      "Stanford Research Systems,DG645,s/n1,ver1,more",
      "0",
      "",
    ]) {
      expect(decodeDg645Identity(wrong), wrong).toBeUndefined();
    }
  });

  it("are numbers, and what is not one is nothing", () => {
    expect(decodeWhole("5")).toBe(5);
    expect(decodeNumber("+1000.000000")).toBe(1000);
    expect(decodeNumber("-0.80")).toBe(-0.8);
    expect(decodeDelay("0,+0.001000000000")).toEqual({ from: 0, seconds: 0.001 });
    expect(decodeDelay("2,0.1")).toEqual({ from: 2, seconds: 0.1 });
    expect(decodeEvents("5")).toBe(5);
    for (const wrong of ["", "x", "1,2,3", "0x10", "1e", "--1", "Infinity", "NaN", "1".repeat(40)]) {
      expect(decodeWhole(wrong), wrong).toBeUndefined();
      expect(decodeNumber(wrong), wrong).toBeUndefined();
      expect(decodeEvents(wrong), wrong).toBeUndefined();
      expect(decodeDelay(wrong), wrong).toBeUndefined();
    }
    for (const wrong of ["10,0.1", "-1,0.1", "a,b", "0,"]) expect(decodeDelay(wrong), wrong).toBeUndefined();
    expect(decodeEvents("256")).toBeUndefined();
  });

  it("have words for every error of the list", () => {
    const listed = [10, 11, 12, 13, 14, 15, 16, 17, 30, 32, 40, 91, 110, 111, 112, 113, 114, 115, 116, 117, 118, 120];
    for (const code of [...listed, 126, 170, 171, 254]) expect(errorText(code), String(code)).not.toBe("unknown error");
    expect(errorText(0)).toBe("no error");
    expect(errorText(12)).toBe("illegal delay");
    expect(errorText(47)).toBe("self-test failed in detail");
    expect(errorText(999)).toBe("unknown error");
  });
});
