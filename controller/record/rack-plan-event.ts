/**
 * The `rack-plan` event: whose cell stands where, on which channel, under which protocol. With it a data folder is
 * enough to export and report what was measured.
 */
import { hash } from "node:crypto";
import { canonicalJson, type Json } from "../../protocols/base/canonical-json.ts";
import { parseOccupant, placeOf, type Occupant } from "../../protocols/base/position.ts";
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";
import { unicyclerDocument } from "../../protocols/echem/formats/unicycler-document.ts";
import type { Site } from "../../protocols/site/site.ts";
import { isList, isRecord } from "./ledger-row.ts";

export const RACK_PLAN_EVENT = "rack-plan";

export interface RackPlanCell {
  /** Of its samples in the record: its place among the cells. */
  readonly channelIndex: number;
  readonly position: Occupant;
  readonly channel: string | null;
  readonly barcode: string;
  readonly group: string;
  readonly role: string;
  readonly chemistry: string;
  readonly electrolyte: string;
  readonly nominalCapacityMah: number;
  readonly stackName: string;
  readonly protocolName: string;
  /** Of the protocol in the aurora-unicycler form, as canonical JSON. */
  readonly protocolSha256: string;
}

/** What the detector's frames come to, once averaged over the rings. */
export interface FrameGeometry {
  /** Sample to detector. */
  readonly distanceMm: number;
  /** First and last bin, degrees 2theta. */
  readonly twoThetaDeg: readonly [number, number];
  readonly points: number;
}

export interface RackPlan {
  readonly title: string;
  readonly siteTitle: string;
  readonly energyKeV: number;
  readonly detector: string;
  /** Null where the site does not say, or the record is of a version that did not ask. */
  readonly geometry: FrameGeometry | null;
  readonly cells: readonly RackPlanCell[];
  /** Groups that let one another see their dark controls, without names. */
  readonly sharedControls: readonly string[];
  /** In the aurora-unicycler form, by SHA-256. */
  readonly protocols: ReadonlyMap<string, Json>;
}

export function rackPlanData(campaign: Campaign, site: Site): { readonly [key: string]: Json } {
  const channels = new Map<string, string>(site.channels.map(({ position, name }) => [position, name]));
  const protocols: Record<string, Json> = {};
  const cells = campaign.cells.map((cell) => {
    const document = protocolOf(cell);
    const sha256 = hash("sha256", canonicalJson(document), "hex");
    protocols[sha256] = document;
    return {
      position: cell.position,
      channel: channels.get(placeOf(cell.position)) ?? null,
      barcode: cell.barcode,
      group: cell.group,
      role: cell.role,
      chemistry: cell.chemistry,
      electrolyte: cell.electrolyte,
      nominal_capacity_mAh: cell.nominalCapacityMah,
      stack: cell.stackName,
      protocol: cell.protocol.name,
      protocol_sha256: sha256,
    };
  });
  return {
    title: campaign.title,
    site_title: site.title,
    energy_keV: site.beam.energyKeV,
    detector: site.detector.name,
    frame_geometry: geometryData(site),
    cells,
    protocols,
    ...(campaign.sharedControls === undefined ? {} : { shared_controls: [...campaign.sharedControls] }),
  };
}

function geometryData({ detector: { pattern } }: Site): Json {
  if (pattern === null) return null;
  const { distanceMm, twoThetaDeg, points } = pattern;
  return { distance_mm: distanceMm, two_theta_deg: [...twoThetaDeg], points };
}

function parseGeometry(data: Json | undefined): FrameGeometry | null {
  if (!isRecord(data)) return null;
  const { distance_mm: distanceMm, two_theta_deg: range, points } = data;
  if (typeof distanceMm !== "number" || typeof points !== "number" || !isList(range)) return null;
  const [from, to] = range;
  if (typeof from !== "number" || typeof to !== "number") return null;
  return { distanceMm, twoThetaDeg: [from, to], points };
}

function protocolOf(cell: CampaignCell): Json {
  const { unicycler, sample, record, safety, method } = unicyclerDocument(cell.protocol);
  return { unicycler, sample, record: { ...record }, safety: { ...safety }, method };
}

/** The plan, or undefined where the data state none that can be read. */
export function parseRackPlan(data: Json | undefined): RackPlan | undefined {
  if (!isRecord(data)) return undefined;
  const { title, site_title: siteTitle, energy_keV: energyKeV, detector, cells: items, protocols: documents } = data;
  if (typeof title !== "string" || typeof siteTitle !== "string" || typeof detector !== "string") return undefined;
  if (typeof energyKeV !== "number" || !isList(items) || !isRecord(documents)) return undefined;
  const cells: RackPlanCell[] = [];
  for (const [channelIndex, item] of items.entries()) {
    const cell = parseCell(item, channelIndex);
    if (cell === undefined) return undefined;
    cells.push(cell);
  }
  const geometry = parseGeometry(data["frame_geometry"]);
  const sharing = data["shared_controls"];
  return {
    ...{ title, siteTitle, energyKeV, detector, geometry, cells, protocols: new Map(Object.entries(documents)) },
    sharedControls: isList(sharing) ? sharing.filter((one) => typeof one === "string") : [],
  };
}

/** Of the event's data: positions in the order by which the record counts cells. */
export function plannedPositions(data: Json | undefined): readonly string[] {
  const items = isRecord(data) && isList(data["cells"]) ? data["cells"] : [];
  return items.flatMap((item) => (isRecord(item) && typeof item["position"] === "string" ? [item["position"]] : []));
}

function parseCell(item: Json, channelIndex: number): RackPlanCell | undefined {
  if (!isRecord(item)) return undefined;
  const text = (key: string): string => {
    const value = item[key];
    return typeof value === "string" ? value : "";
  };
  const position = parseOccupant(text("position"));
  const capacity = item["nominal_capacity_mAh"];
  if (position === undefined || typeof capacity !== "number") return undefined;
  return {
    channelIndex,
    position,
    channel: typeof item["channel"] === "string" ? item["channel"] : null,
    barcode: text("barcode"),
    group: text("group"),
    role: text("role"),
    chemistry: text("chemistry"),
    electrolyte: text("electrolyte"),
    nominalCapacityMah: capacity,
    stackName: text("stack"),
    protocolName: text("protocol"),
    protocolSha256: text("protocol_sha256"),
  };
}
