/** The channels of a site: groups of positions, each position wired once, each channel on a port of its own. */
import type { Finding } from "../base/finding.ts";
import { positionIndex } from "../base/position.ts";
import type { Position } from "../base/position.ts";
import { findingAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import { parsePositionRange } from "../input/position-range.ts";
import { readCyclerMap } from "../wire/modbus-cycler/read-register-map.ts";
import type { CyclerMap } from "../wire/modbus-cycler/register-map.ts";
import { isPerPosition, linkAt } from "./link-schema.ts";
import { readList } from "./read-list.ts";
import type { SiteFiles } from "./site-files.ts";
import { channelGroupSchema, type ChannelGroup } from "./site-schema.ts";
import { linkText } from "./site-lookup.ts";
import type { ChannelTechnique, LinkAddress, SiteChannel } from "./site.ts";

const CYCLING = ["open_circuit_voltage", "constant_current", "constant_voltage"] as const;

/** What each driver can have its instrument do. */
const DRIVER_TECHNIQUES = {
  "palmsens-methodscript": [...CYCLING, "impedance_spectroscopy", "voltage_scan"],
  "keithley-smu": CYCLING,
  "neware-bts": CYCLING,
  "modbus-cycler": CYCLING,
} as const satisfies Readonly<Record<SiteChannel["driver"], readonly ChannelTechnique[]>>;

/** In the order of positions; undefined when the section is no list of channel groups. */
export function readChannels(
  document: InputDocument,
  files: SiteFiles,
  findings: Finding[],
): readonly SiteChannel[] | undefined {
  const groups = readList(document, ["channels"], channelGroupSchema, findings);
  if (groups === undefined) return undefined;
  const byPosition = new Map<Position, SiteChannel>();
  groups.forEach((group, groupIndex) => {
    const path: Path = ["channels", groupIndex];
    const refuse = (key: string, code: string, what: string, advice: string): void => {
      findings.push(findingAt(document, "error", code, [...path, key], what, advice));
    };
    const positions: Position[] = [];
    for (const text of [group.positions].flat()) {
      const range = parsePositionRange(text);
      if (range.kind === "refused") refuse("positions", "site.position", range.what, range.advice);
      else positions.push(...range.positions);
    }
    if (!(group.voltage_max_V > group.voltage_min_V)) {
      refuse(
        "voltage_max_V",
        "site.range",
        `voltage_max_V ${group.voltage_max_V} is not above voltage_min_V ${group.voltage_min_V}`,
        "Give the channel's range.",
      );
    }
    const known: readonly ChannelTechnique[] = DRIVER_TECHNIQUES[group.driver];
    const lacking = group.techniques.filter((technique) => !known.includes(technique));
    if (lacking.length > 0) {
      refuse(
        "techniques",
        "site.technique",
        `${group.driver} does not run ${lacking.join(" and ")}`,
        `It runs ${known.join(", ")}.`,
      );
    }
    const isShared = group.driver === "neware-bts" || group.link.kind === "modbus-rtu";
    if (!isShared && positions.length > 1 && !isPerPosition(group.link)) {
      refuse(
        "link",
        "site.link-shared",
        `${positions.length} positions share ${linkText(group.link)}`,
        "Put {position} into the path, so that each channel has a port of its own.",
      );
    }
    const map =
      group.driver === "modbus-cycler" ? readMap(document, [...path, "map"], group.map, files, findings) : undefined;
    positions.forEach((position, index) => {
      if (byPosition.has(position)) {
        refuse(
          "positions",
          "site.duplicate-position",
          `position ${position} is wired twice`,
          "Wire each position to one channel.",
        );
        return;
      }
      const channel = channelOf(group, position, index, map);
      if (channel !== undefined) byPosition.set(position, channel);
    });
  });
  return [...byPosition.values()].sort((a, b) => positionIndex(a.position) - positionIndex(b.position));
}

/** `index` counts the group's positions from 0. */
function channelOf(
  group: ChannelGroup,
  position: Position,
  index: number,
  map: CyclerMap | undefined,
): SiteChannel | undefined {
  const common = {
    name: `channel ${position}`,
    position,
    driver: group.driver,
    link: linkAt<LinkAddress>(group.link, position),
    serialNumber: "serial_number" in group ? group.serial_number.replaceAll("{position}", position) : null,
    voltageMinV: group.voltage_min_V,
    voltageMaxV: group.voltage_max_V,
    currentMaxA: group.current_max_mA / 1000,
    sampleIntervalMinS: group.sample_interval_min_s,
    techniques: group.techniques,
    ...(group.lead_resistance_ohm === undefined ? {} : { leadResistanceOhm: group.lead_resistance_ohm }),
  };
  if (group.driver === "modbus-cycler") {
    const unitId = group.first_unit_id === undefined ? null : group.first_unit_id + index;
    return map === undefined ? undefined : { ...common, driver: group.driver, map, unitId };
  }
  if (group.driver !== "neware-bts") return { ...common, driver: group.driver };
  const { cabinet } = group;
  return {
    ...common,
    driver: group.driver,
    cabinet: {
      name: cabinet.name,
      stepFileFolder: cabinet.step_file_folder,
      writeFolder: cabinet.write_folder,
      backupFolder: cabinet.backup_folder ?? null,
    },
    address: {
      ip: cabinet.ip,
      deviceType: cabinet.device_type,
      deviceId: cabinet.device_id,
      subdeviceId: cabinet.first_unit + Math.floor(index / cabinet.channels_per_unit),
      channelId: 1 + (index % cabinet.channels_per_unit),
    },
  };
}

/** The register map that a group of cyclers names; what is wrong in it is told with its own lines. */
function readMap(
  document: InputDocument,
  at: Path,
  path: string,
  files: SiteFiles,
  findings: Finding[],
): CyclerMap | undefined {
  const file = files(path);
  if (file.kind === "refused") {
    findings.push(findingAt(document, "error", file.code, at, file.what, file.advice));
    return undefined;
  }
  const read = readCyclerMap(file.text, file.fileName);
  findings.push(...read.findings);
  return read.map;
}
