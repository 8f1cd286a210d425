/**
 * Whether the beam changes what it measures: the verdict over all control pairs at one look, per cell, per material
 * and for the campaign. Pure. docs/beam-effect.md states the test, its assumptions and their limits.
 */
import type { ControlPair } from "./control-pair.ts";
import { holmAdjusted, levelOfLook } from "./error-budget.ts";
import {
  criticalDistance,
  effectBetweenGroups,
  effectOverCells,
  pairedEffect,
  pooledScatter,
  powerFor,
  type Effect,
  type PairValue,
} from "./paired-effect.ts";

/** `cannot-tell`: nothing was seen, but an effect of the size that matters could have been missed. */
export type VerdictKind = "cannot-tell" | "none-seen" | "suspected" | "found";

export interface VerdictRules {
  /** Chance that a campaign without any beam effect is told of one, over all cells, quantities and looks. */
  readonly level: number;
  /** Without this chance of finding `lag` nothing is declared absent. */
  readonly power: number;
  /** Lag in lithium that matters. */
  readonly lag: number;
  /** Standard deviation of lithium, and of the logarithm of widths, between untouched spots of a cell. */
  readonly spotScatter: number;
  readonly widthScatter: number;
  /** A cell with fewer pairs is not judged. */
  readonly pairsMin: number;
  /** Null: the campaign has no stated end. */
  readonly looksPlanned: number | null;
}

/** Values of rules that a campaign does not state. */
export const VERDICT_DEFAULTS = {
  level: 0.05,
  power: 0.8,
  lag: 0.02,
  spotScatter: 0.002,
  widthScatter: 0.03,
  pairsMin: 3,
} as const;

export interface JudgedCell {
  readonly position: string;
  /** Cells of one material are judged together too: chemistry and electrolyte. */
  readonly material: string;
  readonly pairs: readonly ControlPair[];
}

/** Cells exposed and control cells, one number each, taken at the same point of the protocol. */
export interface CellComparison {
  readonly material: string;
  readonly quantity: "capacity" | "resistance";
  /** Shares of each cell's own first value: spread between cells as they came is no effect. */
  readonly exposed: readonly number[];
  readonly controls: readonly number[];
}

export interface JudgedEffect {
  readonly lag: Effect | null;
  readonly width: Effect | null;
  readonly verdict: VerdictKind;
  /** Chance with which `rules.lag` would have been found by now. */
  readonly power: number;
}

export interface CellVerdict extends JudgedEffect {
  readonly position: string;
  readonly material: string;
}

/** Of exposed cells less control cells; lag and width against those exposed rarely, the rest against all controls. */
export interface ComparedCells {
  readonly quantity: CellComparison["quantity"] | "lag" | "width";
  /** Cells on either side that have a number. */
  readonly exposedCount: number;
  readonly controlCount: number;
  /** Null with fewer than three on a side. */
  readonly effect: Effect | null;
  readonly isSuspect: boolean;
}

export interface MaterialVerdict extends JudgedEffect {
  readonly material: string;
  readonly cellCount: number;
  readonly comparisons: readonly ComparedCells[];
}

export interface BeamVerdict {
  readonly look: number;
  /** What this look may spend, and how many hypotheses share it. */
  readonly level: number;
  readonly hypothesisCount: number;
  readonly cells: readonly CellVerdict[];
  readonly materials: readonly MaterialVerdict[];
  readonly verdict: VerdictKind;
}

/** Of the level: comparisons of whole cells, which hardly tell, get the small part. */
const SHARE_OF_CELLS = 0.1;
/** `found` at this part of the level at which something is `suspected`. */
const SHARE_OF_FOUND = 0.2;

const ORDER: readonly VerdictKind[] = ["none-seen", "cannot-tell", "suspected", "found"];

export function worstVerdict(verdicts: readonly VerdictKind[]): VerdictKind {
  return verdicts.reduce((worst, kind) => (ORDER.indexOf(kind) > ORDER.indexOf(worst) ? kind : worst), "none-seen");
}

/** Every hypothesis of the structure: two quantities for each cell and each material. */
export function hypothesisCount(cellCount: number, materialCount: number): number {
  return 2 * (cellCount + materialCount);
}

/** Two-sided level of one hypothesis at which an effect is found when no other one is. */
export function levelToFind(rules: Pick<VerdictRules, "level" | "looksPlanned">, look: number, hypotheses: number) {
  return (levelOfLook(rules.level, look, rules.looksPlanned) * (1 - SHARE_OF_CELLS) * SHARE_OF_FOUND) / hypotheses;
}

/** Two-sided level at which one comparison of whole cells raises a suspicion when no other one does. */
export function levelToSuspectCells(
  rules: Pick<VerdictRules, "level" | "looksPlanned">,
  look: number,
  comparisonCount: number,
): number {
  return (levelOfLook(rules.level, look, rules.looksPlanned) * SHARE_OF_CELLS) / comparisonCount;
}

/** `rare`: cells that are exposed rarely, with the pairs of their own control visits. */
export function judgeBeamEffect(
  cells: readonly JudgedCell[],
  rules: VerdictRules,
  look: number,
  comparisons: readonly CellComparison[] = [],
  rare: readonly JudgedCell[] = [],
): BeamVerdict {
  const materials = [...new Set(cells.map((cell) => cell.material))];
  const effects = new Map(
    materials.flatMap((material) => [
      ...effectsOf(
        cells.filter((cell) => cell.material === material),
        rules,
      ),
    ]),
  );
  const of = (cell: JudgedCell): CellEffects => effects.get(cell) ?? NO_EFFECTS;
  const overCells = materials.map((material) => {
    const own = cells.filter((cell) => cell.material === material).map(of);
    const mean = (quantity: keyof CellEffects): Effect | null =>
      effectOverCells(own.flatMap((found) => found[quantity] ?? [])) ?? null;
    return { lag: mean("lag"), width: mean("width") };
  });
  const hypotheses = hypothesisCount(cells.length, materials.length);
  const lookLevel = levelOfLook(rules.level, look, rules.looksPlanned);
  const structureLevel = lookLevel * (1 - SHARE_OF_CELLS);
  // Those that cannot be tested yet stand in the family with a chance of 1: its size never depends on the data.
  const all = [...cells.map(of), ...overCells];
  const adjusted = holmAdjusted(all.flatMap(({ lag, width }) => [lag?.chance ?? 1, width?.chance ?? 1]));
  const findLevel = levelToFind(rules, look, hypotheses);

  /** Cells of one material share their freedom. */
  const distances = new Map<number, number>();
  const distanceFor = (freedom: number): number => {
    const known = distances.get(freedom) ?? criticalDistance(freedom, findLevel);
    distances.set(freedom, known);
    return known;
  };

  const judged = all.map((effect, index): JudgedEffect => {
    const chance = Math.min(adjusted[2 * index] ?? 1, adjusted[2 * index + 1] ?? 1);
    const power = effect.lag === null ? 0 : powerFor(rules.lag, effect.lag.error, distanceFor(effect.lag.freedom));
    return { ...effect, power, verdict: kindOf(chance, structureLevel, effect.lag, power, rules) };
  });
  const cellVerdicts = cells.map(({ position, material }, index): CellVerdict => {
    return { position, material, ...(judged[index] ?? UNJUDGED) };
  });

  const structures = materials.flatMap((material) => {
    const [own, others] = [cells, rare].map((some) => some.filter((cell) => cell.material === material));
    return own === undefined || others === undefined || others.length === 0
      ? []
      : againstRare(material, own.map(of), [...effectsOf(others, { ...rules, pairsMin: 1 }).values()]);
  });
  const compared = [...structures, ...comparisons].map(({ material, quantity, exposed, controls }) => ({
    ...{ material, quantity, exposedCount: exposed.length, controlCount: controls.length },
    effect: effectBetweenGroups(exposed, controls) ?? null,
  }));
  const comparedAdjusted = holmAdjusted(compared.map(({ effect }) => effect?.chance ?? 1));
  const materialVerdicts = materials.map((material, index): MaterialVerdict => {
    const structure = judged[cells.length + index] ?? UNJUDGED;
    // Whole cells have many reasons to differ: they can raise a suspicion, never a finding.
    const own = compared.flatMap(({ material: ofMaterial, ...item }, at): readonly ComparedCells[] => {
      const isSuspect = lookLevel > 0 && (comparedAdjusted[at] ?? 1) <= lookLevel * SHARE_OF_CELLS;
      return ofMaterial === material ? [{ ...item, isSuspect }] : [];
    });
    const verdicts = [
      structure.verdict,
      ...own.flatMap(({ isSuspect }) => (isSuspect ? (["suspected"] as const) : [])),
    ];
    return {
      ...structure,
      material,
      cellCount: cells.filter((cell) => cell.material === material).length,
      verdict: worstVerdict(verdicts),
      comparisons: own,
    };
  });
  return {
    look,
    level: lookLevel,
    hypothesisCount: hypotheses,
    cells: cellVerdicts,
    materials: materialVerdicts,
    verdict:
      cells.length === 0
        ? "cannot-tell"
        : worstVerdict([...cellVerdicts, ...materialVerdicts.filter(isTelling)].map((item) => item.verdict)),
  };
}

interface CellEffects {
  readonly lag: Effect | null;
  readonly width: Effect | null;
}

const NO_EFFECTS: CellEffects = { lag: null, width: null };
const UNJUDGED: JudgedEffect = { ...NO_EFFECTS, verdict: "cannot-tell", power: 0 };

/**
 * What control visits do by themselves, and what makes every control spot differ from every exposed one, is the same in
 * cells that are exposed rarely: the difference of the lags is what many exposures did.
 */
function againstRare(material: string, exposed: readonly CellEffects[], rare: readonly CellEffects[]) {
  return (["lag", "width"] as const).map((quantity) => {
    const means = (effects: readonly CellEffects[]): readonly number[] =>
      effects.flatMap((effect) => effect[quantity]?.mean ?? []);
    return { material, quantity, exposed: means(exposed), controls: means(rare) };
  });
}

/** Cells of one material: they share the scatter of the fits. */
function effectsOf(cells: readonly JudgedCell[], rules: VerdictRules): ReadonlyMap<JudgedCell, CellEffects> {
  const lags = cells.map(({ pairs }) => pairs.map((pair) => valueOf(pair, pair.lag, pair.lagError)));
  const widths = cells.map(({ pairs }) =>
    pairs.flatMap((pair) =>
      pair.logWidth === null || pair.logWidthError === null ? [] : [valueOf(pair, pair.logWidth, pair.logWidthError)],
    ),
  );
  const [lagScatter, widthScatter] = [pooledScatter(lags), pooledScatter(widths)];
  return new Map(
    cells.map((cell, index) => {
      const [lag, width] = [lags[index] ?? [], widths[index] ?? []];
      return [
        cell,
        {
          lag: lag.length < rules.pairsMin ? null : (pairedEffect(lag, lagScatter, rules.spotScatter) ?? null),
          width: width.length < rules.pairsMin ? null : (pairedEffect(width, widthScatter, rules.widthScatter) ?? null),
        },
      ];
    }),
  );
}

function valueOf({ spotIndex, controlIndex }: ControlPair, value: number, error: number): PairValue {
  return { value, error, spotIndex, controlIndex };
}

function kindOf(
  adjustedChance: number,
  level: number,
  lag: Effect | null,
  power: number,
  rules: VerdictRules,
): VerdictKind {
  if (level > 0 && adjustedChance <= level * SHARE_OF_FOUND) return "found";
  if (level > 0 && adjustedChance <= level) return "suspected";
  if (lag === null || !(power >= rules.power)) return "cannot-tell";
  const [low, high] = lag.interval;
  return low > -rules.lag && high < rules.lag ? "none-seen" : "cannot-tell";
}

/** A material of too few cells to be judged as one says nothing beyond its cells. */
function isTelling({ lag, verdict }: MaterialVerdict): boolean {
  return lag !== null || verdict !== "cannot-tell";
}
