/** How a cell stood when the shutter opened on it, for the record. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { CellView } from "../cells/cell-view.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";

/** Null for what is not known. Volts, amperes, ampere hours, seconds. */
export function cellStateJson(
  view: CellView | undefined,
  samples: Pick<SampleIntake, "lastVoltageV" | "lastCurrentA" | "lastAtMs" | "chargeAh">,
  cellIndex: number,
  nowMs: number,
): { readonly [key: string]: Json } {
  return {
    voltage_V: finiteOrNull(samples.lastVoltageV[cellIndex]),
    current_A: finiteOrNull(samples.lastCurrentA[cellIndex]),
    charge_Ah: finiteOrNull(samples.chargeAh[cellIndex]),
    sample_age_s: finiteOrNull((nowMs - (samples.lastAtMs[cellIndex] ?? NaN)) / 1000),
    // Out of its contacts: what is told here is how it stood when a robot took it.
    ...(view?.state === "away" ? { is_operando: false } : {}),
    step: view?.step ?? null,
    cycle: view?.cycle ?? null,
    half_cycle: view?.halfCycle ?? null,
    state_of_charge: view?.stateOfCharge ?? null,
    state_of_charge_uncertainty: view?.stateOfChargeUncertainty ?? null,
  };
}

function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
