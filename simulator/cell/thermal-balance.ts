/** One temperature for the whole cell: its own heat against what the holder takes away. */
import type { CellModels } from "./cell-design.ts";
import type { ElectrodeParameters } from "./cell-parameters.ts";
import type { Cell } from "./cell.ts";

export interface ThermalParameters {
  readonly heatCapacityJK: number;
  readonly conductanceWK: number;
  readonly ambientC: number;
}

/** A cell in its clip. `mountingFactor` scales how well this one touches. */
export function clipHolder(models: CellModels, ambientC: number, mountingFactor = 1): ThermalParameters {
  return {
    heatCapacityJK: models.thermal.heatCapacity_J_K,
    conductanceWK: models.thermal.conductance_W_K.clipHolder * mountingFactor,
    ambientC,
  };
}

/** Heat of the cell at this instant, watts: losses, and entropy of what is moved. */
export function cellHeatW(cell: Cell): number {
  const { state, parameters } = cell;
  if (state.currentA === 0) return 0;
  const dischargeA = -state.currentA;
  const temperatureK = state.temperatureC + 273.15;
  const entropyVK =
    entropyOf(parameters.positive, state.positiveMean) - entropyOf(parameters.negative, state.negativeMean);
  return dischargeA * (cell.openCircuitV() - state.voltageV) - dischargeA * temperatureK * entropyVK;
}

/** Temperature after `dtS` of constant heat: exact for any length. */
export function temperatureAfterC(law: ThermalParameters, temperatureC: number, heatW: number, dtS: number): number {
  const settledC = law.ambientC + heatW / law.conductanceWK;
  return settledC + (temperatureC - settledC) * Math.exp((-law.conductanceWK * dtS) / law.heatCapacityJK);
}

/** A particle driven past its ends is taken at its ends: the published curve means nothing beyond. */
function entropyOf(electrode: ElectrodeParameters, mean: number): number {
  const stoichiometry = Math.min(1, Math.max(0, mean));
  let sum = 0;
  for (let power = electrode.entropyVK.length - 1; power >= 0; power -= 1) {
    sum = sum * stoichiometry + (electrode.entropyVK[power] ?? 0);
  }
  return sum;
}
