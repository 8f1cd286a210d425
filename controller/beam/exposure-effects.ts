/** What an exposure does to the instruments, with every wait bounded and every claim read back. */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { shutterState, type BeamIo, type InputLevels, type Interlock } from "../../protocols/roles/beam-io.ts";
import type { Detector, FrameRecord } from "../../protocols/roles/detector.ts";
import type { Stage, StagePosition, StageReading } from "../../protocols/roles/stage.ts";
import type { Trigger } from "../../protocols/roles/trigger.ts";
import { judgeGate } from "../dose/exposure-gate.ts";
import { faultNote } from "../machines/errors.ts";
import type { ExposureEffects, ExposureOrder, ShutterMarks } from "../machines/exposure-order.ts";
import { isBesideCells } from "../machines/exposure-order.ts";
import { REHEARSED_FRAME } from "../rehearsal/locked-shutter.ts";
import { motionRefusals, shadowRefusals } from "../safety/permit-judgement.ts";
import type { ChangerDesk } from "../changer/changer-desk.ts";
import type { ClosedCharge } from "./closed-charge.ts";
import type { ExposureAccounts } from "./exposure-accounts.ts";
import { restedForMs, type ExposureTimings } from "./exposure-timings.ts";
import { createBeamWaits, FILTER_POLL_MS } from "./beam-waits.ts";
import { createEarlyDeparture, type NextSpot } from "./early-departure.ts";
import { createGatedShutter, type GatedShutter } from "./shutter-gate.ts";
import { isEitherClosed, isSilence } from "./unit-answers.ts";

export interface ExposureEffectsDeps {
  readonly clock: Clock;
  readonly io: BeamIo;
  readonly stage: Stage;
  readonly detector: Detector;
  readonly detectorFolder: string;
  /** Times the shutter's opening; left out where software opens and closes it. */
  readonly gate?: { readonly trigger: Trigger; readonly leadMs: number };
  readonly accounts: ExposureAccounts;
  readonly belief: (cellIndex: number) => "confirmed" | "believed" | "unknown";
  readonly ringCurrentMa: () => number | null;
  readonly timings: ExposureTimings;
  /** Levels read by the supervisor's last completed cycle. */
  readonly lastLevels: () => InputLevels | null;
  readonly showLevels: (levels: InputLevels) => void;
  /** Told of what the detector had taken, or read out, of an exposure that was cut short, once it is at rest; null of nothing. */
  readonly frameRead?: (path: string | null) => void;
  /** Told what stands in the beam, or may. */
  readonly underBeam?: Pick<ClosedCharge, "bringing" | "arrived" | "away">;
  /** Interlocks that broke and wait for a person. */
  readonly latched: () => readonly Interlock[];
  /** Brings the cells to the one place in the beam; left out where the stage carries them all. */
  readonly changer?: Pick<ChangerDesk, "bring" | "isInBeam" | "fetchAhead">;
  /** Where the stage may leave for as soon as a gate has closed the shutter; null where that is not known. */
  readonly nextSpot?: () => NextSpot | null;
  /** When anybody else had the stage moved last; left out where nobody does. */
  readonly stageMovedAtMs?: () => number;
  /** Where the stage goes in turn to be out of the beam's harm; left out, or undefined, where the site has no shadow. */
  readonly shadowPath?: (from: StagePosition) => readonly StagePosition[] | undefined;
}

type NoteMarks = (marks: Partial<ShutterMarks>) => void;

/** The stage on its way into the shadow. */
interface ShadowMove {
  readonly ended: Promise<void>;
  readonly reachedMs: () => number | null;
  readonly isUnderWay: () => boolean;
  /** Why it did not come to it; empty while nothing is wrong. */
  readonly text: string;
}

const LEAD_OVER_BOOKING_MS = 300;
/** Between two tries to reach a unit that does not answer. */
const RETRY_MS = 250;
/** Between two looks at shutters that both do not close; a round of them ends before the machine begins another. */
const UNCLOSED_LOOK_MS = 1000;
const UNCLOSED_LOOKS = 50;

export function createExposureEffects(deps: ExposureEffectsDeps): ExposureEffects {
  const { clock, io, stage, detector, accounts, timings } = deps;
  let atRestSinceMs = Infinity;
  let reading: StageReading | null = null;
  /** Of the exposure armed last, though it was given up meanwhile. */
  let taken: FrameRecord | null = null;
  /** The stage was sent last to a place without a cell. */
  let isBeside = false;
  /** The last try to leave, since the shutter last failed. */
  let shadow: ShadowMove | null = null;
  /** The detector of a gated exposure, from when it is begun. */
  let begun: Promise<void> | null = null;
  let armedFor: ExposureOrder | null = null;
  /** Levels read last, by these effects. */
  let lastRead: InputLevels | null = null;
  const otherMovedAtMs = deps.stageMovedAtMs ?? (() => -Infinity);
  const departure = createEarlyDeparture({
    ...{ clock, stage, isAt, latched: deps.latched, stageMovedAtMs: otherMovedAtMs },
    levelsMaximumAgeMs: timings.levelsMaximumAgeMs,
    leaving(spot) {
      reading = null;
      atRestSinceMs = Infinity;
      deps.underBeam?.bringing(spot);
    },
  });

  const gated: GatedShutter | undefined =
    deps.gate === undefined
      ? undefined
      : createGatedShutter({
          ...{ ...deps.gate, ...timings, clock, detector, readLevels, isRehearsal: io.isLocked === true },
          requestShutterClosed: () => io.requestShutterClosed(),
        });

  const waits = createBeamWaits({ clock, io, timings, readLevels });
  const { bringFilters, bringSafetyShutter, awaitShutter, askClosed, lookIfAnswered } = waits;

  async function readLevels(): Promise<InputLevels> {
    const levels = await io.readInputs();
    lastRead = levels;
    deps.showLevels(levels);
    return levels;
  }

  /** A shutter that stands open between exposures is a failure found late. */
  async function bringShutterClosed(levels: InputLevels): Promise<void> {
    const state = shutterState(levels);
    if (state === "closed") return;
    await makeSafe();
    throw new Fault(
      state === "contradiction" ? "shutter.contradiction" : "shutter.stuck-open",
      io.name,
      `the shutter reads ${state} before an exposure; the safety shutter was closed`,
    );
  }

  async function makeSafe(): Promise<number> {
    // Each by itself: one that is refused must not keep the other from being asked. The switches say what came of it.
    const asked = await Promise.allSettled([io.permit.dropShutterPermit(), io.requestSafetyShutter(false)]);
    const untilMs = clock.monoMs() + 2 * timings.safetyShutterCloseMs + timings.switchGraceMs;
    if (shadow?.isUnderWay() !== true) shadow = null;
    for (;;) {
      const levels = await readLevels();
      const isClosed = isEitherClosed(levels);
      const offCellMs = isClosed ? clock.monoMs() : (shadow?.reachedMs() ?? null);
      if (offCellMs !== null) {
        // The stage comes to rest before anybody moves it again.
        await shadow?.ended;
        return offCellMs;
      }
      shadow ??= startForShadow(levels);
      if (clock.monoMs() >= untilMs && !shadow.isUnderWay()) {
        const refused = asked.flatMap((one) => (one.status === "rejected" ? [faultNote(one.reason).what] : []));
        const where = shadow.text === "" ? [] : [shadow.text];
        throw new Fault(
          "shutter.stuck-open",
          io.name,
          ["neither shutter reports closed", ...where, ...refused].join("; "),
        );
      }
      await sleep(clock, FILTER_POLL_MS);
    }
  }

  /** Off the cell, whatever the shutters do, when the levels just read allow the stage to move at all. */
  function startForShadow(levels: InputLevels): ShadowMove {
    // From a place beside the cells the way leads past them: it is the better shadow.
    const stays = isBeside ? ["no cell stands in the beam"] : [];
    const refusals = [...stays, ...shadowRefusals(levels, motionConditions())];
    let reachedMs: number | null = null;
    let isUnderWay = refusals.length === 0 && deps.shadowPath !== undefined;
    let text = refusals.length === 0 ? "" : `the stage does not leave for the shadow: ${refusals.join("; ")}`;
    const from = reading;
    async function go(): Promise<void> {
      departure.end("the shutter failed");
      await departure.ended();
      const start = from ?? (await stage.read());
      const path = deps.shadowPath?.(start);
      if (path === undefined) {
        text = "the site has no shadow to move to";
        return;
      }
      // What stood in the beam is left: nothing is exposed before the next order brings a cell there.
      reading = null;
      for (const point of path) {
        const now = await readLevels();
        const reasons = shadowRefusals(now, motionConditions());
        if (reasons.length > 0) throw new Fault("stage.no-permit", stage.name, reasons.join("; "));
        await stage.moveTo(point);
      }
      reachedMs = clock.monoMs();
      deps.underBeam?.away();
    }
    const ended = !isUnderWay
      ? Promise.resolve()
      : go()
          .catch((error: unknown) => {
            if (!isFault(error)) throw error;
            text = `the shadow was not reached: ${error.message}`;
          })
          .finally(() => {
            isUnderWay = false;
          });
    return {
      ended,
      reachedMs: () => reachedMs,
      isUnderWay: () => isUnderWay,
      get text() {
        return text;
      },
    };
  }

  function isAt(at: StagePosition, target: StagePosition): boolean {
    return Math.hypot(at.xMm - target.xMm, at.yMm - target.yMm) <= timings.positionToleranceMm;
  }

  function motionConditions() {
    return { nowMs: clock.monoMs(), levelsMaximumAgeMs: timings.levelsMaximumAgeMs, latched: deps.latched() };
  }

  async function awaitClosed(before: ShutterMarks, note: NoteMarks, signal: AbortSignal): Promise<boolean> {
    // A way that was barred, by a door say, is tried again at every look; one that is being gone is not begun anew.
    function leaveAgain(levels: InputLevels | null): void {
      if (levels !== null && shadow?.isUnderWay() !== true) shadow = startForShadow(levels);
    }

    let { darkMs } = before;
    let darkSinceMs: number | null = null;
    for (let look = 0; look < UNCLOSED_LOOKS; look += 1) {
      if (look > 0) await sleep(clock, UNCLOSED_LOOK_MS, signal);
      await askClosed();
      const levels = await lookIfAnswered();
      signal.throwIfAborted();
      const nowMs = clock.monoMs();
      const isClosed = levels !== null && isEitherClosed(levels);
      const offCellMs = shadow?.reachedMs() ?? (isClosed ? nowMs : null);
      const currentMa = deps.ringCurrentMa();
      const isDark = currentMa !== null && currentMa <= timings.ringCurrentNoneMa;
      if (isDark && darkSinceMs !== null) darkMs += Math.max(0, (offCellMs ?? nowMs) - darkSinceMs);
      darkSinceMs = isDark ? nowMs : null;
      if (offCellMs !== null) {
        note({ closedSeenAtMs: offCellMs, darkMs });
        // The stage comes to rest before anybody moves it again.
        await shadow?.ended;
        return true;
      }
      note({ litUntilAtMs: nowMs, darkMs });
      leaveAgain(levels);
    }
    return false;
  }

  function assertMotionAllowed(levels: InputLevels): void {
    const reasons = motionRefusals(levels, motionConditions());
    if (reasons.length > 0) throw new Fault("stage.no-permit", stage.name, `no motion: ${reasons.join("; ")}`);
  }

  function arrived(there: StageReading, restSinceMs: number): number {
    reading = there;
    if (isBeside) deps.underBeam?.away();
    else deps.underBeam?.arrived();
    atRestSinceMs = restSinceMs;
    beginInTime();
    return restSinceMs + timings.settleMs;
  }

  /** The detector of a gated exposure; that it did not begin is told to whoever opens. */
  function begin(): void {
    if (gated === undefined || begun !== null) return;
    begun = gated.begin();
    begun.catch(() => undefined);
  }

  /** Where nothing but the booking is left to wait for, and the lead is long enough for one. */
  function beginInTime(): void {
    if (armedFor === null || reading === null || (deps.gate?.leadMs ?? 0) < LEAD_OVER_BOOKING_MS) return;
    const opensMs = Math.max(atRestSinceMs + timings.settleMs, armedFor.openAtMs ?? 0);
    if (clock.monoMs() >= opensMs - timings.shutterTravelMs) begin();
  }

  /** To the frame; the stage leaves as soon as the shutter is seen closed, and stops when the exposure is given up. */
  async function watchGate(gate: GatedShutter, note: NoteMarks, signal: AbortSignal): Promise<FrameRecord> {
    const giveUp = (): void => {
      departure.end("the exposure was given up");
    };
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await gate.watch((marks) => {
        note(marks);
        if (typeof marks.closedSeenAtMs !== "number" || signal.aborted || lastRead === null) return;
        const next = deps.nextSpot?.() ?? null;
        if (next !== null) departure.leave(next, lastRead);
      }, signal);
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  return {
    ...(io.isLocked === true ? { isRehearsal: true } : {}),

    async check(order) {
      const levels = await readLevels();
      await bringShutterClosed(levels);
      assertMotionAllowed(levels);
      if (!isBesideCells(order) && deps.belief(order.cellIndex) === "unknown") {
        throw new Fault("cell.unproven", order.position, "which cell is here is not known, so it is not exposed");
      }
      const atRest = await bringFilters(order.filtersIn, levels);
      const last = await bringSafetyShutter(io.isLocked === true ? "closed" : "open", atRest);
      // Filters and shutter may have taken seconds: the levels of the act are those just before the motion.
      if (last !== levels) assertMotionAllowed(last);
    },

    async move(order, signal) {
      const target = { xMm: order.stageXMm, yMm: order.stageYMm };
      const wasAt = reading;
      reading = null;
      armedFor = null;
      isBeside = isBesideCells(order);
      if (!isBeside) {
        deps.underBeam?.bringing(order);
        await deps.changer?.bring(order.cellIndex, signal);
      }
      const joined = await departure.join(target, signal);
      if (joined !== null) return arrived(joined.reading, joined.restSinceMs);
      if (wasAt !== null && isAt(wasAt, target)) {
        const seen = await stage.read();
        const sinceMs = Math.max(atRestSinceMs, otherMovedAtMs());
        if (seen.atRest && isAt(seen, target) && clock.monoMs() - sinceMs >= timings.settleMs) {
          // It stood there all the time: nothing is left to settle.
          signal.throwIfAborted();
          return arrived(seen, atRestSinceMs);
        }
      }
      atRestSinceMs = Infinity;
      const there = await stage.moveTo(target, signal);
      return arrived(there, there.restSinceMs ?? clock.monoMs());
    },

    book: (order) => accounts.book(order),

    async arm(order) {
      const { exposureS } = order;
      const fileName = io.isLocked === true ? `${REHEARSED_FRAME}${order.frameName}` : order.frameName;
      taken = null;
      begun = null;
      armedFor = null;
      await (gated ?? detector).arm({ exposureS, folder: deps.detectorFolder, fileName });
      armedFor = order;
      beginInTime();
    },

    prepare: begin,

    async open(order, bookingSeq, note, signal) {
      begin();
      await begun;
      const earliestMs = Math.max(atRestSinceMs + timings.settleMs, (order.openAtMs ?? 0) - timings.shutterTravelMs);
      // A timer of the machine may be early by part of a millisecond.
      while (clock.monoMs() < earliestMs) await sleep(clock, earliestMs - clock.monoMs(), signal);
      // The supervisor's cycle that gave the permit has just read every level; they are still the levels of the act.
      const verdict = judgeGate({
        nowMs: clock.monoMs(),
        levels: deps.lastLevels(),
        levelsMaximumAgeMs: timings.levelsMaximumAgeMs,
        bookingSeq,
        isBookingDurable: accounts.isDurable(bookingSeq),
        filtersAsked: order.filtersIn,
        stageReading: reading,
        target: { xMm: order.stageXMm, yMm: order.stageYMm },
        positionToleranceMm: timings.positionToleranceMm,
        settledForMs: restedForMs(clock.monoMs(), atRestSinceMs, timings.settleMs),
        settleMs: timings.settleMs,
        // Where no cell stands none can be mistaken for another.
        belief: isBesideCells(order) ? "confirmed" : deps.belief(order.cellIndex),
        ringCurrentMa: deps.ringCurrentMa(),
        ringCurrentMinimumMa: timings.ringCurrentMinimumMa,
        isRehearsal: io.isLocked === true,
      });
      if (!verdict.open) {
        throw new Fault("interlock.tripped", `exposure gate ${order.position}`, verdict.reasons.join("; "), {
          exposure_id: order.exposureId,
          reasons: [...verdict.reasons],
        });
      }
      if (!isBesideCells(order) && deps.changer?.isInBeam(order.cellIndex) === false) {
        throw new Fault("changer.place-unknown", order.position, "the robot has not brought this cell into the beam");
      }
      signal.throwIfAborted();
      gated?.assertInTime();
      if (io.isLocked === true) {
        note({ rehearsedAtMs: clock.monoMs() });
        if (gated !== undefined) await gated.fire();
        return;
      }
      note({ openAskedAtMs: clock.monoMs() });
      accounts.noteOpening(order);
      await io.requestShutterOpen();
      // Given up meanwhile: the request is taken away, and there is nothing to fire into.
      signal.throwIfAborted();
      await awaitShutter("open", signal, await gated?.fire());
      const openSeenAtMs = clock.monoMs();
      note({ openSeenAtMs });
      accounts.noteOpened(order, openSeenAtMs);
    },

    async expose(_, note, signal) {
      deps.changer?.fetchAhead();
      if (gated !== undefined) return { path: (await watchGate(gated, note, signal)).path };
      const { finished } = await detector.start();
      taken = await finished;
      return { path: taken.path };
    },

    async stopDetector() {
      departure.end("the exposure was not made");
      const read = await (gated ?? detector).abort();
      deps.frameRead?.((read ?? taken)?.path ?? null);
    },

    async close(note: NoteMarks) {
      const askedAtMs = clock.monoMs();
      const closedByGateMs = gated?.closedByGateMs() ?? null;
      if (closedByGateMs === null) note({ closeAskedAtMs: askedAtMs });
      for (;;) {
        try {
          await io.requestShutterClosed();
          await awaitShutter("closed", undefined, closedByGateMs ?? clock.monoMs());
          break;
        } catch (error) {
          if (!isFault(error) || error.code.startsWith("shutter.")) throw error;
          if (!isSilence(error)) {
            // It answers, so its watchdog may live on: nothing else will close the shutter in time.
            const what = `the unit answers, and does not close the shutter: ${error.message}`;
            throw new Fault("shutter.stuck-open", io.name, what, {}, error);
          }
          if (clock.monoMs() - askedAtMs >= timings.closeDeadlineMs) throw error;
          await sleep(clock, RETRY_MS);
        }
      }
      // Seen later than hardware closes by itself, the switch no longer says when: the booked bound is charged.
      if (clock.monoMs() - askedAtMs <= timings.worstClosingMs) {
        note({ closedSeenAtMs: closedByGateMs ?? clock.monoMs() });
      }
    },

    makeSafe,
    awaitClosed,
    noteLevels(levels) {
      departure.seen(levels);
    },

    settle(order: ExposureOrder, marks, outcome, framePath) {
      accounts.settle(order, marks, outcome, framePath);
    },
  };
}
