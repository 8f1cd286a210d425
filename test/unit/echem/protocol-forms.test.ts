import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expandProtocol } from "../../../protocols/echem/cursor.ts";
import { experimentDocument, experimentOfLines } from "../../../protocols/echem/formats/experiment-document.ts";
import { protocolInWords } from "../../../protocols/echem/formats/plain-words.ts";
import { pybammExperiment, readExperimentStep } from "../../../protocols/echem/formats/pybamm-experiment.ts";
import { unicyclerDocument } from "../../../protocols/echem/formats/unicycler-document.ts";
import type { Protocol, TechniqueStep } from "../../../protocols/echem/protocol.ts";
import { readProtocol } from "../../../protocols/echem/read-protocol.ts";
import { parseDocument, type InputDocument } from "../../../protocols/input/document.ts";

const folder = fileURLToPath(new URL("../../fixtures/unicycler/", import.meta.url));
const text = (name: string): string => readFileSync(`${folder}${name}`, "utf8");

function protocolOf(document: InputDocument): Protocol {
  const { protocol, findings } = readProtocol(document, [], "test");
  if (protocol === undefined) throw new Error(JSON.stringify(findings));
  return protocol;
}
const fromText = (content: string): Protocol => protocolOf(parseDocument(content, "test.json"));

function fromStrings(strings: readonly string[]): Protocol {
  const { document, findings } = experimentDocument(experimentOfLines(strings.join("\n"), "steps.txt"), strings);
  expect(findings).toEqual([]);
  return protocolOf(document);
}

/** What is run, in order: all that a form without loops can keep. */
function path(protocol: Protocol): readonly TechniqueStep[] {
  return [...expandProtocol(protocol)].map(({ step }) => step);
}

describe("the aurora-unicycler form", () => {
  it.each(["cycling.unicycler.json", "cycling_eis_scan.unicycler.json"])(
    "is written as upstream writes it: %s",
    (name) => {
      const golden: unknown = JSON.parse(text(`data/${name}`));
      expect(unicyclerDocument(fromText(text(`data/${name}`)))).toEqual(golden);
    },
  );

  it.each([
    "test_protocol.json",
    "test_protocol_no_sample.json",
    "test_protocol_placeholder_sample.json",
    "test_protocol_with_floats.json",
  ])("loses nothing on the way out and in again: %s", (name) => {
    const first = fromText(text(`data/${name}`));
    expect(fromText(JSON.stringify(unicyclerDocument(first)))).toEqual(first);
  });
});

describe("PyBaMM experiment strings", () => {
  it("say what upstream makes of the same protocol, string by string", () => {
    const written = pybammExperiment(fromText(text("data/cycling.unicycler.json")));
    expect(written).toEqual({ ok: true, lines: JSON.parse(text("pybamm/cycling.pybamm.json")) as unknown });
  });

  it("are read as the path of the protocol they came from", () => {
    const strings = JSON.parse(text("pybamm/cycling.pybamm.json")) as readonly string[];
    const original = path(fromText(text("data/cycling.unicycler.json")));
    expect(path(fromStrings(strings))).toEqual(original);
  });

  it.each([
    [
      "Discharge at C/10 for 10 hours or until 3.3 V",
      { step: "constant_current", rate_C: -0.1, until_time_s: 36_000, until_voltage_V: 3.3 },
    ],
    [
      "Charge at 1 A until 4.1V",
      { step: "constant_current", current_mA: 1000, until_time_s: null, until_voltage_V: 4.1 },
    ],
    ["Charge at 2C until 4.1 V", { step: "constant_current", rate_C: 2, until_time_s: null, until_voltage_V: 4.1 }],
    [
      "Hold at 4100 mV until < 50 mA",
      { step: "constant_voltage", voltage_V: 4.1, until_time_s: null, until_current_mA: 50 },
    ],
    [
      "Hold at 4.1 V for 30 min or until C/50",
      { step: "constant_voltage", voltage_V: 4.1, until_time_s: 1800, until_rate_C: 0.02 },
    ],
    ["Rest for 1 hour (10 second period)", { step: "open_circuit_voltage", until_time_s: 3600 }],
  ])("%s", (string, step) => {
    expect(readExperimentStep(string)).toMatchObject({ ok: true, step });
  });

  it.each([
    ["Charge at 2C/3 until 4.2 V", "no current, voltage or rate"],
    ["Charge at 5 W until 4.2 V", "no current, voltage or rate"],
    ["Charge at C/0 until 4.2 V", "no current, voltage or rate"],
    ["Charge at 1 A", "no end"],
    ["Hold at 1 A for 1 hour", "a hold at 1 A"],
    ["Hold at 4.2 V until 4.1 V", "ends by a voltage"],
    ["Charge at 1 A until 50 mA", "ends by a current"],
    ["Rest until 3 V", "ends by time"],
    ["Rest for 0 s", "no duration"],
    ["Rest for one hour", "no duration"],
    ["Boil at 100 V", "no experiment step"],
    ["", "no experiment step"],
  ])("refuses %j and says why", (string, what) => {
    const read = readExperimentStep(string);
    expect(read.ok ? "read" : read.what).toContain(what);
  });

  it("names the line of a string it cannot read", () => {
    const source = experimentOfLines("# formation\nRest for 1 hour\n\nBoil\n", "steps.txt");
    const { findings } = experimentDocument(source, source.value as readonly string[]);
    expect(findings).toMatchObject([{ where: "steps.txt:4", code: "protocol.experiment" }]);
  });

  it("never throw, whatever the text", () => {
    const words = fc.constantFrom(
      ..."Rest Charge Discharge Hold at for or until C/10 C/ 4.2 V mA ( ) 1e999 hours period < >".split(" "),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 14 }).map((list) => list.join(" ")),
        ),
        (string) => {
          const read = readExperimentStep(string);
          if (!read.ok) return read.what !== "" && read.advice !== "";
          return Object.values(read.step).every((value) => typeof value !== "number" || Number.isFinite(value));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("are refused for what they cannot say", () => {
    const scan = pybammExperiment(fromText(text("data/cycling_eis_scan.unicycler.json")));
    expect(scan.ok ? "written" : scan.reason).toContain("impedance_spectroscopy");
  });
});

describe("a protocol in plain words", () => {
  it("says each step, what a rate means for the cell, and what is looped", () => {
    const lines = protocolInWords(fromText(text("data/cycling.unicycler.json")), 4.5);
    expect(lines[0]).toContain("72 run with loops, 4.5 mAh");
    expect(lines).toContain(" 3.   Charge with C/10 (0.45 mA) until 4.2 V, for at most 15 h");
    expect(lines).toContain(' 6. Go back to "formation"; 3 passes in all');
    expect(lines).toContain("10.     Hold 4.2 V until the current falls to 0.225 mA");
    expect(lines.join("\n")).not.toMatch(/null|NaN|undefined/);
  });
});
