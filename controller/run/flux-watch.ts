/** Hears a flux monitor that stands behind the shutter, and acts when a shutter that reads closed lets photons through. */
import { isFault } from "../../protocols/base/fault.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import { shutterState, type BeamIo, type InputLevels } from "../../protocols/roles/beam-io.ts";
import { judgeClosedFlux } from "../beam/closed-flux.ts";
import type { Alarms } from "./alarms.ts";
import type { RunTimings } from "./timings.ts";

export interface FluxWatchDeps {
  readonly io: Pick<BeamIo, "name" | "permit" | "requestSafetyShutter">;
  readonly alarms: Alarms;
  readonly timings: Pick<RunTimings, "closedFlux" | "idleCycleMs" | "ringCurrentMinimumMa">;
  readonly ringCurrentMa: () => number | null;
  /** Photons may have come between the two times, while the shutter read closed. */
  readonly charge: (fromMs: number, toMs: number) => void;
  /** After a restart: from then until now nobody has listened. */
  readonly deafSinceMs?: number;
  /** Nothing is exposed any more until a person resumes. */
  readonly stopExposing: (reason: string) => void;
  /** A defect of ours. */
  readonly fail: (error: unknown) => void;
}

export interface FluxWatch {
  showLevels(levels: InputLevels): void;
  /** A reading as it arrives. */
  read(atMs: number, fluxPhS: number): void;
  /** A person has looked at it and lets exposing go on. */
  noteResumed(): void;
}

/** The shutter read closed all the time between. */
interface ClosedStretch {
  readonly fromMs: number;
  toMs: number;
}

const CODE = "shutter.flux-while-closed";
/** Stretches that ended longer ago are no longer asked for. */
const KEPT_MS = 600_000;

export function createFluxWatch(deps: FluxWatchDeps): FluxWatch {
  const { io, alarms, timings } = deps;
  /** Levels older than two cycles do not say that the shutter is closed. */
  const levelsMaximumAgeMs = 2 * timings.idleCycleMs;
  let closedSinceMs: number | null = null;
  /** Since the last reading that showed it dark, one for each time between two openings. */
  let stretches: ClosedStretch[] = [];
  let { deafSinceMs } = deps;
  let levelsAtMs = -Infinity;
  let litSinceMs: number | null = null;
  let isTold = false;
  /** The last reading that showed the closed shutter dark. */
  let darkAtMs = -Infinity;
  /** Up to when what came through a shutter that reads closed is charged; null while none does. */
  let chargedToMs: number | null = null;

  function chargeTo(atMs: number): void {
    if (chargedToMs === null || !(atMs > chargedToMs)) return;
    deps.charge(chargedToMs, atMs);
    chargedToMs = atMs;
  }

  function noteClosed(isClosed: boolean, atMs: number): void {
    if (isClosed === (closedSinceMs !== null)) return;
    if (isClosed) {
      closedSinceMs = atMs;
      stretches = stretches.filter(({ toMs }) => toMs > atMs - KEPT_MS);
      stretches.push({ fromMs: deafSinceMs ?? atMs, toMs: Infinity });
    } else {
      closedSinceMs = null;
      for (const stretch of stretches) stretch.toMs = Math.min(stretch.toMs, atMs);
    }
    deafSinceMs = undefined;
  }

  /** What came between openings is in none of their bookings: the last dark reading is the last that proved anything. */
  function chargeUnproven(atMs: number): void {
    for (const { fromMs, toMs } of stretches) {
      const [startMs, endMs] = [Math.max(fromMs, darkAtMs), Math.min(toMs, atMs)];
      if (endMs > startMs) deps.charge(startMs, endMs);
    }
    chargedToMs = atMs;
  }

  async function takeBeamOff(): Promise<void> {
    // Each by itself: one that is refused must not keep the other from being asked. The next reading asks again.
    const asked = await Promise.allSettled([io.permit.dropShutterPermit(), io.requestSafetyShutter(false)]);
    for (const one of asked) if (one.status === "rejected" && !isFault(one.reason)) deps.fail(one.reason);
  }

  return {
    showLevels(levels) {
      levelsAtMs = levels.readAtMs;
      noteClosed(shutterState(levels) === "closed", levels.readAtMs);
      if (chargedToMs === null || !levels.safetyShutterClosedSwitch) return;
      chargeTo(levels.readAtMs);
      chargedToMs = null;
    },
    read(atMs, fluxPhS) {
      const isFresh = atMs - levelsAtMs <= levelsMaximumAgeMs;
      const verdict = judgeClosedFlux(
        litSinceMs,
        {
          ...{ atMs, fluxPhS, hasMachineBeam: (deps.ringCurrentMa() ?? 0) >= timings.ringCurrentMinimumMa },
          closedSinceMs: isFresh ? closedSinceMs : null,
        },
        timings.closedFlux,
      );
      litSinceMs = verdict.litSinceMs;
      if (litSinceMs === null && fluxPhS <= timings.closedFlux.thresholdPhS) {
        darkAtMs = atMs;
        stretches = stretches.filter(({ toMs }) => toMs > atMs);
        chargeTo(atMs);
        chargedToMs = null;
      }
      if (!verdict.isLit) return;
      if (chargedToMs === null) chargeUnproven(atMs);
      else chargeTo(atMs);
      void takeBeamOff();
      if (isTold) return;
      isTold = true;
      const seenS = ((atMs - (litSinceMs ?? atMs)) / 1000).toFixed(1);
      const what = `the monitor behind the shutter has read ${fluxPhS.toPrecision(3)} ph/s for ${seenS} s while the shutter reads closed`;
      alarms.raise({ code: CODE, where: io.name, what, advice: FAULT_CATALOGUE[CODE].advice });
      deps.stopExposing(what);
    },
    noteResumed() {
      isTold = false;
      litSinceMs = null;
      alarms.clear(CODE, io.name);
    },
  };
}
