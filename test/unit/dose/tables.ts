/** The shipped tables, and layers made of their materials. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAttenuationTables, type AttenuationTables } from "../../../protocols/dose/attenuation.ts";
import type { Layer } from "../../../protocols/dose/layer-stack.ts";
import { packageRoot } from "../../../tui/rim/package-root.ts";

export function readTable(name: string): unknown {
  return JSON.parse(readFileSync(join(packageRoot().folder, `protocols/data/xray/${name}`), "utf8"));
}

export const tables: AttenuationTables = parseAttenuationTables(
  readTable("mass_attenuation.json"),
  readTable("materials.json"),
);

export function layerOf(id: string, thicknessMm: number): Layer {
  const material = tables.material(id);
  if (material === undefined) throw new Error(`no material ${id}`);
  return { name: id, thicknessMm, densityGCm3: material.densityGCm3, massFractions: material.massFractions };
}

/** Distance from the expected value as a share of it. */
export function offBy(value: number | undefined, expected: number): number {
  return Math.abs((value ?? Number.NaN) / expected - 1);
}
