/**
 * The correction frames of a running campaign: which is due, its order to the beam, a dark frame from its begin to its end,
 * what its pattern tells, and who is told. A frame that fails costs a pause, and is tried again.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { assert } from "../../protocols/base/assert.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { CorrectionFrame } from "../../protocols/calibration/correction-frames.ts";
import type { BeamIo, InputLevels } from "../../protocols/roles/beam-io.ts";
import type { Detector } from "../../protocols/roles/detector.ts";
import type { Integrator } from "../../protocols/roles/integrator.ts";
import { isEitherClosed } from "../beam/unit-answers.ts";
import type { WholePlan } from "../beam/wanted.ts";
import { imageEvidenceJson } from "../frames/frame-event.ts";
import type { FaultNote } from "../machines/errors.ts";
import { isMade, REHEARSED, type ExposureOrder, type ExposureOutcome } from "../machines/exposure-order.ts";
import type { Recorder } from "../machines/recorder.ts";
import { REHEARSED_FRAME } from "../rehearsal/locked-shutter.ts";
import type { Alarms } from "../run/alarms.ts";
import type { Obstacle } from "../run/sweep-desk.ts";
import {
  aboutJson,
  BEGUN_EVENT,
  ENDED_EVENT,
  frameId,
  JUDGED_EVENT,
  UNREAD_EVENT,
  type RecordedCorrection,
} from "./correction-events.ts";
import {
  expiresMs,
  inPause,
  pressing,
  type CorrectionFacts,
  type KeptFrame,
  type PlanWithCorrection,
} from "./correction-plan.ts";
import { judgeCorrection } from "./judge-correction.ts";

export interface CorrectionDeskDeps {
  readonly frames: readonly CorrectionFrame[];
  readonly clock: Pick<Clock, "monoMs" | "setTimeout" | "clearTimeout">;
  readonly io: Pick<BeamIo, "name" | "isLocked" | "readInputs">;
  readonly detector: Detector;
  readonly detectorFolder: string;
  readonly integrator: Integrator | undefined;
  readonly ringCurrentMa: () => number | null;
  readonly recorder: Recorder;
  readonly alarms: Pick<Alarms, "raise" | "clear">;
  readonly showLevels: (levels: InputLevels) => void;
  /** Makes durable what was noted. Never throws. */
  readonly commit: () => void;
  /** The announced beam lasts for so long from now. */
  readonly hasBeamFor: (ms: number) => boolean;
  /** Beyond its exposure: the most that one takes. */
  readonly overheadMs: number;
  /** Of a run before, in order. */
  readonly past: readonly RecordedCorrection[];
  /** A part of beamrack broke. */
  readonly fail: (error: unknown) => void;
}

export interface CorrectionDesk {
  /** What the beam does next, with what is due put in; `plan` says it for what stands in the beam's way. */
  among<Plan extends WholePlan>(
    facts: { readonly obstacle: Obstacle | null; readonly isDetectorReady: boolean },
    plan: (obstacle: Obstacle | null) => Plan,
  ): PlanWithCorrection<Plan>;
  order(frame: CorrectionFrame): ExposureOrder;
  /** Rejects with a Fault where the shutter does not read closed or the detector fails; an aborted signal ends the frame. */
  takeDark(frame: CorrectionFrame, signal: AbortSignal): Promise<void>;
  /** A dark frame failed. */
  darkFailed(frame: CorrectionFrame, fault: FaultNote): void;
  /** Nobody waits for the dark frame any more: where it is not over, it is given up. */
  leaveDark(frame: CorrectionFrame): void;
  /** The exposure of one is over, whatever came of it. */
  noteDone(order: ExposureOrder, outcome: ExposureOutcome, fault: FaultNote | null): void;
  /** Its books are closed; the frame is there, or is not. */
  noteSettled(order: ExposureOrder, outcome: ExposureOutcome, framePath: string | null): void;
  /** Says of what a run before left open that it is over. */
  goOn(accounted: (startMs: number, endMs: number) => void, longestOpenS: (exposureS: number) => number): void;
}

interface Kept extends KeptFrame {
  lastMs: number | null;
  notBeforeMs: number;
  /** Null before the first look: an alarm may be open since before a restart. */
  isToldExpired: boolean | null;
}

/** After one that failed, before it is tried again. */
const AGAIN_MS = 600_000;
/** Of a dark frame: arming, reading out, and two looks at the shutter. */
const DARK_OVERHEAD_MS = 3000;
/** No timer takes much longer. */
const EXPIRY_LOOK_MS = 24 * 3_600_000;
const CODES = {
  moved: "correction.moved",
  "too-bright": "correction.dark-level",
  "too-weak": "correction.too-weak",
  unclear: "correction.unclear",
} as const;

export function createCorrectionDesk(deps: CorrectionDeskDeps): CorrectionDesk {
  const { clock, recorder, alarms, detector, io } = deps;
  const kept: Kept[] = deps.frames.map((frame) => ({
    ...{ frame, lastMs: lastOf(deps.past, frame), notBeforeMs: 0, isToldExpired: null },
  }));
  let count = deps.past.length;
  /** The dark frame under way. */
  let dark: string | null = null;

  function keptOf({ kind }: Pick<CorrectionFrame, "kind">) {
    const found = kept.find(({ frame }) => frame.kind === kind);
    assert(found !== undefined, `no ${kind} is asked for`);
    return found;
  }

  function whereOf({ kind, what }: Pick<CorrectionFrame, "kind" | "what">): string {
    return kind === "dark" ? detector.name : `${kind} ${what}`;
  }

  let expiryTimer: TimerHandle;
  let expiryLookMs = 0;

  /** Told in time also while nothing is planned, because exposing is held. */
  function tellExpired(nowMs: number): void {
    for (const one of kept) {
      const isExpired = nowMs >= expiresMs(one);
      if (isExpired === one.isToldExpired) continue;
      one.isToldExpired = isExpired;
      const { frame, lastMs } = one;
      if (!isExpired) alarms.clear("correction.expired", whereOf(frame));
      else {
        const since = lastMs === null ? "none was taken" : `the last is ${hours(nowMs - lastMs)} old`;
        const what = `${frame.kind}: ${since}, and one was to be taken every ${hours(frame.everyMs)}`;
        alarms.raise(noteOf("correction.expired", frame, what));
      }
    }
    const nextMs = Math.min(nowMs + EXPIRY_LOOK_MS, ...kept.map(expiresMs).filter((atMs) => atMs > nowMs));
    if (expiryLookMs > nowMs && expiryLookMs <= nextMs) return;
    clock.clearTimeout(expiryTimer);
    expiryLookMs = nextMs;
    expiryTimer = clock.setTimeout(() => {
      tellExpired(clock.monoMs());
    }, nextMs - nowMs);
  }

  function noteOf(code: keyof typeof FAULT_CATALOGUE & `correction.${string}`, frame: CorrectionFrame, what: string) {
    return { code, where: whereOf(frame), what, advice: FAULT_CATALOGUE[code].advice };
  }

  function noteTaken(frame: CorrectionFrame): void {
    const one = keptOf(frame);
    one.lastMs = clock.monoMs();
    one.notBeforeMs = 0;
    alarms.clear("correction.failed", whereOf(frame));
    tellExpired(clock.monoMs());
  }

  function noteFailed(frame: CorrectionFrame, what: string): void {
    keptOf(frame).notBeforeMs = clock.monoMs() + AGAIN_MS;
    alarms.raise(noteOf("correction.failed", frame, `${frame.kind}: ${what}`));
  }

  async function look(id: string, frame: CorrectionFrame, framePath: string): Promise<void> {
    const { integrator } = deps;
    if (integrator === undefined) return;
    const pattern = await integrator.read(framePath);
    if (pattern === undefined) {
      recorder.record(UNREAD_EVENT, { ...aboutJson(id, frame), reason: "it gave no pattern" });
      return;
    }
    const judged = judgeCorrection(frame, pattern);
    recorder.record(JUDGED_EVENT, {
      ...aboutJson(id, frame),
      ...{ finding: judged.finding, text: judged.what, level_per_s: judged.levelPerS },
      ...{ radius_off: judged.radiusOff, radius_sigma: judged.radiusSigma, lines: judged.lines },
      ...imageEvidenceJson(framePath, pattern),
    });
    for (const [finding, code] of Object.entries(CODES)) {
      if (finding === judged.finding) alarms.raise(noteOf(code, frame, judged.what));
      else alarms.clear(code, whereOf(frame));
    }
  }

  function lookSoon(id: string, frame: CorrectionFrame, framePath: string | null): void {
    if (framePath === null || io.isLocked === true) return;
    look(id, frame, framePath).catch((error: unknown) => {
      if (isFault(error)) recorder.record(UNREAD_EVENT, { ...aboutJson(id, frame), reason: error.message });
      else deps.fail(error);
    });
  }

  async function assertShut(): Promise<void> {
    const levels = await io.readInputs();
    deps.showLevels(levels);
    if (!isEitherClosed(levels)) {
      throw new Fault(
        "correction.failed",
        detector.name,
        "no shutter reads closed: there would be beam in a dark frame",
      );
    }
  }

  function endDark(frame: CorrectionFrame, outcome: string, more: { readonly [key: string]: Json }): void {
    if (dark === null) return;
    recorder.record(ENDED_EVENT, {
      ...aboutJson(dark, frame),
      outcome,
      exposure_s: frame.exposureS,
      ...more,
      ring_current_mA: deps.ringCurrentMa(),
    });
    dark = null;
    deps.commit();
  }

  function nextId(frame: CorrectionFrame): { readonly id: string; readonly frameName: string } {
    count += 1;
    const id = frameId(count, frame.kind);
    return { id, frameName: `${frame.kind}_C${String(count).padStart(4, "0")}_00000.cbf` };
  }

  return {
    among({ obstacle, isDetectorReady }, plan) {
      if (kept.length === 0) return plan(obstacle);
      const nowMs = clock.monoMs();
      tellExpired(nowMs);
      const takesMs = ({ kind, exposureS }: CorrectionFrame): number =>
        1000 * exposureS + (kind === "dark" ? DARK_OVERHEAD_MS : deps.overheadMs);
      const facts: CorrectionFacts = {
        ...{ nowMs, takesMs, kept: kept satisfies readonly KeptFrame[] },
        isFit: (frame) =>
          isDetectorReady && (frame.kind === "dark" || (obstacle === null && deps.hasBeamFor(takesMs(frame)))),
      };
      const first = pressing(facts);
      if (first === undefined || obstacle !== null) return inPause(plan(obstacle), facts);
      const planned = plan({ reason: `the ${first.kind} that is due`, who: detector.name });
      return planned.act.kind === "wait" ? { ...planned, correction: first } : planned;
    },

    order(frame) {
      const { id, frameName } = nextId(frame);
      const { place, exposureS, filtersIn, kind, what } = frame;
      assert(place !== null, `${kind} without a place`);
      return {
        ...{ exposureId: id, requestId: id, position: whereOf(frame), beside: { kind, what, number: count } },
        ...{ cellIndex: -1, spotIndex: 0, spotXMm: 0, spotYMm: 0, stageXMm: place.xMm, stageYMm: place.yMm },
        ...{ exposureS, frameName, filtersIn },
      };
    },

    async takeDark(frame, signal) {
      await assertShut();
      signal.throwIfAborted();
      const { id, frameName } = nextId(frame);
      dark = id;
      recorder.record(BEGUN_EVENT, { ...aboutJson(id, frame), exposure_s: frame.exposureS });
      const { exposureS } = frame;
      const fileName = io.isLocked === true ? `${REHEARSED_FRAME}${frameName}` : frameName;
      const giveUp = (): void => {
        // What it had counted is of no use; the next order finds it at rest or says so.
        detector.abort().catch(() => undefined);
      };
      // From now on: given up while it arms, it is not left armed; what is ordered next comes behind that.
      signal.addEventListener("abort", giveUp, { once: true });
      try {
        await detector.arm({ exposureS, folder: deps.detectorFolder, fileName });
        signal.throwIfAborted();
        const { finished } = await detector.start();
        const { path } = await finished;
        await assertShut();
        signal.throwIfAborted();
        endDark(frame, io.isLocked === true ? REHEARSED : "made", { frame: path });
        noteTaken(frame);
        lookSoon(id, frame, path);
      } finally {
        signal.removeEventListener("abort", giveUp);
      }
    },

    darkFailed(frame, fault) {
      noteFailed(frame, fault.what);
    },

    leaveDark(frame) {
      endDark(frame, "aborted", { frame: null, text: "it was given up" });
    },

    noteSettled(order, outcome, framePath) {
      const { beside } = order;
      if (beside === undefined) return;
      if (!isMade(outcome)) return;
      const { frame } = keptOf(beside);
      noteTaken(frame);
      lookSoon(order.exposureId, frame, framePath);
    },

    noteDone({ beside }, outcome, fault) {
      if (beside === undefined || isMade(outcome)) return;
      const one = keptOf(beside);
      // What was ordered to stop is no trouble of its own.
      if (fault === null || fault.code === "permit.lapsed") one.notBeforeMs = clock.monoMs() + AGAIN_MS;
      else noteFailed(one.frame, fault.what);
    },

    goOn(accounted, longestOpenS) {
      if (kept.length > 0) tellExpired(clock.monoMs());
      for (const { id, kind, what, begunMs, exposureS, boundPhotons, ended } of deps.past) {
        if (ended?.lit != null) accounted(ended.lit.fromMs, ended.lit.toMs);
        if (ended !== null) continue;
        const text = "beamrack ended before it was over";
        recorder.record(ENDED_EVENT, {
          ...aboutJson(id, { kind, what }),
          ...{ outcome: "aborted", exposure_s: exposureS, photons: boundPhotons, frame: null, text },
        });
        if (boundPhotons !== null) accounted(begunMs, begunMs + deps.overheadMs + 1000 * longestOpenS(exposureS));
      }
    },
  };
}

function lastOf(past: readonly RecordedCorrection[], frame: CorrectionFrame): number | null {
  const made = past.filter(
    ({ kind, what, ended }) => kind === frame.kind && what === frame.what && isMade(ended?.outcome),
  );
  return made.at(-1)?.ended?.atMs ?? null;
}

function hours(ms: number): string {
  return `${Number((ms / 3_600_000).toFixed(1))} h`;
}
