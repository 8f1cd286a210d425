/** Where a cell stands before its first current, by its open-circuit voltage where one was measured. Pure. */
import type { ChemistryId } from "../../campaign/chemistry.ts";
import {
  FIRST_LOSS,
  FIRST_LOSS_FORMED,
  FIRST_LOSS_FRESH,
  FRESH_BELOW_V,
  SILICON_LOSS,
  START_SHARE,
  START_SHARE_MEASURED_SD,
  scaled,
  type CellNameplate,
  type Guess,
} from "./nameplate.ts";
import { curveOf } from "./open-circuit-curve.ts";

export interface StartGuess {
  /** State of charge. */
  readonly share: Guess;
  /** Part of the capacity that the first charge binds for good. */
  readonly firstLoss: Guess;
}

export function startGuess({ chemistry, startVoltageV }: CellNameplate): StartGuess {
  if (startVoltageV === null) return { share: START_SHARE, firstLoss: lossOf(FIRST_LOSS, chemistry) };
  const curve = curveOf(chemistry);
  if (startVoltageV < curve.voltageAt(0) - FRESH_BELOW_V) {
    return { share: { mean: 0, sd: START_SHARE_MEASURED_SD / 2 }, firstLoss: lossOf(FIRST_LOSS_FRESH, chemistry) };
  }
  const mean = Math.min(1, Math.max(0, curve.shareAt(startVoltageV)));
  return { share: { mean, sd: START_SHARE_MEASURED_SD }, firstLoss: FIRST_LOSS_FORMED };
}

function lossOf(guess: Guess, chemistry: ChemistryId): Guess {
  return chemistry === "nmc811-graphite-siox" ? scaled(guess, SILICON_LOSS) : guess;
}
