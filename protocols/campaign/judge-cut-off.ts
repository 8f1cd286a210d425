/** Cut-offs that a cell of this chemistry has passed before the step begins. */
import type { ConstantCurrentStep } from "../echem/protocol.ts";
import { directionOf } from "../echem/doubtful-steps.ts";
import type { Chemistry } from "./chemistry.ts";

export interface CutOffVerdict {
  readonly severity: "error" | "warning";
  readonly what: string;
  readonly advice: string;
}

/** Share of the window at either end in which hardly a cell rests. */
const EDGE_SHARE = 0.1;

/**
 * An error where a charge stops at or below the lower end of the window, or a discharge at or above the upper one; a
 * warning within the tenth of the window next to it. Undefined for every other cut-off, and for none.
 */
export function judgeCutOff(step: ConstantCurrentStep, chemistry: Chemistry): CutOffVerdict | undefined {
  const { untilVoltageV } = step;
  if (untilVoltageV === null) return undefined;
  const { voltageMinV, voltageMaxV } = chemistry;
  const isCharge = directionOf(step) > 0;
  const edgeV = isCharge ? voltageMinV : voltageMaxV;
  const insideV = isCharge ? untilVoltageV - voltageMinV : voltageMaxV - untilVoltageV;
  if (insideV > EDGE_SHARE * (voltageMaxV - voltageMinV)) return undefined;
  const isSure = insideV <= 0;
  const name = isCharge ? "charge" : "discharge";
  return {
    severity: isSure ? "error" : "warning",
    what: `a ${name} until ${untilVoltageV} V ${isSure ? "ends at once" : "ends at once in almost any cell"}: the window ${isCharge ? "begins" : "ends"} at ${edgeV} V`,
    advice: isCharge
      ? "Give the voltage up to which to charge, or a negative current to discharge."
      : "Give the voltage down to which to discharge, or a positive current to charge.",
  };
}
