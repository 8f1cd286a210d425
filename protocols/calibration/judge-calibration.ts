/** Whether what was measured of a site still holds, and whether the site file says the same. Pure. */
import type { Finding, FindingSeverity } from "../base/finding.ts";
import { durationText } from "../base/duration-text.ts";
import type { Site } from "../site/site.ts";
import { placeProblem } from "./correction-frames.ts";
import {
  CALIBRATION_KINDS,
  expiresAtMs,
  latest,
  ofKind,
  type Calibration,
  type CalibrationKind,
  type CalibrationRecord,
} from "./calibration.ts";

export interface CalibrationFacts {
  readonly site: Site;
  /** Undefined where its file could not be had: told already, or not yet written. */
  readonly calibration: Calibration | undefined;
  /** From when to when it must hold: of a campaign without an end, its beginning twice. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Of a filter of the site, as its material and thickness have it. */
  readonly transmissionOf: (filterIndex: number) => number;
}

/** A computer's clock may be so far ahead of another one's. */
const CLOCKS_APART_MS = 3_600_000;
const HOUR_MS = 3_600_000;
/** Makers' thicknesses, and the tables. */
const FILTER_TOLERANCE = 0.05;

const AGAIN: Readonly<Record<CalibrationKind, string>> = {
  alignment: "Run `beamrack align`.",
  beam_size: "Run `beamrack align`: it measures the beam too.",
  flux: "Measure the flux with a calibrated diode at the sample, and add a record.",
  attenuator: "Measure the filter's transmission with the diode, and add a record.",
  calibrant: "Say where the calibrant stands.",
  empty: "Say where nothing stands.",
  dark: "Take dark frames, and name their file.",
  flat: "Take a flat field, and name its file.",
  mask: "Name the detector's mask.",
  geometry: "Calibrate the geometry with CeO2 or LaB6, and name its file.",
};

/** Nothing where the site declares no calibrations. */
export function judgeCalibrations(facts: CalibrationFacts): readonly Finding[] {
  const { site, calibration } = facts;
  const declared = site.calibrations;
  if (declared === undefined) return [];
  const findings: Finding[] = [];
  const tell = (severity: FindingSeverity, code: string, where: string, what: string, advice: string): void => {
    findings.push({ severity, code, where, what, advice });
  };
  if (calibration === undefined) {
    for (const kind of declared.required) {
      tell("error", "calibration.missing", declared.file, `no record of ${kind}`, AGAIN[kind]);
    }
    return findings;
  }
  if (calibration.site !== site.name) {
    const what = `these are calibrations of ${calibration.site}, not of ${site.name}`;
    tell("error", "calibration.other-site", calibration.fileName, what, "Name the file of this site.");
  }
  for (const kind of CALIBRATION_KINDS) judgeAge(facts, calibration, kind, declared.required.includes(kind), tell);
  judgeBeamSize(facts, calibration, tell);
  judgeFlux(facts, calibration, tell);
  judgeFilters(facts, calibration, tell);
  judgePlaces(site, calibration, tell);
  judgeDetector(site, calibration, tell);
  judgeDrift(calibration, declared.driftMax, tell);
  return findings;
}

type Tell = (severity: FindingSeverity, code: string, where: string, what: string, advice: string) => void;

function judgeAge(
  { fromMs, toMs }: CalibrationFacts,
  calibration: Calibration,
  kind: CalibrationKind,
  isRequired: boolean,
  tell: Tell,
): void {
  const record = latest(calibration, kind);
  if (record === undefined) {
    if (isRequired) tell("error", "calibration.missing", calibration.fileName, `no record of ${kind}`, AGAIN[kind]);
    return;
  }
  const severity = isRequired ? "error" : "warning";
  const { where, atMs } = record;
  if (atMs > fromMs + CLOCKS_APART_MS) {
    const what = `${kind} was measured ${hours(atMs - fromMs)} after it is used`;
    tell(severity, "calibration.future", where, what, "Correct the time, or measure again.");
    return;
  }
  const endMs = expiresAtMs(record);
  if (endMs <= fromMs) {
    const what = `${kind} was measured ${hours(fromMs - atMs)} ago and held for ${hours(endMs - atMs)}`;
    tell(severity, "calibration.stale", where, what, AGAIN[kind]);
  } else if (endMs < toMs) {
    const what = `${kind} expires ${hours(endMs - fromMs)} from the start, before the campaign ends`;
    tell("warning", "calibration.expires", where, what, AGAIN[kind]);
  }
}

/** Doses are reckoned with the site's own numbers: a beam that is brighter than they bound gives more than was booked. */
function judgeBeamSize({ site }: CalibrationFacts, calibration: Calibration, tell: Tell): void {
  const record = latest(calibration, "beam_size");
  if (record === undefined) return;
  const { profile } = site.beam;
  const [width, height] =
    profile.profile === "gaussian" ? [profile.fwhmXMm, profile.fwhmYMm] : [profile.widthMm, profile.heightMm];
  const brighter = (width * height) / (record.widthMm * record.heightMm) - 1;
  if (Math.abs(brighter) <= site.beam.uncertainty.profile) return;
  const found = `${record.widthMm} x ${record.heightMm} mm`;
  const what = `the beam was measured as ${found}, and the site has ${width} x ${height} mm: doses at its centre would be ${percent(brighter)} of what is reckoned`;
  tell(
    brighter > 0 ? "error" : "warning",
    "calibration.beam-size",
    record.where,
    what,
    "Put the measured widths into beam.shape of the site file.",
  );
}

function judgeFlux({ site }: CalibrationFacts, calibration: Calibration, tell: Tell): void {
  const record = latest(calibration, "flux");
  if (record === undefined) return;
  const { fluxReferencePhS, ringCurrentReferenceMa, fluxMaxPhS, uncertainty } = site.beam;
  const atReference = (record.fluxPhS * ringCurrentReferenceMa) / record.ringCurrentMa;
  const more = atReference / fluxReferencePhS - 1;
  const advice = "Put the measured flux into the beam section of the site file.";
  if (record.fluxPhS > fluxMaxPhS) {
    const what = `${record.fluxPhS} ph/s were measured, and flux_max_ph_s is ${fluxMaxPhS}: bookings would be no bounds`;
    tell("error", "calibration.flux", record.where, what, advice);
  } else if (Math.abs(more) > uncertainty.flux) {
    const what = `the flux at ${ringCurrentReferenceMa} mA was measured as ${atReference.toPrecision(3)} ph/s, ${percent(more)} of the site's ${fluxReferencePhS}`;
    tell(more > 0 ? "error" : "warning", "calibration.flux", record.where, what, advice);
  }
}

function judgeFilters({ site, transmissionOf }: CalibrationFacts, calibration: Calibration, tell: Tell): void {
  for (const filter of new Set(ofKind(calibration, "attenuator").map((record) => record.filter))) {
    const record = latest(calibration, "attenuator", (one) => one.filter === filter);
    const index = site.filters.findIndex(({ name }) => name === filter);
    if (record === undefined) continue;
    if (index < 0) {
      const known = site.filters.map(({ name }) => name).join(", ");
      tell("warning", "calibration.attenuator", record.where, `no filter ${filter}`, `The site has ${known}.`);
      continue;
    }
    const reckoned = transmissionOf(index);
    const more = record.transmission / reckoned - 1;
    if (Math.abs(more) <= FILTER_TOLERANCE + 2 * (record.uncertainty / record.transmission)) continue;
    const what = `${filter} lets ${record.transmission} through, and its material and thickness ${reckoned.toPrecision(3)}`;
    const advice = "Correct the filter's thickness in the site file, or look which filter is mounted.";
    tell(more > 0 ? "error" : "warning", "calibration.attenuator", record.where, what, advice);
  }
}

function judgePlaces(site: Site, calibration: Calibration, tell: Tell): void {
  for (const kind of ["calibrant", "empty"] as const) {
    const record = latest(calibration, kind);
    const problem = record === undefined ? null : placeProblem(site, record.place);
    if (record === undefined || problem === null) continue;
    tell("error", "calibration.place", record.where, `${record.what} ${problem.what}`, problem.advice);
  }
}

/** A geometry of another detector turns every pattern into another one, and nobody sees it. */
function judgeDetector(site: Site, calibration: Calibration, tell: Tell): void {
  const { detector } = site;
  const serial = detector.driver === "dectris-simplon" ? detector.serialNumber : null;
  const names = [detector.name, ...(serial === null ? [] : [serial])];
  for (const kind of ["dark", "flat", "mask", "geometry"] as const) {
    const record = latest(calibration, kind);
    if (record === undefined || names.includes(record.detector)) continue;
    const what = `${record.file} belongs to the detector ${record.detector}; the site has ${names.join(", ")}`;
    tell("error", "calibration.other-detector", record.where, what, AGAIN[kind]);
  }
}

function judgeDrift(calibration: Calibration, driftMax: number, tell: Tell): void {
  const values: readonly (readonly [string, readonly (readonly [CalibrationRecord, number])[]])[] = [
    ["beam width", ofKind(calibration, "beam_size").map((record) => [record, record.widthMm])],
    ["beam height", ofKind(calibration, "beam_size").map((record) => [record, record.heightMm])],
    ["flux per mA", ofKind(calibration, "flux").map((record) => [record, record.fluxPhS / record.ringCurrentMa])],
    [
      "photons for each ampere of the ion chamber",
      ofKind(calibration, "flux").flatMap((record) =>
        record.ionChamberA === null ? [] : [[record, record.fluxPhS / record.ionChamberA] as const],
      ),
    ],
  ];
  for (const [name, series] of values) {
    const [before, now] = series.slice(-2);
    if (before === undefined || now === undefined) continue;
    const drift = now[1] / before[1] - 1;
    if (Math.abs(drift) <= driftMax) continue;
    const what = `${name} went from ${before[1].toPrecision(4)} to ${now[1].toPrecision(4)} in ${hours(now[0].atMs - before[0].atMs)}`;
    const advice = "Find out what changed before data are compared across it; measure at shorter intervals.";
    tell("warning", "calibration.drift", now[0].where, what, advice);
  }
}

function hours(ms: number): string {
  return Math.abs(ms) < HOUR_MS
    ? durationText(Math.round(Math.abs(ms) / 1000))
    : durationText(60 * Math.round(Math.abs(ms) / 60_000));
}

function percent(more: number): string {
  return `${Math.round(100 * (1 + more))} %`;
}
