/** The site file as the bench serves it: the same site, every link where the simulated instrument really listens. */
import { stringify } from "yaml";
import { parseDocument, valueAt } from "../../protocols/input/document.ts";
import type { LinkAddress } from "../../protocols/site/site.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { benchPath, benchStepFolder } from "./bench-address.ts";
import type { BenchPlace } from "./bench.ts";

/**
 * `text` is that of the site file at `path`, already checked. Throws Fault `bench.listen` where a group of channels
 * cannot be written in one line any more.
 */
export function servedSiteText(text: string, path: string, places: readonly BenchPlace[], folder: string): string {
  const site = structuredClone(parseDocument(text, path).value);
  const linkOf = new Map(places.map(({ name, link }) => [name, link]));

  /** A section with a name and a link of its own. */
  function moveSection(section: unknown): void {
    if (!isRecord(section)) return;
    const link = linkOf.get(String(section["name"]));
    if (link !== undefined) section["link"] = linkJson(link);
    else moveBus(section);
  }

  /** On a line that it shares: the line has the name of its port. */
  function moveBus(section: Record<string, unknown>): void {
    const path = valueAt(section, ["link", "modbus_rtu"]);
    const link = typeof path === "string" ? linkOf.get(path) : undefined;
    if (link !== undefined) section["link"] = linkJson(link);
  }

  for (const key of ["stage", "io", "detector", "sample_changer", "barcode_reader", "trigger", "integrator"]) {
    moveSection(valueAt(site, [key]));
  }
  const changer = valueAt(site, ["sample_changer"]);
  const monitor = linkOf.get(`${String(valueAt(changer, ["name"]))} monitor`);
  if (isRecord(changer) && monitor !== undefined) changer["monitor_link"] = linkJson(monitor);
  for (const key of ["sensor_sources", "sensors"]) {
    for (const section of listAt(site, key)) moveSection(section);
  }
  for (const group of listAt(site, "channels")) {
    if (!isRecord(group)) continue;
    const cabinet = group["cabinet"];
    if (isRecord(cabinet)) moveCabinet(group, cabinet, linkOf.get(String(cabinet["name"])), folder);
    else moveGroup(group, folder);
  }
  return `${SERVED} ${path}.\n${stringify(site)}`;
}

const SERVED = "# Served by beamrack instruments from";

/** Whether a file is one that was written like this, and may be written again; any other is somebody's work. */
export function isServedSite(text: string): boolean {
  return text.startsWith(SERVED);
}

function moveCabinet(
  group: Record<string, unknown>,
  cabinet: Record<string, unknown>,
  link: LinkAddress | undefined,
  folder: string,
): void {
  if (link !== undefined) group["link"] = linkJson(link);
  cabinet["write_folder"] = benchStepFolder(String(cabinet["write_folder"]), folder);
}

/** Channels with a port each keep the pattern of their paths; hosts that are not of this computer have none. */
function moveGroup(group: Record<string, unknown>, folder: string): void {
  const link = group["link"];
  if (!isRecord(link)) return;
  for (const key of ["serial", "modbus_rtu"]) {
    const pattern = link[key];
    if (typeof pattern === "string") link[key] = benchPath(pattern, folder);
  }
  if (typeof link["tcp"] === "string" && link["tcp"].includes("{position}")) {
    throw new Fault("bench.listen", link["tcp"], "channels with a host each cannot be written as one group");
  }
}

function linkJson(link: LinkAddress): Record<string, unknown> {
  switch (link.kind) {
    case "serial":
      return { serial: link.path, baud: link.baud };
    case "modbus-rtu":
      return { modbus_rtu: link.path, baud: link.baud, parity: link.parity };
    case "tcp":
      return { tcp: `${link.host}:${link.port}` };
    case "http":
      return { http: `${link.host}:${link.port}` };
    case "mqtt":
      return { mqtt: link.url };
  }
}

function listAt(site: unknown, key: string): readonly unknown[] {
  const list = valueAt(site, [key]);
  return Array.isArray(list) ? list : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
