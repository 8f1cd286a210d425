/** What stands in `cell/<position>` and `dose/<position>`. */
import { placeOf } from "../../protocols/base/position.ts";
import type { BusCell, BusDose } from "../../protocols/bus/cell-views.ts";
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import { campaignSpots } from "../../protocols/campaign/campaign-spots.ts";
import { stepCountOf } from "../../protocols/echem/cursor.ts";
import type { CellView } from "../cells/cell-view.ts";
import type { FaultNote } from "../machines/errors.ts";
import { placed, timeText, timeTextOrNull, type BusSources } from "./bus-sources.ts";
import type { Censor } from "../report/foreign-words.ts";
import type { QueuedExposure } from "./queue-view.ts";

/** A view without what every message begins with. */
export type Body<View> = Omit<View, "v" | "at">;

export interface CellSurroundings {
  readonly next: QueuedExposure | undefined;
  readonly fault: FaultNote | null;
  /** Share of the dose limits, by the ledger. */
  readonly limitFraction: number;
  /** Its group reads all of it, and no word of others'. */
  readonly censor: Censor;
}

/** Undefined before the campaign began. */
export function cellBody(
  sources: BusSources,
  cellIndex: number,
  { next, fault, limitFraction, censor }: CellSurroundings,
): Body<BusCell> | undefined {
  const cell = sources.campaign.cells[cellIndex];
  const view = sources.run.views.cell(cellIndex);
  if (cell === undefined || view === undefined) return undefined;
  const { position } = cell;
  const history = sources.fold.cell(position);
  const { last } = history;
  const state = `${view.state} ${String(view.step)} ${String(view.cycle)} ${view.heldBy ?? ""}`;
  return {
    version: sources.versions.of(`cell/${placeOf(position)}`, `${cell.barcode} ${state}`),
    ...ofCampaign(cell),
    ...ofMachine(sources, view, cellIndex, stepCountOf(cell.protocol)),
    waiting_for: view.waitingFor === null ? null : censoredWait(sources, view.waitingFor, censor),
    fault: fault === null ? null : { ...fault, what: censor(fault.what), advice: censor(fault.advice) },
    dose: { limit_fraction: rounded(limitFraction), exposures: history.exposureCount, refused: history.refusedCount },
    last_exposure: last === null ? null : { id: last.id, at: timeText(sources, last.endedAtMs), outcome: last.outcome },
    notes: history.notes.map(({ atMs, by, text }) => ({ at: timeText(sources, atMs), by, text: censor(text) })),
    next_exposure: next === undefined ? null : { at: timeTextOrNull(sources, next.atMs), reason: censor(next.reason) },
  };
}

function ofCampaign(cell: CampaignCell) {
  return {
    ...placed(cell.position),
    cell: cell.barcode,
    group: cell.group,
    chemistry: cell.chemistry as string,
    role: cell.role,
    protocol: cell.protocol.name,
    nominal_capacity_mAh: cell.nominalCapacityMah,
    step_count: cell.protocol.steps.length,
  };
}

function ofMachine(sources: BusSources, view: CellView, cellIndex: number, stepsInAll: number) {
  const { forecast, beamEffect } = view;
  const edge = forecast?.edges[0];
  // A forecast looks so many steps ahead: the protocol's end is known when its last step is among them.
  const end = forecast?.edges.at(-1);
  const last = end?.ordinal === stepsInAll ? end : undefined;
  return {
    state: view.state,
    belief: sources.run.views.belief(cellIndex),
    step: view.step,
    label: view.label,
    cycle: view.cycle,
    half_cycle: view.halfCycle,
    voltage_V: view.voltageV,
    current_A: view.currentA,
    sampled_at: timeTextOrNull(sources, sources.run.samples.lastAtMs[cellIndex]),
    soc: roundedOrNull(view.stateOfCharge),
    soc_uncertainty: roundedOrNull(view.stateOfChargeUncertainty),
    state_of_health: roundedOrNull(view.stateOfHealth),
    coulombic_efficiency: roundedOrNull(view.coulombicEfficiency),
    last_half_cycle_mAh: roundedOrNull(view.lastHalfCycleAh === null ? null : view.lastHalfCycleAh * 1000),
    held_by: view.heldBy,
    forecast:
      forecast === null
        ? null
        : {
            step_ends_at: timeTextOrNull(sources, edge?.endsAtMs),
            step_spread_s: roundedOrNull(edge?.spreadS ?? null),
            ends_at: timeTextOrNull(sources, last?.endsAtMs),
            ends_spread_s: roundedOrNull(last?.spreadS ?? null),
            paused_since: timeTextOrNull(sources, forecast.pausedAtMs),
          },
    last_frame: frameBody(view.lastFrame),
    beam_effect:
      beamEffect === null
        ? null
        : {
            ...{ verdict: beamEffect.verdict as string, look: beamEffect.look, pairs: beamEffect.pairCount },
            ...{
              lag: finite(beamEffect.lag),
              lag_low: finite(beamEffect.lagLow),
              lag_high: finite(beamEffect.lagHigh),
            },
          },
  };
}

function frameBody(frame: CellView["lastFrame"]): BusCell["last_frame"] {
  if (frame === null) return null;
  return {
    ...{ exposure_id: frame.exposureId, finding: frame.finding, what: frame.what, counts: frame.counts },
    ...{ most_in_one_bin: frame.mostInOneBin, from_deg: frame.fromDeg, to_deg: frame.toDeg },
    pattern: [...frame.thumbnail],
  };
}

export function doseBody(sources: BusSources, cell: CampaignCell, limitFraction: number): Body<BusDose> {
  const history = sources.fold.cell(cell.position);
  const planned = campaignSpots(sources.campaign).all;
  return {
    position: placeOf(cell.position),
    relative_uncertainty: history.relativeUncertainty,
    limits: cell.doseLimits.map((limit) => ({
      layer: limit.layerName,
      location: limit.location,
      scope: limit.scope,
      dose_Gy: limit.doseGy,
      dose_rate_Gy_s: limit.doseRateGyS,
      source: limit.source,
      vouched_by: limit.vouchedBy,
    })),
    limit_fraction: rounded(limitFraction),
    spots: planned.map(({ xMm, yMm }, spot) => {
      const given = history.spots.get(spot);
      return {
        ...{ spot, x_mm: xMm, y_mm: yMm },
        ...{ exposures: given?.exposureCount ?? 0, booked: given?.bookedCount ?? 0 },
        fluence_ph_cm2: rounded(given?.fluencePhCm2 ?? 0),
        layers: [...(given?.layers ?? [])].map(([layer, { surfaceGy, meanGy }]) => ({
          layer,
          surface_Gy: rounded(surfaceGy),
          mean_Gy: rounded(meanGy),
        })),
      };
    }),
  };
}

export function waitingBody(
  sources: Pick<BusSources, "startMs">,
  waiting: { readonly reason: string; readonly who: string; readonly sinceMs: number; readonly untilMs: number | null },
) {
  const { reason, who, sinceMs, untilMs } = waiting;
  return { reason, who, since: timeText(sources, sinceMs), until: timeTextOrNull(sources, untilMs) };
}

function censoredWait(sources: BusSources, waiting: Parameters<typeof waitingBody>[1], censor: Censor) {
  return waitingBody(sources, { ...waiting, reason: censor(waiting.reason), who: censor(waiting.who) });
}

/** Enough digits to judge by; more would only fill the bus. */
export function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

export function roundedOrNull(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : rounded(value);
}

function finite(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : value;
}
