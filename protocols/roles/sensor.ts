/** A quantity that arrives by itself: ring current, flux, temperature. It informs and may stop, never permit. */
import type { Instrument } from "./instrument.ts";

export interface Reading {
  readonly value: number;
  /** Arrival on the monotonic clock. */
  readonly arrivedAtMs: number;
}

export interface Sensor extends Instrument {
  readonly quantity: string;
  /** Unit of the value, as in the site file. */
  readonly unit: string;
  /** A reading older than this counts as no reading. */
  readonly maximumAgeS: number;
  /** The last reading, or undefined when there is none or it is older than its maximum age. Retained messages never count as fresh. */
  fresh(): Reading | undefined;
  onReading(handler: (reading: Reading) => void): () => void;
}
