/**
 * The line from a gate generator's output to the shutter's drive: high while a gate lasts. What lies in series with it
 * (request, permit) is wired elsewhere.
 */
import type { Felt } from "./felt.ts";
import type { WorldClock } from "./plant.ts";

/** `holds` stays high once it is; `withheld` never gets there; `repeats` gives each gate once more, so long after its end. */
export type GateTrouble =
  | { readonly how: "holds" }
  | { readonly how: "withheld" }
  | { readonly how: "repeats"; readonly afterMs: number };

export interface GateLine {
  /** At the shutter's end. */
  readonly isHigh: boolean;
  /** The level at the generator's end. */
  drive(atMs: number, isHigh: boolean): void;
  /** One handler. */
  onChange(handler: (atMs: number, isHigh: boolean) => void): void;
  setTrouble(atMs: number, trouble: GateTrouble | null, felt?: Felt): void;
}

export function createGateLine(clock: WorldClock): GateLine {
  let trouble: GateTrouble | null = null;
  let driven = false;
  let isEcho = false;
  let isHeld = false;
  let isHigh = false;
  let roseMs = 0;
  let felt: Felt | undefined;
  let handler: ((atMs: number, isHigh: boolean) => void) | undefined;

  function show(atMs: number): void {
    const level = trouble?.how !== "withheld" && (driven || isEcho || isHeld);
    if (level === isHigh) return;
    isHigh = level;
    handler?.(atMs, isHigh);
  }

  function repeat(afterMs: number, lengthMs: number): void {
    clock.at(clock.nowMs() + afterMs, () => {
      isEcho = true;
      show(clock.nowMs());
      clock.at(clock.nowMs() + lengthMs, () => {
        isEcho = false;
        show(clock.nowMs());
      });
    });
  }

  return {
    get isHigh() {
      return isHigh;
    },
    drive(atMs, level) {
      if (level === driven) return;
      driven = level;
      // Held, withheld or repeated: each with the gate's end, or its begin.
      if (trouble !== null && level === (trouble.how === "withheld")) felt?.();
      if (level) roseMs = atMs;
      else if (trouble?.how === "repeats") repeat(trouble.afterMs, atMs - roseMs);
      if (level && trouble?.how === "holds") isHeld = true;
      show(atMs);
    },
    onChange(told) {
      handler = told;
    },
    setTrouble(atMs, next, feltNext) {
      trouble = next;
      felt = feltNext;
      if (next?.how === "holds") isHeld = driven;
      else isHeld = false;
      show(atMs);
    },
  };
}
