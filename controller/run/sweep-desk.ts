/**
 * Where sweeps become orders: which cell is fit to be exposed now and why not, which spot is next, what stands in
 * the beam's way. All of it is worked out anew from the facts of the moment; nothing is kept here.
 */
import { assert } from "../../protocols/base/assert.ts";
import { columnIndex, positionIndex, rowIndex } from "../../protocols/base/position.ts";
import { beamEndMs, calendarStops, createCalendarLook, stopText } from "../../protocols/campaign/beam-calendar.ts";
import { campaignSpots } from "../../protocols/campaign/campaign-spots.ts";
import {
  meetsBeam,
  type Campaign,
  type CampaignCell,
  type ExposurePreset,
  type SweepTrigger,
} from "../../protocols/campaign/campaign.ts";
import { isAskedFor } from "../../protocols/campaign/control-plan.ts";
import { stageTarget } from "../../protocols/site/site-lookup.ts";
import type { Site } from "../../protocols/site/site.ts";
import {
  serpentineTour,
  sweepCount,
  sweepDueMs,
  withCadence,
  type BeamAct,
  type Eligibility,
  type ParkingPlace,
  type SweepState,
  type SweepTiming,
} from "../beam/sweeps.ts";
import type { NextSpot } from "../beam/early-departure.ts";
import { turnOf } from "../beam/request-numbers.ts";
import { planWithWanted, type WantedExposure, type WantedFacts, type WholePlan } from "../beam/wanted.ts";
import { proposalOf, type BeamOnCell, type DoseLedger } from "../dose/dose-ledger.ts";
import type { DoseProposal } from "../dose/cell-dose.ts";
import type { ChangerDesk } from "../changer/changer-desk.ts";
import { withChanger } from "../changer/campaign-changer.ts";
import { bookedFlux, type FluxReference } from "../dose/flux.ts";
import type { Decided, WishPlan } from "../schedule/wish-plan.ts";
import { createBeamPlanner } from "./beam-planner.ts";
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
  /** `asked`: what steps of cells and triggers want beside the sweeps, and whether more may come. */
  plan(before: SweepState, obstacle: Obstacle | null, asked: AskedBesides): WholePlan | WishPlan;
  order(act: Extract<BeamAct, { kind: "expose" }>): ExposureOrder;
  /** The spot that a sweep comes to after the exposure under way, as far as that can be told; null where it cannot. */
  nextSpot(after: NextAfter): NextSpot | null;
  /** Cells that a sweep visits, in order; with those that have been taken from the beam since. */
  tour(sweep: number, goneSince?: readonly string[]): readonly number[];
  /** From when a sweep is due until the next one is. */
  window(sweep: number): { readonly earliestMs: number; readonly latestMs: number };
  /** What a sweep asks of a cell; undefined where no trigger asks. */
  request(cellIndex: number, sweep: number): AskedRequest | undefined;
  /** What a step, or a trigger, asks of its cell. */
  wantedRequest(wanted: WantedExposure): AskedRequest | undefined;
  /** The stage waits there now. */
  noteParked(place: ParkingPlace): void;
  /** One was given, before a restart: it counts on the share of the cell's group. */
  noteGiven(cellIndex: number, wanted: WantedExposure | null): void;
  /** Where the stage stands to wait, in its own coordinates; undefined where the site has no such place. */
  parkingTarget(place: ParkingPlace): { readonly xMm: number; readonly yMm: number } | undefined;
  /** What the scheduler decided last; null before that, and where nothing has a window. */
  readonly decided: Decided | null;
  /** The campaign has other cells in the beam, presets, sweeps, shares or stops from here on; `lastSweep` is the last that began. */
  amended(lastSweep: number): void;
}

/** An amendment gave the sweeps another cadence when so many of them had begun. */
export interface RecordedCadence {
  readonly atMs: number;
  readonly lastSweep: number;
  readonly fromS: number;
  readonly toS: number;
}

export interface AskedBesides {
  readonly wanted: readonly WantedExposure[];
  readonly mayBeAsked: boolean;
}

/** As the exposure under way was planned. */
export interface NextAfter {
  readonly sweep: SweepState;
  readonly wanted: readonly WantedExposure[];
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
  /** After a restart: it is not known yet whether the cell is fit, and nothing is exposed before it is. */
  readonly isSought?: (cellIndex: number) => boolean;
  readonly nowMs: () => number;
  readonly endAtMs: number;
  /** Other cadences of the sweeps that amendments brought before a restart, in order. */
  readonly retimed?: readonly RecordedCadence[];
  /** Brings the cells to the beam; left out where the stage carries them all. */
  readonly changer?: Pick<ChangerDesk, "isOut" | "inBeam" | "fetched">;
  /** Why a cell is not exposed in this sweep although dose and beam would let it be; null when nothing is against it. */
  readonly heldBack?: (cellIndex: number, sweep: number, isByHand: boolean) => string | null;
  /** Why a control exposure has lost what it was to be compared with; null when it has not. */
  readonly isAlone?: (cellIndex: number) => string | null;
  /** Of the preset's time, how much an exposure of this cell lasts, 0..1; all of it where nothing is said. */
  readonly exposureFraction?: (cellIndex: number) => number;
}

/** The way to a cell, and what is read and booked before it. */
const BRINGING_MS = 3000;

export function createSweepDesk(deps: SweepDeskDeps): SweepDesk {
  const { campaign, site } = deps;
  let placed = placedCells(campaign);
  let { timing, longestMs, calendarLook, spots, ordinary, presets } = readCampaign(campaign, deps.endAtMs);
  /** As the campaign in force has it. */
  let { cadenceMs } = timing;
  timing = withRecorded(timing, deps.retimed ?? []);
  let exposed = placed.filter(({ cell }) => meetsBeam(cell));
  const filters = new Map<string, readonly boolean[]>();
  const leftOf = new Map<number, { readonly most: number; readonly left: number }>();

  /** Of the sweep where nothing else is said. */
  function presetOf(wanted: WantedExposure | null | undefined): ExposurePreset | undefined {
    const name = wanted?.wish?.presetName;
    return name === undefined ? ordinary : presets.get(name);
  }

  /** The same list for the same preset: whoever compares may compare by identity. */
  function filtersOf(preset: ExposurePreset | undefined): readonly boolean[] {
    const known = filters.get(preset?.name ?? "");
    if (known !== undefined) return known;
    const filtersIn = site.filters.map((filter) => preset?.filters.includes(filter.name) === true);
    filters.set(preset?.name ?? "", filtersIn);
    return filtersIn;
  }

  function cellAt(cellIndex: number): CampaignCell {
    const cell = campaign.cells[cellIndex];
    assert(cell !== undefined, `no cell ${cellIndex}`);
    return cell;
  }

  /** In whole milliseconds. */
  function exposureSOf(cellIndex: number, preset: ExposurePreset | undefined = ordinary): number {
    return Math.round(1000 * (preset?.exposureS ?? 0) * (deps.exposureFraction?.(cellIndex) ?? 1)) / 1000;
  }

  function inTurn(turn: number, preset: ExposurePreset | undefined): readonly number[] {
    const own = preset === undefined ? [0] : spots.of(preset);
    return own.map((_, index) => own[(turn - 1 + index) % own.length] ?? 0);
  }

  /** Next in turn, unless another spot has had clearly less: a sweep that was missed or cut short leaves the spots uneven. */
  function spotIndexOf(cellIndex: number, turn: number, wanted?: WantedExposure): number {
    if (wanted?.controlIndex !== undefined) return spots.controlsFrom + wanted.controlIndex;
    const preset = presetOf(wanted);
    const { fluencePhCm2 } = proposalAt(cellIndex, 0, null, preset);
    return deps.ledger.spotFor(cellIndex, inTurn(turn, preset), fluencePhCm2) ?? 0;
  }

  /** The upper bound that an exposure would be booked with. */
  function proposalAt(
    cellIndex: number,
    spotIndex: number,
    cycle: number | null,
    preset: ExposurePreset | undefined,
  ): DoseProposal {
    const openS = deps.longestOpenS(exposureSOf(cellIndex, preset));
    return proposalOf(spotIndex, openS, bookedFlux(deps.fluxReference), deps.beam(filtersOf(preset)), cycle);
  }

  function eligibility(cellIndex: number, turn: number, wanted?: WantedExposure): Eligibility {
    const { position, role, isWithdrawn } = cellAt(cellIndex);
    // It may have been asked for before an amendment kept it from the beam.
    if (!meetsBeam({ role }) || isWithdrawn === true) {
      return { eligible: false, reason: "cell", text: `${position} is kept from the beam`, detail: {} };
    }
    // Missed now, its request would be lost to a cell that is found a moment later.
    if (deps.isSought?.(cellIndex) === true) return { eligible: true };
    if (deps.belief(cellIndex) === "unknown") {
      return { eligible: false, reason: "cell", text: `${position} is ${deps.stateOf(cellIndex)}`, detail: {} };
    }
    const preset = presetOf(wanted);
    if (preset === undefined) return { eligible: false, reason: "cell", text: "no trigger asks for it", detail: {} };
    const spotIndex = spotIndexOf(cellIndex, turn, wanted);
    const proposal = proposalAt(cellIndex, spotIndex, deps.cycleOf(cellIndex), preset);
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

  /** Each of the sweep's own kind. A limit that begins anew with each cycle says nothing of those to come. */
  function exposuresLeft(cellIndex: number, most: number): number {
    const { doseLimits } = cellAt(cellIndex);
    if (ordinary === undefined || doseLimits.some(({ scope }) => scope === "spot-cycle")) return Infinity;
    const known = leftOf.get(cellIndex);
    if (known !== undefined && (known.left < known.most || known.most >= most)) return known.left;
    const proposal = proposalAt(cellIndex, 0, deps.cycleOf(cellIndex), ordinary);
    const expected = proposal.fluenceRatePhCm2S * exposureSOf(cellIndex);
    const left = deps.ledger.exposuresLeft(cellIndex, inTurn(1, ordinary), proposal, expected, most);
    leftOf.set(cellIndex, { most, left });
    return left;
  }

  const planner = createBeamPlanner({
    ...{ campaign, site, exposuresLeft, presetOf },
    exposureS: exposureSOf,
    ...(deps.changer === undefined ? {} : { changer: deps.changer }),
  });

  function tour(sweep: number, goneSince: readonly string[] = []): readonly number[] {
    const isAsked = ({ cell }: (typeof placed)[number]): boolean =>
      isAskedFor(cell.role, campaign.controls, sweep) || goneSince.includes(cell.position);
    const asked = (goneSince.length === 0 ? exposed : placed).filter(isAsked);
    return serpentineTour(asked, sweep).map((index) => asked[index]?.cellIndex ?? 0);
  }

  function asked(
    cellIndex: number,
    turn: number,
    window: { readonly earliestMs: number; readonly latestMs: number },
    wanted?: WantedExposure,
  ): AskedRequest | undefined {
    const preset = presetOf(wanted);
    const spot = spots.all[spotIndexOf(cellIndex, turn, wanted)];
    if (preset === undefined || spot === undefined) return undefined;
    return {
      positionIndex: positionIndex(cellAt(cellIndex).position),
      xMm: spot.xMm,
      yMm: spot.yMm,
      ...window,
      exposureS: exposureSOf(cellIndex, preset),
      filtersIn: filtersOf(preset),
    };
  }

  /** The scheduler knows announced stops; without one they are an obstacle like any other. */
  function planBesideStops(before: SweepState, facts: WantedFacts): WholePlan {
    const stop = facts.obstacle === null ? calendarLook(facts.nowMs, BRINGING_MS + longestMs) : null;
    if (stop === null) return planWithWanted(timing, before, facts);
    const obstacle = { reason: stopText(stop, campaign.startMs), who: "beamtime calendar" };
    const plan = planWithWanted(timing, before, { ...facts, obstacle });
    if (plan.act.kind !== "wait" || plan.act.reason !== obstacle.reason) return plan;
    return { ...plan, act: { ...plan.act, untilMs: Math.min(plan.act.untilMs, stop.toMs) } };
  }

  function transmissionOf(preset: ExposurePreset | undefined): number {
    return deps.beam(filtersOf(preset)).filterTransmission;
  }

  return {
    get exposedCount() {
      return exposed.length;
    },
    get sweepCountPlanned() {
      return sweepCount(timing);
    },
    plan(before, obstacle, asked) {
      const facts: WantedFacts = {
        ...asked,
        nowMs: deps.nowMs(),
        obstacle,
        eligibility(cellIndex, sweep) {
          const heldBack = deps.heldBack?.(cellIndex, sweep, false) ?? null;
          if (heldBack === null) return eligibility(cellIndex, sweep);
          return { eligible: false, reason: "cell", text: heldBack, detail: {} };
        },
        eligibilityOfWanted(wanted) {
          const { cellIndex, number, controlIndex, wish } = wanted;
          const alone = controlIndex === undefined ? null : (deps.isAlone?.(cellIndex) ?? null);
          // What a trigger asks for belongs to no sweep: it is refused where the cell is exposed no more at all.
          const against =
            alone ?? (wish === undefined ? null : (deps.heldBack?.(cellIndex, 0, wish.isByHand === true) ?? null));
          if (against === null) return eligibility(cellIndex, turnOf(number), wanted);
          return { eligible: false, reason: "cell", text: against, detail: {} };
        },
        tour,
      };
      // Where nothing has a window, sweeps and steps need no scheduler.
      const hasWish = asked.wanted.some(({ wish }) => wish !== undefined);
      const plan = hasWish ? planner.plan(timing, before, facts) : planBesideStops(before, facts);
      return deps.changer === undefined ? plan : withChanger(plan, deps.changer, facts.nowMs);
    },
    nextSpot({ sweep: { sweep, remaining }, wanted }) {
      const [cellIndex] = remaining;
      // What is asked for besides, and visits of control spots, may come first.
      const isCertain = wanted.length === 0 && spots.controlsFrom >= spots.all.length;
      if (!isCertain || cellIndex === undefined || !eligibility(cellIndex, sweep).eligible) return null;
      const { position } = cellAt(cellIndex);
      const spotIndex = spotIndexOf(cellIndex, sweep);
      const spot = spots.all[spotIndex];
      if (spot === undefined) return null;
      const { xMm, yMm } = stageTarget(site, position, spot);
      return { cellIndex, position, spotIndex, stageXMm: xMm, stageYMm: yMm };
    },
    tour,
    window: (sweep) => ({ earliestMs: sweepDueMs(timing, sweep), latestMs: sweepDueMs(timing, sweep + 1) }),
    request: (cellIndex, sweep) =>
      asked(cellIndex, sweep, { earliestMs: sweepDueMs(timing, sweep), latestMs: sweepDueMs(timing, sweep + 1) }),
    wantedRequest(wanted) {
      const { cellIndex, number, askedAtMs, latestMs, wish } = wanted;
      return asked(cellIndex, turnOf(number), { earliestMs: wish?.earliestMs ?? askedAtMs, latestMs }, wanted);
    },
    noteParked(place) {
      planner.noteParked(place);
    },
    noteGiven(cellIndex, wanted) {
      const preset = presetOf(wanted);
      planner.noteGiven(cellIndex, exposureSOf(cellIndex, preset), transmissionOf(preset));
    },
    parkingTarget(place) {
      if (place === "shadow") return site.rack.shadow;
      return stageTarget(site, cellAt(place.cellIndex).position, { xMm: 0, yMm: 0 });
    },
    get decided() {
      return planner.decided;
    },
    amended(lastSweep) {
      const before = timing;
      ({ timing, longestMs, calendarLook, spots, ordinary, presets } = readCampaign(campaign, deps.endAtMs));
      placed = placedCells(campaign);
      exposed = placed.filter(({ cell }) => meetsBeam(cell));
      const asWritten = timing.cadenceMs;
      timing = { ...timing, cadenceMs: before.cadenceMs, turns: before.turns ?? [] };
      if (asWritten !== cadenceMs) timing = withCadence(timing, lastSweep, deps.nowMs(), asWritten);
      cadenceMs = asWritten;
      filters.clear();
      leftOf.clear();
      planner.amended();
    },
    order(act) {
      const { wanted } = act;
      const preset = presetOf(wanted);
      assert(preset !== undefined, "an exposure without a preset");
      const { position } = cellAt(act.cellIndex);
      const spotIndex = spotIndexOf(act.cellIndex, wanted === undefined ? act.sweep : turnOf(wanted.number), wanted);
      const spot = spots.all[spotIndex];
      assert(spot !== undefined, `no spot ${spotIndex}`);
      leftOf.delete(act.cellIndex);
      planner.noteOrder(act.cellIndex, preset.name);
      planner.noteGiven(act.cellIndex, exposureSOf(act.cellIndex, preset), transmissionOf(preset));
      const target = stageTarget(site, position, spot);
      const sweepText = `${wanted === undefined ? "S" : "R"}${String(wanted?.number ?? act.sweep).padStart(4, "0")}`;
      return {
        exposureId: `X-${sweepText}-${position}`,
        requestId: `${sweepText}-${position}`,
        position,
        cellIndex: act.cellIndex,
        spotIndex,
        spotXMm: spot.xMm,
        spotYMm: spot.yMm,
        stageXMm: target.xMm,
        stageYMm: target.yMm,
        exposureS: exposureSOf(act.cellIndex, preset),
        frameName: `${position}_${sweepText}_00000.cbf`,
        filtersIn: filtersOf(preset),
        presetName: preset.name,
        latestMs: act.latestMs,
        ...(act.openAtMs === undefined ? {} : { openAtMs: act.openAtMs }),
      };
    },
  };
}

function placedCells({ cells }: Campaign) {
  return cells.map((cell, cellIndex) => ({
    ...{ cell, cellIndex, row: rowIndex(cell.position), column: columnIndex(cell.position) },
  }));
}

/** What is worked out of it once. One sweep trigger is run; check refuses a campaign with more. */
function readCampaign(campaign: Campaign, endAtMs: number) {
  const trigger = campaign.sweeps[0];
  return {
    timing: timingOf(trigger, Math.min(endAtMs, beamEndMs(campaign))),
    longestMs: 1000 * Math.max(0, ...campaign.presets.map(({ exposureS }) => exposureS)),
    calendarLook: createCalendarLook(calendarStops(campaign)),
    spots: campaignSpots(campaign),
    ordinary: trigger?.preset ?? campaign.presets[0],
    presets: new Map(campaign.presets.map((preset) => [preset.name, preset])),
  };
}

/** As the campaign was written at first, and each cadence that came since. */
function withRecorded(timing: SweepTiming, retimed: readonly RecordedCadence[]): SweepTiming {
  const [first] = retimed;
  if (first === undefined) return timing;
  return retimed.reduce((before, { lastSweep, atMs, toS }) => withCadence(before, lastSweep, atMs, 1000 * toS), {
    ...timing,
    cadenceMs: 1000 * first.fromS,
  });
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
