/** What every export says of where its data come from. Plain JSON, the same in each form. */
import { hash } from "node:crypto";
import { canonicalJson, type Json } from "../../protocols/base/canonical-json.ts";
import type { ExportedCampaign, ExportedCell, ExportedExposure } from "./exported-campaign.ts";
import { isoTime } from "./file-names.ts";
import { addedDose, NO_DOSE, relativeUncertaintyOf, type SummedDose } from "./summed-dose.ts";

/** Of whom and on which terms; what is not said stays open. */
export interface Attribution {
  readonly authors: readonly string[];
  readonly license: string | null;
}

export interface ProvenanceOptions {
  /** Of the beamrack that exports. */
  readonly softwareVersion: string;
  readonly attribution: Attribution;
  /** Rows are records by the protocols' rules, and not all samples. */
  readonly recordsOnly?: boolean;
}

/** keV times angstrom. */
export const HC_KEV_ANGSTROM = 12.398_419_843_320_026;

type Data = { readonly [key: string]: Json };

/** Of the whole export. */
export function provenance(campaign: ExportedCampaign, options: ProvenanceOptions): Data {
  const { header, clock, plan } = campaign;
  return {
    software: { name: "beamrack", version: options.softwareVersion, recorded_with_version: header.softwareVersion },
    campaign: {
      name: header.campaign,
      title: plan.title,
      sha256: header.campaignHash,
      start: isoTime(clock.startMs),
      last_on_record: isoTime(clock.startMs + campaign.lastMs),
      is_complete: campaign.isComplete,
      world: header.world,
      is_simulated: header.world !== "site",
      ...(header.isRehearsal === true ? { is_rehearsal: true } : {}),
      seed: header.seed,
      conditions: header.conditions ?? null,
    },
    site: { name: campaign.siteName, title: plan.siteTitle, sha256: header.siteHash },
    group: campaign.group,
    log: { digest: campaign.digest, events: campaign.eventCount },
    clock: clockJson(campaign),
    instruments: campaign.instruments.map(({ name, driver, model, serialNumber, firmware }) => ({
      ...{ name, driver, model, firmware, serial_number: serialNumber },
    })),
    detector: detectorJson(campaign),
    rows: options.recordsOnly === true ? "picked from the samples by the protocols' record rules" : "every sample",
    conventions: {
      current: "positive charges the cell",
      test_time: "seconds since the campaign began, of all cells alike",
      cycles: "cycle n, from 1, holds half cycles 2n-1 and 2n; 0 before the first",
    },
    dose: {
      conventions: doseConventions(campaign.cells),
      place: "hottest place of the spot, in each layer at its front (surface) and over its thickness (mean)",
      uncertainty: "relative_uncertainty, as a fraction: how far the true dose can exceed the stated one at worst",
      limits: campaign.doseLimits,
    },
    attribution: { authors: options.attribution.authors, license: options.attribution.license },
    unreadable: campaign.unreadable,
  };
}

/** What a frame needs to be made a pattern of, as far as the site says. */
export function detectorJson({ plan: { detector, energyKeV, geometry } }: ExportedCampaign): Data {
  return {
    name: detector,
    energy_keV: energyKeV,
    wavelength_angstrom: HC_KEV_ANGSTROM / energyKeV,
    distance_mm: geometry?.distanceMm ?? null,
    two_theta_deg: geometry === null ? null : [...geometry.twoThetaDeg],
    points: geometry?.points ?? null,
  };
}

/** Of one cell beside the whole. */
export function cellProvenance(campaign: ExportedCampaign, cell: ExportedCell): Data {
  const protocol = campaign.plan.protocols.get(cell.protocolSha256) ?? null;
  const instrument = campaign.instruments.find(({ name }) => name === cell.channel);
  return {
    position: cell.position,
    barcode: cell.barcode,
    group: cell.group,
    role: cell.role,
    chemistry: cell.chemistry,
    electrolyte: cell.electrolyte,
    nominal_capacity_mAh: cell.nominalCapacityMah,
    stack: cell.stackName,
    channel: {
      name: cell.channel,
      model: instrument?.model ?? null,
      serial_number: instrument?.serialNumber ?? null,
      firmware: instrument?.firmware ?? null,
    },
    protocol: { name: cell.protocolName, sha256: cell.protocolSha256, form: "aurora-unicycler", document: protocol },
    over: cell.over === null ? null : { how: cell.over.how, at_s: cell.over.atMs / 1000 },
    dose: cell.exposures.length === 0 ? null : cellDose(cell.exposures),
    gaps: cell.gaps.map(({ fromMs, toMs, reason }) => ({ from_s: fromMs / 1000, to_s: toMs / 1000, reason })),
  };
}

/** SHA-256 of the provenance, so that files of one export can be told to belong together. */
export function provenanceSha256(data: Json): string {
  return hash("sha256", canonicalJson(data), "hex");
}

function clockJson({ clock, cells, header }: ExportedCampaign): Data {
  const edges = cells.flatMap((cell) => cell.exposures.map(edgeUncertaintyS)).filter((one) => one !== null);
  const offset = clock.wallOffsetS;
  return {
    epoch: isoTime(clock.startMs),
    unix_time: "epoch plus campaign time; UTC without leap seconds",
    exposures_against_samples:
      "both stand on the controller's campaign clock; a sample has the time its instrument's step timer said, and each exposure says how far that and the detector's beginning are off (mid_clocks, half-widths)",
    channel_clock_uncertainty_s: channelUncertaintyS(cells),
    shutter_edge_uncertainty_s: edges.length === 0 ? null : edges.reduce((most, one) => Math.max(most, one), 0),
    computer_clock_less_campaign_time_s: offset === null ? null : { least: offset.least, most: offset.most },
    computer_clock_against_utc: utcJson(clock, header),
    uncertainty_s: header.world === "virtual" ? 0 : offset === null ? null : Math.max(-offset.least, offset.most, 0),
    uncertainty_of:
      header.world === "virtual"
        ? "simulated time: exact"
        : `campaign time against the computer's clock; how far that is off UTC ${clock.utc === null ? "is not known" : "comes to it"}`,
  };
}

/** Never 0 for want of knowledge. */
function utcJson({ utc }: ExportedCampaign["clock"], header: ExportedCampaign["header"]): Json {
  if (header.world === "virtual") return "none: simulated time";
  if (utc === null) return "unknown";
  return {
    source: utc.sources.join(", "),
    comparisons: utc.count,
    utc_less_computer_clock_s: { least: utc.leastS, most: utc.mostS },
    uncertainty_s: utc.uncertaintyS,
    at_most_s: Math.max(-utc.leastS, utc.mostS, 0) + utc.uncertaintyS,
  };
}

/** The largest at any exposure; null where none has one on record. */
function channelUncertaintyS(cells: readonly ExportedCell[]): number | null {
  const all = cells.flatMap(({ channel, exposures }) =>
    exposures.flatMap(({ middle }) =>
      (middle?.clocks ?? []).flatMap((clock) => (clock.instrument === channel ? [clock.uncertaintyS] : [])),
    ),
  );
  return all.length === 0 ? null : all.reduce((most, one) => Math.max(most, one), 0);
}

/** Half of the time in which the shutter moved unseen, the longer of its two edges. */
function edgeUncertaintyS(exposure: ExportedExposure): number | null {
  const { openAskedAtMs, openSeenAtMs, closeAskedAtMs, closedSeenAtMs } = exposure;
  if (openAskedAtMs === null || openSeenAtMs === null) return null;
  const openS = (openSeenAtMs - openAskedAtMs) / 2000;
  const closeS = closeAskedAtMs === null || closedSeenAtMs === null ? 0 : (closedSeenAtMs - closeAskedAtMs) / 2000;
  return Math.max(openS, closeS);
}

function doseConventions(cells: readonly ExportedCell[]): readonly string[] {
  return [...new Set(cells.flatMap((cell) => cell.exposures.map(({ convention }) => convention)))].sort();
}

/** The spot that got most, layer by layer, as the ledger adds up what it charged. */
function cellDose(exposures: readonly ExportedExposure[]): Data {
  const spots = dosesBySpot(exposures);
  return {
    exposures: exposures.length,
    conventions: [...new Set(exposures.map(({ convention }) => convention))].sort(),
    relative_uncertainty: exposures.reduce((most, one) => Math.max(most, one.relativeUncertainty), 0),
    highest_spot: [...highestOf(spots)].map(([layer, { surfaceGy, meanGy }]) => ({
      ...{ layer, surface_Gy: surfaceGy, mean_Gy: meanGy },
    })),
  };
}

interface SumGy {
  readonly surfaceGy: number;
  readonly meanGy: number;
}

export interface SpotLayerDose extends SumGy {
  /** Of the sum, at the layer's front; as good as the same over its thickness. */
  readonly relativeUncertainty: number;
}

export interface SpotDose {
  readonly spotIndex: number;
  readonly xMm: number;
  readonly yMm: number;
  readonly exposures: number;
  readonly openTimeS: number;
  readonly layers: ReadonlyMap<string, SpotLayerDose>;
}

interface SpotSum {
  readonly first: ExportedExposure;
  exposures: number;
  openTimeS: number;
  uncertaintyMost: number;
  readonly layers: Map<string, { readonly surface: SummedDose; readonly mean: SummedDose }>;
}

/** What each spot was charged for its own exposures; beam that reaches it from a neighbour's is not in it. */
export function dosesBySpot(exposures: readonly ExportedExposure[]): readonly SpotDose[] {
  const spots = new Map<number, SpotSum>();
  for (const one of exposures) {
    const spot: SpotSum = spots.get(one.spotIndex) ?? {
      ...{ first: one, exposures: 0, openTimeS: 0, uncertaintyMost: 0, layers: new Map() },
    };
    spots.set(one.spotIndex, spot);
    spot.exposures += 1;
    spot.openTimeS += one.openTimeS;
    spot.uncertaintyMost = Math.max(spot.uncertaintyMost, one.relativeUncertainty);
    for (const { layer, surfaceGy, meanGy } of one.layerDosesGy) {
      const sum = spot.layers.get(layer) ?? { surface: NO_DOSE, mean: NO_DOSE };
      spot.layers.set(layer, {
        surface: addedDose(sum.surface, surfaceGy, one.relativeUncertainty),
        mean: addedDose(sum.mean, meanGy, one.relativeUncertainty),
      });
    }
  }
  return [...spots.values()].map(spotDose).sort((a, b) => a.spotIndex - b.spotIndex);
}

function spotDose({ first, exposures, openTimeS, uncertaintyMost, layers }: SpotSum): SpotDose {
  return {
    ...{ spotIndex: first.spotIndex, xMm: first.spotXMm, yMm: first.spotYMm, exposures, openTimeS },
    layers: new Map(
      [...layers].map(([layer, { surface, mean }]) => [
        layer,
        {
          ...{ surfaceGy: surface.totalGy, meanGy: mean.totalGy },
          relativeUncertainty: relativeUncertaintyOf(surface, uncertaintyMost),
        },
      ]),
    ),
  };
}

function highestOf(spots: readonly SpotDose[]): ReadonlyMap<string, SumGy> {
  const highest = new Map<string, SumGy>();
  for (const { layers } of spots) {
    for (const [layer, { surfaceGy, meanGy }] of layers) {
      const known = highest.get(layer) ?? { surfaceGy: 0, meanGy: 0 };
      highest.set(layer, {
        surfaceGy: Math.max(known.surfaceGy, surfaceGy),
        meanGy: Math.max(known.meanGy, meanGy),
      });
    }
  }
  return highest;
}
