/** A layer or filter as files give it: a material of the table with its thickness, or a composition of its own. */
import * as z from "zod";
import type { Finding } from "../base/finding.ts";
import type { Layer } from "../dose/layer-stack.ts";
import { findingAt } from "./document.ts";
import type { InputDocument, Path } from "./document.ts";
import { wordAdvice } from "./suggest.ts";

/** The table of materials, as far as reading files needs it. */
export interface MaterialLookup {
  readonly ids: readonly string[];
  material(
    id: string,
  ): { readonly densityGCm3: number; readonly massFractions: Readonly<Record<string, number>> } | undefined;
  readonly elements: readonly string[];
}

export const layerShape = {
  name: z.string().min(1),
  thickness_mm: z.number().positive().max(100),
  material: z.string().min(1).exactOptional(),
  density: z.number().positive().max(25).exactOptional(),
  mass_fractions: z.record(z.string(), z.number().positive().max(1)).exactOptional(),
} as const;

export interface LayerRecord {
  readonly name: string;
  readonly thickness_mm: number;
  readonly material?: string;
  readonly density?: number;
  readonly mass_fractions?: Readonly<Record<string, number>>;
}

const FRACTION_SUM_TOLERANCE = 0.01;

/** Density is g/cm3, as everywhere. A material's density may be overridden, its composition may not. */
export function resolveLayer(
  document: InputDocument,
  path: Path,
  record: LayerRecord,
  materials: MaterialLookup,
  findings: Finding[],
): Layer | null {
  const refuse = (key: string, code: string, what: string, advice: string): null => {
    findings.push(findingAt(document, "error", code, key === "" ? path : [...path, key], what, advice));
    return null;
  };
  const { name, thickness_mm: thicknessMm, material: id, density, mass_fractions: fractions } = record;
  if (id !== undefined) {
    if (fractions !== undefined) {
      return refuse(
        "mass_fractions",
        "layer.composition",
        `${name} has both a material and mass_fractions`,
        "Give one of them.",
      );
    }
    const material = materials.material(id);
    if (material === undefined) {
      return refuse(
        "material",
        "layer.unknown-material",
        `unknown material ${id}`,
        wordAdvice(id, materials.ids, "Known"),
      );
    }
    return { name, thicknessMm, densityGCm3: density ?? material.densityGCm3, massFractions: material.massFractions };
  }
  if (density === undefined || fractions === undefined) {
    return refuse(
      "",
      "layer.composition",
      `${name} has no composition`,
      "Give material, or density (g/cm3) and mass_fractions.",
    );
  }
  const stranger = Object.keys(fractions).find((element) => !materials.elements.includes(element));
  if (stranger !== undefined) {
    return refuse(
      "mass_fractions",
      "layer.unknown-element",
      `no absorption data for element ${stranger}`,
      wordAdvice(stranger, materials.elements, "Known"),
    );
  }
  const sum = Object.values(fractions).reduce((total, fraction) => total + fraction, 0);
  if (!(Math.abs(sum - 1) <= FRACTION_SUM_TOLERANCE)) {
    return refuse(
      "mass_fractions",
      "layer.composition",
      `mass fractions sum to ${Number(sum.toFixed(4))}`,
      "Let them sum to 1 within 0.01.",
    );
  }
  return { name, thicknessMm, densityGCm3: density, massFractions: fractions };
}
