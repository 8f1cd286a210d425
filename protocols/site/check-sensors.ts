/** Sensors of a site: units, levels, and one for each quantity that counts for the beam. */
import type { Path } from "../input/document.ts";
import type { Refuse } from "./check-site.ts";
import {
  beamQuantities,
  RACK_QUANTITIES,
  SENSOR_UNITS,
  type SensorQuantity,
  type Site,
  type SiteSensor,
} from "./site.ts";

function isOf(group: readonly SensorQuantity[], quantity: SensorQuantity): boolean {
  return group.includes(quantity);
}

type Levels = Pick<SiteSensor, "quantity" | "alarmAbove" | "stopAbove">;

function checkLevels({ quantity, alarmAbove, stopAbove }: Levels, path: Path, refuse: Refuse): void {
  if (!isOf(RACK_QUANTITIES, quantity) && (alarmAbove !== null || stopAbove !== null)) {
    refuse(
      [...path, alarmAbove === null ? "stop_above" : "alarm_above"],
      "site.sensor-level",
      `a level for ${quantity}`,
      `Levels are for what hangs over the rack: ${RACK_QUANTITIES.join(", ")}.`,
    );
  } else if (stopAbove !== null && (alarmAbove === null || alarmAbove > stopAbove)) {
    refuse(
      [...path, "stop_above"],
      "site.sensor-level",
      `stop_above ${stopAbove} without an alarm before it`,
      "Give alarm_above, at most as high, so that somebody is told before the rack is stopped.",
    );
  }
}

export function checkSensors(site: Site, refuse: Refuse): void {
  const quantities = new Set<string>();
  site.sensorSources.forEach((source, sourceIndex) => {
    source.sensors.forEach((sensor, index) => {
      const path: Path = ["sensor_sources", sourceIndex, "sensors", index];
      const unit = SENSOR_UNITS[sensor.quantity];
      if (sensor.unit !== unit) {
        refuse(
          [...path, "unit"],
          "site.unit",
          `${sensor.quantity} in ${sensor.unit}`,
          `Give ${sensor.quantity} in ${unit}.`,
        );
      }
      checkLevels(sensor, path, refuse);
      count(sensor.quantity, path);
    });
  });
  (site.sensors ?? []).forEach((sensor, index) => {
    checkLevels(sensor, ["sensors", index], refuse);
    count(sensor.quantity, ["sensors", index]);
  });
  for (const quantity of beamQuantities(site)) {
    if (quantities.has(quantity)) continue;
    const why = quantity === "ring_current" ? "loss of beam is seen by it" : "doses are settled with it";
    refuse(["sensor_sources"], "site.sensor-missing", `no sensor for ${quantity}`, `Add one: ${why}.`);
  }

  function count(quantity: SensorQuantity, path: Path): void {
    if (quantities.has(quantity) && !isOf(RACK_QUANTITIES, quantity)) {
      refuse(
        [...path, "quantity"],
        "site.duplicate-sensor",
        `two sensors for ${quantity}`,
        "Name the one that counts.",
      );
    }
    quantities.add(quantity);
  }
}
