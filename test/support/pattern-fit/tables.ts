/** What the fits need to know beforehand, read from the published tables by themselves. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { packageRoot } from "../../../tui/rim/package-root.ts";
import type { RestedCell } from "./voltage.ts";

const numbers = z.array(z.number());
const lattice = z.object({ lithium: numbers, a_A: numbers, c_A: numbers });
const phase = z.object({
  reflections: z.array(z.object({ hkl: numbers, d_A: z.number(), strength: z.number() })),
});

const structures = z
  .object({
    evolution: z.object({ nmc811: lattice }),
    phases: z.object({
      lno: z.object({ snapshots: z.object({ H2: phase, H3: phase }) }),
      lfp: phase,
      fp: phase,
      graphite: phase,
      stage4: phase,
      stage3: phase,
      stage2L: phase,
      lic12: phase,
      lic6: phase,
    }),
    instrument: z.object({ caglioti_deg2: z.object({ U: z.number(), V: z.number(), W: z.number() }) }),
  })
  .parse(read("structures"));

const potential = z.object({ ocp: z.object({ table: z.object({ stoich: numbers, potential_V: numbers }) }) });
const cell = z.object({
  negative: potential,
  positive: potential,
  stoichiometry: z.object({ x0: z.number(), x100: z.number(), y0: z.number(), y100: z.number() }),
});

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(packageRoot().folder, `protocols/data/cells/${name}.json`), "utf8"));
}

export const NMC811_LATTICE = structures.evolution.nmc811;
export const PHASES = structures.phases;

/** Calibrated width of a line at spacing `dA` of crystallites of `sizeNm`, microstrain 0.1 %. */
export function widthDeg(dA: number, wavelengthA: number, sizeNm: number): number {
  const { U, V, W } = structures.instrument.caglioti_deg2;
  const sine = wavelengthA / (2 * dA);
  const tangent = sine / Math.sqrt(1 - sine * sine);
  const size = (0.09 * wavelengthA) / sizeNm / Math.sqrt(1 - sine * sine);
  const strain = 4e-3 * tangent;
  return Math.sqrt(U * tangent ** 2 + V * tangent + W + (size ** 2 + strain ** 2) * (180 / Math.PI) ** 2);
}

/** Strength per g/cm2 of the lines whose spacing lies between two values. */
export function strengthBetween(of: z.infer<typeof phase>, fromA: number, toA: number): number {
  return of.reflections.reduce((sum, { d_A, strength }) => sum + (d_A > fromA && d_A < toA ? strength : 0), 0);
}

export function restedCell(designId: string): RestedCell {
  const { negative, positive, stoichiometry } = cell.parse(read(designId));
  return { negative: negative.ocp.table, positive: positive.ocp.table, ...stoichiometry };
}
