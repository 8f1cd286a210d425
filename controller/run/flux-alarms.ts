/**
 * Alarms about the flux: a source that contradicts the site, told with each exposure, and a flux for each milliampere of
 * ring current that has gone elsewhere than the site's calibration has it, told by the mean of several exposures.
 */
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { Fault } from "../../protocols/base/fault.ts";
import type { FluxReference } from "../dose/flux.ts";
import { faultNote } from "../machines/errors.ts";
import type { Alarms } from "./alarms.ts";

export interface FluxAlarms {
  /** A source of the flux was not believed; null when all were again. */
  readonly doubted: (fault: Fault | null) => void;
  /** What monitor and ring current said over one exposure that was made. */
  readonly compared: (monitorPhS: number, ringCurrentMa: number) => void;
}

/** At the beam, whichever cell it was found on. */
const WHERE = "beam";
const DRIFT = "calibration.flux-drift";
/** Exposures whose mean is judged: noise of single readings is no drift. */
const JUDGED = 8;
/** It is over well within the uncertainty, so that it does not come and go at its edge. */
const OVER_SHARE = 0.8;

export function createFluxAlarms(alarms: Pick<Alarms, "raise" | "clearAll">, reference: FluxReference): FluxAlarms {
  const shares: number[] = [];
  let isTold = false;

  return {
    doubted(fault) {
      if (fault === null) alarms.clearAll(WHERE, ["dose.flux-doubtful"]);
      else alarms.raise({ ...faultNote(fault), where: WHERE });
    },
    compared(monitorPhS, ringCurrentMa) {
      const share = (monitorPhS * reference.ringCurrentMa) / (ringCurrentMa * reference.fluxPhS);
      if (!Number.isFinite(share)) return;
      shares.push(share);
      if (shares.length > JUDGED) shares.shift();
      if (shares.length < JUDGED) return;
      const mean = shares.reduce((sum, one) => sum + one, 0) / shares.length;
      const off = Math.abs(mean - 1);
      const { monitor: uncertainty } = reference.uncertainty;
      if (off > uncertainty && !isTold) {
        isTold = true;
        const what = `over the last ${JUDGED} exposures the flux for each mA of ring current was ${(100 * mean).toFixed(1)} % of the site's, which is good to ${(100 * uncertainty).toFixed(1)} %`;
        alarms.raise({ code: DRIFT, where: WHERE, what, advice: FAULT_CATALOGUE[DRIFT].advice });
      } else if (isTold && off < OVER_SHARE * uncertainty) {
        isTold = false;
        alarms.clearAll(WHERE, [DRIFT]);
      }
    },
  };
}
