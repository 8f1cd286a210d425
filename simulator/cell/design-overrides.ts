/**
 * A published design with some of its numbers replaced. Overrides have the shape of the design file, in part:
 * `{ "cell": { "contactResistance_ohm": 0 }, "negative": { "thickness_m": 85.2e-6 } }`; a dotted name
 * (`"negative.thickness_m"`) means the same. What follows from geometry and transport is computed anew: capacities,
 * stoichiometry limits, nominal capacity, lithium spent in formation, electrolyte modes.
 *
 * Lithium comes with the positive: when capacities change and `stoichiometry.cyclableLithium_mAh` is not given, it
 * keeps its share of the positive's sites.
 */
import { Fault } from "../../protocols/base/fault.ts";
import { type CellDesign, parseCellDesign } from "./cell-design.ts";
import { electrolyteModes } from "./electrolyte-modes.ts";
import { fullCapacityMah, stoichiometryLimits } from "./stoichiometry-limits.ts";

type Tree = Readonly<Record<string, unknown>>;

const PARTS = ["cell", "stoichiometry", "formation", "negative", "positive", "separator", "electrolyte"] as const;
const LIMITS = ["x100", "y100", "x0", "y0"] as const;
const MODE_COUNT = 6;

/** The design with the overrides in it. Throws Fault `cell.input` naming the field, `overrides.negative.thickness_m`. */
export function overriddenDesign(base: CellDesign, overrides: unknown): CellDesign {
  if (!isTree(overrides))
    throw refusal("overrides", `is ${shown(overrides)}; give an object shaped like the design file`);
  const asked = nested(overrides);
  for (const part of Object.keys(asked)) {
    if (!PARTS.some((known) => known === part)) {
      throw refusal(`overrides.${part}`, `is not a part that can be overridden; there are ${PARTS.join(", ")}`);
    }
  }
  if (Object.keys(asked).length === 0) return base;
  const merged = reparsed(merge(base, asked, "overrides"));
  return derived(base, withArea(merged, asked), asked);
}

/** A disc's area follows its diameter, unless the area itself is given. */
function withArea(design: CellDesign, asked: Tree): CellDesign {
  if (!given(asked, "cell", "discDiameter_m") || given(asked, "cell", "area_m2")) return design;
  const area = (Math.PI / 4) * design.cell.discDiameter_m ** 2;
  return { ...design, cell: { ...design.cell, area_m2: area } };
}

function derived(base: CellDesign, merged: CellDesign, asked: Tree): CellDesign {
  let design = merged;
  if (!(design.cell.upperCutoff_V > design.cell.lowerCutoff_V)) {
    throw refusal("overrides.cell.upperCutoff_V", `is ${design.cell.upperCutoff_V}; give more than the lower cut-off`);
  }
  for (const part of ["negative", "positive"] as const) {
    const { activeFraction, porosity } = design[part];
    if (!(activeFraction > 0 && porosity > 0 && activeFraction + porosity <= 1)) {
      throw refusal(
        `overrides.${part}.activeFraction`,
        "active fraction and porosity must be above 0 and sum to at most 1",
      );
    }
  }
  if (!(design.separator.porosity > 0)) throw refusal("overrides.separator.porosity", "is 0; give more than 0");
  if (transportOf(design) !== transportOf(base)) {
    design = { ...design, electrolyteModes: electrolyteModes(design, MODE_COUNT) };
  }
  const richer =
    fullCapacityMah(design.positive, design.cell.area_m2) / fullCapacityMah(base.positive, base.cell.area_m2);
  if (!given(asked, "formation", "lithiumLoss_mAh")) {
    const lithiumLoss = base.formation.lithiumLoss_mAh * richer;
    design = { ...design, formation: { ...design.formation, lithiumLoss_mAh: lithiumLoss } };
  }
  const lithium = given(asked, "stoichiometry", "cyclableLithium_mAh")
    ? design.stoichiometry.cyclableLithium_mAh
    : base.stoichiometry.cyclableLithium_mAh * richer;
  const limits = LIMITS.filter((name) => given(asked, "stoichiometry", name));
  if (limits.length > 0) {
    const missing = LIMITS.find((name) => !limits.includes(name));
    if (missing !== undefined) {
      throw refusal(`overrides.stoichiometry.${missing}`, "is missing: give all four limits, or none and they follow");
    }
    design = { ...design, stoichiometry: { ...design.stoichiometry, cyclableLithium_mAh: lithium } };
  } else if (balanceOf(design, lithium) !== balanceOf(base, base.stoichiometry.cyclableLithium_mAh)) {
    design = { ...design, stoichiometry: stoichiometryLimits(design, lithium) };
  }
  if (given(asked, "cell", "nominalCapacity_mAh")) return design;
  const nominal = (base.cell.nominalCapacity_mAh * usableMah(design)) / usableMah(base);
  return { ...design, cell: { ...design.cell, nominalCapacity_mAh: nominal } };
}

/** Between full and empty, by the positive. */
function usableMah({ positive, cell, stoichiometry }: CellDesign): number {
  return fullCapacityMah(positive, cell.area_m2) * Math.abs(stoichiometry.y0 - stoichiometry.y100);
}

/** What the electrolyte's modes depend on. */
function transportOf({ negative, separator, positive, electrolyte }: CellDesign): string {
  const region = (part: { thickness_m: number; porosity: number; bruggeman: number }): readonly number[] => [
    part.thickness_m,
    part.porosity,
    part.bruggeman,
  ];
  return JSON.stringify([
    region(negative),
    region(separator),
    region(positive),
    electrolyte.diffusivityAtC0_m2_s,
    electrolyte.transference,
  ]);
}

/** What the stoichiometry limits depend on. */
function balanceOf({ negative, positive, cell }: CellDesign, lithiumMah: number): string {
  return JSON.stringify([
    fullCapacityMah(negative, cell.area_m2),
    fullCapacityMah(positive, cell.area_m2),
    negative.ocp,
    positive.ocp,
    cell.lowerCutoff_V,
    cell.upperCutoff_V,
    lithiumMah,
  ]);
}

/** Dotted names spelt out. */
function nested(overrides: Tree): Tree {
  let tree: Tree = {};
  for (const [name, value] of Object.entries(overrides)) {
    const wrapped = name.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    tree = combined(tree, wrapped as Tree);
  }
  return tree;
}

function combined(a: Tree, b: Tree): Tree {
  const result: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const before = result[key];
    result[key] = isTree(before) && isTree(value) ? combined(before, value) : value;
  }
  return result;
}

function merge(base: Tree, asked: Tree, path: string): Tree {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(asked)) {
    const before = Object.hasOwn(base, key) ? base[key] : undefined;
    if (before === undefined) {
      throw refusal(`${path}.${key}`, `is not known; there are ${Object.keys(base).join(", ")}`);
    }
    // A potential law is replaced as a whole: its terms mean nothing one by one.
    result[key] = isTree(before) && isTree(value) && key !== "ocp" ? merge(before, value, `${path}.${key}`) : value;
  }
  return result;
}

function reparsed(tree: Tree): CellDesign {
  try {
    return parseCellDesign(tree, "overrides");
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const [first, ...rest] = error.message.split("; ");
    const [path = "", ...what] = (first ?? "").split(": ");
    throw new Fault("cell.input", `overrides.${path}`, [what.join(": "), ...rest].join("; "), {}, error);
  }
}

function given(asked: Tree, part: string, key: string): boolean {
  const section = asked[part];
  return isTree(section) && Object.hasOwn(section, key);
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refusal(where: string, what: string): Fault {
  return new Fault("cell.input", where, what);
}

function shown(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}
