import { describe, expect, test } from "vitest";
import { Fault } from "../../../protocols/base/fault.ts";
import { evaluateDoseCase } from "../../../protocols/dose/case.ts";
import { readCaseText } from "../../../protocols/dose/case-text.ts";
import { tables } from "./tables.ts";

const fixed = {
  energy_keV: 60,
  flux_ph_s: 1e11,
  exposure_s: 10,
  tilt_deg: 0,
  convention: "en",
  beam: { profile: "gaussian", fwhm_x_mm: 0.5, fwhm_y_mm: 0.5, slit_x_mm: 0.4, slit_y_mm: 0.4 },
  filters: [{ name: "Mo", thickness_mm: 0.066, density: 10.22, mass_fractions: { Mo: 1 } }],
  layers: [
    { name: "can", material: "ss304", thickness_mm: 0.25 },
    { name: "Li", thickness_mm: 0.4, density: 0.534, mass_fractions: { Li: 1 } },
  ],
};

const common = Object.fromEntries(
  Object.entries(fixed).filter(([field]) => field !== "flux_ph_s" && field !== "exposure_s"),
);
const moving = {
  ...common,
  flux_ref_ph_s: 1e12,
  ring_current_ref_mA: 200,
  exposures: [
    {
      x_mm: 0,
      y_mm: 0,
      duration_s: 1,
      ring_current_start_mA: 200,
      ring_current_end_mA: 199,
      filter_transmission: 1,
      cycle: 1,
    },
  ],
  probes: [{ x_mm: 0, y_mm: 0 }],
  limit: { layer: 1, location: "mean", dose_Gy: 3e4, dose_rate_Gy_s: 7e3 },
};

type Tree = Readonly<Record<string, unknown>> | readonly unknown[];

/** The tree with one value replaced; undefined takes it out. */
function changed(tree: Tree, path: string, value: unknown): Tree {
  const copy = structuredClone(tree) as Record<string, unknown>;
  const parts = path.split(/[.[\]]+/).filter((part) => part !== "");
  const last = parts.pop() ?? "";
  let holder = copy;
  for (const part of parts) holder = holder[part] as Record<string, unknown>;
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = value;
  return copy;
}

function faultOf(json: unknown): Fault {
  try {
    evaluateDoseCase(tables, json);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("was not refused");
}

test("both cases are accepted as they stand, and hold no NaN", () => {
  for (const json of [fixed, moving]) {
    const text = JSON.stringify(evaluateDoseCase(tables, json).result);
    expect(text).not.toContain("null");
  }
});

describe("a static case is refused, naming the field,", () => {
  test.each<readonly [field: string, value: unknown]>([
    ["energy_keV", 3.99],
    ["energy_keV", 150.1],
    ["energy_keV", 0],
    ["energy_keV", "60"],
    ["energy_keV", null],
    ["energy_keV", undefined],
    ["energy_keV", Number.NaN],
    ["energy_keV", Infinity],
    ["energy_keV", [60]],
    ["energy_keV", true],
    ["flux_ph_s", -1],
    ["flux_ph_s", undefined],
    ["exposure_s", -0.1],
    ["exposure_s", undefined],
    ["tilt_deg", 90],
    ["tilt_deg", -1],
    ["convention", "EN"],
    ["convention", null],
    ["beam", undefined],
    ["beam", []],
    ["beam.profile", "lorentz"],
    ["beam.profile", undefined],
    ["beam.fwhm_x_mm", 0],
    ["beam.fwhm_y_mm", -0.5],
    ["beam.fwhm_y_mm", undefined],
    ["beam.slit_x_mm", 0],
    ["beam.slit_y_mm", null],
    ["beam.width_mm", 1],
    ["filters", {}],
    ["filters[0].thickness_mm", 0],
    ["filters[0].mass_fractions.Xx", 0],
    ["filters[0].name", 5],
    ["layers", []],
    ["layers", undefined],
    ["layers[0].material", "unobtainium"],
    ["layers[0].material", "constructor"],
    ["layers[0].material", undefined],
    ["layers[0].thickness_mm", -0.25],
    ["layers[0].mass_fractions", { Fe: 1 }],
    ["layers[0].thicknes_mm", 1],
    ["layers[1].thickness_mm", 0],
    ["layers[1].thickness_mm", undefined],
    ["layers[1].density", 0],
    ["layers[1].density", -1],
    ["layers[1].density", undefined],
    ["layers[1].mass_fractions", {}],
    ["layers[1].mass_fractions", undefined],
    ["layers[1].mass_fractions", []],
    ["layers[1].mass_fractions", { Li: 0.98 }],
    ["layers[1].mass_fractions", { Li: 0.6, C: 0.42 }],
    ["layers[1].mass_fractions.Li", "1"],
    ["layers[1].mass_fractions.C", -0.001],
    ["layers[1].mass_fractions.li", 0.001],
    ["layers[1].mass_fractions.constructor", 0.001],
    ["flux", 1],
  ])("when %s is %o", (field, value) => {
    const fault = faultOf(changed(fixed, field, value));
    expect(fault.code).toBe("dose.input");
    expect(fault.where).toBe(field);
    expect(fault.severity).toBe("refuse");
    expect(fault.message).not.toBe("");
  });

  test.each([null, 5, "case", [], [fixed]])("when it is %o and no object", (json) => {
    expect(faultOf(json).code).toBe("dose.input");
  });

  test("and every problem is listed, not the first alone", () => {
    const bad = changed(
      changed(changed(fixed, "energy_keV", 200), "layers[1].mass_fractions", {}),
      "layers[0].material",
      "x",
    );
    expect(faultOf(bad).detail["problems"]).toEqual([
      expect.objectContaining({ field: "energy_keV" }),
      expect.objectContaining({ field: "layers[0].material" }),
      expect.objectContaining({ field: "layers[1].mass_fractions" }),
    ]);
  });
});

describe("a sequence case is refused, naming the field,", () => {
  test.each<readonly [field: string, value: unknown]>([
    ["flux_ref_ph_s", -1],
    ["flux_ref_ph_s", undefined],
    ["ring_current_ref_mA", 0],
    ["ring_current_ref_mA", -200],
    ["exposures", undefined],
    ["exposures[0].duration_s", -1],
    ["exposures[0].x_mm", null],
    ["exposures[0].ring_current_start_mA", -1],
    ["exposures[0].ring_current_end_mA", undefined],
    ["exposures[0].filter_transmission", 1.01],
    ["exposures[0].filter_transmission", -0.01],
    ["exposures[0].cycle", 1.5],
    ["exposures[0].cycle", "1"],
    ["exposures[0].flux", 1],
    ["probes[0].y_mm", undefined],
    ["limit", undefined],
    ["limit.layer", 2],
    ["limit.layer", -1],
    ["limit.layer", 0.5],
    ["limit.layer", undefined],
    ["limit.location", "peak"],
    ["limit.dose_Gy", -1],
    ["limit.dose_Gy", "3e4"],
    ["limit.dose_rate_Gy_s", -1],
    ["limit.source", "me"],
    ["flux_ph_s", 1e11],
    ["energy_keV", 1],
  ])("when %s is %o", (field, value) => {
    const fault = faultOf(changed(moving, field, value));
    expect(fault.code).toBe("dose.input");
    expect(fault.where).toBe(field);
  });

  test("when its limit limits nothing", () => {
    expect(faultOf(changed(moving, "limit", { layer: 0 })).where).toBe("limit.dose_Gy");
    expect(faultOf(changed(moving, "limit", { layer: 0, dose_Gy: null, dose_rate_Gy_s: null })).where).toBe(
      "limit.dose_Gy",
    );
  });
});

describe("what would be right", () => {
  test.each(["limit", "layers[0]", "exposures[0]", "probes[0]", "beam"])("is said of %s too", (field) => {
    expect(() => evaluateDoseCase(tables, changed(moving, field, 3))).toThrow(/^is 3; give (?!Invalid)/);
  });
});

describe("a case is accepted", () => {
  test.each<readonly [field: string, value: unknown]>([
    ["tilt_deg", undefined],
    ["tilt_deg", 89.9],
    ["convention", undefined],
    ["filters", undefined],
    ["filters", []],
    ["flux_ph_s", 0],
    ["exposure_s", 0],
    ["energy_keV", 4],
    ["energy_keV", 150],
    ["layers[0].density", 7.5],
    ["layers[1].mass_fractions", { Li: 0.991 }],
    ["layers[1].mass_fractions", { Li: 0.5, C: 0.51 }],
    ["beam", { profile: "tophat_ellipse", width_mm: 1e-3, height_mm: 40 }],
  ])("when %s is %o", (field, value) => {
    expect(evaluateDoseCase(tables, changed(fixed, field, value)).kind).toBe("static");
  });

  test("without probes, and with null for no limit", () => {
    const json = changed(changed(moving, "probes", undefined), "limit", null);
    expect(evaluateDoseCase(tables, json)).toMatchObject({ kind: "sequence", result: { limit: null } });
  });

  test("with the material's density unless its own is given", () => {
    const rates = [fixed, changed(fixed, "layers[0].density", 7.93), changed(fixed, "layers[0].density", 4)].map(
      (json) => evaluateDoseCase(tables, json).result.stack_transmission,
    );
    expect(rates[0]).toBe(rates[1]);
    expect(rates[2]).toBeGreaterThan(rates[0] ?? 1);
  });
});

describe("the text of a case", () => {
  test("with a bare NaN names its field, although it is not JSON", () => {
    const { json, bareWordLine } = readCaseText('{\n "energy_keV": NaN, "name": "NaN \\" Infinity" }', "case.json");
    expect(json).toEqual({ energy_keV: "NaN", name: 'NaN " Infinity' });
    expect(bareWordLine).toBe(2);
    expect(readCaseText('{"a": -Infinity}', "case.json").json).toEqual({ a: "-Infinity" });
  });

  test.each(["", "{", '{"a": 1,}', "{'a': 1}", "NaNa", '{"a": NaN', "\u0000"])(
    "%j is refused with its file",
    (text) => {
      expect(() => readCaseText(text, "case.json")).toThrow(
        expect.objectContaining({ code: "file.syntax", where: "case.json:1" }),
      );
    },
  );

  test("may begin with a byte order mark", () => {
    expect(readCaseText('\uFEFF{"a": 1}', "case.json")).toEqual({ json: { a: 1 }, bareWordLine: null });
  });
});
