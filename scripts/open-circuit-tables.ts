/**
 * Writes protocols/data/ocv/open-circuit-tables.ts: each published design's open-circuit voltage over its state of
 * charge, from the potential laws of its two electrodes. Run once; the forecast works on the tables alone.
 *
 *   node --import tsx scripts/open-circuit-tables.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CHEMISTRY_IDS } from "../protocols/campaign/chemistry.ts";
import { parseCellDesign } from "../simulator/cell/cell-design.ts";
import { potentialV } from "../simulator/cell/potential-table.ts";

const INTERVALS = 200;
const PER_LINE = 12;
const SOURCES = {
  "nmc811-graphite-siox": "Chen et al. 2020, doi 10.1149/1945-7111/ab9050",
  "lfp-graphite": "LiFePO4: Afshar et al. 2017, arXiv 1709.03970; graphite: Chen et al. 2020",
  "lno-graphite": "graphite: Mohtat et al. 2020, doi 10.1149/1945-7111/aba5d1; LiNiO2: constructed, not published",
  "lco-graphite": "Marquis et al. 2019, doi 10.1149/2.0341915jes, after the Dualfoil collection",
} as const;

const root = fileURLToPath(new URL("..", import.meta.url));
const entries = CHEMISTRY_IDS.map((id) => {
  const design = parseCellDesign(JSON.parse(readFileSync(`${root}protocols/data/cells/${id}.json`, "utf8")), id);
  const { x0, x100, y0, y100 } = design.stoichiometry;
  const volts = Array.from({ length: INTERVALS + 1 }, (_, node) => {
    const share = node / INTERVALS;
    const positive = potentialV(design.positive.ocp, y0 + (y100 - y0) * share);
    const negative = potentialV(design.negative.ocp, x0 + (x100 - x0) * share);
    return Number((positive - negative).toFixed(4));
  });
  return `  "${id}": {\n    source: ${JSON.stringify(SOURCES[id])},\n    volts: [\n${inLines(volts)}    ],\n  },`;
});

function inLines(volts: readonly number[]): string {
  const lines: string[] = [];
  for (let from = 0; from < volts.length; from += PER_LINE) {
    lines.push(`      ${volts.slice(from, from + PER_LINE).join(", ")},\n`);
  }
  return lines.join("");
}

const text = `/**
 * Open-circuit voltage of each chemistry at evenly spaced states of charge from 0 to 1, as a formed, fresh cell of
 * balanced electrodes rests. Made by scripts/open-circuit-tables.ts from the potential laws of the sources;
 * see README.md beside this file.
 */
import type { ChemistryId } from "../../campaign/chemistry.ts";

export interface OpenCircuitTable {
  /** Of the potential laws behind it. */
  readonly source: string;
  /** Rising; the first at state of charge 0, the last at 1. */
  readonly volts: readonly number[];
}

export const OPEN_CIRCUIT_TABLES: Readonly<Record<ChemistryId, OpenCircuitTable>> = {
${entries.join("\n")}
};
`;
writeFileSync(`${root}protocols/data/ocv/open-circuit-tables.ts`, text);
