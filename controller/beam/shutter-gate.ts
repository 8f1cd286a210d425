/**
 * The shutter timed by a gate generator: its gate lies in the drive line with request and permit, so the opening lasts as
 * long as the gate, by hardware. The detector counts before and after it. Whatever the trigger says or does, the shutter's
 * switches and the permit have the last word.
 */
import { shortNumber } from "../../protocols/base/duration-text.ts";
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { shutterState, type InputLevels } from "../../protocols/roles/beam-io.ts";
import type { Acquisition, Detector, FrameRecord } from "../../protocols/roles/detector.ts";
import type { FiredTrain, Trigger } from "../../protocols/roles/trigger.ts";
import type { Site } from "../../protocols/site/site.ts";
import { interlockReasons } from "../dose/exposure-gate.ts";
import type { ShutterMarks } from "../machines/exposure-order.ts";

export interface ShutterGateDeps {
  readonly clock: Clock;
  readonly trigger: Trigger;
  readonly detector: Detector;
  /** The detector counts from at most this long before the gate. */
  readonly leadMs: number;
  readonly shutterTravelMs: number;
  /** Beyond the travel, how long a switch may be awaited. */
  readonly switchGraceMs: number;
  readonly readLevels: () => Promise<InputLevels>;
  readonly requestShutterClosed: () => Promise<void>;
  /** The shutter stays closed, and needs no permission of the beam. */
  readonly isRehearsal: boolean;
}

/** One exposure after the other: armed, begun, fired, watched to its end. */
export interface GatedShutter {
  /** Trigger and detector side by side. */
  arm(acquisition: Acquisition): Promise<void>;
  /** The detector counts when this resolves. */
  begin(): Promise<void>;
  /** Throws `detector.gate-missed` where the detector has counted for so long that a gate fired now might outlast it. */
  assertInTime(): void;
  /**
   * With the shutter asked open and no gate yet. Resolves when the trigger has taken the command; it is given once, whatever
   * becomes of the answer: with when it went out. Rejects with `trigger.stray-gate` where the shutter has opened by itself,
   * and with `interlock.tripped` where an interlock has broken since it was asked open: it is the gate that opens it.
   */
  fire(): Promise<number>;
  /**
   * Waits for the gate's end at the switch, takes the request away, then for the frame and the trigger's own word. Notes
   * when the shutter was closed, and the gate when the trigger confirms it. Rejects with `trigger.late` when the gate does
   * not end in its time: then the shutter has been asked closed.
   */
  watch(note: (marks: Partial<ShutterMarks>) => void, signal: AbortSignal): Promise<FrameRecord>;
  /** When the gate, and no request of ours, had closed the shutter of the exposure under way; null where it had not. */
  closedByGateMs(): number | null;
  /** Both at rest. Resolves with the frame that the detector had taken or read out; rejects with what either has to say, once both are done. */
  abort(): Promise<FrameRecord | null>;
}

interface Underway {
  readonly lengthS: number;
  readonly detectorS: number;
  begunAtMs: number;
  frame: Promise<FrameRecord> | undefined;
  taken: FrameRecord | null;
  /** Its command went out then, and was known to be taken so much later. */
  sentAtMs: number;
  firedAtMs: number;
  fired: Promise<FiredTrain> | undefined;
  closedByGateMs: number | null;
}

const LOOK_MS = 2;
/** Of the lead, how much may have passed when the shutter is asked open; the rest is for the trigger. */
const LEAD_SHARE = 0.7;
/** For the trigger's word, once the frame is there. */
const WORD_MS = 200;

export function createGatedShutter(deps: ShutterGateDeps): GatedShutter {
  const { clock, trigger, detector, shutterTravelMs } = deps;
  let present: Underway | undefined;

  function underway(): Underway {
    if (present === undefined) throw new Fault("device.refused", trigger.name, "no gate is armed");
    return present;
  }

  /** Resolves with when the switch showed it, or with null past its time. */
  async function awaitGateEnd({ firedAtMs, lengthS }: Underway, signal: AbortSignal): Promise<number | null> {
    const dueMs = firedAtMs + lengthS * 1000;
    const untilMs = dueMs + shutterTravelMs + deps.switchGraceMs;
    await sleep(clock, Math.max(0, dueMs - clock.monoMs()), signal);
    for (;;) {
      const levels = await deps.readLevels();
      signal.throwIfAborted();
      const nowMs = clock.monoMs();
      if (shutterState(levels) === "closed") return nowMs;
      if (nowMs >= untilMs) return null;
      await sleep(clock, LOOK_MS, signal);
    }
  }

  /** Undefined from a trigger that does not say in time how the gate ended. */
  async function confirmedEnd(fired: Promise<FiredTrain>): Promise<FiredTrain | undefined> {
    const pause = new AbortController();
    const patience = sleep(clock, WORD_MS, pause.signal).then(
      () => undefined,
      () => undefined,
    );
    try {
      return await Promise.race([fired, patience]);
    } finally {
      pause.abort(new Error("no longer needed"));
    }
  }

  return {
    async arm(acquisition) {
      present = undefined;
      const { exposureS } = acquisition;
      const detectorS = Math.round(1000 * (exposureS + 2 * (shutterTravelMs / 1000)) + deps.leadMs) / 1000;
      const [gate] = await Promise.all([
        trigger.arm({ delayS: 0, widthS: exposureS, count: 1, periodS: exposureS }),
        detector.arm({ ...acquisition, exposureS: detectorS }),
      ]);
      present = {
        ...{ lengthS: gate.widthS, detectorS, begunAtMs: NaN, frame: undefined, taken: null },
        ...{ sentAtMs: NaN, firedAtMs: NaN, fired: undefined, closedByGateMs: null },
      };
    },

    async begin() {
      const own = underway();
      own.begunAtMs = clock.monoMs();
      const { finished } = await detector.start();
      own.frame = finished;
      // Whoever waits for it may be gone by then; a failure is told to those who are not.
      finished.then(
        (frame) => {
          own.taken = frame;
        },
        () => undefined,
      );
    },

    assertInTime() {
      const sinceMs = clock.monoMs() - underway().begunAtMs;
      if (sinceMs <= LEAD_SHARE * deps.leadMs) return;
      const what = `it had counted for ${(sinceMs / 1000).toFixed(2)} s before the shutter could be opened; it was not`;
      throw new Fault("detector.gate-missed", detector.name, what);
    },

    async fire() {
      const own = underway();
      const levels = await deps.readLevels();
      const state = shutterState(levels);
      if (state !== "closed") {
        const what = `the shutter reads ${state} though the trigger was not told to fire`;
        throw new Fault("trigger.stray-gate", trigger.name, what);
      }
      const reasons = interlockReasons(levels, deps.isRehearsal);
      if (reasons.length > 0) throw new Fault("interlock.tripped", trigger.name, `no gate: ${reasons.join("; ")}`);
      const { sentAtMs, finished } = await trigger.fire();
      own.sentAtMs = sentAtMs;
      own.firedAtMs = clock.monoMs();
      own.fired = finished;
      return sentAtMs;
    },

    async watch(note, signal) {
      const own = underway();
      const { frame, fired, lengthS, sentAtMs, firedAtMs } = own;
      if (frame === undefined || fired === undefined) {
        throw new Fault("device.refused", trigger.name, "the gate was not fired");
      }
      const closedMs = await awaitGateEnd(own, signal);
      // From here on no gate, late or repeated, opens the shutter.
      await deps.requestShutterClosed();
      signal.throwIfAborted();
      if (closedMs === null) {
        const what = `the gate of ${shortNumber(lengthS)} s did not end in its time; the shutter was asked closed without it`;
        throw new Fault("trigger.late", trigger.name, what);
      }
      const isClosedStill = shutterState(await deps.readLevels()) === "closed";
      signal.throwIfAborted();
      // Looks far apart have room for another gate between them: then only the later one says that it was closed.
      const nowMs = clock.monoMs();
      const isOnlyGate = isClosedStill && nowMs - closedMs <= shutterTravelMs;
      if (isClosedStill) {
        const closedSeenAtMs = isOnlyGate ? closedMs : nowMs;
        own.closedByGateMs = closedSeenAtMs;
        note({ closeAskedAtMs: firedAtMs + lengthS * 1000, closedSeenAtMs });
      }
      const taken = await frame;
      if (closedMs > own.begunAtMs + own.detectorS * 1000) {
        const lateS = ((closedMs - own.begunAtMs) / 1000 - own.detectorS).toFixed(3);
        const what = `the shutter closed ${lateS} s after the detector had ceased to count`;
        throw new Fault("detector.gate-missed", detector.name, what);
      }
      const word = await confirmedEnd(fired);
      if (word === undefined) throw new Fault("trigger.late", trigger.name, "it does not say that its gate is over");
      if (word.gateCount !== 1) {
        throw new Fault("trigger.late", trigger.name, `it gave ${word.gateCount} gates and was asked for one`);
      }
      if (isOnlyGate) note({ gate: { firedAtMs: sentAtMs, lengthS } });
      return taken;
    },

    closedByGateMs: () => present?.closedByGateMs ?? null,

    async abort() {
      const own = present;
      present = undefined;
      const [gate, frame] = await Promise.allSettled([trigger.abort(), detector.abort()]);
      if (frame.status === "rejected") throw frame.reason;
      if (gate.status === "rejected") throw gate.reason;
      return frame.value ?? own?.taken ?? null;
    },
  };
}

/** What the effects need to have the shutter timed by the trigger, where the site has it so. */
export function gateOf(
  { shutter: { gate } }: Pick<Site, "shutter">,
  { trigger }: { readonly trigger?: Trigger },
): { readonly gate?: { readonly trigger: Trigger; readonly leadMs: number } } {
  return gate === undefined || trigger === undefined ? {} : { gate: { trigger, leadMs: gate.leadS * 1000 } };
}
