/**
 * The rack aligned by the running controller: the beam is held for it, cells go on. Each point is an exposure of the campaign's
 * own machine, permitted by its supervisor as any other, booked before on the spot nearest to it and settled after by the
 * highest flux. What is found comes into force at the end, whole; until then, and where it fails, the rack's place is what it was.
 */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { RackPlacement, PlaneMm } from "../../protocols/align/placement.ts";
import { assert } from "../../protocols/base/assert.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import type { MeasuredKind } from "../../protocols/calibration/calibration.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { campaignSpots } from "../../protocols/campaign/campaign-spots.ts";
import { presentAt, presentIndex } from "../../protocols/campaign/present-cell.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { FaultNote } from "../machines/errors.ts";
import { isMade, type ExposureOrder, type ExposureOutcome, type ShutterMarks } from "../machines/exposure-order.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { Obstacle } from "../run/sweep-desk.ts";
import type { TransmittedBeam } from "../run/beam-readings.ts";
import { alignSite, rackText, type Aligned } from "./align-site.ts";
import { createDiodeSignals } from "./diode-signal.ts";
import { nearestSpot } from "./nearest-spot.ts";
import type { Signal } from "./probe.ts";

export interface AlignOrder {
  readonly author: string;
  readonly reason: string;
}

export type AlignOutcome =
  | { readonly kind: "aligned"; readonly what: string }
  | { readonly kind: "refused"; readonly what: string; readonly advice: string };

export interface AlignedPoint extends PlaneMm, Signal {
  /** Whose cell was charged. */
  readonly charged: string;
}

export interface KeptAlignment {
  readonly placement: RackPlacement;
  readonly alignedAtMs: number;
  /** What the site demands to be measured, as it is since then; left out where that is as it was. */
  readonly measured?: readonly MeasuredKind[];
}

/** Puts what was found into the site's calibrations; a text says what is against it, and nothing is kept. May throw a Fault. */
export type KeepAlignment = (found: {
  readonly aligned: Aligned;
  readonly points: readonly AlignedPoint[];
  readonly by: string;
}) => KeptAlignment | string;

export interface AlignDesk {
  /** Why it would make no sense now; null where it would. `of`: the site that is meant, by its name. */
  readonly refusal: (of?: string) => string | null;
  /** Told once it is over, and on disk where that takes it. Never rejects. */
  order(by: AlignOrder): Promise<AlignOutcome>;
  /** Why nothing else is exposed; null where nobody aligns. */
  obstacle(): Obstacle | null;
  /** The next point is known, and its place can be gone to. */
  readonly isPointDue: boolean;
  nextOrder(): ExposureOrder;
  /** Its books are closed. */
  noteSettled(order: PointOrder, marks: ShutterMarks): void;
  noteDone(order: PointOrder, outcome: ExposureOutcome, fault: FaultNote | null): void;
  /** No point is due from here on, and what comes of one under way is nothing to the next alignment. */
  giveUp(what: string): void;
}

type PointOrder = Pick<ExposureOrder, "alignment">;

export interface AlignDeskDeps {
  readonly site: Site;
  readonly campaign: Pick<Campaign, "cells" | "presets" | "sweeps" | "controls" | "startMs">;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly transmitted: TransmittedBeam | undefined;
  readonly ringCurrentMa: () => number | null;
  /** Left out where no file of the site's takes it. */
  readonly keep: KeepAlignment | undefined;
  /** Why the beam is not to be had for it; null where it is. */
  readonly hindrance: () => string | null;
  /** It begins, or is over: nothing else is exposed meanwhile. */
  readonly changed: (isUnderWay: boolean) => void;
  /** The rack stands there from here on. */
  readonly placed: (kept: KeptAlignment) => void;
  readonly commit: () => Promise<void>;
  readonly fail: (error: unknown) => void;
}

interface Point extends PlaneMm {
  readonly charged: { readonly position: string; readonly cellIndex: number; readonly spotIndex: number };
  readonly found: (signal: Signal) => void;
  readonly failed: (fault: Fault) => void;
  /** Of its last order; 0 before the first. */
  number: number;
  triesCount: number;
  signal: Signal | null;
}

interface Alignment {
  readonly by: AlignOrder;
  readonly signalOf: ReturnType<typeof createDiodeSignals>;
  readonly points: AlignedPoint[];
  point: Point | null;
  giveUp: (fault: Fault) => void;
}

export const ALIGNMENT_BEGUN = "alignment-begun";
export const ALIGNMENT_FAILED = "alignment-failed";

/** What stands in the beam's way meanwhile is waited for, within this. */
const LONGEST_MS = 45 * 60_000;
const TRIES_MAX = 4;
const NOT_KEPT = "it is in force, and not on record yet: the disk has not taken it";
/** Of the diode, where the site does not say how often it is read. */
const INTERVAL_S = 0.5;
/** A reading that comes so soon after the shutter was seen open was begun before; two that come later are awaited. */
const READING_BEGUN_MS = 150;
const READINGS = 2.5;
const LONGEST_S = 2;

export function createAlignDesk(deps: AlignDeskDeps): AlignDesk {
  const { site, campaign, clock, recorder } = deps;
  const { alignment } = site;
  const intervalS = intervalOf(site) ?? INTERVAL_S;
  const shortestS = READING_BEGUN_MS / 1000 + READINGS * intervalS;
  const range = {
    ringCurrentReferenceMa: site.beam.ringCurrentReferenceMa,
    saturatedFromA: alignment?.saturatedFrom ?? Infinity,
  };
  let underWay: Alignment | null = null;
  let count = 0;

  function chargedAt(place: PlaneMm): Point["charged"] {
    const spots = campaignSpots(campaign).all;
    const { position, spotIndex } = nearestSpot(site, place, (one) =>
      presentIndex(campaign.cells, one) < 0 ? undefined : spots,
    );
    const cellIndex = presentIndex(campaign.cells, position);
    return { position: presentAt(campaign.cells, position), cellIndex, spotIndex };
  }

  /** One alignment, from its first point to its last. Rejects with a Fault. */
  async function measure(now: Alignment): Promise<Aligned> {
    assert(alignment !== undefined, "no section alignment");
    const order = { site, alignment, positions: [] };
    const probe = {
      signalAt: (place: PlaneMm) =>
        new Promise<Signal>((found, failed) => {
          now.point = { ...place, charged: chargedAt(place), found, failed, number: 0, triesCount: 0, signal: null };
          deps.changed(true);
        }),
    };
    let timer: ReturnType<Clock["setTimeout"]>;
    const givenUp = new Promise<never>((_, reject) => {
      now.giveUp = reject;
      timer = clock.setTimeout(() => {
        giveUp(now, `it was not over after ${LONGEST_MS / 60_000} min`);
      }, LONGEST_MS);
    });
    try {
      return await Promise.race([alignSite(probe, order), givenUp]);
    } finally {
      clock.clearTimeout(timer);
    }
  }

  function giveUp(now: Alignment, what: string): void {
    now.point = null;
    now.giveUp(new Fault("align.rack", site.name, what));
  }

  /** The point that was ordered so, while it is still wanted. */
  function pointOf({ alignment: of }: PointOrder): Point | null {
    const point = underWay?.point ?? null;
    return point !== null && point.number === of?.number ? point : null;
  }

  /** In force it is all the same; that the disk refuses the record is an alarm of the run's. */
  async function isKept(): Promise<boolean> {
    try {
      await deps.commit();
      return true;
    } catch (error) {
      if (!isFault(error)) deps.fail(error);
      return false;
    }
  }

  function ended(now: Alignment, outcome: AlignOutcome): AlignOutcome {
    const { author } = now.by;
    if (outcome.kind === "refused") {
      recorder.record(ALIGNMENT_FAILED, { author, what: outcome.what, exposures: now.points.length });
    }
    underWay = null;
    deps.changed(false);
    return outcome;
  }

  async function run(now: Alignment): Promise<AlignOutcome> {
    const { author } = now.by;
    try {
      const aligned = await measure(now);
      const kept = deps.keep?.({ aligned, points: now.points, by: author }) ?? "the site names no file of calibrations";
      if (typeof kept === "string")
        return ended(now, refused(kept, "Seat the rack as it should stand, and align again."));
      recorder.record("rack-aligned", { by: author, exposures: now.points.length, cells: 0 });
      deps.placed(kept);
      const outcome = ended(now, { kind: "aligned", what: rackText(aligned.rack) });
      return (await isKept()) ? outcome : { ...outcome, what: `${outcome.what}; ${NOT_KEPT}` };
    } catch (error) {
      if (!isFault(error)) {
        deps.fail(error);
        return ended(now, refused("a part of beamrack broke over it", "See the run's own alarm."));
      }
      return ended(now, refused(error.message, error.advice));
    }
  }

  function refusal(of?: string): string | null {
    if (of !== undefined && of !== site.name) return `the controller runs ${site.name}, and not ${of}`;
    if (alignment === undefined) return "the site has no section alignment";
    if (deps.keep === undefined) return "no file of the site's calibrations takes what would be found";
    if (deps.transmitted === undefined) return "no diode behind the rack is heard";
    if (underWay !== null) return `${underWay.by.author} has the rack aligned already`;
    return deps.hindrance();
  }

  return {
    refusal,
    async order(by) {
      const why = refusal();
      if (why !== null) return refused(why, "Give it again when that is over.");
      const signalOf = createDiodeSignals(range);
      const now: Alignment = { by, signalOf, points: [], point: null, giveUp: () => undefined };
      underWay = now;
      recorder.record(ALIGNMENT_BEGUN, { author: by.author, reason: by.reason });
      return run(now);
    },
    obstacle() {
      if (underWay === null) return null;
      const { points, by } = underWay;
      return { reason: `the rack to be aligned, for ${by.author}: ${points.length} points so far`, who: "align" };
    },
    get isPointDue() {
      return underWay?.point != null;
    },
    nextOrder() {
      const point = underWay?.point;
      assert(point != null && alignment !== undefined, "no point is due");
      count += 1;
      point.number = count;
      point.triesCount += 1;
      point.signal = null;
      const exposureId = `alignment-${new Date(campaign.startMs + clock.monoMs()).toISOString()}`;
      return {
        ...{ exposureId, requestId: exposureId, position: point.charged.position, cellIndex: -1 },
        alignment: { number: count, chargedIndex: point.charged.cellIndex },
        ...{ spotIndex: point.charged.spotIndex, spotXMm: 0, spotYMm: 0 },
        ...{ stageXMm: point.xMm, stageYMm: point.yMm, filtersIn: alignment.filtersIn },
        exposureS: Math.min(LONGEST_S, point.triesCount * shortestS),
        frameName: `alignment_${String(count).padStart(5, "0")}_00000.cbf`,
      };
    },
    noteSettled(order, { openSeenAtMs, closeAskedAtMs, closedSeenAtMs }) {
      const point = pointOf(order);
      if (point === null) return;
      const toMs = closeAskedAtMs ?? closedSeenAtMs ?? -Infinity;
      const diodeA = deps.transmitted?.history.meanBetween((openSeenAtMs ?? Infinity) + READING_BEGUN_MS, toMs) ?? null;
      const ringMa = deps.ringCurrentMa();
      if (diodeA !== null && ringMa !== null && ringMa > 0) point.signal = underWay?.signalOf(diodeA, ringMa) ?? null;
    },
    noteDone(order, outcome, fault) {
      const point = pointOf(order);
      if (underWay === null || point === null) return;
      const { xMm, yMm, charged, signal } = point;
      if (isMade(outcome) && signal !== null) {
        underWay.points.push({ xMm, yMm, ...signal, charged: charged.position });
        underWay.point = null;
        point.found(signal);
        return;
      }
      if (outcome !== "shutter-failure" && fault?.code !== "dose.limit" && point.triesCount < TRIES_MAX) return;
      underWay.point = null;
      const silent = `the diode gave no reading in ${TRIES_MAX} openings of the shutter`;
      const what = fault?.what ?? (outcome === "shutter-failure" ? "the shutter failed" : silent);
      point.failed(new Fault("align.rack", site.name, what));
    },
    giveUp(what) {
      if (underWay !== null) giveUp(underWay, what);
    },
  };
}

function intervalOf({ sensors, alignment }: Site): number | undefined {
  const diode = sensors?.find(({ name }) => name === alignment?.diode);
  return diode?.driver === "keithley-6485" ? diode.intervalS : undefined;
}

function refused(what: string, advice: string): AlignOutcome {
  return { kind: "refused", what, advice };
}
