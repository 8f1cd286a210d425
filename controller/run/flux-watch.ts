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

const CODE = "shutter.flux-while-closed";

export function createFluxWatch(deps: FluxWatchDeps): FluxWatch {
  const { io, alarms, timings } = deps;
  /** Levels older than two cycles do not say that the shutter is closed. */
  const levelsMaximumAgeMs = 2 * timings.idleCycleMs;
  let closedSinceMs: number | null = null;
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

  async function takeBeamOff(): Promise<void> {
    // Each by itself: one that is refused must not keep the other from being asked. The next reading asks again.
    const asked = await Promise.allSettled([io.permit.dropShutterPermit(), io.requestSafetyShutter(false)]);
    for (const one of asked) if (one.status === "rejected" && !isFault(one.reason)) deps.fail(one.reason);
  }

  return {
    showLevels(levels) {
      levelsAtMs = levels.readAtMs;
      closedSinceMs = shutterState(levels) === "closed" ? (closedSinceMs ?? levels.readAtMs) : null;
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
        chargeTo(atMs);
        chargedToMs = null;
      }
      if (!verdict.isLit) return;
      // The reading before the first that speaks against the switch was the last that proved anything.
      chargedToMs ??= Math.max(closedSinceMs ?? atMs, darkAtMs);
      chargeTo(atMs);
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
