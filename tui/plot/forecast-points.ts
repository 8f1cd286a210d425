/** The forecast of a protocol as points to draw: hours, volts, milliampere. */
import type { ChemistryId } from "../../protocols/campaign/chemistry.ts";
import { drawForecast } from "../../protocols/echem/forecast/forecast-protocol.ts";
import type { CellNameplate } from "../../protocols/echem/forecast/nameplate.ts";
import { stepCountOf } from "../../protocols/echem/cursor.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";

export interface ForecastPoints {
  readonly title: string;
  readonly timeH: readonly number[];
  readonly voltageV: readonly number[];
  readonly currentMa: readonly number[];
}

/** More steps than this make a drawing black. */
const STEPS_DRAWN = 60;
const POINTS_LEAST = 2;

/** Undefined for a protocol that draws nothing. */
export function forecastPoints(
  protocol: Protocol,
  cell: { readonly chemistry: ChemistryId; readonly nominalCapacityMah: number },
): ForecastPoints | undefined {
  const nameplate: CellNameplate = { ...cell, startVoltageV: null, limits: null };
  const timeH: number[] = [];
  const voltageV: number[] = [];
  const currentMa: number[] = [];
  drawForecast(
    protocol,
    nameplate,
    (timeS, currentA, voltage) => {
      timeH.push(timeS / 3600);
      voltageV.push(voltage);
      currentMa.push(1000 * currentA);
    },
    { stepsMax: STEPS_DRAWN },
  );
  if (timeH.length < POINTS_LEAST) return undefined;
  const stepCount = stepCountOf(protocol);
  const shown = stepCount > STEPS_DRAWN ? `, the first ${STEPS_DRAWN} of ${stepCount} steps` : "";
  const title = `${protocol.name}: forecast for ${cell.chemistry}, ${cell.nominalCapacityMah} mAh${shown}`;
  return { title, timeH, voltageV, currentMa };
}
