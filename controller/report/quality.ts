/**
 * How far the numbers of a report can be trusted: like cells against each other, exposed cells against controls, and
 * the clocks, the flux and the dose behind them. Pure.
 */
import { effectBetweenGroups, type Effect } from "../../protocols/verdict/paired-effect.ts";
import type { ExportedCampaign, ExportedCell, ExportedExposure } from "../export/exported-campaign.ts";
import type { CellFacts } from "./cell-facts.ts";
import { gapStretches, secondsOf } from "./gap-stretches.ts";

/** Cells of one group, chemistry, electrolyte, protocol and nominal capacity: made to be alike. */
export interface LikeCells {
  readonly name: string;
  readonly cells: readonly CellFacts[];
}

export interface Spread {
  readonly count: number;
  readonly mean: number;
  /** Of the cells, not of their mean. */
  readonly deviation: number;
}

export interface Reproducibility {
  readonly name: string;
  readonly cells: number;
  /** Which half cycle is compared: the last that most of them have. Null where none has any. */
  readonly halfCycle: number | null;
  readonly direction: string;
  /** Of every one of them; a first half cycle begins where the cell was received. */
  readonly isWhole: boolean;
  readonly capacityAh: Spread | null;
  readonly efficiency: Spread | null;
}

export interface Representativeness {
  readonly name: string;
  readonly exposed: number;
  readonly controls: number;
  readonly quantity: "capacity" | "retention";
  /** Exposed less controls, as a share; null with fewer than three on a side. */
  readonly effect: Effect | null;
}

export interface Reliability {
  /** Of the exposures whose shutter opened. */
  readonly exposures: number;
  readonly fluxBySource: ReadonlyMap<string, number>;
  readonly doseByBasis: ReadonlyMap<string, number>;
  readonly doseUncertainty: number | null;
  /** Largest at any exposure; null where none is on record. */
  readonly channelClockS: number | null;
  readonly shutterEdgeS: number | null;
  readonly withMiddle: number;
  readonly wallOffsetS: { readonly least: number; readonly most: number } | null;
  readonly gaps: number;
  readonly gapS: number;
  readonly cellsWithGaps: number;
}

export interface Quality {
  readonly reproducibility: readonly Reproducibility[];
  readonly representativeness: readonly Representativeness[];
  readonly reliability: Reliability;
}

export function qualityOf(campaign: ExportedCampaign, facts: readonly CellFacts[]): Quality {
  const sets = likeCells(facts);
  return {
    reproducibility: sets.map(reproducibilityOf),
    representativeness: sets.flatMap(representativenessOf),
    reliability: reliabilityOf(campaign),
  };
}

export function likeCells(facts: readonly CellFacts[]): readonly LikeCells[] {
  const sets = new Map<string, CellFacts[]>();
  for (const one of facts) {
    const { group, chemistry, electrolyte, protocolName, nominalCapacityMah } = one.cell;
    const key = [group, chemistry, electrolyte, protocolName, `${nominalCapacityMah} mAh`].join(", ");
    const list = sets.get(key);
    if (list === undefined) sets.set(key, [one]);
    else list.push(one);
  }
  return [...sets].map(([name, cells]) => ({ name, cells }));
}

function reproducibilityOf({ name, cells }: LikeCells): Reproducibility {
  const compared = cells.filter(({ cell, state }) => !isControl(cell) && state !== "isolated");
  const counts = new Map<number, number>();
  for (const { cell } of compared)
    for (const half of cell.halfCycles)
      if (half.capacityAh !== null) counts.set(half.number, (counts.get(half.number) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  const common = [...counts].filter(([, count]) => 5 * count >= 4 * most).map(([number]) => number);
  const halfCycle = common.length === 0 ? null : Math.max(...common);
  const halves = compared.flatMap(({ cell }) => cell.halfCycles.filter(({ number }) => number === halfCycle));
  return {
    name,
    cells: compared.length,
    halfCycle,
    direction: halves[0]?.direction ?? "",
    isWhole: halves.length > 0 && halves.every(({ isWhole }) => isWhole),
    capacityAh: spreadOf(halves.flatMap(({ capacityAh }) => (capacityAh === null ? [] : [capacityAh]))),
    efficiency: spreadOf(halves.flatMap((half) => half.coulombicEfficiency ?? [])),
  };
}

function isControl({ role }: Pick<ExportedCell, "role">): boolean {
  return role === "dark-control" || role === "rare-control";
}

function representativenessOf({ name, cells }: LikeCells): readonly Representativeness[] {
  const controls = cells.filter(({ cell }) => isControl(cell));
  const exposed = cells.filter(({ cell }) => !isControl(cell));
  if (controls.length === 0 || exposed.length === 0) return [];
  const counted = { name, exposed: exposed.length, controls: controls.length };
  const mean = meanOf(controls.flatMap((one) => one.lastHalf?.capacityAh ?? []));
  const last = exposed.concat(controls).every(({ lastHalf }) => lastHalf?.number === cells[0]?.lastHalf?.number);
  const capacity = (of: readonly CellFacts[]): readonly number[] =>
    of.flatMap(({ lastHalf }) => (lastHalf?.capacityAh == null || mean === null ? [] : [lastHalf.capacityAh / mean]));
  const retention = (of: readonly CellFacts[]): readonly number[] => of.flatMap((one) => one.retention ?? []);
  return [
    // Of unlike half cycles the difference says nothing.
    { ...counted, quantity: "capacity", effect: last ? effectOf(capacity(exposed), capacity(controls)) : null },
    { ...counted, quantity: "retention", effect: effectOf(retention(exposed), retention(controls)) },
  ];
}

function effectOf(exposed: readonly number[], controls: readonly number[]): Effect | null {
  return effectBetweenGroups(exposed, controls) ?? null;
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function spreadOf(values: readonly number[]): Spread | null {
  const mean = meanOf(values);
  if (mean === null) return null;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count: values.length, mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}

function reliabilityOf({ cells, clock }: ExportedCampaign): Reliability {
  const made = cells.flatMap(({ exposures }) => exposures.filter(({ openTimeS }) => openTimeS > 0));
  const clocks = cells.flatMap(({ channel, exposures }) =>
    exposures.flatMap(({ middle }) =>
      (middle?.clocks ?? []).flatMap((one) => (one.instrument === channel ? [one.uncertaintyS] : [])),
    ),
  );
  const gaps = cells.flatMap((cell) => gapStretches(cell.gaps));
  return {
    exposures: made.length,
    fluxBySource: countsOf(made.map(({ fluxSource }) => fluxSource)),
    doseByBasis: countsOf(made.map(({ basis }) => basis)),
    doseUncertainty: mostOf(made.map(({ relativeUncertainty }) => relativeUncertainty)),
    channelClockS: mostOf(clocks),
    shutterEdgeS: mostOf(made.flatMap((one) => edgeS(one) ?? [])),
    withMiddle: made.filter(({ middle }) => middle?.voltageV != null).length,
    wallOffsetS: clock.wallOffsetS,
    gaps: gaps.length,
    gapS: secondsOf(gaps),
    cellsWithGaps: cells.filter((cell) => cell.gaps.length > 0).length,
  };
}

/** Half of the time in which the shutter moved unseen. */
function edgeS({ openAskedAtMs, openSeenAtMs }: ExportedExposure): number | null {
  return openAskedAtMs === null || openSeenAtMs === null ? null : (openSeenAtMs - openAskedAtMs) / 2000;
}

function countsOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function mostOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((most, value) => Math.max(most, value));
}
