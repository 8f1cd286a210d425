/** Turns a frame on the detector's disk into a powder pattern: azimuthal integration, wherever it is done. */
import type { PowderPattern } from "../diffraction/powder-pattern.ts";

export interface Integrator {
  readonly name: string;
  /**
   * The pattern of the frame that the detector wrote to this path; undefined when there is none. Rejects with a Fault
   * when it could not be asked.
   */
  read(framePath: string): Promise<PowderPattern | undefined>;
}
