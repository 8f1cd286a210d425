import { describe, expect, it } from "vitest";
import {
  decodeCelsius,
  decodeLakeshoreIdentity,
  decodeReadingStatus,
  readingQuery,
  statusQuery,
  whyUnbelievable,
} from "../../../protocols/wire/lakeshore/lakeshore-lines.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createLakeshoreTwin } from "../../../simulator/lakeshore-336/lakeshore-twin.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";

describe("the lines of a Lake Shore 336", () => {
  it("ask one input for its reading and for its status", () => {
    expect(readingQuery("A")).toBe("CRDG? A");
    expect(statusQuery("D")).toBe("RDGST? D");
  });

  it("say who it is", () => {
    expect(decodeLakeshoreIdentity("LSCI,MODEL336,LSA1234/#######,2.9")).toEqual({
      model: "336",
      serialNumber: "LSA1234",
      firmware: "2.9",
    });
    expect(decodeLakeshoreIdentity("LSCI,MODEL350,350A0AB,1.3")).toMatchObject({
      model: "350",
      serialNumber: "350A0AB",
    });
    for (const wrong of [
      "",
      "LSCI,MODEL336",
      "ACME,MODEL336,1/1,2.9",
      "LSCI,MODEL336,,2.9",
      "LSCI,MODEL336,1/1,2.9,x",
    ]) {
      expect(decodeLakeshoreIdentity(wrong), wrong).toBeUndefined();
    }
  });

  it("are a temperature with sign and point, or none", () => {
    expect(decodeCelsius("+23.450")).toBe(23.45);
    expect(decodeCelsius("-196.00\r")).toBe(-196);
    for (const wrong of ["", "000", "129", "23.450", "+23", "+.5", "+2.3.4", "+1E3", "+NAN", "+12345.6"]) {
      expect(decodeCelsius(wrong), wrong).toBeUndefined();
    }
  });

  it("are a status in whole numbers, whose every bit speaks against the reading", () => {
    expect(decodeReadingStatus("000")).toBe(0);
    expect(decodeReadingStatus("129")).toBe(129);
    for (const wrong of ["", "+23.450", "256", "-1", "0x1", "1.0"]) expect(decodeReadingStatus(wrong)).toBeUndefined();
    expect(whyUnbelievable(0)).toBeUndefined();
    for (const bit of [1, 16, 32, 64, 128]) expect(whyUnbelievable(bit)).toMatch(/^the /);
    expect(whyUnbelievable(129)).toBe("the reading is invalid, the sensor is beyond its range, or open");
    expect(whyUnbelievable(2)).toBe("status 2");
  });
});

it("a simulated Lake Shore 336 answers in order and byte for byte, and is silent to what it does not know", async () => {
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
  createLakeshoreTwin({ end, clock, temperatureC: (name) => ({ A: 23.45, B: -196 })[name] ?? null });
  const say = async (text: string): Promise<string> => {
    received = "";
    input(Buffer.from(text, "latin1"));
    await clock.run(clock.nowMs() + 500);
    return received;
  };
  expect(await say("*IDN?\n")).toBe("LSCI,MODEL336,LSA0001/#######,2.9\r\n");
  expect(await say("CRDG? A\r\nRDGST? A\r\n")).toBe("+23.450\r\n000\r\n");
  expect(await say("KRDG? A\nCRDG? B\n")).toBe("+296.60\r\n-196.00\r\n");
  expect(await say("CRDG? C\nRDGST? C\n")).toBe("+0.000\r\n129\r\n");
  expect(await say("CRDG? E\nSETP 1,300\nfoo\n\n")).toBe("");
});
