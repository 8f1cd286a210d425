import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Protocol } from "../../../protocols/echem/protocol.ts";
import { readProtocol } from "../../../protocols/echem/read-protocol.ts";
import { parseDocument } from "../../../protocols/input/document.ts";
import { channelStepFile } from "../../../protocols/wire/neware/channel-step-file.ts";
import { protocolStepFile } from "../../../protocols/wire/neware/protocol-step-file.ts";
import { encodeStepFile } from "../../../protocols/wire/neware/step-xml.ts";
import { readXml, type XmlElement } from "../../../protocols/wire/neware/xml-reader.ts";
import { readStepProgramme } from "../../../simulator/neware-bts/step-programme.ts";

const folder = fileURLToPath(new URL("../../fixtures/unicycler/", import.meta.url));
const golden = readFileSync(`${folder}neware/cycling.neware.xml`, "utf8");
const label = { creator: "aurora-unicycler", date: "20260101000000", guid: "00000000-0000-0000-0000-000000000000" };

function protocolOf(name: string): Protocol {
  const text = readFileSync(`${folder}data/${name}`, "utf8");
  const { protocol } = readProtocol(parseDocument(text, name), [], "test");
  if (protocol === undefined) throw new Error("not read");
  return protocol;
}

/** A document without its white space, attributes in order of name. */
function structure(text: string): unknown {
  const plain = ({ name, attributes, children, text: inner }: XmlElement): unknown => ({
    name,
    attributes: [...attributes].sort(([a], [b]) => a.localeCompare(b)),
    children: children.map(plain),
    inner,
  });
  const document = readXml(text);
  if (!document.ok) throw new Error(document.reason);
  return plain(document.value);
}

describe("a whole protocol as a step file", () => {
  test("is what the public converter writes, element by element", () => {
    const file = protocolStepFile(protocolOf("cycling.unicycler.json"), label);
    if (!file.ok) throw new Error(file.reason);
    const written = encodeStepFile(file.value);
    expect(structure(written)).toEqual(structure(golden));
    expect(written).toBe(golden);
  });

  test("is one that the simulated channel would run", () => {
    expect(readStepProgramme(golden)).toMatchObject({
      recordMs: 10_000,
      protection: { voltageMaxV: 4.4, voltageMinV: 2.4, currentMaxA: 0.005, currentMinA: -0.005, delayMs: 1000 },
    });
  });

  test.each([
    ["impedance, which a step file has not", "cycling_eis_scan.unicycler.json", {}, "impedance_spectroscopy"],
    ["no sample name", "test_protocol_no_sample.json", {}, "names no sample"],
    ["the placeholder for a name", "test_protocol_placeholder_sample.json", {}, "names no sample"],
    ["rates without a capacity", "test_protocol_no_sample.json", { name: "S1" }, "capacity"],
  ])("is refused for %s", (_, name, sample, reason) => {
    const file = protocolStepFile(protocolOf(name), label, sample);
    expect(file.ok ? "written" : file.reason).toContain(reason);
  });
});

describe("one step as a step file", () => {
  const range = { voltageRangeV: { min: 0, max: 5 }, currentMaxA: 0.02, sampleIntervalMinS: 1 };
  const approach = { direction: "charge", currentMaxA: 0.001 } as const;
  const limits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };

  test("carries the cell's limits as the channel's protection, in the file's units", () => {
    const file = channelStepFile(
      {
        kind: "constant-current",
        currentA: -0.000409,
        untilVoltageV: 3,
        sampleIntervalS: 10,
        untilTimeS: 3600,
        limits,
        chargeMaxAh: 0.003,
      },
      approach,
      range,
      { ...label, remark: "B7 <&>" },
    );
    if (!file.ok) throw new Error(file.reason);
    const text = encodeStepFile(file.value);
    expect(text).toContain('<Remark Value="B7 &lt;&amp;&gt;"/>');
    const programme = readStepProgramme(text);
    expect(programme).toMatchObject({
      recordMs: 10_000,
      protection: {
        voltageMaxV: 4.3,
        voltageMinV: 2.5,
        currentMaxA: 0.01,
        currentMinA: -0.01,
        delayMs: 1000,
        capacityMaxAh: 0.003,
      },
      steps: [{ type: 2, timeMs: 3_600_000, stopVoltageV: 3 }, { type: 6 }],
    });
    expect(typeof programme === "string" ? 0 : programme.steps[0]?.currentA).toBeCloseTo(0.000409, 12);
  });

  test.each([
    ["voltageMaxV", Number.NaN],
    ["voltageMaxV", Number.POSITIVE_INFINITY],
    ["currentMinA", 0.001],
    ["currentMaxA", Number.NaN],
  ])("is not written with %s of %s", (key, value) => {
    const step = { kind: "rest", sampleIntervalS: 1, untilTimeS: 10, limits: { ...limits, [key]: value } } as const;
    expect(channelStepFile(step, approach, range, { ...label, remark: "" }).ok).toBe(false);
  });

  test.each([0, -0.001, Number.NaN, Number.POSITIVE_INFINITY])(
    "is not written with a most charge of %s A h",
    (chargeMaxAh) => {
      const step = { kind: "rest", sampleIntervalS: 1, untilTimeS: 10, limits, chargeMaxAh } as const;
      expect(channelStepFile(step, approach, range, { ...label, remark: "" }).ok).toBe(false);
    },
  );
});
