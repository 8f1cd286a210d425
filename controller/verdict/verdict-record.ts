/** How control pairs and verdicts stand on record and on the bus, and the alarms they raise. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type {
  BeamVerdict,
  CellVerdict,
  ComparedCells,
  JudgedEffect,
  MaterialVerdict,
  VerdictKind,
} from "../../protocols/verdict/beam-verdict.ts";
import type { ControlPair } from "../../protocols/verdict/control-pair.ts";
import type { Effect } from "../../protocols/verdict/paired-effect.ts";
import type { FaultNote } from "../machines/errors.ts";

type JsonObject = { readonly [key: string]: Json };

export function pairJson(pair: ControlPair): JsonObject {
  return {
    sweep: pair.sweep,
    spot: pair.spotIndex,
    control_spot: pair.controlIndex,
    lag: pair.lag,
    lag_error: pair.lagError,
    log_width: pair.logWidth,
    log_width_error: pair.logWidthError,
  };
}

/** A pair as `pairJson` wrote it; undefined for anything else. */
export function parsePair(data: Readonly<Record<string, Json>>, atMs: number): ControlPair | undefined {
  const { sweep, spot, control_spot: controlSpot, lag, lag_error: lagError } = data;
  if (typeof sweep !== "number" || typeof spot !== "number" || typeof controlSpot !== "number") return undefined;
  if (typeof lag !== "number" || typeof lagError !== "number" || !(lagError > 0)) return undefined;
  const { log_width: logWidth, log_width_error: logWidthError } = data;
  return {
    ...{ sweep, atMs, spotIndex: spot, controlIndex: controlSpot, lag, lagError },
    logWidth: typeof logWidth === "number" ? logWidth : null,
    logWidthError: typeof logWidthError === "number" ? logWidthError : null,
  };
}

/** What is shown of a cell. */
export interface BeamEffectView {
  readonly verdict: VerdictKind;
  readonly look: number;
  readonly pairCount: number;
  /** Lithium by which exposed spots are behind control spots, with its 95 % interval. */
  readonly lag: number | null;
  readonly lagLow: number | null;
  readonly lagHigh: number | null;
  /** Chance with which a lag that matters would have been found by now. */
  readonly power: number;
}

export function beamEffectView({ verdict, power, lag }: CellVerdict, look: number): BeamEffectView {
  const [low, high] = lag?.interval ?? [NaN, NaN];
  return {
    ...{ verdict, look, power },
    pairCount: lag?.pairCount ?? 0,
    lag: lag?.mean ?? null,
    lagLow: Number.isFinite(low) ? low : null,
    lagHigh: Number.isFinite(high) ? high : null,
  };
}

/** One look, whole. Intervals are those of 95 % for each line alone; the verdicts are those of the whole family. */
export function verdictJson(verdict: BeamVerdict, sweep: number): JsonObject {
  return {
    sweep,
    look: verdict.look,
    verdict: verdict.verdict,
    level: verdict.level,
    hypotheses: verdict.hypothesisCount,
    materials: verdict.materials.map((material) => ({
      material: material.material,
      cells: material.cellCount,
      ...judgedJson(material),
      compared: material.comparisons.map(({ quantity, exposedCount, controlCount, effect, isSuspect }) => ({
        quantity,
        exposed: exposedCount,
        controls: controlCount,
        effect: effectJson(effect),
        is_suspect: isSuspect,
      })),
    })),
    cells: verdict.cells.map((cell) => ({ position: cell.position, ...judgedJson(cell) })),
  };
}

function judgedJson({ verdict, power, lag, width }: JudgedEffect): JsonObject {
  return { verdict, power, lag: effectJson(lag), log_width: effectJson(width) };
}

function effectJson(effect: Effect | null): Json {
  if (effect === null) return null;
  const [low, high] = effect.interval;
  return {
    mean: effect.mean,
    error: effect.error,
    low: Number.isFinite(low) ? low : null,
    high: Number.isFinite(high) ? high : null,
    pairs: effect.pairCount,
    chance: effect.chance,
  };
}

/** Null where there is nothing to tell. */
export function effectAlarm(item: CellVerdict | MaterialVerdict): FaultNote | null {
  if (item.verdict !== "found" && item.verdict !== "suspected") return null;
  const code = item.verdict === "found" ? "dose.beam-effect" : "dose.beam-effect-suspected";
  const where = "position" in item ? item.position : item.material;
  return { code, where, what: whatOf(item), advice: FAULT_CATALOGUE[code].advice };
}

function whatOf(item: CellVerdict | MaterialVerdict): string {
  const { lag, width } = item;
  const parts = [
    ...(lag === null ? [] : [`lithium at exposed spots is behind control spots by ${interval(lag)}`]),
    ...(width === null ? [] : [`logarithm of the line's width differs by ${interval(width)}`]),
  ];
  const compared = "comparisons" in item ? item.comparisons : [];
  for (const { quantity, effect, isSuspect } of compared) {
    if (isSuspect && effect !== null) parts.push(`${COMPARED[quantity]} by ${interval(effect, "cells")}`);
  }
  return parts.join("; ");
}

const COMPARED: Readonly<Record<ComparedCells["quantity"], string>> = {
  lag: "the lag of exposed cells differs from that of rarely exposed ones",
  width: "the logarithm of the width of exposed cells differs from that of rarely exposed ones",
  capacity: "capacity, as a share of each cell's first, of exposed cells differs from that of control cells",
  resistance: "resistance, as a share of each cell's first, of exposed cells differs from that of control cells",
};

function interval({ mean, interval: [low, high], pairCount }: Effect, of = "pairs"): string {
  return `${mean.toFixed(4)} (95 %: ${low.toFixed(4)} to ${high.toFixed(4)}, ${pairCount} ${of})`;
}
