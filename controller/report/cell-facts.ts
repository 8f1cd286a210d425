/** One cell of a report in numbers: what it did, what it gave, what it was given. Pure. */
import type { ExportedCampaign, ExportedCell, ExportedHalfCycle } from "../export/exported-campaign.ts";
import { relativeUncertaintyOf } from "../export/summed-dose.ts";
import { toldDoses } from "../export/told-dose.ts";
import { parseDoseLimits } from "../record/dose-limits-event.ts";
import type { SpotPlan } from "../record/dose-plan-event.ts";
import { createFindingList } from "../record/finding-list.ts";
import { createDoseAudit } from "../record/verify-doses.ts";
import { gapStretches, secondsOf } from "./gap-stretches.ts";

export type CellState = "complete" | "isolated" | "stopped" | "going-on" | "unfinished";

export interface CellDoseFacts {
  /** Of the spot that got most, by the ledger. */
  readonly highestGy: number;
  readonly layer: string;
  readonly location: "surface" | "mean";
  readonly convention: string;
  /** How far the truth can lie above `highestGy`, at worst. */
  readonly relativeUncertainty: number;
  /** Largest share of any of the cell's limits, uncertainty and neighbouring spots included; null without a limit. */
  readonly limitFraction: number | null;
  /** The limit at that layer and place, where one is stated in Gy. */
  readonly limitGy: number | null;
  readonly exposures: number;
  readonly openS: number;
}

export interface CellFacts {
  readonly cell: ExportedCell;
  readonly state: CellState;
  readonly endMs: number | null;
  /** Complete, and yet within a step: the campaign's time was over, and not its protocol. */
  readonly isCut: boolean;
  readonly cycle: number;
  readonly firstDischargeAh: number | null;
  readonly lastDischargeAh: number | null;
  /** Last over first of the whole discharges; null with fewer than two. */
  readonly retention: number | null;
  readonly lastEfficiency: number | null;
  /** Of its last half cycle of either kind, whole or not. */
  readonly lastHalf: ExportedHalfCycle | null;
  readonly gapS: number;
  readonly dose: CellDoseFacts | null;
}

export function cellFacts(campaign: ExportedCampaign, cell: ExportedCell, spots: SpotPlan | undefined): CellFacts {
  const discharges = cell.halfCycles.filter((half) => half.direction === "discharge" && half.isWhole);
  const [first, last] = [discharges[0]?.capacityAh ?? null, discharges.at(-1)?.capacityAh ?? null];
  const whole = discharges.length > 1 && first !== null && last !== null && first > 0;
  return {
    cell,
    state: stateOf(campaign, cell),
    endMs: cell.over?.atMs ?? null,
    isCut: cell.over?.how === "complete" && (cell.steps.at(-1)?.endMs ?? null) === null,
    cycle: cell.steps.at(-1)?.cycle ?? 0,
    firstDischargeAh: first,
    lastDischargeAh: last,
    retention: whole ? last / first : null,
    lastEfficiency: cell.halfCycles.findLast((half) => half.coulombicEfficiency !== null)?.coulombicEfficiency ?? null,
    lastHalf: cell.halfCycles.findLast((half) => half.capacityAh !== null) ?? null,
    gapS: secondsOf(gapStretches(cell.gaps)),
    dose: doseFacts(campaign, cell, spots),
  };
}

function stateOf(campaign: ExportedCampaign, { over }: ExportedCell): CellState {
  if (over !== null) return over.how;
  return campaign.isComplete ? "unfinished" : "going-on";
}

function doseFacts(campaign: ExportedCampaign, cell: ExportedCell, spots: SpotPlan | undefined): CellDoseFacts | null {
  const told = toldDoses(campaign, cell);
  const [first] = told;
  if (first === undefined) return null;
  const highest = told.reduce((most, one) => (one.totalGy > most.totalGy ? one : most), first);
  const limits = (parseDoseLimits({ limits: campaign.doseLimits }) ?? []).filter(
    ({ position }) => position === null || position === cell.position,
  );
  const audit = createDoseAudit(createFindingList());
  const names: readonly string[] = [cell.position, ...(spots?.earlier.get(cell.position) ?? [])];
  // Of a cell that has come back with all that it had.
  const own = campaign.cells.filter(({ position }) => names.includes(position));
  for (const exposure of own.flatMap(({ exposures }) => exposures)) audit.given(exposure);
  const limit = limits.find(
    ({ layer, location, doseGy }) => layer === highest.layer && location === highest.location && doseGy !== null,
  );
  return {
    highestGy: highest.totalGy,
    layer: highest.layer,
    location: highest.location,
    convention: highest.exposure.convention,
    relativeUncertainty: relativeUncertaintyOf(
      { totalGy: highest.totalGy, uncertaintyGy: highest.totalUncertaintyGy },
      cell.exposures.reduce((most, one) => Math.max(most, one.relativeUncertainty), 0),
    ),
    limitFraction: limits.length === 0 ? null : audit.judge(limits, spots),
    limitGy: limit?.doseGy ?? null,
    exposures: cell.exposures.filter(({ openTimeS }) => openTimeS > 0).length,
    openS: cell.exposures.reduce((sum, { openTimeS }) => sum + openTimeS, 0),
  };
}
