/**
 * Crystal structures, inert scatterers and instrument of the powder patterns, as tabulated in
 * `protocols/data/cells/structures.json`. Lengths in angstrom, angles in degrees 2theta, energies in keV.
 */
import { z } from "zod";
import { Fault } from "../../protocols/base/fault.ts";

const positive = z.number().positive();
const notNegative = z.number().min(0);
const fraction = z.number().min(0).max(1);
const lithiumTable = z.array(fraction).min(2);
const lengths = z.array(positive).min(2);

const reflection = z.object({
  hkl: z.tuple([z.int(), z.int(), z.int()]),
  d_A: positive,
  F2sum: notNegative,
});

const fixedPhase = z.object({
  density_g_cm3: positive,
  cellVolume_A3: positive,
  reflections: z.array(reflection).min(1),
});

const layeredPhase = z.object({
  snapshots: z.record(z.string(), fixedPhase.extend({ x: fraction, a_A: positive, c_A: positive })),
});

const lattice = z
  .object({ lithium: lithiumTable, a_A: lengths, c_A: lengths })
  .refine(({ lithium, a_A, c_A }) => lithium.length === a_A.length && lithium.length === c_A.length, {
    message: "lithium, a_A and c_A must be of one length",
  });

const materials = ["steel316", "aluminium", "copper", "nmc811", "lno", "lfp", "lco"] as const;
const lightMaterials = ["graphite", "electrolyte", "polypropylene", "polyimide"] as const;
const attenuation = z.record(z.enum([...materials, ...lightMaterials]), z.array(positive));

const structuresSchema = z.object({
  energy_keV: positive,
  wavelength_A: positive,
  phases: z.object({
    nmc811: layeredPhase,
    lno: layeredPhase,
    lco: layeredPhase,
    lfp: fixedPhase,
    fp: fixedPhase,
    graphite: fixedPhase,
    lic12: fixedPhase,
    lic6: fixedPhase,
    stage2L: fixedPhase,
    stage3: fixedPhase,
    stage4: fixedPhase,
    aluminium: fixedPhase,
    copper: fixedPhase,
    steel316: fixedPhase,
  }),
  evolution: z.object({
    nmc811: lattice,
    lno: z.object({
      phases: z.array(lattice.and(z.object({ name: z.enum(["H1", "M", "H2", "H3"]) }))).length(4),
    }),
    lco: lattice.and(z.object({ twoPhase: z.tuple([z.tuple([fraction, fraction])]) })),
    lfp: z.object({ soluble: z.object({ lithiumPoor: fraction, lithiumRich: fraction }) }),
    graphite: z.object({
      nodes: z.array(
        z.object({
          phase: z.enum(["stage1L", "stage4", "stage3", "stage2L", "lic12", "lic6"]),
          single: z.tuple([fraction, fraction]),
        }),
      ),
    }),
  }),
  inert: z.object({
    amorphous: z.array(z.object({ name: z.string(), q_invA: positive, fwhm_invA: positive, relative: notNegative })),
    separatorLines: z.array(z.object({ name: z.string(), d_A: positive, relative: notNegative })),
    smooth: z.object({ b0: notNegative, b1: notNegative, b2: z.number() }),
  }),
  photons: z.object({ energies_keV: z.array(positive).min(2), total: attenuation }),
  instrument: z.object({
    points: z.int().min(2).max(100_000),
    twoTheta_deg: z.tuple([positive, positive]),
    caglioti_deg2: z.object({ U: z.number(), V: z.number(), W: z.number() }),
    size_nm: z.object({
      nmc811: positive,
      lno: positive,
      lco: positive,
      lfp: positive,
      fp: positive,
      graphite: positive,
      lic12: positive,
      lic6: positive,
      stage: positive,
      metals: positive,
    }),
  }),
});

/** The whole table, checked. */
export type Structures = z.infer<typeof structuresSchema>;
export type FixedPhase = z.infer<typeof fixedPhase>;
export type LayeredPhase = z.infer<typeof layeredPhase>;
export type LatticeTable = z.infer<typeof lattice>;
export type MetalName = "steel316" | "aluminium" | "copper";
export type PositiveMaterial = "nmc811" | "lno" | "lfp" | "lco";
export type StackMaterial = MetalName | PositiveMaterial | (typeof lightMaterials)[number];

/** Reads `structures.json`; throws Fault `file.schema` naming the path. */
export function parseStructures(json: unknown, where = "structures"): Structures {
  const result = structuresSchema.safeParse(json);
  if (!result.success) {
    const issues = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Fault("file.schema", where, issues.join("; "));
  }
  for (const [material, column] of Object.entries(result.data.photons.total)) {
    if (column.length !== result.data.photons.energies_keV.length) {
      throw new Fault("file.schema", where, `photons.total.${material}: one value per energy is needed`);
    }
  }
  return result.data;
}

/** hc / E. */
export function wavelengthA(energyKeV: number): number {
  return 12.398419843 / energyKeV;
}

/** Straight line between the two entries of an ascending or descending table that enclose `at`; ends are held. */
export function interpolated(from: readonly number[], to: readonly number[], at: number): number {
  const last = from.length - 1;
  const first = from[0] ?? 0;
  const isFalling = first > (from[last] ?? 0);
  const before = (value: number): boolean => (isFalling ? value > at : value < at);
  let upper = 0;
  while (upper <= last && before(from[upper] ?? 0)) upper += 1;
  if (upper === 0) return to[0] ?? 0;
  if (upper > last) return to[last] ?? 0;
  const x0 = from[upper - 1] ?? 0;
  const x1 = from[upper] ?? 0;
  const y0 = to[upper - 1] ?? 0;
  return y0 + ((at - x0) / (x1 - x0)) * ((to[upper] ?? 0) - y0);
}
