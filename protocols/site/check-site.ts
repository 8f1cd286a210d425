/** What must hold between the sections of a site file: one instrument a port, one meaning a bit, every cell in reach. */
import type { Finding } from "../base/finding.ts";
import { COLUMN_COUNT, ROW_COUNT } from "../base/position.ts";
import { INTERLOCKS } from "../roles/beam-io.ts";
import { ADAM_MODELS } from "../wire/modbus-io/adam-6000.ts";
import { inputBits, outputBits } from "../wire/modbus-io/modbus-io-map.ts";
import { findingAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import { DATA_FOLDER } from "../wire/simplon/simplon-requests.ts";
import { addressKey } from "../wire/neware/channel-address.ts";
import {
  RACK_QUANTITIES,
  SENSOR_UNITS,
  type LinkAddress,
  type SensorQuantity,
  type Site,
  type SiteChannel,
  type SiteSensor,
} from "./site.ts";
import { linkText } from "./site-lookup.ts";

export function checkSite(document: InputDocument, site: Site): readonly Finding[] {
  const findings: Finding[] = [];
  const refuse = (path: Path, code: string, what: string, advice: string): void => {
    findings.push(findingAt(document, "error", code, path, what, advice));
  };
  checkLinks(site, refuse);
  checkCabinets(site, refuse);
  checkNames(site, refuse);
  checkBits(site, refuse);
  checkAdam(site, refuse);
  checkDetector(site, refuse);
  checkReach(site, refuse);
  checkSensors(site, refuse);
  for (const interlock of INTERLOCKS) {
    if (site.interlocks.includes(interlock)) continue;
    findings.push(
      findingAt(
        document,
        "warning",
        "site.interlock-unused",
        ["interlocks"],
        `${interlock} is not asked for`,
        "List every condition that must hold before the beam is let in.",
      ),
    );
  }
  if (site.beam.fluxMaxPhS < site.beam.fluxReferencePhS) {
    refuse(
      ["beam", "flux_max_ph_s"],
      "site.flux",
      `flux_max_ph_s ${site.beam.fluxMaxPhS} is below flux_ref_ph_s ${site.beam.fluxReferencePhS}`,
      "Give the most the beam can ever bring; doses are bounded with it.",
    );
  }
  return findings;
}

type Refuse = (path: Path, code: string, what: string, advice: string) => void;

function checkLinks(site: Site, refuse: Refuse): void {
  const seen = new Map<string, string>();
  const add = (name: string, link: LinkAddress, path: Path): void => {
    const port = linkText(link);
    const other = seen.get(port);
    if (other === undefined) seen.set(port, name);
    else
      refuse(
        path,
        "site.link-shared",
        `${name} and ${other} are both on ${port}`,
        "Give each instrument a port of its own.",
      );
  };
  add(site.stage.name, site.stage.link, ["stage", "link"]);
  add(site.detector.name, site.detector.link, ["detector", "link"]);
  add(site.io.name, site.io.link, ["io", "link"]);
  site.sensorSources.forEach((source, index) => {
    add(source.name, source.link, ["sensor_sources", index, "link"]);
  });
  const cabinets = new Map<string, SiteChannel>();
  for (const channel of site.channels) {
    if (channel.driver !== "neware-bts") {
      add(channel.name, channel.link, ["channels"]);
      continue;
    }
    const first = cabinets.get(channel.cabinet.name);
    if (first === undefined) add(channel.cabinet.name, channel.link, ["channels"]);
    else if (linkText(first.link) !== linkText(channel.link)) {
      refuse(
        ["channels"],
        "site.link-shared",
        `${channel.cabinet.name} is at ${linkText(first.link)} and at ${linkText(channel.link)}`,
        "A cabinet has one client: give it one link.",
      );
    }
    cabinets.set(channel.cabinet.name, first ?? channel);
  }
}

/** Each channel of a cabinet serves one position. */
function checkCabinets(site: Site, refuse: Refuse): void {
  const seen = new Map<string, string>();
  for (const channel of site.channels) {
    if (channel.driver !== "neware-bts") continue;
    const key = `${channel.cabinet.name} ${addressKey(channel.address)}`;
    const other = seen.get(key);
    if (other !== undefined) {
      refuse(
        ["channels"],
        "site.wiring-overlap",
        `${channel.position} and ${other} are both on channel ${addressKey(channel.address)} of ${channel.cabinet.name}`,
        "Give each group its own first_unit, so that each position has a channel of its own.",
      );
    }
    seen.set(key, channel.position);
  }
}

function checkNames(site: Site, refuse: Refuse): void {
  const seen = new Set<string>();
  const add = (name: string, path: Path): void => {
    if (seen.has(name))
      refuse(path, "site.duplicate-name", `the name ${name} is given twice`, "Give each instrument a name of its own.");
    seen.add(name);
  };
  add(site.stage.name, ["stage", "name"]);
  add(site.detector.name, ["detector", "name"]);
  add(site.io.name, ["io", "name"]);
  site.sensorSources.forEach((source, index) => {
    add(source.name, ["sensor_sources", index, "name"]);
    source.sensors.forEach((sensor, at) => {
      add(sensor.name, ["sensor_sources", index, "sensors", at, "name"]);
    });
  });
  const filters = new Set<string>();
  site.filters.forEach((filter, index) => {
    if (filters.has(filter.name)) {
      refuse(
        ["filters", index, "name"],
        "site.duplicate-name",
        `the name ${filter.name} is given twice`,
        "Give each filter a name of its own.",
      );
    }
    filters.add(filter.name);
  });
}

function checkBits(site: Site, refuse: Refuse): void {
  const { map } = site.io;
  for (const [side, bits, filterBits] of [
    ["inputs", inputBits(map), map.inputs.filters],
    ["outputs", outputBits(map), map.outputs.filters],
  ] as const) {
    const twice = bits.find((bit, index) => bits.indexOf(bit) !== index);
    if (twice !== undefined) {
      refuse(
        ["io", side],
        "site.bit-shared",
        `bit ${twice} of the ${side} has two meanings`,
        "Give each signal a bit of its own.",
      );
    }
    if (filterBits.length !== site.filters.length) {
      refuse(
        ["io", side, "filters"],
        "site.filters",
        `${filterBits.length} bits for ${site.filters.length} filters`,
        "Give one bit for each filter, in the order of the filters.",
      );
    }
  }
}

/** The HTTP interface of these detectors knows one folder. */
function checkDetector({ detector }: Site, refuse: Refuse): void {
  if (detector.driver !== "dectris-simplon" || detector.folder === DATA_FOLDER) return;
  refuse(
    ["detector", "folder"],
    "site.folder",
    `the folder ${detector.folder} on a detector that keeps its files under ${DATA_FOLDER}`,
    `Write folder: ${DATA_FOLDER}.`,
  );
}

/** An ADAM module has few points, and its permit hangs on an output that drives a timer relay. */
function checkAdam(site: Site, refuse: Refuse): void {
  const { adam, map } = site.io;
  if (adam === undefined) {
    if (map.outputs.heartbeat !== undefined) {
      refuse(
        ["io", "outputs", "heartbeat"],
        "site.heartbeat",
        "a heartbeat output on a unit that guards its outputs by a register",
        "Leave it out, or name the unit: adam-6050 or adam-6060.",
      );
    }
    return;
  }
  const { inputCount, outputCount } = ADAM_MODELS[adam.model];
  if (map.outputs.heartbeat === undefined) {
    refuse(
      ["io", "outputs"],
      "site.heartbeat",
      `${adam.model} has no output for the heartbeat`,
      "Give heartbeat: the output that drives the timer relay in the shutter's permit.",
    );
  }
  for (const [side, bits, count] of [
    ["inputs", inputBits(map), inputCount],
    ["outputs", outputBits(map), outputCount],
  ] as const) {
    const beyond = bits.find((bit) => bit >= count);
    if (beyond === undefined) continue;
    refuse(
      ["io", side],
      "site.bit-missing",
      `${adam.model} has ${count} ${side}, and no bit ${beyond}`,
      "Use the bits there are, wire interlocks in series (interlocks_in_series), or take a larger unit.",
    );
  }
}

function checkReach(site: Site, refuse: Refuse): void {
  const { pitchMm, originXMm, originYMm } = site.rack;
  const farX = originXMm + (COLUMN_COUNT - 1) * pitchMm;
  const farY = originYMm + (ROW_COUNT - 1) * pitchMm;
  if (farX > site.stage.travelXMm) {
    refuse(
      ["stage", "travel_x_mm"],
      "site.travel",
      `column 12 is at ${farX} mm, the stage ends at ${site.stage.travelXMm} mm`,
      "Correct pitch, origin or travel.",
    );
  }
  if (farY > site.stage.travelYMm) {
    refuse(
      ["stage", "travel_y_mm"],
      "site.travel",
      `row H is at ${farY} mm, the stage ends at ${site.stage.travelYMm} mm`,
      "Correct pitch, origin or travel.",
    );
  }
}

function isOf(group: readonly SensorQuantity[], quantity: SensorQuantity): boolean {
  return group.includes(quantity);
}

function checkLevels({ quantity, alarmAbove, stopAbove }: SiteSensor, path: Path, refuse: Refuse): void {
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

function checkSensors(site: Site, refuse: Refuse): void {
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
      if (quantities.has(sensor.quantity) && !isOf(RACK_QUANTITIES, sensor.quantity)) {
        refuse(
          [...path, "quantity"],
          "site.duplicate-sensor",
          `two sensors for ${sensor.quantity}`,
          "Name the one that counts.",
        );
      }
      quantities.add(sensor.quantity);
    });
  });
  if (!quantities.has("ring_current")) {
    refuse(
      ["sensor_sources"],
      "site.sensor-missing",
      "no sensor for ring_current",
      "Add one: loss of beam is seen by it.",
    );
  }
}
