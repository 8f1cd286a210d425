/**
 * Where nobody saw the shutter closed, it must be seen so: after a restart, since its watchdog should have closed it when the
 * controller went, and after an exposure whose end the unit did not answer for. One that reads otherwise is asked to close,
 * and the one upstream with it; where neither reads closed, what no account covers is charged, and it is told.
 */
import { isFault } from "../../protocols/base/fault.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import { isSafetyShut, shutterState, type BeamIo, type InputLevels } from "../../protocols/roles/beam-io.ts";
import { faultNote, type FaultNote } from "../machines/errors.ts";

/** With the one upstream closed nothing comes through it. */
type OpenShutterCode = "shutter.stuck-open" | "shutter.beam-not-off";

export interface ShutterLookDeps {
  readonly io: Pick<BeamIo, "name" | "requestShutterClosed" | "requestSafetyShutter">;
  /** Within this the shutter closes by itself, and by the order. */
  readonly worstClosingMs: number;
  readonly nowMs: () => number;
  /** An exposure of this run is under way: its own machine looks after the shutter. */
  readonly isExposing: () => boolean;
  /** Neither shutter was closed when they were first seen, or may have been until then: what came since is in no account. */
  readonly unclosed: (sinceMs: number) => void;
  /** One reads closed at the first look, but not in time before it: what may have come between is in no account. */
  readonly late: (fromMs: number, toMs: number) => void;
  readonly tell: (fault: FaultNote) => void;
  /** What was told of a shutter that stands open is over. */
  readonly clear: (code: OpenShutterCode) => void;
  readonly fail: (error: unknown) => void;
}

export interface ShutterLook {
  /**
   * Nobody saw a shutter closed. `accountedToMs`: up to then all that may have come is charged; null where nothing was open.
   * `wasNotOff`: then neither shutter closed, and nothing would have closed one by itself since. `lateUntilMs`: one was late
   * then, and whoever was lost in what it did about that was so by this time; null where none was.
   */
  begin(accountedToMs: number | null, wasNotOff?: boolean, lateUntilMs?: number | null): void;
  /** Given every reading of the levels, until one shows the shutter closed. */
  showLevels(levels: InputLevels): void;
}

interface Look {
  accountedToMs: number | null;
  readonly wasNotOff: boolean;
  readonly lateUntilMs: number | null;
  openSinceMs: number | null;
  told: OpenShutterCode | null;
}

export function createShutterLook(deps: ShutterLookDeps): ShutterLook {
  const { io } = deps;
  let look: Look | null = null;

  /** Each by itself: one that is refused must not keep the other from being asked. */
  function askClosed(isUpstreamShut: boolean): void {
    const asked = [io.requestShutterClosed(), ...(isUpstreamShut ? [] : [io.requestSafetyShutter(false)])];
    for (const one of asked) {
      one.catch((error: unknown) => {
        if (isFault(error)) deps.tell(faultNote(error));
        else deps.fail(error);
      });
    }
  }

  return {
    begin(accountedToMs, wasNotOff = false, lateUntilMs = null) {
      // What was told of the one before is over with this one.
      const { openSinceMs, told } = look ?? { openSinceMs: null, told: null };
      const from = [accountedToMs, look?.accountedToMs ?? null].filter((atMs) => atMs !== null);
      look = { accountedToMs: from.length === 0 ? null : Math.min(...from), wasNotOff, lateUntilMs, openSinceMs, told };
    },
    showLevels(levels) {
      if (look === null) return;
      const state = shutterState(levels);
      const isUpstreamShut = isSafetyShut(levels);
      // Only what was open at the first look may have been so all the time before it.
      const wasOpen = look.wasNotOff || (state !== "closed" && !isUpstreamShut);
      const { accountedToMs, lateUntilMs } = look;
      if (accountedToMs !== null && wasOpen) deps.unclosed(accountedToMs);
      else if (accountedToMs !== null && lateUntilMs !== null) {
        const toMs = Math.min(lateUntilMs, deps.nowMs());
        if (toMs > accountedToMs) deps.late(accountedToMs, toMs);
      }
      look.accountedToMs = null;
      if (state === "closed") {
        if (look.told !== null) deps.clear(look.told);
        look = null;
        return;
      }
      if (deps.isExposing()) return;
      if (look.openSinceMs === null) {
        look.openSinceMs = deps.nowMs();
        askClosed(isUpstreamShut);
        return;
      }
      if (deps.nowMs() - look.openSinceMs <= deps.worstClosingMs) return;
      if (!isUpstreamShut) askClosed(isUpstreamShut);
      const code = isUpstreamShut ? "shutter.stuck-open" : "shutter.beam-not-off";
      if (look.told === code) return;
      if (look.told !== null) deps.clear(look.told);
      look.told = code;
      const lit = isUpstreamShut ? "the one upstream is closed" : "what stands in the beam may be exposed since";
      deps.tell({
        ...{ code, where: io.name, advice: FAULT_CATALOGUE[code].advice },
        what: `nobody saw the shutter close, and it reads ${state}: ${lit}`,
      });
    },
  };
}
