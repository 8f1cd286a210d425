/** What alignment asks of the beamline: the signal behind the rack with one place of it in the beam. */
import type { ScanPoint } from "../../protocols/align/estimate.ts";
import type { PlaneMm } from "../../protocols/align/placement.ts";

export interface Signal {
  /** Of the diode behind the rack, over what the beam gave meanwhile. */
  readonly signal: number;
  /** Standard uncertainty. */
  readonly sigma: number;
  /** The most that the diode can tell, not what there was. */
  readonly isSaturated?: boolean;
}

export interface Probe {
  /** Brings the place into the beam, lets photons through, and takes them away again. Rejects with a Fault. */
  signalAt(stage: PlaneMm): Promise<Signal>;
}

/** A way along one axis of the stage, the other coordinate kept. */
export interface Line {
  readonly axis: "x" | "y";
  at(mm: number): Promise<ScanPoint>;
}

export function lineThrough(probe: Probe, axis: "x" | "y", otherMm: number): Line {
  return {
    axis,
    async at(mm) {
      const place = axis === "x" ? { xMm: mm, yMm: otherMm } : { xMm: otherMm, yMm: mm };
      return { atMm: mm, ...(await probe.signalAt(place)) };
    },
  };
}
