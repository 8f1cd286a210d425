/** Deadlines and cycles of a run, from the site's numbers. Each is named, so that a wait can say how long and why. */
import {
  EXPOSE_GRACE_S,
  gateOverheadS,
  PERMIT_CYCLE_SHARE,
  permitLifeS,
  worstClosingS,
} from "../../protocols/site/longest-open.ts";
import { SAMPLE_INTERVAL_MAX_S } from "../../protocols/echem/channel-step.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { ClosedFluxRule } from "../beam/closed-flux.ts";
import type { ExposureTimings } from "../beam/exposure-timings.ts";
import type { MachineBeamRule } from "../beam/machine-beam.ts";
import { LEAST_CURRENT_SHARE } from "../dose/flux.ts";

export interface RunTimings extends ExposureTimings {
  readonly connectDeadlineMs: number;
  readonly startDeadlineMs: number;
  readonly homingDeadlineMs: number;
  readonly commandDeadlineMs: number;
  readonly stepGraceMs: number;
  readonly bringDeadlineMs: number;
  readonly permitDeadlineMs: number;
  /** Before the order to open: for one cycle of the supervisor, and for a gated detector to begin. */
  readonly prepareMs: number;
  readonly permitLifeMs: (exposureS: number) => number;
  readonly exposeGraceMs: number;
  readonly closeDeadlineMs: number;
  readonly unclosedRoundMs: number;
  /** Tries before a channel is given up; with the pauses between them about three minutes. */
  readonly linkTriesMax: number;
  readonly permitCycleMs: number;
  readonly idleCycleMs: number;
  readonly troublePauseMs: number;
  readonly machineBeam: MachineBeamRule;
  readonly closedFlux: ClosedFluxRule;
}

/**
 * The machine has beam from half of the site's reference current on: a pattern then has at least 70 % of the
 * signal to noise that its preset was chosen for. A machine that runs at less by plan is told in the site file, as
 * its reference. Once there, the beam counts as lost below two fifths (`LEAST_CURRENT_SHARE`), so that a current at the border does not
 * come and go; dose follows the measured flux either way.
 */
const RING_CURRENT_PRESENT_SHARE = 0.5;
/** A top-up changes the current by less, the filling of a ring by more. */
const RING_CURRENT_STEADY_SHARE = 0.02;
const RING_CURRENT_STEADY_MS = 5000;

/** A closed shutter lets less than this share of the reference flux through. Filters that leave less hide an open one. */
const CLOSED_FLUX_SHARE = 0.001;
const CLOSED_FLUX_BOUND_MS = 3000;
const CLOSED_FLUX_GRACE_MS = 500;

const PERMIT_MS = 15;
const BEGIN_MS = 20;

/** At the hutch, while nothing is exposed. */
const LOOK_EVERY_S = 1;

/** Between two looks whether the instruments have all been asked who they are. */
export const CONNECTING_LOOK_MS = 1000;

/** Up to this share the machine gives no photons that would count. */
const RING_CURRENT_NONE_SHARE = 0.001;

/** To say who it is; and before that, for a channel whose step runs on, to be heard with its next sample. */
const CONNECT_MS = 20_000;
/** Instruments are switched on, and the campaign is begun. */
const START_MS = 120_000;

export function runTimings(site: Site, isResumed = false): RunTimings {
  const slowestSamplesS = site.channels.reduce((most, channel) => Math.max(most, channel.sampleIntervalMinS), 0);
  const longestMoveMs =
    (Math.max(site.stage.travelXMm, site.stage.travelYMm) / site.stage.speedMmS +
      site.stage.speedMmS / site.stage.accelerationMmS2) *
    1000;
  const connectDeadlineMs = CONNECT_MS + 1000 * Math.max(0, slowestSamplesS - SAMPLE_INTERVAL_MAX_S);
  return {
    connectDeadlineMs,
    // Nothing has to be switched on first: one that is gone keeps the beam from the others no longer than two tries.
    startDeadlineMs: isResumed ? Math.min(START_MS, 2 * connectDeadlineMs) : START_MS,
    homingDeadlineMs: 300_000,
    commandDeadlineMs: 30_000,
    stepGraceMs: 60_000,
    bringDeadlineMs: longestMoveMs + site.stage.settleS * 1000 + 10_000 + exchangeDeadlineMs(site),
    permitDeadlineMs: 2000,
    prepareMs: prepareMs(site),
    permitLifeMs: (exposureS) => permitLifeS(site.shutter, exposureS) * 1000,
    exposeGraceMs: (EXPOSE_GRACE_S + gateOverheadS(site.shutter)) * 1000,
    closeDeadlineMs: 10_000,
    unclosedRoundMs: 120_000,
    linkTriesMax: 12,
    worstClosingMs: worstClosingS(site.shutter) * 1000,
    permitCycleMs: PERMIT_CYCLE_SHARE * site.shutter.watchdogMs,
    idleCycleMs: 1000 * (site.io.lookEveryS ?? LOOK_EVERY_S),
    troublePauseMs: 5000,
    settleMs: site.stage.settleS * 1000,
    shutterTravelMs: site.shutter.travelS * 1000,
    safetyShutterCloseMs: site.shutter.safetyShutterCloseS * 1000,
    levelsMaximumAgeMs: site.shutter.watchdogMs,
    positionToleranceMm: site.stage.positionToleranceMm,
    ringCurrentNoneMa: RING_CURRENT_NONE_SHARE * site.beam.ringCurrentReferenceMa,
    ringCurrentMinimumMa: LEAST_CURRENT_SHARE * site.beam.ringCurrentReferenceMa,
    machineBeam: {
      presentMa: RING_CURRENT_PRESENT_SHARE * site.beam.ringCurrentReferenceMa,
      lostMa: LEAST_CURRENT_SHARE * site.beam.ringCurrentReferenceMa,
      steadyMs: RING_CURRENT_STEADY_MS,
      steadyShare: RING_CURRENT_STEADY_SHARE,
    },
    closedFlux: {
      thresholdPhS: CLOSED_FLUX_SHARE * site.beam.fluxReferencePhS,
      boundMs: CLOSED_FLUX_BOUND_MS,
      graceMs: CLOSED_FLUX_GRACE_MS,
    },
    switchGraceMs: 200,
    filterTravelMaxMs: 2000,
  };
}

/** A gated detector has begun within its lead, whatever that is; levels are hardly older than a few requests to the unit. */
function prepareMs({ shutter: { gate } }: Site): number {
  return gate === undefined ? PERMIT_MS : Math.min(PERMIT_MS + BEGIN_MS, 500 * gate.leadS);
}

/** What was fetched is put away, what was in the beam put back and the next one brought, each with its cell to be switched off. */
function exchangeDeadlineMs({ sampleChanger }: Site): number {
  return sampleChanger?.toBeam === undefined ? 0 : 3000 * sampleChanger.toBeam.exchangeS + 60_000;
}

/** The deadlines of an exposure's stages one after another: checking, bringing, permit, opening, closing, making safe, quieting. */
export function exposureOverheadMaxMs(timings: RunTimings): number {
  const { bringDeadlineMs, permitDeadlineMs, exposeGraceMs, closeDeadlineMs } = timings;
  return 4 * bringDeadlineMs + 3 * permitDeadlineMs + exposeGraceMs + closeDeadlineMs;
}
