import { describe, expect, it } from "vitest";
import { ecLabBytes } from "../../../protocols/echem/formats/ec-lab-table.ts";
import type { SafetyRule } from "../../../protocols/echem/protocol.ts";
import {
  goldenProtocol,
  goldenText,
  inCurrents,
  path,
  readForm,
  soundProtocol,
  written,
  type Form,
} from "../../support/protocol-forms.ts";

interface Golden {
  readonly form: Form;
  readonly name: string;
  readonly of: string;
}

const CYCLING = "data/cycling.unicycler.json";
const WITH_SCAN = "data/cycling_eis_scan.unicycler.json";
const GOLDEN: readonly Golden[] = [
  { form: "neware", name: "neware/cycling.neware.xml", of: CYCLING },
  { form: "pybamm", name: "pybamm/cycling.pybamm.json", of: CYCLING },
  { form: "battinfo", name: "battinfo/cycling.battinfo.jsonld", of: CYCLING },
  { form: "battinfo", name: "battinfo/cycling_eis_scan.battinfo.jsonld", of: WITH_SCAN },
  { form: "biologic", name: "biologic/cycling.biologic.mps.utf8.txt", of: CYCLING },
  { form: "biologic", name: "biologic/cycling_eis_scan.biologic.mps.utf8.txt", of: WITH_SCAN },
  { form: "tomato", name: "tomato/cycling.tomato-0.2.json", of: CYCLING },
];
const READ = GOLDEN.filter(({ form }) => form !== "tomato");

/** Byte for byte, but for the layout of JSON. */
function comparable(form: Form, text: string): unknown {
  return form === "neware" || form === "biologic" ? text : JSON.parse(text);
}

const NO_SAFETY: SafetyRule = {
  maxVoltageV: null,
  minVoltageV: null,
  maxCurrentMa: null,
  minCurrentMa: null,
  maxCapacityMah: null,
  delayS: null,
};

describe("the golden files", () => {
  it.each(GOLDEN)("are what $form makes of the protocol they came from: $name", ({ form, name, of }) => {
    const text = written[form](goldenProtocol(of));
    expect(comparable(form, text)).toEqual(comparable(form, goldenText(name)));
  });

  it.each(READ)("are read, and written again as they were: $name", ({ form, name }) => {
    const read = readForm(goldenText(name), name);
    expect(read.form).toBe(form);
    expect(read.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    if (read.protocol === undefined) expect.unreachable();
    expect(comparable(form, written[form](read.protocol))).toEqual(comparable(form, goldenText(name)));
  });

  it.each(READ)("run step by step as the protocol they came from: $name", ({ form, name, of }) => {
    const read = path(goldenProtocol(name));
    const original = path(goldenProtocol(of));
    if (form === "biologic") expect(read).toEqual(inCurrents(original, 4.5));
    else if (form === "battinfo" && of === WITH_SCAN) {
      // Of a spectrum the form keeps the amplitude and the two ends.
      const kept = original.map((step) =>
        step.kind === "impedance-spectroscopy" ? { ...step, measuresPerPoint: 1, driftCorrection: false } : step,
      );
      expect(read).toEqual(kept);
    } else expect(read).toEqual(original);
  });

  it("keep the sample, the records and the limits as far as their form goes", () => {
    const { sampleName, sampleCapacityMah, record, safety } = goldenProtocol(CYCLING);
    const all = { sampleName, sampleCapacityMah, record, safety };
    const others = { voltageV: null, currentMa: null };
    expect(goldenProtocol("neware/cycling.neware.xml")).toMatchObject(all);
    const biologic = goldenProtocol("biologic/cycling.biologic.mps.utf8.txt");
    expect(biologic).toMatchObject({ ...all, safety: { ...safety, maxCapacityMah: null } });
    expect(goldenProtocol("pybamm/cycling.pybamm.json")).toMatchObject({
      sampleName: "$NAME",
      sampleCapacityMah: null,
      record: { timeS: 60, ...others },
      safety: NO_SAFETY,
    });
    expect(goldenProtocol("battinfo/cycling.battinfo.jsonld")).toMatchObject({
      sampleName: "$NAME",
      sampleCapacityMah,
      record: { timeS: 10, ...others },
      safety: NO_SAFETY,
    });
  });

  it("and upstream's own workflow, loops in loops and scans both ways, round-trip too", () => {
    const name = "battinfo/test_battinfo.jsonld";
    expect(JSON.parse(written.battinfo(goldenProtocol(name)))).toEqual(JSON.parse(goldenText(name)));
  });

  it.each(["neware", "battinfo", "biologic", "tomato"] as const)(
    "are as sound where upstream's own protocols are written as %s and read again",
    (form) => {
      const original = goldenProtocol("data/test_protocol.json");
      const read = soundProtocol(
        written[form](original),
        `p.${form === "battinfo" ? "jsonld" : form === "neware" ? "xml" : "json"}`,
      );
      expect(path(read)).toEqual(form === "biologic" ? inCurrents(path(original), 123) : path(original));
    },
  );

  it("of tomato 0.2 are refused where a hold has lost its end, and round-trip once it has one", () => {
    const name = "tomato/cycling.tomato-0.2.json";
    const golden = goldenText(name);
    const refused = readForm(golden, name);
    expect([refused.form, refused.protocol]).toEqual(["tomato", undefined]);
    expect(refused.findings).toMatchObject([
      { severity: "error", where: expect.stringMatching(/method\[6\]$/) as string },
    ]);
    expect(refused.findings[0]?.what).toContain("the hold has no end");
    const withEnd = golden.replace(/"voltage": 4\.2\n/, '"voltage": 4.2, "limit_current_min": 0.000225\n');
    const protocol = soundProtocol(withEnd, name);
    expect(path(protocol)).toEqual(path(goldenProtocol(CYCLING)));
    expect(JSON.parse(written.tomato(protocol))).toEqual(JSON.parse(golden));
  });

  it("of EC-Lab are files in Windows-1252 with its line ends, the micro sign one byte", () => {
    const protocol = soundProtocol(goldenText(CYCLING).replace('"rate_C": 0.1', '"rate_C": 0.001'), "small.json");
    const bytes = ecLabBytes(written.biologic(protocol));
    if (bytes === undefined) expect.unreachable();
    const text = new TextDecoder("windows-1252").decode(bytes);
    expect(text).toContain("10 \u00b5A");
    expect([...bytes].filter((byte) => byte >= 0x80)).toEqual([0xb5, 0xb5]);
    expect(text.split("\r\n").join("\n")).toBe(written.biologic(protocol));
    expect(ecLabBytes("\u20ac\u03bc")).toBeUndefined();
    expect(ecLabBytes("\u20ac\u017e")).toEqual(Uint8Array.of(0x80, 0x9e));
  });
});
