import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BUFFER_COUNT,
  bufferQuery,
  CLEAR_BUFFER,
  currentRangeA,
  IDENTIFY,
  LANGUAGE,
  NEXT_ERROR,
  openCircuitLines,
  OUTPUT_OFF,
  OUTPUT_ON,
  OUTPUT_STATE,
  READ_SOURCE_AND_READING,
  RESET_LINES,
  scpiNumber,
  voltageLevel,
  voltageSourceLines,
} from "../../../protocols/wire/keithley-smu/scpi-commands.ts";
import {
  decodeNumbers,
  decodeOutputState,
  decodeScpiError,
  decodeSmuIdentity,
} from "../../../protocols/wire/keithley-smu/scpi-replies.ts";
import { createKeithleyTwin } from "../../../simulator/keithley-smu/keithley-twin.ts";
import { testCell, testClock } from "../../support/methodscript-bench.ts";

describe("commands, as in the vendor's scripts", () => {
  test("reset, reading and buffer", () => {
    expect(RESET_LINES).toEqual(["*CLS", "*RST", "OUTP:SMOD HIMP"]);
    expect(READ_SOURCE_AND_READING).toBe('READ? "defbuffer1", SOUR, READ');
    expect(bufferQuery(1, 50)).toBe('TRAC:DATA? 1, 50, "defbuffer1", READ, REL');
  });

  test("identity, language, errors, output and buffer", () => {
    expect([IDENTIFY, LANGUAGE, NEXT_ERROR]).toEqual(["*IDN?", "*LANG?", "SYST:ERR?"]);
    expect([OUTPUT_ON, OUTPUT_OFF, OUTPUT_STATE]).toEqual(["OUTP ON", "OUTP OFF", "OUTP?"]);
    expect([CLEAR_BUFFER, BUFFER_COUNT]).toEqual(["TRAC:CLE", "TRAC:ACT?"]);
  });

  test("a voltage with a current limit", () => {
    expect([...voltageSourceLines(3e-4), voltageLevel(4.2)]).toEqual([
      "SOUR:FUNC VOLT",
      'SENS:FUNC "CURR"',
      "SENS:CURR:RSEN ON",
      "SENS:CURR:RANG 0.001",
      "SOUR:VOLT:READ:BACK ON",
      "SOUR:VOLT:RANG 20",
      "SOUR:VOLT:ILIM 0.0003",
      "SOUR:VOLT 4.2",
    ]);
  });

  test("no current with a voltage limit", () => {
    expect(openCircuitLines(4.75)).toEqual([
      "SOUR:FUNC CURR",
      'SENS:FUNC "VOLT"',
      "SENS:VOLT:RSEN ON",
      "SENS:VOLT:RANG 20",
      "SOUR:CURR:RANG 0.000001",
      "SOUR:CURR:VLIM 4.75",
      "SOUR:CURR 0",
    ]);
  });

  test("numbers without binary noise, small ones with a capital E", () => {
    expect([0.1 + 0.2, 3e-7, -2.5].map(scpiNumber)).toEqual(["0.3", "3E-7", "-2.5"]);
    expect([1e-9, 1e-3, 1.01e-3, 5].map(currentRangeA)).toEqual([1e-8, 1e-3, 1e-2, 1]);
  });
});

describe("answers", () => {
  test("identity", () => {
    expect(decodeSmuIdentity("KEITHLEY INSTRUMENTS,MODEL 2450,01419952,1.6.3d")).toEqual({
      model: "2450",
      serialNumber: "01419952",
      firmware: "1.6.3d",
    });
    expect(decodeSmuIdentity("HEWLETT-PACKARD,34401A,0,11-5-2")).toBeUndefined();
  });

  test("errors, the output, readings", () => {
    expect(decodeScpiError('0,"No error;0;0 0"')).toEqual({ code: 0, text: "No error;0;0 0" });
    expect(decodeScpiError('-113,"Undefined header"')).toEqual({ code: -113, text: "Undefined header" });
    expect(["1", "0", "ON", "maybe"].map(decodeOutputState)).toEqual([true, false, true, undefined]);
    expect(decodeNumbers("4.200000E+00,3.000000E-04")).toEqual([4.2, 3e-4]);
    expect(decodeNumbers("4.2,9.910000E+37")).toEqual([4.2, Number.NaN]);
    for (const text of ["", "4.2,", "4.2,x", "nan", "1e9999"]) expect(decodeNumbers(text)).toBeUndefined();
  });

  test("any line at all is decoded or refused, never thrown at", () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        decodeSmuIdentity(line);
        decodeScpiError(line);
        decodeOutputState(line);
        for (const value of decodeNumbers(line) ?? []) expect(Math.abs(value)).not.toBe(Infinity);
      }),
      { numRuns: 3000 },
    );
  });
});

function terminal() {
  const clock = testClock();
  let received = "";
  let input: (chunk: Uint8Array) => void = () => undefined;
  createKeithleyTwin({
    end: {
      onOpen: () => undefined,
      onClose: () => undefined,
      onData(handler) {
        input = handler;
      },
      send(chunk) {
        received += Buffer.from(chunk).toString("latin1");
      },
      hangUp: () => undefined,
    },
    clock,
    cell: testCell(),
  });
  return async (text: string): Promise<string> => {
    received = "";
    for (const byte of Buffer.from(text, "latin1")) input(Uint8Array.of(byte));
    await clock.run(clock.nowMs() + 200);
    return received;
  };
}

describe("the simulated unit", () => {
  test("runs the vendor's source-voltage set-up, in short and in long words", async () => {
    const send = terminal();
    await send('*RST\nOUTP:SMOD HIMP\nSENS:CURR:RSEN ON\nSENS:FUNC "CURR"\nSENS:CURR:RANG:AUTO ON\n');
    await send("SENS:CURR:RANG 1E-3\nSOUR:VOLT:READ:BACK ON\n");
    await send("SOURce:FUNCtion VOLT\n:SOUR1:VOLT:RANG 20\nSOUR:VOLT 4.2\nSOUR:VOLT:ILIM 3E-4\nOUTPut:STATe ON\n");
    expect(await send("SYST:ERR?\n")).toBe('0,"No error;0;0 0"\n');
    expect(await send("OUTP?\n")).toBe("1\n");
    expect(await send('READ? "defbuffer1", SOUR, READ\n')).toMatch(/^3\.70\d{4}E\+00,3\.000000E-04\n$/);
    await send('READ? "defbuffer1", SOUR, READ\n');
    expect(await send(`${BUFFER_COUNT}\n`)).toBe("2\n");
    expect(await send(`${bufferQuery(1, 50)}\n`)).toMatch(
      /^3\.000000E-04,0\.000000E\+00,3\.000000E-04,\d\.\d{6}E-01\n$/,
    );
    await send(`${CLEAR_BUFFER}\n`);
    expect(await send(`${BUFFER_COUNT}\n`)).toBe("0\n");
  });

  test("keeps errors until they are asked for", async () => {
    const send = terminal();
    expect(await send("SOUR:VOLTS 4\nSOUR:VOLT 999\n")).toBe("");
    expect(await send("SYST:ERR?\n")).toContain("-113,");
    expect(await send("SYST:ERR?\n")).toContain("-222,");
    expect(await send("SYST:ERR?\n")).toContain("0,");
  });
});
