/** Reads a site file: every section by its schema, then what must hold between them (wiring, links, bits, travel). */
import type { Finding } from "../base/finding.ts";
import { assert } from "../base/assert.ts";
import type { BeamProfile } from "../dose/beam-profile.ts";
import { ION_PAIR_EV, SILICON_PAIR_EV } from "../dose/flux-monitor.ts";
import { findingAt, valueAt, valueText } from "../input/document.ts";
import type { InputDocument } from "../input/document.ts";
import { resolveLayer } from "../input/layer.ts";
import type { MaterialLookup } from "../input/layer.ts";
import { readSection } from "../input/section.ts";
import { wordAdvice } from "../input/suggest.ts";
import type * as z from "zod";
import {
  beamSchema,
  filterSchema,
  INTERLOCK_NAMES,
  interlocksSchema,
  latenciesSchema,
  nameSchema,
  rackSchema,
  sensorSourceSchema,
  shutterSchema,
  SITE_KEYS,
  titleSchema,
} from "./site-schema.ts";
import type { Site, SiteBeam, SiteFilter, SiteFluxMonitor, SiteLatencies, SiteSensorSource } from "./site.ts";
import { detectorSchema, ioSchema, stageSchema } from "./beamline-schema.ts";
import { alignmentOf, alignmentSchema, checkAlignment } from "./alignment-schema.ts";
import { siteCalibrationsSchema } from "../calibration/calibration-schema.ts";
import { checkSite } from "./check-site.ts";
import { detectorOf, ioOf, stageOf } from "./read-beamline.ts";
import { readChannels } from "./read-channels.ts";
import { readFurther } from "./read-further.ts";
import { readList } from "./read-list.ts";
import { NO_FILES, type SiteFiles } from "./site-files.ts";

export interface ReadSite {
  /** Undefined when a finding is an error. */
  readonly site: Site | undefined;
  readonly findings: readonly Finding[];
}

/** Round trips and commits of the virtual world, where the site file says nothing. */
const DEFAULT_LATENCIES: SiteLatencies = { serialRoundTripMs: 2, tcpRoundTripMs: 1, commitMs: 15 };

export function readSite(document: InputDocument, materials: MaterialLookup, files: SiteFiles = NO_FILES): ReadSite {
  const findings: Finding[] = [...document.findings];
  const value = document.value;
  if (value === undefined) return { site: undefined, findings };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    findings.push(
      findingAt(document, "error", "site.invalid", [], `${valueText(value)} is no site`, "Give a mapping of sections."),
    );
    return { site: undefined, findings };
  }
  for (const key of Object.keys(value)) {
    if ((SITE_KEYS as readonly string[]).includes(key)) continue;
    findings.push(
      findingAt(
        document,
        "error",
        "file.unknown-key",
        [key],
        `unknown key ${key}`,
        wordAdvice(key, SITE_KEYS, "Known here"),
      ),
    );
  }
  const has = (key: string): boolean => valueAt(value, [key]) !== undefined;
  const name = readSection(document, ["site"], nameSchema, findings);
  const title = has("title") ? readSection(document, ["title"], titleSchema, findings) : name;
  const rack = readSection(document, ["rack"], rackSchema, findings);
  const stage = readSection(document, ["stage"], stageSchema, findings);
  const shutter = readSection(document, ["shutter"], shutterSchema, findings);
  const detector = readSection(document, ["detector"], detectorSchema, findings);
  const channels = readChannels(document, files, findings);
  const io = readSection(document, ["io"], ioSchema, findings);
  const filters = readFilters(document, materials, findings);
  const beam = readSection(document, ["beam"], beamSchema, findings);
  const sensorSources = readList(document, ["sensor_sources"], sensorSourceSchema, findings);
  const interlocks = readSection(document, ["interlocks"], interlocksSchema, findings);
  const further = readFurther(document, findings);
  const alignment = has("alignment") ? readSection(document, ["alignment"], alignmentSchema, findings) : null;
  const calibrations = has("calibrations")
    ? readSection(document, ["calibrations"], siteCalibrationsSchema, findings)
    : null;
  const latencies = has("latencies") ? readSection(document, ["latencies"], latenciesSchema, findings) : null;
  if (
    name === undefined ||
    title === undefined ||
    rack === undefined ||
    stage === undefined ||
    shutter === undefined ||
    detector === undefined ||
    channels === undefined ||
    io === undefined ||
    filters === undefined ||
    beam === undefined ||
    sensorSources === undefined ||
    interlocks === undefined ||
    latencies === undefined ||
    alignment === undefined ||
    calibrations === undefined ||
    further === undefined
  ) {
    return { site: undefined, findings };
  }
  const site: Site = {
    name,
    title,
    rack: {
      pitchMm: rack.pitch_mm,
      originXMm: rack.origin_x_mm,
      originYMm: rack.origin_y_mm,
      ...(rack.remount_mm === undefined ? {} : { remountMm: rack.remount_mm }),
      ...(rack.shadow === undefined ? {} : { shadow: { xMm: rack.shadow.x_mm, yMm: rack.shadow.y_mm } }),
      ...(rack.park === undefined ? {} : { park: { xMm: rack.park.x_mm, yMm: rack.park.y_mm } }),
    },
    stage: stageOf(stage),
    shutter: {
      travelS: shutter.travel_s,
      watchdogMs: shutter.watchdog_ms,
      safetyShutterCloseS: shutter.safety_shutter_close_s,
      ...(further.trigger?.gates === undefined ? {} : { gate: further.trigger.gates }),
    },
    detector: detectorOf(detector),
    channels,
    io: ioOf(io, further.safetyInputs),
    filters,
    beam: beamOf(beam, materials),
    sensorSources: sensorSources.map(sensorSourceOf),
    interlocks: interlocks.map((interlock) => INTERLOCK_NAMES[interlock]),
    latencies:
      latencies === null
        ? DEFAULT_LATENCIES
        : {
            serialRoundTripMs: latencies.serial_round_trip_ms,
            tcpRoundTripMs: latencies.tcp_round_trip_ms,
            commitMs: latencies.commit_ms,
          },
    ...further,
    ...(calibrations === null ? {} : { calibrations }),
    ...(alignment === null ? {} : { alignment: alignmentOf(alignment, filters) }),
  };
  findings.push(...checkSite(document, site));
  checkAlignment(site, alignment?.filters ?? [], (path, code, what, advice) => {
    findings.push(findingAt(document, "error", code, path, what, advice));
  });
  return { site: findings.some((finding) => finding.severity === "error") ? undefined : site, findings };
}

function readFilters(
  document: InputDocument,
  materials: MaterialLookup,
  findings: Finding[],
): readonly SiteFilter[] | undefined {
  const records = readList(document, ["filters"], filterSchema, findings);
  const filters = records?.map((record, index) =>
    resolveLayer(document, ["filters", index], record, materials, findings),
  );
  return filters?.every((filter) => filter !== null) === true ? filters : undefined;
}

function beamOf(beam: z.output<typeof beamSchema>, materials: MaterialLookup): SiteBeam {
  return {
    energyKeV: beam.energy_keV,
    fluxReferencePhS: beam.flux_ref_ph_s,
    ringCurrentReferenceMa: beam.ring_current_ref_mA,
    fluxMaxPhS: beam.flux_max_ph_s,
    profile: profileOf(beam.shape),
    ...monitorOf(beam.flux_monitor, materials),
    uncertainty: {
      flux: beam.uncertainty.flux,
      fluxByRingCurrent: beam.uncertainty.flux_by_ring_current ?? 2 * beam.uncertainty.flux,
      profile: beam.uncertainty.profile,
      position: beam.uncertainty.position,
    },
  };
}

function monitorOf(
  monitor: z.output<typeof beamSchema>["flux_monitor"],
  materials: MaterialLookup,
): { readonly monitor?: SiteFluxMonitor } {
  if (monitor === undefined) return {};
  const isChamber = monitor.kind === "ion_chamber";
  const id = isChamber ? monitor.gas : "si";
  const material = materials.material(id);
  assert(material !== undefined, `no material ${id} in the tables`);
  const { densityGCm3, massFractions } = material;
  const thicknessMm = isChamber ? monitor.length_mm : monitor.thickness_mm;
  return {
    monitor: {
      kind: monitor.kind,
      layer: { name: id, thicknessMm, densityGCm3, massFractions },
      pairEv: isChamber ? ION_PAIR_EV[monitor.gas] : SILICON_PAIR_EV,
      darkA: monitor.dark_A,
      factor: monitor.factor,
      ...(monitor.place === "after_shutter" ? { isBehindShutter: true } : {}),
    },
  };
}

function profileOf(shape: z.output<typeof beamSchema>["shape"]): BeamProfile {
  if (shape.profile !== "gaussian") {
    return { profile: shape.profile, widthMm: shape.width_mm, heightMm: shape.height_mm };
  }
  return {
    profile: "gaussian",
    fwhmXMm: shape.fwhm_x_mm,
    fwhmYMm: shape.fwhm_y_mm,
    ...(shape.slit_x_mm === undefined ? {} : { slitXMm: shape.slit_x_mm }),
    ...(shape.slit_y_mm === undefined ? {} : { slitYMm: shape.slit_y_mm }),
  };
}

function sensorSourceOf(source: z.output<typeof sensorSourceSchema>): SiteSensorSource {
  return {
    name: source.name,
    driver: source.driver,
    link: source.link,
    sensors: source.sensors.map((sensor) => ({
      name: sensor.name,
      quantity: sensor.quantity,
      unit: sensor.unit,
      topic: sensor.topic,
      jsonPath: sensor.json_path,
      maximumAgeS: sensor.maximum_age_s,
      alarmAbove: sensor.alarm_above,
      stopAbove: sensor.stop_above,
    })),
  };
}
