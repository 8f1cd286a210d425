/**
 * The stage leaves for the next spot as soon as a gate is seen to have closed the shutter, while the detector still counts
 * or is read out. Like every way it begins only under levels just read that allow motion, with the shutter closed, and it
 * is ended by levels that do not. Nobody waits for it: what comes of it is known to whoever wants to be there next.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { isFault } from "../../protocols/base/fault.ts";
import { shutterState, type InputLevels, type Interlock } from "../../protocols/roles/beam-io.ts";
import type { Stage, StagePosition, StageReading } from "../../protocols/roles/stage.ts";
import { motionRefusals } from "../safety/permit-judgement.ts";
import type { LitSpot } from "./closed-charge.ts";

/** Which spot is most likely next, and where the stage stands for it. */
export interface NextSpot extends LitSpot {
  readonly stageXMm: number;
  readonly stageYMm: number;
}

export interface Arrival {
  readonly reading: StageReading;
  readonly restSinceMs: number;
}

export interface EarlyDepartureDeps {
  readonly clock: Clock;
  readonly stage: Pick<Stage, "moveTo" | "read">;
  readonly levelsMaximumAgeMs: number;
  readonly latched: () => readonly Interlock[];
  readonly isAt: (at: StagePosition, target: StagePosition) => boolean;
  /** When anybody else had the stage moved last. */
  readonly stageMovedAtMs: () => number;
  /** The stage sets out for it. */
  readonly leaving: (spot: LitSpot) => void;
}

export interface EarlyDeparture {
  /** Sets out, if the levels just read allow it. Never throws. */
  leave(spot: NextSpot, levels: InputLevels): void;
  /** Levels just read: a way under way that they do not allow is ended. */
  seen(levels: InputLevels): void;
  /**
   * Resolves once no such way is under way any more: with where it ended, when that is the target and the stage still
   * stands there; null otherwise. An aborted signal ends the way, and the promise rejects with its reason.
   */
  join(target: StagePosition, signal: AbortSignal): Promise<Arrival | null>;
  /** Stops the stage where it is on its way, and forgets where it went. */
  end(why: string): void;
  /** Resolves when no such way is under way any more. */
  ended(): Promise<void>;
}

interface Way {
  readonly target: StagePosition;
  readonly begunMs: number;
  readonly stop: AbortController;
  /** Null where it did not come to its end. */
  readonly arrival: Promise<Arrival | null>;
  isUnderWay: boolean;
}

export function createEarlyDeparture(deps: EarlyDepartureDeps): EarlyDeparture {
  const { clock, stage } = deps;
  let way: Way | null = null;

  function refusals(levels: InputLevels): readonly string[] {
    const { levelsMaximumAgeMs } = deps;
    return motionRefusals(levels, { nowMs: clock.monoMs(), levelsMaximumAgeMs, latched: deps.latched() });
  }

  async function go(target: StagePosition, stop: AbortController): Promise<Arrival | null> {
    try {
      const reading = await stage.moveTo(target, stop.signal);
      return { reading, restSinceMs: reading.restSinceMs ?? clock.monoMs() };
    } catch (error) {
      // Whoever brings the cell next finds the stage elsewhere, tries, and says what is wrong with it.
      if (isFault(error) || stop.signal.aborted) return null;
      throw error;
    }
  }

  function end(why: string): void {
    if (way?.isUnderWay === true) way.stop.abort(new Error(why));
    else way = null;
  }

  /** It came there before anybody asked: it is read back whether it stands there still. */
  async function stillThere(of: Way, arrival: Arrival): Promise<Arrival | null> {
    if (deps.stageMovedAtMs() > of.begunMs) return null;
    const reading = await stage.read();
    return reading.atRest && deps.isAt(reading, of.target) ? { ...arrival, reading } : null;
  }

  return {
    leave(spot, levels) {
      if (way?.isUnderWay === true || shutterState(levels) !== "closed" || refusals(levels).length > 0) return;
      deps.leaving(spot);
      const target = { xMm: spot.stageXMm, yMm: spot.stageYMm };
      const stop = new AbortController();
      const arrival = go(target, stop).finally(() => {
        next.isUnderWay = false;
      });
      const next: Way = { target, begunMs: clock.monoMs(), stop, arrival, isUnderWay: true };
      way = next;
      // A defect is told to whoever joins; here it must not pass for an unhandled one.
      arrival.catch(() => undefined);
    },
    seen(levels) {
      if (way?.isUnderWay !== true) return;
      const reasons = refusals(levels);
      if (reasons.length > 0) end(reasons.join("; "));
    },
    async join(target, signal) {
      const present = way;
      way = null;
      if (present === null) return null;
      const wasUnderWay = present.isUnderWay;
      const onAbort = (): void => {
        present.stop.abort(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        const arrival = await present.arrival;
        signal.throwIfAborted();
        if (arrival === null || !deps.isAt(present.target, target)) return null;
        return wasUnderWay ? arrival : await stillThere(present, arrival);
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
    end,
    async ended() {
      await way?.arrival.catch(() => undefined);
    },
  };
}
