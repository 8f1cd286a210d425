import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { doubtfulSteps } from "../../../protocols/echem/doubtful-steps.ts";
import { readProtocol } from "../../../protocols/echem/read-protocol.ts";
import { parseDocument } from "../../../protocols/input/document.ts";

/** Steps in YAML's flow form, one a line; what is said of them, by step number from 1. */
function told(...steps: readonly string[]): readonly string[] {
  const text = `record: { time_s: 10 }\nmethod:\n${steps.map((step) => `  - { step: ${step} }`).join("\n")}\n`;
  const { protocol, findings } = readProtocol(parseDocument(text, "p.yaml"), [], "p");
  expect(findings.filter((finding) => finding.severity === "error")).toEqual([]);
  if (protocol === undefined) throw new Error("not read");
  return doubtfulSteps(protocol).map((found) => `${found.stepIndex + 1} ${found.code}`);
}

const CHARGE = "constant_current, rate_C: C/10, until_voltage_V: 4.2";
const DISCHARGE = "constant_current, rate_C: D/10, until_voltage_V: 2.8";
const REST = "open_circuit_voltage, until_time_s: 600";

function current(rate: string, untilVoltageV: number): string {
  return `constant_current, rate_C: ${rate}, until_voltage_V: ${untilVoltageV}`;
}

describe("a cut-off", () => {
  it.each([
    ["of a discharge at the end of the charge", [CHARGE, current("D/10", 4.2)], ["2 protocol.cut-off"]],
    ["of a discharge above it, after a rest", [CHARGE, REST, current("D/10", 4.25)], ["3 protocol.cut-off"]],
    ["of a charge below the end of the discharge", [DISCHARGE, REST, current("C/10", 2.7)], ["3 protocol.cut-off"]],
    ["of a discharge with the sign of a charge", [CHARGE, DISCHARGE, current("C/10", 2.8)], ["3 protocol.cut-off"]],
    [
      "of a discharge at the voltage held after the charge",
      [CHARGE, "constant_voltage, voltage_V: 4.2, until_rate_C: C/20", REST, current("D/10", 4.2)],
      ["4 protocol.cut-off"],
    ],
    [
      "in a loop, on the wrong side of what its first pass finds",
      [CHARGE, "tag, tag: again", current("D/10", 4.3), CHARGE, "loop, loop_to: again, cycle_count: 3"],
      ["3 protocol.cut-off"],
    ],
  ])("%s is told", (_, steps, expected) => {
    expect(told(...steps)).toEqual(expected);
  });

  it.each([
    ["of an ordinary cycle", [CHARGE, REST, DISCHARGE, REST, CHARGE]],
    ["of a slower current to the same end", [current("2", 4.2), current("C/10", 4.2), DISCHARGE]],
    ["of the first step, whose cell nobody knows", [current("D/10", 4.1)]],
    ["after a current that only time ends", ["constant_current, rate_C: 1, until_time_s: 60", current("D/10", 4.2)]],
    [
      "of a charge after a hold below it, which may have been one",
      [CHARGE, "constant_voltage, voltage_V: 3.6, until_time_s: 60", REST, current("C/10", 3.6)],
    ],
  ])("%s is left alone", (_, steps) => {
    expect(told(...steps)).toEqual([]);
  });
});

describe("a current given twice", () => {
  it("is told, with the one that counts", () => {
    const both = "constant_current, rate_C: C/10, current_mA: 3, until_voltage_V: 4.2";
    const taper = "constant_voltage, voltage_V: 4.2, until_rate_C: C/20, until_current_mA: 0.1";
    expect(told(both, taper)).toEqual(["1 protocol.current-twice", "2 protocol.current-twice"]);
    expect(told("constant_current, rate_C: 0, current_mA: 3, until_voltage_V: 4.2")).toEqual([]);
  });
});

describe("protocols that others have published", () => {
  const folder = fileURLToPath(new URL("../../fixtures/unicycler/data/", import.meta.url));
  it.each(readdirSync(folder).filter((name) => name.endsWith(".json")))(
    "%s holds no cut-off on a wrong side",
    (name) => {
      const { protocol } = readProtocol(parseDocument(readFileSync(folder + name, "utf8"), name), [], "p");
      if (protocol === undefined) throw new Error("not read");
      expect(doubtfulSteps(protocol).filter((found) => found.severity === "error")).toEqual([]);
    },
  );
});
