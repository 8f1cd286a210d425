/** Wiring: one instrument a port, unless the port is a bus with a number for each; a name for each. */
import type { Path } from "../input/document.ts";
import { addressKey } from "../wire/neware/channel-address.ts";
import type { Refuse } from "./check-site.ts";
import { monitorCableOf } from "./site-cables.ts";
import { linkText } from "./site-lookup.ts";
import type { LinkAddress, Site, SiteChannel } from "./site.ts";

/** What is plugged in somewhere, with its place in the file. */
interface Plugged {
  readonly name: string;
  readonly link: LinkAddress;
  readonly path: Path;
  /** Its number where several may share a line. */
  readonly unit?: number;
  /** A client of its own at a broker that others use too. */
  readonly isOwnClient?: true;
}

export function checkLinks(site: Site, refuse: Refuse): void {
  const seen = new Map<string, Plugged>();
  const units = new Map<string, Plugged>();
  for (const one of everyPlug(site, refuse)) {
    const port = portText(one.link);
    const other = seen.get(port);
    seen.set(port, other ?? one);
    if (one.unit !== undefined && one.link.kind === "modbus-rtu") {
      const key = `${port} ${one.unit}`;
      const twin = units.get(key);
      units.set(key, one);
      if (twin !== undefined) {
        refuse(
          one.path,
          "site.unit-shared",
          `${one.name} and ${twin.name} are both unit ${one.unit} on ${port}`,
          "Give each unit on a line a number of its own.",
        );
      }
    }
    if (other === undefined || canShare(one, other)) continue;
    const differ = one.unit !== undefined && other.unit !== undefined;
    refuse(
      one.path,
      "site.link-shared",
      `${one.name} and ${other.name} are both on ${port}${differ ? " with different settings of the line" : ""}`,
      differ ? "Give all units on a line the same baud and parity." : "Give each instrument a port of its own.",
    );
  }
}

/** `localhost` and 127.0.0.1 are one place. Other names of one computer are found out when it is connected to. */
function portText(link: LinkAddress): string {
  return link.kind === "tcp" || link.kind === "http"
    ? linkText(link).replace(/^localhost(?=:\d+$)/, "127.0.0.1")
    : linkText(link);
}

function canShare(one: Plugged, other: Plugged): boolean {
  const [a, b] = [one.link, other.link];
  if (a.kind === "mqtt" && b.kind === "mqtt") return one.isOwnClient === true || other.isOwnClient === true;
  if (one.unit === undefined || other.unit === undefined) return false;
  return a.kind === "modbus-rtu" && b.kind === "modbus-rtu" && a.baud === b.baud && a.parity === b.parity;
}

function everyPlug(site: Site, refuse: Refuse): readonly Plugged[] {
  const { stage, detector, io, sampleChanger, barcodeReader, integrator, trigger } = site;
  return [
    { ...stage, path: ["stage", "link"] },
    { ...detector, path: ["detector", "link"] },
    { ...io, path: ["io", "link"] },
    ...site.sensorSources.map(({ name, link }, index) => ({ name, link, path: ["sensor_sources", index, "link"] })),
    ...(trigger === undefined ? [] : [{ ...trigger, path: ["trigger", "link"] }]),
    ...(barcodeReader === undefined ? [] : [{ ...barcodeReader, path: ["barcode_reader", "link"] }]),
    ...(integrator === undefined ? [] : [{ ...integrator, path: ["integrator", "link"], isOwnClient: true as const }]),
    ...(sampleChanger === undefined
      ? []
      : [
          { name: sampleChanger.name, link: sampleChanger.link, path: ["sample_changer", "link"] },
          {
            name: monitorCableOf(sampleChanger),
            link: sampleChanger.monitorLink,
            path: ["sample_changer", "monitor_link"],
          },
        ]),
    ...(site.sensors ?? []).map((sensor, index) => ({
      name: sensor.name,
      link: sensor.link,
      path: ["sensors", index, "link"],
      ...(sensor.driver === "eurotherm-modbus" ? { unit: sensor.unitId } : {}),
    })),
    ...channelPlugs(site, refuse),
  ];
}

/** A cabinet is plugged in once for all its channels. */
function channelPlugs(site: Site, refuse: Refuse): readonly Plugged[] {
  const plugs: Plugged[] = [];
  const cabinets = new Map<string, SiteChannel>();
  const path: Path = ["channels"];
  for (const channel of site.channels) {
    const { name, link } = channel;
    if (channel.driver === "modbus-cycler") plugs.push({ name, link, path, unit: channel.unitId ?? channel.map.unit });
    else if (channel.driver !== "neware-bts") plugs.push({ name, link, path });
    else {
      const first = cabinets.get(channel.cabinet.name);
      cabinets.set(channel.cabinet.name, first ?? channel);
      if (first === undefined) plugs.push({ name: channel.cabinet.name, link, path });
      else if (linkText(first.link) !== linkText(link)) {
        refuse(
          path,
          "site.link-shared",
          `${channel.cabinet.name} is at ${linkText(first.link)} and at ${linkText(link)}`,
          "A cabinet has one client: give it one link.",
        );
      }
    }
  }
  return plugs;
}

/** Each channel of a cabinet serves one position. */
export function checkCabinets(site: Site, refuse: Refuse): void {
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

export function checkNames(site: Site, refuse: Refuse): void {
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
  (site.sensors ?? []).forEach((sensor, index) => {
    add(sensor.name, ["sensors", index, "name"]);
  });
  for (const [key, found] of [
    ["sample_changer", site.sampleChanger],
    ["barcode_reader", site.barcodeReader],
    ["integrator", site.integrator],
    ["trigger", site.trigger],
  ] as const) {
    if (found !== undefined) add(found.name, [key, "name"]);
  }
  for (const name of new Set(site.channels.flatMap((one) => (one.driver === "neware-bts" ? one.cabinet.name : [])))) {
    add(name, ["channels"]);
  }
  const inputs = new Set<string>();
  (site.safetyInputs ?? []).forEach(({ name }, index) => {
    // Read under one name, one of them would hide the other.
    if (inputs.has(name)) {
      refuse(
        ["safety_inputs", index, "name"],
        "site.duplicate-name",
        `the name ${name} is given twice`,
        "Give each input a name of its own.",
      );
    }
    inputs.add(name);
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
