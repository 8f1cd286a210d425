import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { expandProtocol, stepCountOf } from "../../../protocols/echem/cursor.ts";
import { numberOfText } from "../../../protocols/echem/numbers.ts";
import type { Protocol } from "../../../protocols/echem/protocol.ts";
import { readProtocol } from "../../../protocols/echem/read-protocol.ts";
import { parseDocument } from "../../../protocols/input/document.ts";

const folder = fileURLToPath(new URL("../../fixtures/unicycler/data/", import.meta.url));
const fixtures = readdirSync(folder).filter((name) => name.endsWith(".json"));

function read(text: string, name = "protocol.json") {
  return readProtocol(parseDocument(text, name), [], "test");
}

function fixture(name: string): Protocol {
  const { protocol, findings } = read(readFileSync(folder + name, "utf8"), name);
  expect(findings).toEqual([]);
  if (protocol === undefined) throw new Error("not read");
  return protocol;
}

describe("aurora-unicycler files", () => {
  it("has the upstream fixtures at hand", () => {
    expect(fixtures).toHaveLength(6);
  });

  it.each(fixtures)("reads %s without a finding, and counts its steps as it runs them", (name) => {
    const protocol = fixture(name);
    let count = 0;
    for (const { cursor } of expandProtocol(protocol)) {
      count += 1;
      expect(cursor.ordinal).toBe(count);
    }
    expect(stepCountOf(protocol)).toBe(count);
  });

  it("gives the same protocol whether numbers are written as numbers or as text", () => {
    expect(fixture("test_protocol_with_floats.json")).toEqual(fixture("test_protocol.json"));
  });

  it("runs the nested loops of the upstream fixture in full", () => {
    // 3 steps, then 3 x (4..6), then the block 8..10 and its outer block: 24 inner passes, a slow cycle, all 20 times.
    expect(stepCountOf(fixture("test_protocol.json"))).toBe(3 + 3 * 3 + 20 * (24 * 3 + 3));
  });

  it("keeps the name and capacity of the sample, and $NAME where there is none", () => {
    expect(fixture("test_protocol.json").sampleCapacityMah).toBe(123);
    expect(fixture("test_protocol_placeholder_sample.json").sampleName).toBe("$NAME");
    expect(fixture("test_protocol_no_sample.json").sampleCapacityMah).toBeNull();
  });

  it("reads impedance and voltage scans as steps of their own", () => {
    const steps = fixture("cycling_eis_scan.unicycler.json").steps;
    expect(steps[0]).toMatchObject({ kind: "impedance-spectroscopy", amplitudeV: 0.01, measuresPerPoint: 2 });
    expect(steps[1]).toMatchObject({ kind: "voltage-scan", endVoltageV: 4.2, scanRateMvS: 0.1 });
  });
});

describe("rates written as text", () => {
  it.each([
    ["0.1", 0.1],
    ["1/5", 0.2],
    ["C/3", 1 / 3],
    ["D/2", -0.5],
    ["C", 1],
    ["2C/3", 2 / 3],
    ["1D", -1],
    ["-1e-1", -0.1],
  ])("reads %s as %d", (text, rate) => {
    expect(numberOfText(text, true)).toBeCloseTo(rate, 12);
  });

  it.each(["X/3", "C/", "C/0", "1/0", "fast", "0x10", "1 2", "NaN", "Infinity", "C/3/2"])("refuses %s", (text) => {
    expect(numberOfText(text, true)).toBeUndefined();
  });

  it("knows C and D only where a rate is meant", () => {
    expect(numberOfText("C/3", false)).toBeUndefined();
  });
});

describe("protocols that break a rule", () => {
  const record = "record: { time_s: 1 }\nmethod:\n";
  const charge = "  - { step: constant_current, rate_C: 1, until_voltage_V: 4 }\n";

  it.each([
    ["no end", "  - { step: constant_current, rate_C: 1 }\n", "protocol.no-end", 3],
    ["no end of a hold", "  - { step: constant_voltage, voltage_V: 4 }\n", "protocol.no-end", 3],
    ["no current", "  - { step: constant_current, rate_C: 0, until_time_s: 5 }\n", "protocol.no-current", 3],
    [
      "a negative time",
      "  - { step: constant_current, rate_C: 1, until_time_s: -5, until_voltage_V: 4 }\n",
      "protocol.time",
      3,
    ],
    [
      "two amplitudes",
      "  - { step: impedance_spectroscopy, amplitude_V: 1, amplitude_mA: 1, start_frequency_Hz: 1, end_frequency_Hz: 2 }\n",
      "protocol.amplitude",
      3,
    ],
    [
      "a scan that goes nowhere",
      "  - { step: voltage_scan, start_voltage_V: 3, end_voltage_V: 3, scan_rate_mV_per_s: 1 }\n",
      "protocol.scan",
      3,
    ],
    ["a loop forward", `${charge}  - { step: loop, loop_to: 3, cycle_count: 2 }\n${charge}`, "protocol.loop", 4],
    ["a loop over one step by number", `${charge}  - { step: loop, loop_to: 1, cycle_count: 2 }\n`, "protocol.loop", 4],
    [
      "a loop to a tag that is not there",
      `${charge}${charge}  - { step: loop, loop_to: nowhere, cycle_count: 2 }\n`,
      "protocol.loop",
      5,
    ],
    [
      "a loop directly after its tag",
      `${charge}  - { step: tag, tag: a }\n  - { step: loop, loop_to: a, cycle_count: 2 }\n`,
      "protocol.loop",
      5,
    ],
    [
      "a loop to a tag further down",
      `${charge}  - { step: loop, loop_to: a, cycle_count: 2 }\n  - { step: tag, tag: a }\n`,
      "protocol.loop",
      4,
    ],
    [
      "a loop without anything to do",
      "  - { step: tag, tag: a }\n  - { step: tag, tag: b }\n  - { step: loop, loop_to: a, cycle_count: 1000000000 }\n",
      "protocol.loop",
      5,
    ],
    [
      "loops that cross",
      `${charge}${charge}${charge}  - { step: loop, loop_to: 1, cycle_count: 2 }\n${charge}  - { step: loop, loop_to: 3, cycle_count: 2 }\n`,
      "protocol.loop",
      8,
    ],
    ["a tag twice", `  - { step: tag, tag: a }\n  - { step: tag, tag: a }\n${charge}`, "protocol.duplicate-tag", 4],
    [
      "an id twice",
      "  - { step: open_circuit_voltage, id: x, until_time_s: 1 }\n  - { step: open_circuit_voltage, id: x, until_time_s: 1 }\n",
      "protocol.duplicate-id",
      4,
    ],
    ["zero passes", `${charge}${charge}  - { step: loop, cycle_count: 0 }\n`, "file.schema", 5],
    ["an unknown technique", "  - { step: constant_power, until_time_s: 1 }\n", "protocol.unknown-step", 3],
    ["no steps", "  []\n", "protocol.invalid", 2],
  ])("are refused for %s, at the line of the step", (_name, steps, code, line) => {
    const { protocol, findings } = read(record + steps, "p.yaml");
    expect(protocol).toBeUndefined();
    expect(findings.map((finding) => finding.code)).toContain(code);
    const found = findings.find((finding) => finding.code === code);
    expect(found?.where).toMatch(new RegExp(`^p\\.yaml:${line} method`));
    expect(found?.advice).not.toBe("");
  });

  it("are refused for safety limits the wrong way round", () => {
    const text = `safety: { max_voltage_V: 3, min_voltage_V: 3 }\n${record}${charge}`;
    expect(read(text).findings.map((finding) => finding.code)).toEqual(["protocol.safety"]);
  });
});
