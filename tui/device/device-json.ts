/** What instruments say, as JSON with units in the names. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { shutterState, type InputLevels } from "../../protocols/roles/beam-io.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { Reading, Sensor } from "../../protocols/roles/sensor.ts";
import type { StageReading } from "../../protocols/roles/stage.ts";

export interface JsonObject {
  readonly [key: string]: Json;
}

export function identityJson({ model, serialNumber, firmware }: Identity): JsonObject {
  return { model, serial_number: serialNumber, firmware };
}

export function stageJson({ xMm, yMm, atRest }: StageReading): JsonObject {
  return { x_mm: round(xMm), y_mm: round(yMm), at_rest: atRest };
}

export function levelsJson(levels: InputLevels): JsonObject {
  const { interlocks } = levels;
  const safety = {
    ...levels,
    shutterOpenSwitch: levels.safetyShutterOpenSwitch,
    shutterClosedSwitch: levels.safetyShutterClosedSwitch,
  };
  return {
    shutter: shutterState(levels),
    safety_shutter: shutterState(safety),
    interlocks: {
      searched: interlocks.searched,
      door_closed: interlocks.doorClosed,
      emergency_ok: interlocks.emergencyOk,
      motion_enabled: interlocks.motionEnabled,
      beam_permitted: interlocks.beamPermitted,
    },
    filters_in: [...levels.filtersIn],
    watchdog_tripped: levels.watchdogTripped,
  };
}

export function sensorJson(sensor: Sensor, reading: Reading | undefined, nowMs: number): JsonObject {
  return {
    sensor: sensor.name,
    quantity: sensor.quantity,
    value: reading?.value ?? null,
    unit: sensor.unit,
    age_s: reading === undefined ? null : round((nowMs - reading.arrivedAtMs) / 1000),
    maximum_age_s: sensor.maximumAgeS,
  };
}

function round(value: number): number {
  return Number(value.toFixed(4));
}
