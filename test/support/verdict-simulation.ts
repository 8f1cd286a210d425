/**
 * Control visits of whole racks without the rest of the world: frames of the simulator's detector of a repeatedly
 * exposed and of a fresh spot, read and judged as the controller does. `lag` is what the beam has done to the exposed
 * spot; 0 when it does nothing.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  judgeBeamEffect,
  VERDICT_DEFAULTS,
  type BeamVerdict,
  type CellComparison,
  type JudgedCell,
} from "../../protocols/verdict/beam-verdict.ts";
import { controlPair, type ControlPair } from "../../protocols/verdict/control-pair.ts";
import type { ChemistryId } from "../../protocols/campaign/chemistry.ts";
import { parseLatticeTables } from "../../protocols/diffraction/lattice-tables.ts";
import { createLithiumReader } from "../../protocols/diffraction/read-lithium.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import type { Chance } from "../../simulator/plant/plant.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";
import { exposureOf, frameOf, restedAt, sourceAt } from "../unit/diffraction/frames.ts";

export const LATTICE_TABLES = parseLatticeTables(
  JSON.parse(readFileSync(join(packageRoot().folder, "protocols/data/cells/structures.json"), "utf8")),
);

export interface VisitPlan {
  readonly chemistry: ChemistryId;
  readonly cellCount: number;
  readonly visitCount: number;
  readonly exposureS: number;
  /** Spots of a cell that are exposed in turn, and its control spots. */
  readonly spotCount: number;
  readonly controlCount: number;
  /** True standard deviation of lithium between untouched spots of a cell. */
  readonly spotScatter: number;
  /** Lithium of the cell between these, up and down once. */
  readonly lithium: readonly [number, number];
}

export interface SimulatedCell extends JudgedCell {
  readonly unreadable: number;
}

/** One cell's visits. Seeded: the same number gives the same frames. */
export function simulateCell(plan: VisitPlan, seed: number, lag: number): SimulatedCell {
  const { chemistry, visitCount } = plan;
  const reader = createLithiumReader(LATTICE_TABLES, chemistry);
  const source = sourceAt(60, seed);
  const exposure = { ...exposureOf(chemistry, seed), exposureS: plan.exposureS };
  const chance = createChance(seed).stream("visits");
  const offsets = (count: number): readonly number[] =>
    Array.from({ length: count }, () => plan.spotScatter * chance.normal());
  const [spots, controls] = [offsets(plan.spotCount), offsets(plan.controlCount)];
  const shift = chance.uniform();
  const pairs: ControlPair[] = [];
  let unreadable = 0;
  for (let visit = 0; visit < visitCount; visit += 1) {
    // Charge in the first half of the visits, discharge in the second.
    const way = (visit + shift) / visitCount;
    const [high, low] = plan.lithium;
    const isCharge = way < 0.5;
    const mean = isCharge ? high - 2 * way * (high - low) : low + (2 * way - 1) * (high - low);
    const direction = isCharge ? 1 : -1;
    const [spotIndex, controlIndex] = [(visit * 7) % plan.spotCount, visit % plan.controlCount];
    const read = (lithium: number) => reader.read(frameOf(source, restedAt(chemistry, lithium), exposure));
    const repeated = read(mean + (spots[spotIndex] ?? 0) + direction * lag);
    const control = read(mean + (controls[controlIndex] ?? 0));
    if (repeated.kind !== "read" || control.kind !== "read") {
      unreadable += 1;
      continue;
    }
    const at = { sweep: visit + 1, atMs: visit, spotIndex, controlIndex, direction, changeOfLithium: 0 } as const;
    const result = controlPair(repeated.reading, control.reading, at);
    if (result.kind === "pair") pairs.push(result.pair);
    else unreadable += 1;
  }
  return { position: `cell ${seed}`, material: chemistry, pairs, unreadable };
}

/** Control cells beside those exposed in every visit, and what is known of whole cells at each look. */
export interface BesideExposed {
  /** Exposed in each second visit alone. */
  readonly rare: readonly JudgedCell[];
  readonly compared: (look: number) => readonly CellComparison[];
}

/** The verdicts of all looks, one after each round of visits. */
export function lookAgainAndAgain(
  cells: readonly JudgedCell[],
  looks: number,
  beside: BesideExposed = { rare: [], compared: () => [] },
): readonly BeamVerdict[] {
  const rules = { ...VERDICT_DEFAULTS, looksPlanned: looks };
  const upTo = (some: readonly JudgedCell[], look: number, each: number): readonly JudgedCell[] =>
    some.map((cell) => ({
      ...cell,
      pairs: cell.pairs.filter(({ sweep }) => sweep <= look && sweep % each === 0),
    }));
  return Array.from({ length: looks }, (_, index) => {
    const look = index + 1;
    return judgeBeamEffect(upTo(cells, look, 1), rules, look, beside.compared(look), upTo(beside.rare, look, 2));
  });
}

/**
 * Capacity and resistance of whole cells, as shares of each cell's first: every cell wanders by 0.5 % from look to look
 * and each reading by 0.2 %, heavy-tailed in one cell of ten. Exposed cells have grown by `growth` at every look.
 */
export function wanderingCells(
  chance: Chance,
  counts: { readonly exposed: number; readonly controls: number; readonly looks: number },
  growth = 0,
): (look: number) => readonly CellComparison[] {
  const walk = (): readonly number[] => {
    const wildness = chance.uniform() < 0.1 ? 4 : 1;
    let at = 1;
    return Array.from({ length: counts.looks }, () => {
      at += 0.005 * wildness * chance.normal();
      return at + 0.002 * wildness * chance.normal();
    });
  };
  const walks = (count: number) => Array.from({ length: count }, walk);
  const quantities = (["capacity", "resistance"] as const).map((quantity) => ({
    quantity,
    exposed: walks(counts.exposed),
    controls: walks(counts.controls),
  }));
  const at = (all: readonly (readonly number[])[], look: number, more: number): readonly number[] =>
    all.flatMap((one) => {
      const value = one[look - 1];
      return value === undefined ? [] : [value + more];
    });
  return (look) =>
    quantities.map(({ quantity, exposed, controls }) => ({
      ...{ material: "lno-graphite", quantity },
      exposed: at(exposed, look, quantity === "resistance" ? growth : 0),
      controls: at(controls, look, 0),
    }));
}

/** 95 % interval of a share by Clopper and Pearson, by bisection on the binomial sums. */
export function shareInterval(count: number, of: number): readonly [number, number] {
  const atMost = (k: number, share: number): number => {
    let sum = 0;
    let log = of * Math.log1p(-share);
    for (let i = 0; i <= k; i += 1) {
      sum += Math.exp(log);
      log += Math.log((of - i) / (i + 1)) + Math.log(share) - Math.log1p(-share);
    }
    return sum;
  };
  const solve = (isBelow: (share: number) => boolean): number => {
    let [low, high] = [1e-12, 1 - 1e-12];
    for (let turn = 0; turn < 60; turn += 1) {
      const middle = (low + high) / 2;
      if (isBelow(middle)) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  return [
    count === 0 ? 0 : solve((share) => 1 - atMost(count - 1, share) < 0.025),
    count === of ? 1 : solve((share) => atMost(count, share) > 0.025),
  ];
}
