/**
 * Whether the script found running is the one that a controller before this one started. While it runs the instrument
 * answers no question, so its data tell: the time since its start by its own timer, and what it drives.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import type { LeftRunning } from "../../protocols/roles/channel.ts";

/** What a timer drifts, and how late its start may have been written down (chosen). */
const TIMER_S = 2;
const TIMER_SHARE = 1e-3;
const VOLTAGE_V = 0.1;
const CURRENT_SHARE = 0.05;
const CURRENT_A = 2e-5;

/** A spectrum is begun anew: what was measured of it while nobody listened is lost. */
export function canBeLeft({ step, identity }: LeftRunning): boolean {
  return step.kind !== "impedance" && identity !== null;
}

export function isThatStep(left: LeftRunning, stepTimeS: number, voltageV: number, currentA: number): boolean {
  const { step } = left;
  const sinceS = left.sinceStartS();
  const { voltageMinV, voltageMaxV } = step.limits;
  // Written so that NaN is no match.
  if (!(Math.abs(stepTimeS - sinceS) <= TIMER_S + TIMER_SHARE * sinceS)) return false;
  if (!(voltageV >= voltageMinV - VOLTAGE_V && voltageV <= voltageMaxV + VOLTAGE_V)) return false;
  switch (step.kind) {
    case "rest":
      return Math.abs(currentA) <= CURRENT_A;
    case "constant-current":
      return Math.abs(currentA - step.currentA) <= CURRENT_A + CURRENT_SHARE * Math.abs(step.currentA);
    case "constant-voltage":
      return Math.abs(voltageV - step.voltageV) <= VOLTAGE_V;
    case "voltage-scan":
      return true;
    case "impedance":
      return false;
  }
}

/** A look at what a script sends, without a word to the instrument. */
export interface Look {
  /** True when the first sample proves the script to be the one that was left. */
  readonly verdict: Promise<boolean>;
  readonly isProven: boolean;
  /** Whether the sample is of that step. */
  sample(stepTimeS: number, voltageV: number, currentA: number): boolean;
  /** The script is over before it was known. */
  end(): void;
}

export function createLook(clock: Clock, waitMs: number, left: LeftRunning): Look {
  let known: boolean | null = null;
  let tell: (isOurs: boolean) => void = () => undefined;
  const verdict = new Promise<boolean>((resolve) => {
    tell = resolve;
  });
  const timer = clock.setTimeout(() => {
    decide(false);
  }, waitMs);
  function decide(isOurs: boolean): void {
    if (known !== null) return;
    known = isOurs;
    clock.clearTimeout(timer);
    tell(isOurs);
  }
  return {
    verdict,
    get isProven() {
      return known === true;
    },
    sample(stepTimeS, voltageV, currentA) {
      decide(isThatStep(left, stepTimeS, voltageV, currentA));
      return known === true;
    },
    end() {
      decide(false);
    },
  };
}
