/**
 * Where sweeps become orders: which cell is fit to be exposed now and why not, which spot is next, what stands in
 * the beam's way. All of it is worked out anew from the facts of the moment; nothing is kept here.
 */
import { assert } from "../../protocols/base/assert.ts";
import { columnIndex, positionIndex, rowIndex } from "../../protocols/base/position.ts";
import { meetsBeam, type Campaign, type CampaignCell, type SweepTrigger } from "../../protocols/campaign/campaign.ts";
import { isAskedFor } from "../../protocols/campaign/control-plan.ts";
import type { Site } from "../../protocols/site/site.ts";
import {
  serpentineTour,
  sweepDueMs,
  type BeamAct,
  type Eligibility,
  type SweepState,
  type SweepTiming,
} from "../beam/sweeps.ts";
import { planWithWanted, type WantedExposure, type WholePlan } from "../beam/wanted.ts";
import { proposalOf, type BeamOnCell, type DoseLedger } from "../dose/dose-ledger.ts";
import type { DoseProposal } from "../dose/cell-dose.ts";
import { bookedFlux, type FluxReference } from "../dose/flux.ts";
import type { ExposureOrder } from "../machines/exposure-order.ts";
import type { AskedRequest } from "./tally.ts";

export type Belief = "confirmed" | "believed" | "unknown";

export interface Obstacle {
  readonly reason: string;
  readonly who: string;
}

export interface SweepDesk {
  readonly exposedCount: number;
  /** Sweeps that fit before the end. */
  readonly sweepCountPlanned: number;
  /** `asked`: what steps of cells want beside the sweeps, and whether more may come. */
  plan(before: SweepState, obstacle: Obstacle | null, asked: AskedBesides): WholePlan;
  order(act: Extract<BeamAct, { kind: "expose" }>): ExposureOrder;
  /** Cells that a sweep visits, in order. */
  tour(sweep: number): readonly number[];
  /** From when a sweep is due until the next one is. */
  window(sweep: number): { readonly earliestMs: number; readonly latestMs: number };
  /** What a sweep asks of a cell; undefined where no trigger asks. */
  request(cellIndex: number, sweep: number): AskedRequest | undefined;
  /** What a step asks of its cell. */
  wantedRequest(wanted: WantedExposure): AskedRequest | undefined;
}

export interface AskedBesides {
  readonly wanted: readonly WantedExposure[];
  readonly mayBeAsked: boolean;
}

export interface SweepDeskDeps {
  readonly campaign: Campaign;
  readonly site: Site;
  readonly ledger: DoseLedger;
  readonly fluxReference: FluxReference;
  readonly beam: (filtersIn: readonly boolean[]) => BeamOnCell;
  readonly longestOpenS: (exposureS: number) => number;
  readonly belief: (cellIndex: number) => Belief;
  /** Cycle that the cell is in, from 1; null where it is not known. */
  readonly cycleOf: (cellIndex: number) => number | null;
  readonly stateOf: (cellIndex: number) => string;
  readonly nowMs: () => number;
  readonly endAtMs: number;
  /** Why a cell is not exposed in this sweep although dose and beam would let it be; null when nothing is against it. */
  readonly heldBack?: (cellIndex: number, sweep: number) => string | null;
  /** Why a control exposure has lost what it was to be compared with; null when it has not. */
  readonly isAlone?: (cellIndex: number) => string | null;
  /** Of the preset's time, how much an exposure of this cell lasts, 0..1; all of it where nothing is said. */
  readonly exposureFraction?: (cellIndex: number) => number;
}

export function createSweepDesk(deps: SweepDeskDeps): SweepDesk {
  const { campaign, site } = deps;
  // One sweep trigger is run; check refuses a campaign with more.
  const trigger = campaign.sweeps[0];
  const exposed = campaign.cells
    .map((cell, cellIndex) => ({ cell, cellIndex, row: rowIndex(cell.position), column: columnIndex(cell.position) }))
    .filter((item) => meetsBeam(item.cell));
  const timing = timingOf(trigger, deps.endAtMs);
  const filtersIn = site.filters.map((filter) => trigger?.preset.filters.includes(filter.name) === true);

  function cellAt(cellIndex: number): CampaignCell {
    const cell = campaign.cells[cellIndex];
    assert(cell !== undefined, `no cell ${cellIndex}`);
    return cell;
  }

  /** In whole milliseconds. */
  function exposureSOf(cellIndex: number): number {
    return Math.round(1000 * (trigger?.preset.exposureS ?? 0) * (deps.exposureFraction?.(cellIndex) ?? 1)) / 1000;
  }

  const spots = [...(trigger?.preset.spots ?? []), ...(campaign.controls?.spots ?? [])];

  /** Next in turn, unless another spot has had clearly less: a sweep that was missed or cut short leaves the spots uneven. */
  function spotIndexOf(cellIndex: number, sweep: number, controlIndex?: number): number {
    const count = trigger?.preset.spots.length ?? 1;
    if (controlIndex !== undefined) return count + controlIndex;
    const inTurn = Array.from({ length: count }, (_, index) => (sweep - 1 + index) % count);
    return deps.ledger.spotFor(cellIndex, inTurn, proposalAt(cellIndex, 0, null).fluencePhCm2) ?? 0;
  }

  /** The upper bound that an exposure would be booked with. */
  function proposalAt(cellIndex: number, spotIndex: number, cycle: number | null): DoseProposal {
    const openS = deps.longestOpenS(exposureSOf(cellIndex));
    return proposalOf(spotIndex, openS, bookedFlux(deps.fluxReference), deps.beam(filtersIn), cycle);
  }

  function eligibility(cellIndex: number, sweep: number, controlIndex?: number): Eligibility {
    const { position } = cellAt(cellIndex);
    if (deps.belief(cellIndex) === "unknown") {
      return { eligible: false, reason: "cell", text: `${position} is ${deps.stateOf(cellIndex)}`, detail: {} };
    }
    if (trigger === undefined) return { eligible: false, reason: "cell", text: "no trigger asks for it", detail: {} };
    const spotIndex = spotIndexOf(cellIndex, sweep, controlIndex);
    const proposal = proposalAt(cellIndex, spotIndex, deps.cycleOf(cellIndex));
    const refusals = deps.ledger.refusals(cellIndex, proposal);
    if (refusals.length === 0) return { eligible: true };
    return {
      eligible: false,
      reason: "dose",
      text: refusals.map((item) => item.text).join("; "),
      detail: {
        spot: spotIndex,
        fluence_ph_cm2: proposal.fluencePhCm2,
        fluence_rate_ph_cm2_s: proposal.fluenceRatePhCm2S,
        cycle: proposal.cycle ?? null,
      },
    };
  }

  function tour(sweep: number): readonly number[] {
    const asked = exposed.filter(({ cell }) => isAskedFor(cell.role, campaign.controls, sweep));
    return serpentineTour(asked, sweep).map((index) => asked[index]?.cellIndex ?? 0);
  }

  function asked(
    cellIndex: number,
    turn: number,
    window: { readonly earliestMs: number; readonly latestMs: number },
    controlIndex?: number,
  ): AskedRequest | undefined {
    const spot = spots[spotIndexOf(cellIndex, turn, controlIndex)];
    if (trigger === undefined || spot === undefined) return undefined;
    return {
      positionIndex: positionIndex(cellAt(cellIndex).position),
      xMm: spot.xMm,
      yMm: spot.yMm,
      ...window,
      exposureS: exposureSOf(cellIndex),
      filtersIn,
    };
  }

  return {
    exposedCount: exposed.length,
    sweepCountPlanned: Math.max(
      0,
      Math.floor((deps.endAtMs - timing.perExposureMs - timing.firstAtMs) / timing.cadenceMs) + 1 || 0,
    ),
    plan: (before, obstacle, asked) =>
      planWithWanted(timing, before, {
        ...asked,
        nowMs: deps.nowMs(),
        obstacle,
        eligibility(cellIndex, sweep) {
          const heldBack = deps.heldBack?.(cellIndex, sweep) ?? null;
          if (heldBack === null) return eligibility(cellIndex, sweep);
          return { eligible: false, reason: "cell", text: heldBack, detail: {} };
        },
        eligibilityOfWanted({ cellIndex, number, controlIndex }) {
          const alone = controlIndex === undefined ? null : (deps.isAlone?.(cellIndex) ?? null);
          if (alone === null) return eligibility(cellIndex, number, controlIndex);
          return { eligible: false, reason: "cell", text: alone, detail: {} };
        },
        tour,
      }),
    tour,
    window: (sweep) => ({ earliestMs: sweepDueMs(timing, sweep), latestMs: sweepDueMs(timing, sweep + 1) }),
    request: (cellIndex, sweep) =>
      asked(cellIndex, sweep, { earliestMs: sweepDueMs(timing, sweep), latestMs: sweepDueMs(timing, sweep + 1) }),
    wantedRequest: ({ cellIndex, number, askedAtMs, latestMs, controlIndex }) =>
      asked(cellIndex, number, { earliestMs: askedAtMs, latestMs }, controlIndex),
    order(act) {
      assert(trigger !== undefined, "an exposure without a trigger");
      const { position } = cellAt(act.cellIndex);
      const spotIndex = spotIndexOf(act.cellIndex, act.wanted?.number ?? act.sweep, act.wanted?.controlIndex);
      const spot = spots[spotIndex];
      assert(spot !== undefined, `no spot ${spotIndex}`);
      const { wanted } = act;
      const sweepText = `${wanted === undefined ? "S" : "R"}${String(wanted?.number ?? act.sweep).padStart(4, "0")}`;
      return {
        exposureId: `X-${sweepText}-${position}`,
        requestId: `${sweepText}-${position}`,
        position,
        cellIndex: act.cellIndex,
        spotIndex,
        spotXMm: spot.xMm,
        spotYMm: spot.yMm,
        stageXMm: site.rack.originXMm + columnIndex(position) * site.rack.pitchMm + spot.xMm,
        stageYMm: site.rack.originYMm + rowIndex(position) * site.rack.pitchMm + spot.yMm,
        exposureS: exposureSOf(act.cellIndex),
        frameName: `${position}_${sweepText}_00000.cbf`,
        filtersIn,
      };
    },
  };
}

function timingOf(trigger: SweepTrigger | undefined, endAtMs: number): SweepTiming {
  if (trigger === undefined) return { firstAtMs: Infinity, cadenceMs: Infinity, endAtMs, perExposureMs: 0 };
  return {
    firstAtMs: trigger.firstAfterS * 1000,
    cadenceMs: trigger.cadenceS * 1000,
    endAtMs,
    perExposureMs: trigger.preset.exposureS * 1000 + 1000,
  };
}
