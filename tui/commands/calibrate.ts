/** `beamrack calibrate SITE.yaml`: flux and filters by the diode, files of the detector and places beside the cells by note. */
import { parseArgs } from "node:util";
import { filterTransmissions, meanSignal } from "../../controller/align/calibrate-beam.ts";
import { assert } from "../../protocols/base/assert.ts";
import { Fault, faultText, isFault } from "../../protocols/base/fault.ts";
import { findingText, hasErrors, type Finding } from "../../protocols/base/finding.ts";
import { placedOnStage, type RackPlacement } from "../../protocols/align/placement.ts";
import { diodePhotonsPerAs, SILICON_DENSITY } from "../../protocols/dose/flux-monitor.ts";
import type { SiteAlignment } from "../../protocols/site/alignment.ts";
import type { Site } from "../../protocols/site/site.ts";
import { addRecords, calibrationTarget, checkTarget } from "../align/calibration-file.ts";
import type { JsonObject } from "../align/alignment-record.ts";
import { FILE_KINDS, fileNote, placeNote, type FileKind } from "../align/calibration-notes.ts";
import { loadCalibration, placedSite, type LoadedCalibration } from "../align/load-calibration.ts";
import { confirmAct, withSiteBench } from "../align/on-site.ts";
import { asBuiltSetup } from "../align/random-setup.ts";
import { createRehearsal } from "../align/rehearse.ts";
import { withSiteProbe, type SiteProbe } from "../align/site-probe.ts";
import { takeDark } from "../align/take-dark.ts";
import { assertFlat, exposeFlat, flatOrder } from "../align/take-flat.ts";
import { takenImage } from "../align/taken-image.ts";
import type { CommandContext } from "../command-context.ts";
import type { ActBench } from "../device/act.ts";
import { parseDurationS } from "../duration.ts";
import { loadCampaign, loadSite } from "../load-campaign.ts";
import { loadWorldData } from "../virtual/load-world-data.ts";

const WHERE = "beamrack calibrate";
const FLUX_VALID_S = 48 * 3600;
const OTHERS_VALID_S = 30 * 86_400;
const MEASURED = ["flux", "filters"] as const;
const NOTED_PLACES = ["calibrant", "empty"] as const;

/** Where nobody has aligned the rack. */
const AS_BUILT: RackPlacement = { shiftXMm: 0, shiftYMm: 0, rotationDeg: 0, cells: new Map() };

type Options = ReturnType<typeof parseOptions>;

/** Resolves to 0; 1 when an instrument failed, 2 when refused. */
export async function calibrateCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  const { sitePath } = options;
  const { site, findings: slips } = loadSite(context, sitePath);
  if (site === undefined) return refuse(context, slips);
  const findings: Finding[] = [];
  const before = loadCalibration(context, site, sitePath, findings);
  if (hasErrors(findings)) return refuse(context, findings);
  try {
    const records = (await recordsOf(context, options, site, before)).map((record) => ({
      ...{ kind: record["kind"] ?? "", at: new Date(context.clock.wallMs()).toISOString() },
      ...{ by: options.by ?? "a rehearsal", valid_h: validH(options) },
      ...record,
    }));
    const isKept = options.rehearsed === undefined || options.out !== undefined;
    const path = isKept ? calibrationTarget(site, sitePath, options.out) : null;
    if (path !== null) addRecords(context, path, site, records);
    if (context.json) context.print(JSON.stringify({ ok: true, site: site.name, records, calibration: path }));
    else {
      for (const record of records) context.print(recordText(record));
      if (path !== null) context.print(`written to ${path}`);
    }
    return 0;
  } catch (error) {
    if (!isFault(error)) throw error;
    if (context.json) {
      const { code, where, message, advice, detail } = error;
      context.print(JSON.stringify({ ok: false, fault: { code, where, what: message, advice, detail } }));
    }
    context.printError(faultText(error));
    return error.severity === "refuse" ? 2 : 1;
  }
}

async function recordsOf(
  context: CommandContext,
  options: Options,
  site: Site,
  before: LoadedCalibration | undefined,
): Promise<readonly JsonObject[]> {
  const { what, rest } = options;
  const fileKind = FILE_KINDS.find((kind) => kind === what);
  const placeKind = NOTED_PLACES.find((kind) => kind === what);
  if (fileKind !== undefined || placeKind !== undefined) needsName(options);
  if (fileKind !== undefined) {
    const target = calibrationTarget(site, options.sitePath, options.out);
    checkTarget(context, target, site);
    const file = await fileOf(context, options, site, before, fileKind);
    return [fileNote(fileKind, file, target, options.detector ?? site.detector.name)];
  }
  if (placeKind !== undefined) {
    const [name, x, y, ...more] = rest;
    if (name === undefined || x === undefined || y === undefined || more.length > 0) {
      throw new Fault("command.usage", WHERE, `${placeKind} takes what stands there and its place: CeO2 290 190`);
    }
    return [placeNote(placeKind, name, x, y, placedSite(site, before, []))];
  }
  if (!MEASURED.some((kind) => kind === what) || rest.length > 0) {
    const known = [...MEASURED, ...FILE_KINDS, ...NOTED_PLACES].join(", ");
    throw new Fault("command.usage", WHERE, `${[what, ...rest].join(" ")} cannot be calibrated; known: ${known}`);
  }
  const { alignment } = site;
  if (alignment === undefined || (what === "flux" && alignment.diodeSiliconMm === undefined)) {
    const missing = alignment === undefined ? "no section alignment" : "no alignment.diode_silicon_mm";
    throw new Fault("command.usage", options.sitePath, `the site has ${missing}: docs/alignment.md says what it needs`);
  }
  const measure = (bench: ActBench): Promise<readonly JsonObject[]> => measured(context, options, bench, alignment);
  if (options.rehearsed !== undefined) return inRehearsal(context, options, options.rehearsed, site, measure);
  const { dataFolder, sitePath, captureFolder, isConfirmed } = options;
  if (dataFolder === undefined) {
    throw new Fault("device.unbooked", WHERE, "the shutter opens, and no --data says where the dose is booked");
  }
  needsName(options);
  checkTarget(context, calibrationTarget(site, sitePath, options.out), site);
  const words = [
    `Homes the stage, brings the opening ${alignment.fiducials[0]?.name ?? ""} into the beam and opens the shutter a few times ${what === "flux" ? "without filters" : "with each filter"}.`,
    `Each exposure lasts until ${alignment.diode} has been read once, and is booked in ${dataFolder} on the cell next to it.`,
  ];
  await confirmAct(context, { command: WHERE, question: `${site.name}: measure ${what}?`, words, isConfirmed });
  const order = { command: WHERE, sitePath, dataFolder, captureFolder };
  return withSiteBench(context, site, before, order, async (bench, ledger) => {
    const records = await measure(bench);
    ledger.record("beam-calibrated", { by: options.by ?? "", what, records: records.length });
    await ledger.commit();
    return records;
  });
}

/** As it was given; a dark image and a flat field may be taken. Rejects as `takeDark` and `exposeFlat` do. */
async function fileOf(
  context: CommandContext,
  options: Options,
  site: Site,
  before: LoadedCalibration | undefined,
  kind: FileKind,
): Promise<string> {
  const { rest, takenS, framesFolder, captureFolder, sitePath, rehearsed } = options;
  const [file, ...more] = rest;
  if (takenS === null) {
    if (file === undefined || more.length > 0) throw new Fault("command.usage", WHERE, `${kind} takes one file`);
    return file;
  }
  if ((kind !== "dark" && kind !== "flat") || file !== undefined) {
    throw new Fault("command.usage", "--take", "goes with dark and flat alone, and without a file");
  }
  if (rehearsed !== undefined) {
    throw new Fault("command.usage", "--take", "takes an image of the real detector: there is none in a rehearsal");
  }
  if (kind === "flat") return takeFlat(context, options, site, before, takenS);
  return takeDark(context, site, {
    ...{ command: `${WHERE} ${sitePath}`, exposureS: takenS, framesFolder, captureFolder },
  });
}

async function takeFlat(
  context: CommandContext,
  { sitePath, dataFolder, captureFolder, framesFolder, isConfirmed, by }: Options,
  site: Site,
  before: LoadedCalibration | undefined,
  exposureS: number,
): Promise<string> {
  const frame = flatOrder(placedSite(site, before, []), exposureS);
  if (dataFolder === undefined) {
    throw new Fault("device.unbooked", WHERE, "the shutter opens, and no --data says where the photons are booked");
  }
  const filters = site.filters.flatMap(({ name }, index) => (frame.filtersIn[index] === true ? [name] : []));
  const place = `x ${frame.place?.xMm ?? 0} mm, y ${frame.place?.yMm ?? 0} mm`;
  const words = [
    `Homes the stage, drives it to ${place}, and opens the shutter ${filters.length === 0 ? "without filters" : `behind ${filters.join(", ")}`} for a frame of ${exposureS} s.`,
    `No cell stands there; the photons are booked in ${dataFolder} all the same.`,
  ];
  await confirmAct(context, { command: WHERE, question: `${site.name}: take a flat field?`, words, isConfirmed });
  return withSiteBench(
    context,
    site,
    before,
    { command: WHERE, sitePath, dataFolder, captureFolder },
    async (bench, ledger) => {
      const framePath = await exposeFlat(bench, { frame, ledger, tables: () => context.attenuationTables() });
      const { path, image } = await takenImage(bench, framePath, framesFolder, "calibrate.flat");
      assertFlat(path, image);
      ledger.record("beam-calibrated", { by: by ?? "", what: "flat", records: 1 });
      await ledger.commit();
      return path;
    },
  );
}

async function inRehearsal(
  context: CommandContext,
  options: Options,
  campaignPath: string,
  site: Site,
  measure: (bench: ActBench) => Promise<readonly JsonObject[]>,
): Promise<readonly JsonObject[]> {
  const loaded = loadCampaign(context, campaignPath, options.sitePath);
  if (loaded.kind === "refused") {
    const first = loaded.findings.find(({ severity }) => severity === "error");
    throw new Fault("command.usage", campaignPath, `the campaign is refused: ${first?.what ?? "see beamrack check"}`);
  }
  const { campaign } = loaded;
  const chemistries = campaign.cells.map((cell) => cell.chemistry);
  const setup = asBuiltSetup(site);
  assert(setup !== undefined, "a rack that stands somewhere");
  const rehearsal = createRehearsal({
    ...{ site, campaign, setup, seed: options.seed, tables: context.attenuationTables() },
    ...{ data: loadWorldData(context, chemistries), drain: () => context.drain() },
  });
  return rehearsal.settle(measure(rehearsal.bench));
}

function measured(
  context: CommandContext,
  options: Options,
  bench: ActBench,
  alignment: SiteAlignment,
): Promise<readonly JsonObject[]> {
  const { site } = bench;
  const [opening] = alignment.fiducials;
  assert(opening !== undefined, "a site with an alignment has openings");
  const place = placedOnStage(site.rack, site.rack.placement ?? AS_BUILT, opening);
  const without = { ...alignment, filtersIn: site.filters.map(() => false) };
  return withSiteProbe(
    { ...bench, site: inWiderRange(site, alignment.diode) },
    without,
    () => context.attenuationTables(),
    async (probe) => {
      if (options.what === "flux") return [await fluxRecord(context, options, site, alignment, probe, place)];
      const found = await filterTransmissions(
        probe,
        place,
        site.filters.map(({ name }) => name),
      );
      return found.map(({ filter, transmission, sigma }) => ({
        kind: "attenuator",
        method: `${alignment.diode} behind ${opening.name}, with the filter and without`,
        filter,
        transmission: digits(transmission),
        uncertainty: digits(sigma, 2),
      }));
    },
  );
}

/** Alignment has filters in the beam, and a range for that: without them the diode gets more than it could tell. */
function inWiderRange(site: Site, diode: string): Site {
  const { sensors = [] } = site;
  return {
    ...site,
    sensors: sensors.map((sensor) =>
      sensor.name === diode && sensor.driver === "keithley-6485" && sensor.rangeA !== null
        ? { ...sensor, rangeA: Number((10 * sensor.rangeA).toPrecision(3)) }
        : sensor,
    ),
  };
}

async function fluxRecord(
  context: CommandContext,
  options: Options,
  site: Site,
  alignment: SiteAlignment,
  probe: SiteProbe,
  place: { readonly xMm: number; readonly yMm: number },
): Promise<JsonObject> {
  const { energyKeV, ringCurrentReferenceMa } = site.beam;
  const { mean, sigma, readings } = await meanSignal(probe, place, alignment.diode);
  const thicknessMm = alignment.diodeSiliconMm ?? NaN;
  const silicon = { name: "diode", thicknessMm, densityGCm3: SILICON_DENSITY, massFractions: { Si: 1 } };
  const perAs = diodePhotonsPerAs(context.attenuationTables(), silicon, energyKeV);
  const chamberA = probe.ionChamberA();
  return {
    kind: "flux",
    method: `${alignment.diode}, ${thicknessMm} mm of silicon at ${energyKeV} keV, ${readings} readings through an opening of the rack`,
    flux_ph_s: digits(mean * perAs),
    ring_current_mA: ringCurrentReferenceMa,
    uncertainty: digits(Math.hypot(options.uncertainty, sigma / mean), 2),
    ...(chamberA === null || !(chamberA > 0) ? {} : { ion_chamber_A: digits(chamberA) }),
  };
}

function recordText(record: JsonObject): string {
  const told = Object.entries(record).flatMap(([key, value]) =>
    typeof value === "object" || key === "at" || key === "by" ? [] : [`${key} ${value}`],
  );
  return told.join(", ");
}

function digits(value: number, count = 4): number {
  return Number(value.toPrecision(count));
}

function validH({ what, validS }: Options): number {
  return (validS ?? (what === "flux" ? FLUX_VALID_S : OTHERS_VALID_S)) / 3600;
}

/** Throws Fault `command.usage`. */
function needsName({ by }: Options): void {
  if (by === undefined) throw new Fault("command.usage", "--by", "say who measures: it stands in the calibration");
}

function refuse(context: CommandContext, findings: readonly Finding[]): number {
  if (context.json) context.print(JSON.stringify({ ok: false, findings }));
  for (const finding of findings) if (finding.severity !== "note") context.printError(findingText(finding));
  context.printError("Refused: nothing was moved.");
  return 2;
}

/** Throws Fault `command.usage`. */
function parseOptions(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      data: { type: "string" },
      by: { type: "string" },
      uncertainty: { type: "string", default: "0.03" },
      detector: { type: "string" },
      out: { type: "string" },
      valid: { type: "string" },
      yes: { type: "boolean", default: false },
      capture: { type: "string" },
      rehearse: { type: "string" },
      take: { type: "string" },
      frames: { type: "string" },
      seed: { type: "string", default: "1" },
    },
  });
  const [sitePath, what, ...rest] = positionals;
  if (sitePath === undefined || what === undefined) {
    throw new Fault(
      "command.usage",
      WHERE,
      "takes a site file and what to calibrate: flux, filters, geometry FILE, ...",
    );
  }
  const uncertainty = Number(values.uncertainty);
  if (!(uncertainty > 0 && uncertainty < 1)) {
    throw new Fault("command.usage", "--uncertainty", `${values.uncertainty} is no share such as 0.03`);
  }
  const seed = Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
    throw new Fault("command.usage", "--seed", `${values.seed} is not a whole number from 0 to 4294967295`);
  }
  const validS = values.valid === undefined ? null : parseDurationS(values.valid);
  if (validS === undefined) {
    throw new Fault("command.usage", "--valid", `${values.valid ?? ""} is no duration such as 24h or 30d`);
  }
  const takenS = values.take === undefined ? null : parseDurationS(values.take);
  if (takenS === undefined || takenS === 0) {
    throw new Fault("command.usage", "--take", `${values.take ?? ""} is no exposure such as 10s`);
  }
  return {
    ...{ takenS, framesFolder: values.frames },
    ...{ sitePath, what, rest, uncertainty, seed, validS },
    ...{ dataFolder: values.data, by: values.by, detector: values.detector, out: values.out },
    ...{ isConfirmed: values.yes, captureFolder: values.capture, rehearsed: values.rehearse },
  };
}
