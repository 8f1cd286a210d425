/**
 * Sums what the ledger says was given and holds it against the limits that the log states. As the gate does before an
 * exposure, it takes the upper value of every dose, nominal x (1 + relative uncertainty), and adds to a spot what its
 * neighbours' tails give; unlike the gate it starts from the doses on record.
 */
import type { RecordedDoseLimit } from "./dose-limits-event.ts";
import type { SpotPlan } from "./dose-plan-event.ts";
import type { FindingList } from "./finding-list.ts";
import { isProvenFailure, type LayerDose, type LedgerRow } from "./ledger-row.ts";

/** Doses are sums of rounded products: a limit met exactly is kept. */
export const ROUNDING = 1e-9;

/** What to do about a dose that nobody can vouch for. */
export const ASK = "Do not expose this cell again before it is known what it was given.";

/** What of a ledger's row is summed here. */
export type GivenRow = Pick<LedgerRow, "exposureId" | "position" | "spotIndex" | "spotXMm" | "spotYMm" | "cycle"> &
  Pick<LedgerRow, "layerDosesGy" | "relativeUncertainty" | "openTimeS" | "reason">;

export interface DoseAudit {
  /** A closed exposure, or a booking that was left open and counts in full. */
  given(row: GivenRow): void;
  /** Largest share of any limit, upper value; null when nothing was given or no limit is stated. */
  judge(limits: readonly RecordedDoseLimit[] | undefined, plan: SpotPlan | undefined): number | null;
}

interface GivenSpot {
  readonly index: number;
  readonly xMm: number;
  readonly yMm: number;
  /** Upper values, summed. */
  readonly layers: Map<string, { surfaceGy: number; meanGy: number }>;
}

type GivenSpots = Map<number, GivenSpot>;

interface GivenCell {
  readonly position: string;
  readonly spots: GivenSpots;
  /** The same by cycle; by null where the cycle is not known. */
  readonly cycles: Map<number | null, GivenSpots>;
  readonly rows: GivenRow[];
  hasFailure: boolean;
}

export function createDoseAudit(findings: FindingList): DoseAudit {
  const cells = new Map<string, GivenCell>();

  function cellOf(position: string): GivenCell {
    const known = cells.get(position);
    if (known !== undefined) return known;
    const cell: GivenCell = { position, spots: new Map(), cycles: new Map(), rows: [], hasFailure: false };
    cells.set(position, cell);
    return cell;
  }

  function beyond(cell: GivenCell, where: string, what: string): void {
    findings.add(
      cell.hasFailure ? "warning" : "error",
      "dose.beyond-limit",
      where,
      what,
      cell.hasFailure ? "The shutter or a filter failed on this cell; its owner must know." : ASK,
    );
  }

  /** The share of a limit that every spot has had in all. */
  function judgeTotals(cell: GivenCell, limit: RecordedDoseLimit, plan: SpotPlan | undefined): number {
    const { doseGy } = limit;
    if (doseGy === null || limit.scope === "per-exposure") return 0;
    if (limit.scope === "spot-total")
      return judgeSpots(cell, cell.spots, limit, doseGy, plan, broughtGy(cell, limit, plan));
    return Math.max(0, ...[...cell.cycles.values()].map((spots) => judgeSpots(cell, spots, limit, doseGy, plan)));
  }

  /** Of a cell that has come back: as it may lie otherwise since, the most that it had anywhere counts everywhere. */
  function broughtGy({ position }: GivenCell, limit: RecordedDoseLimit, plan: SpotPlan | undefined): number {
    const lives = (plan?.earlier.get(position) ?? []).flatMap((name) => cells.get(name)?.spots ?? []);
    return lives.reduce((sum, had) => {
      const atPoints = pointsOf(had, plan).map((point) => doseAt(had, limit, point, plan));
      return sum + Math.max(0, ...atPoints);
    }, 0);
  }

  function judgeSpots(
    cell: GivenCell,
    spots: GivenSpots,
    limit: RecordedDoseLimit,
    limitGy: number,
    plan: SpotPlan | undefined,
    beforeGy = 0,
  ): number {
    let fractionMax = 0;
    for (const point of pointsOf(spots, plan)) {
      const doseGy = beforeGy + doseAt(spots, limit, point, plan);
      fractionMax = Math.max(fractionMax, doseGy / limitGy);
      if (doseGy <= limitGy * (1 + ROUNDING)) continue;
      const scope = limit.scope === "spot-cycle" ? " in one cycle" : "";
      const what = `${limit.layer} (${limit.location}) may have ${short(doseGy)} Gy${scope}, its limit is ${limitGy} Gy`;
      beyond(cell, `${cell.position} spot ${point.index}`, what);
    }
    return fractionMax;
  }

  /** The share of a limit on single exposures, or on the rate, that the strongest exposure took. */
  function judgeExposures(cell: GivenCell, limit: RecordedDoseLimit): number {
    let fractionMax = 0;
    const hold = (row: GivenRow, value: number, allowed: number, unit: string): void => {
      fractionMax = Math.max(fractionMax, value / allowed);
      if (value <= allowed * (1 + ROUNDING)) return;
      const what = `${limit.layer} (${limit.location}) may have had ${short(value)} ${unit}, its limit is ${allowed} ${unit}`;
      beyond(cell, `${cell.position} exposure ${row.exposureId}`, what);
    };
    for (const row of cell.rows) {
      const doseGy = upperDose(row, limit);
      if (limit.doseGy !== null && limit.scope === "per-exposure") hold(row, doseGy, limit.doseGy, "Gy");
      if (limit.doseRateGyS !== null && row.openTimeS > 0) hold(row, doseGy / row.openTimeS, limit.doseRateGyS, "Gy/s");
    }
    return fractionMax;
  }

  /** An exposed cell without a limit, or with one for a layer whose dose nobody reckoned, was never protected. */
  function requireLimits(cell: GivenCell, limits: readonly RecordedDoseLimit[]): void {
    const layers = new Set(cell.rows.flatMap((row) => row.layerDosesGy.map((dose) => dose.layer)));
    const { position } = cell;
    if (!limits.some((limit) => layers.has(limit.layer) && (limit.position ?? position) === position))
      findings.add("error", "dose.no-limits", position, "was exposed and no limit covers any of its layers", ASK);
    for (const limit of limits)
      if (limit.position === position && !layers.has(limit.layer)) {
        const what = `its limit names layer ${limit.layer}, for which the ledger has no dose`;
        findings.add("error", "dose.layer-unaccounted", position, what, ASK);
      }
  }

  return {
    given(row) {
      const cell = cellOf(row.position);
      cell.rows.push(row);
      if (isProvenFailure(row)) cell.hasFailure = true;
      addTo(cell.spots, row);
      const ofCycle = cell.cycles.get(row.cycle) ?? new Map<number, GivenSpot>();
      cell.cycles.set(row.cycle, ofCycle);
      addTo(ofCycle, row);
    },
    judge(limits, plan) {
      if (cells.size === 0) return null;
      if (limits === undefined || limits.length === 0) {
        const what = "cells were exposed and the log states no dose limit";
        findings.add("error", "dose.no-limits", "campaign.db", what, ASK);
        return null;
      }
      let fractionMax: number | null = null;
      for (const name of plan?.earlier.keys() ?? []) cellOf(name);
      for (const cell of cells.values()) {
        for (const limit of limitsFor(limits, cell)) {
          const fraction = Math.max(judgeTotals(cell, limit, plan), judgeExposures(cell, limit));
          fractionMax = Math.max(fractionMax ?? 0, fraction);
        }
      }
      for (const cell of cells.values()) if (cell.rows.length > 0) requireLimits(cell, limits);
      return fractionMax;
    },
  };
}

function addTo(spots: GivenSpots, row: GivenRow): void {
  const spot = spots.get(row.spotIndex) ?? {
    index: row.spotIndex,
    xMm: row.spotXMm,
    yMm: row.spotYMm,
    layers: new Map<string, { surfaceGy: number; meanGy: number }>(),
  };
  spots.set(row.spotIndex, spot);
  for (const dose of row.layerDosesGy) {
    const sum = spot.layers.get(dose.layer) ?? { surfaceGy: 0, meanGy: 0 };
    sum.surfaceGy += dose.surfaceGy * (1 + row.relativeUncertainty);
    sum.meanGy += dose.meanGy * (1 + row.relativeUncertainty);
    spot.layers.set(dose.layer, sum);
  }
}

interface Point {
  readonly index: number;
  readonly xMm: number;
  readonly yMm: number;
}

function pointsOf(spots: GivenSpots, plan: SpotPlan | undefined): readonly Point[] {
  if (plan === undefined || plan.spots.length === 0) return [...spots.values()];
  return plan.spots.map((spot, index) => ({ index, ...spot }));
}

/** Upper value at a point, tails of the cell's other spots included where the beam's shape is known. */
function doseAt(spots: GivenSpots, limit: RecordedDoseLimit, point: Point, plan: SpotPlan | undefined): number {
  let sum = 0;
  for (const spot of spots.values()) {
    const layer = spot.layers.get(limit.layer);
    if (layer === undefined) continue;
    const doseGy = limit.location === "mean" ? layer.meanGy : layer.surfaceGy;
    if (plan !== undefined) sum += doseGy * plan.relativeFluence(point.xMm - spot.xMm, point.yMm - spot.yMm);
    else if (spot.index === point.index) sum += doseGy;
  }
  return sum;
}

function upperDose(row: GivenRow, limit: RecordedDoseLimit): number {
  const dose: LayerDose | undefined = row.layerDosesGy.find((item) => item.layer === limit.layer);
  if (dose === undefined) return 0;
  return (limit.location === "mean" ? dose.meanGy : dose.surfaceGy) * (1 + row.relativeUncertainty);
}

/** A position's own limits go before those for all. */
function limitsFor(limits: readonly RecordedDoseLimit[], cell: GivenCell): readonly RecordedDoseLimit[] {
  const own = limits.filter((limit) => limit.position === cell.position);
  return [
    ...own,
    ...limits.filter(
      (limit) =>
        limit.position === null && !own.some((item) => item.layer === limit.layer && item.location === limit.location),
    ),
  ];
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
