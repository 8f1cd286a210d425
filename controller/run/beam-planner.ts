/**
 * What planning with the scheduler must not forget between two decisions: where the stage stands, the order decided
 * last, how much of the beam each group had, and what stood in a request's way. The planning itself is pure
 * (schedule/wish-plan.ts).
 */
import { calendarStops } from "../../protocols/campaign/beam-calendar.ts";
import type { Campaign, ExposurePreset } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { ParkingPlace, SweepState, SweepTiming } from "../beam/sweeps.ts";
import type { WantedExposure, WantedFacts } from "../beam/wanted.ts";
import type { ChangerDesk } from "../changer/changer-desk.ts";
import type { KnownStop } from "../schedule/schedule-state.ts";
import { createLatelyAccount } from "../schedule/lately-account.ts";
import { siteTravel } from "../schedule/site-travel.ts";
import { idOf, planWithWishes, type Decided, type WishFacts, type WishPlan } from "../schedule/wish-plan.ts";
import { createShareAccount } from "../schedule/share-account.ts";

export interface BeamPlanner {
  plan(timing: SweepTiming, before: SweepState, facts: WantedFacts): WishPlan;
  /** The stage is sent there, for an exposure with this preset. */
  noteOrder(cellIndex: number, presetName: string): void;
  noteParked(place: ParkingPlace): void;
  /** An exposure of so many seconds was given through these filters, now or before a restart. */
  noteGiven(cellIndex: number, exposureS: number, transmission: number): void;
  /** Decided last; null before the first decision. */
  readonly decided: Decided | null;
  /** The campaign has other spots, shares or stops from here on. */
  amended(): void;
}

export interface BeamPlannerDeps {
  readonly campaign: Campaign;
  readonly site: Site;
  readonly presetOf: (wanted: WantedExposure | null) => ExposurePreset | undefined;
  readonly exposureS: (cellIndex: number, preset: ExposurePreset) => number;
  readonly exposuresLeft: (cellIndex: number, most: number) => number;
  /** Where a robot brings the cells. */
  readonly changer?: Pick<ChangerDesk, "inBeam" | "fetched">;
}

/** An exposure with a wanted moment is prepared so much sooner than it must be. */
const LEAD_MS = 100;
const FILTERS_S = 1;
/** Checks and read-outs after an exposure, beyond what the site's numbers say, seconds. */
const AFTER_S = 0.02;

/** A request that has moved by more than this is put anew into the order decided last. */
const MOVED_MS = 2000;

function wishMs({ wish, askedAtMs }: WantedExposure): number {
  return wish === undefined ? askedAtMs : (wish.wantedMs ?? wish.earliestMs);
}

export function createBeamPlanner(deps: BeamPlannerDeps): BeamPlanner {
  const { campaign, site, changer } = deps;
  let cellCount = campaign.cells.length;
  let travel = siteTravel(campaign, site);
  const shares = createShareAccount(campaign);
  let stops: readonly KnownStop[] = calendarStops(campaign);
  /** Behind the cells: where the stage stands after it has looked for its reference. */
  let place = cellCount;
  /** Filters and the shutter upstream stand as this preset wants them; null where nobody knows. */
  let prepared: string | null = null;
  const preparingMs = LEAD_MS + 1000 * (site.shutter.safetyShutterCloseS + FILTERS_S);
  let order: readonly string[] = [];
  /** Wanted moments by which it was decided. */
  let wantedMs: ReadonlyMap<string, number> = new Map();
  let decided: Decided | null = null;
  const hindered = new Map<number, string>();
  const lately = createLatelyAccount();

  /** What has moved since finds its place anew. */
  function orderNow(wanted: readonly WantedExposure[]): readonly string[] {
    const moved = new Set<string>();
    for (const one of wanted) {
      const before = wantedMs.get(idOf(one));
      if (before !== undefined && Math.abs(wishMs(one) - before) > MOVED_MS) moved.add(idOf(one));
    }
    return moved.size === 0 ? order : order.filter((id) => !moved.has(id));
  }

  function noteLately(nowMs: number, before: SweepState, { act, misses, missedWanted }: WishPlan): void {
    if (act.kind === "expose") lately.met(nowMs);
    for (const { reason } of misses) {
      if (reason === "beam") lately.missed(nowMs, { earliestMs: before.startedAtMs, latestMs: before.latestMs });
    }
    for (const { reason, wanted } of missedWanted) {
      const { wish, askedAtMs, latestMs } = wanted;
      if (reason === "beam") lately.missed(nowMs, { earliestMs: wish?.earliestMs ?? askedAtMs, latestMs });
    }
  }

  function noteHindered(facts: WantedFacts, plan: WishPlan): void {
    for (const { wanted } of plan.missedWanted) hindered.delete(wanted.number);
    if (plan.act.kind === "expose" && plan.act.wanted !== undefined) hindered.delete(plan.act.wanted.number);
    if (facts.obstacle !== null) {
      for (const { wish, askedAtMs, number } of plan.wanted) {
        if ((wish?.earliestMs ?? askedAtMs) <= facts.nowMs)
          hindered.set(number, `no beam for ${facts.obstacle.reason}`);
      }
      return;
    }
    for (const { request, reason } of plan.decided?.decision.passedOver ?? []) {
      const wanted = plan.decided?.wantedById.get(request.id);
      if (wanted === undefined || request.earliestMs > facts.nowMs) continue;
      if (reason === "dose")
        hindered.set(wanted.number, "the last exposures of its cell were kept for what weighs more");
      else if (reason === "no-place")
        hindered.set(wanted.number, "there was time for others only, that weigh more or lie nearer");
    }
  }

  return {
    plan(timing, before, facts) {
      lately.beam(facts.nowMs, facts.obstacle === null);
      const whole: WishFacts = {
        ...facts,
        ...(changer === undefined
          ? { place, fetched: null }
          : { place: changer.inBeam ?? travel.shadow ?? place, fetched: changer.fetched }),
        ...{ travel, cellCount, order: orderNow(facts.wanted) },
        occupiesMs(cellIndex, wanted) {
          const preset = deps.presetOf(wanted);
          const exposureS = preset === undefined ? 0 : deps.exposureS(cellIndex, preset);
          return 1000 * (exposureS + site.shutter.travelS + site.detector.readOutS + AFTER_S);
        },
        leadMs: (wanted) => (prepared !== null && prepared === deps.presetOf(wanted)?.name ? LEAD_MS : preparingMs),
        groupOf: (cellIndex) => campaign.cells[cellIndex]?.group ?? "",
        positionOf: (cellIndex) => campaign.cells[cellIndex]?.position ?? "",
        shares: shares.now(),
        stops,
        losses: campaign.beamForecast?.losses ?? null,
        exposuresLeft: deps.exposuresLeft,
        lately: lately.now(facts.nowMs),
        hindered: ({ number }) => hindered.get(number) ?? null,
      };
      if (facts.obstacle !== null) prepared = null;
      const plan = planWithWishes(timing, before, whole);
      if (plan.decided !== null) {
        ({ order } = plan.decided.decision);
        ({ decided } = plan);
        wantedMs = new Map(facts.wanted.map((one) => [idOf(one), wishMs(one)]));
      }
      noteHindered(facts, plan);
      noteLately(facts.nowMs, before, plan);
      return plan;
    },
    noteOrder(cellIndex, presetName) {
      place = cellIndex;
      prepared = presetName;
    },
    noteParked(parked) {
      place = parked === "shadow" ? (travel.shadow ?? place) : parked.cellIndex;
    },
    noteGiven(cellIndex, exposureS, transmission) {
      shares.given(campaign.cells[cellIndex]?.group ?? "", exposureS, transmission);
    },
    get decided() {
      return decided;
    },
    amended() {
      travel = siteTravel(campaign, site);
      // Places that are no cell's stand behind all cells.
      if (place >= cellCount) place += campaign.cells.length - cellCount;
      cellCount = campaign.cells.length;
      stops = calendarStops(campaign);
    },
  };
}
