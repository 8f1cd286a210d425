/**
 * How a positive's lattice goes with its lithium, per chemistry: from the table of structures in protocols/data/cells
 * (sources and doubts are named there). Layered oxides are read from c and a; where two phases stand side by side with
 * lines apart, from their shares by the lever rule.
 */
import * as z from "zod";
import { Fault } from "../base/fault.ts";
import type { ChemistryId } from "../campaign/chemistry.ts";
import type { InstrumentWidth } from "./powder-pattern.ts";

/** Lithium per formula unit rising, 0..1, with the hexagonal cell in angstrom. Straight lines between rows. */
export interface LatticeTable {
  readonly lithium: readonly number[];
  readonly aA: readonly number[];
  readonly cA: readonly number[];
}

/** A phase and one strong line of it. */
export interface PhaseLine {
  readonly spacingA: number;
  /** Counts per formula unit of the phase, neighbours too near to be told apart included; a unit common to both phases. */
  readonly strength: number;
}

export type LithiumRule =
  | {
      readonly kind: "layered";
      readonly main: LatticeTable;
      /** A second phase at low lithium whose (003) stands apart; null where there is none. */
      readonly collapsed: {
        readonly lattice: LatticeTable;
        /** Shares run from none to all between these lithium contents. */
        readonly fromLithium: number;
        readonly toLithium: number;
        /** Strength of (003), collapsed over main. */
        readonly strengthRatio: number;
      } | null;
    }
  | {
      readonly kind: "two-phase";
      readonly rich: PhaseLine;
      readonly poor: PhaseLine;
      /** A line between them that must be fitted beside them; null where there is none. */
      readonly betweenA: number | null;
      readonly richLithium: number;
      readonly poorLithium: number;
    };

export interface LatticeTables {
  readonly rules: Readonly<Record<ChemistryId, LithiumRule>>;
  /** The detector's calibrated resolution, used where a site states no other. */
  readonly instrument: InstrumentWidth;
  /** Size of the grains by which the width of a line is first guessed, nm. */
  readonly grainNm: Readonly<Record<ChemistryId, number>>;
}

const numbers = z.array(z.number()).min(2);
const table = z.object({ lithium: numbers, a_A: numbers, c_A: numbers });
const reflections = z.array(z.object({ hkl: z.array(z.number()), d_A: z.number(), strength: z.number() }));
const phase = z.object({ reflections });
const pair = z.tuple([z.string(), z.string(), z.number(), z.number()]);

const schema = z.object({
  evolution: z.object({
    nmc811: table,
    lco: table,
    lno: z.object({ phases: z.array(table.extend({ name: z.string() })), twoPhase: z.array(pair) }),
    lfp: z.object({ soluble: z.object({ lithiumPoor: z.number(), lithiumRich: z.number() }) }),
  }),
  phases: z.object({ lno: z.object({ snapshots: z.object({ H2: phase, H3: phase }) }), lfp: phase, fp: phase }),
  instrument: z.object({
    caglioti_deg2: z.object({ U: z.number(), V: z.number(), W: z.number() }),
    size_nm: z.object({ nmc811: z.number(), lno: z.number(), lco: z.number(), lfp: z.number() }),
  }),
});

/** Reads the table of structures; throws Fault `file.schema` naming the path. */
export function parseLatticeTables(json: unknown, where = "structures"): LatticeTables {
  const result = schema.safeParse(json);
  if (!result.success) {
    const issues = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Fault("file.schema", where, issues.join("; "));
  }
  const { evolution, phases, instrument } = result.data;
  const { lno } = evolution;
  const collapsedRows = lno.phases.filter(({ name }) => name === "H3");
  const gap = lno.twoPhase.find(([, to]) => to === "H3");
  if (gap === undefined || collapsedRows.length === 0) throw new Fault("file.schema", where, "no gap before H3");
  const { H2, H3 } = phases.lno.snapshots;
  const layered = (rows: readonly z.output<typeof table>[]): LithiumRule => ({
    kind: "layered",
    main: latticeTable(rows),
    collapsed: null,
  });
  const { size_nm: size } = instrument;
  return {
    rules: {
      "nmc811-graphite-siox": layered([evolution.nmc811]),
      "lco-graphite": layered([evolution.lco]),
      "lno-graphite": {
        kind: "layered",
        main: latticeTable(lno.phases.filter(({ name }) => name !== "H3")),
        collapsed: {
          lattice: latticeTable(collapsedRows),
          fromLithium: gap[2],
          toLithium: gap[3],
          strengthRatio: strengthOf(H3, "0,0,3", where) / strengthOf(H2, "0,0,3", where),
        },
      },
      "lfp-graphite": {
        kind: "two-phase",
        rich: lineOf(phases.lfp, "0,2,0", where, LFP_G_MOL),
        poor: lineOf(phases.fp, "0,2,0", where, FP_G_MOL),
        betweenA: lineOf(phases.fp, "2,1,1", where).spacingA,
        richLithium: evolution.lfp.soluble.lithiumRich,
        poorLithium: evolution.lfp.soluble.lithiumPoor,
      },
    },
    instrument: instrument.caglioti_deg2,
    grainNm: {
      "nmc811-graphite-siox": size.nmc811,
      "lco-graphite": size.lco,
      "lno-graphite": size.lno,
      "lfp-graphite": size.lfp,
    },
  };
}

function latticeTable(parts: readonly z.output<typeof table>[]): LatticeTable {
  const rows = parts.flatMap(({ lithium, a_A, c_A }) =>
    lithium.map((value, index) => ({ lithium: value, aA: a_A[index] ?? NaN, cA: c_A[index] ?? NaN })),
  );
  rows.sort((left, right) => left.lithium - right.lithium);
  return { lithium: rows.map((row) => row.lithium), aA: rows.map((row) => row.aA), cA: rows.map((row) => row.cA) };
}

/** Formula masses of LiFePO4 and FePO4; the table's strengths are per gram. */
const LFP_G_MOL = 157.76;
const FP_G_MOL = 150.82;
/** Lines nearer than this share of a spacing are one line to the detector. */
const ONE_LINE = 0.002;

function lineOf(of: z.output<typeof phase>, hkl: string, where: string, perMass = 1): PhaseLine {
  const found = of.reflections.find((reflection) => reflection.hkl.join(",") === hkl);
  if (found === undefined) throw new Fault("file.schema", where, `no reflection ${hkl}`);
  const near = of.reflections.filter(({ d_A }) => Math.abs(d_A - found.d_A) < ONE_LINE * found.d_A);
  return { spacingA: found.d_A, strength: perMass * near.reduce((sum, { strength }) => sum + strength, 0) };
}

function strengthOf(of: z.output<typeof phase>, hkl: string, where: string): number {
  return lineOf(of, hkl, where).strength;
}

/** A column at this lithium, by straight lines; the ends are held. */
export function latticeAt(of: LatticeTable, column: "aA" | "cA", lithium: number): number {
  const { lithium: known } = of;
  const values = of[column];
  if (lithium <= (known[0] ?? NaN)) return values[0] ?? NaN;
  for (let row = 1; row < known.length; row += 1) {
    const right = known[row] ?? NaN;
    if (lithium > right) continue;
    const left = known[row - 1] ?? NaN;
    const low = values[row - 1] ?? NaN;
    return low + ((lithium - left) / (right - left)) * ((values[row] ?? NaN) - low);
  }
  return values[values.length - 1] ?? NaN;
}
