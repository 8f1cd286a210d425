/**
 * Frames that a running campaign takes of what is no cell: dark ones with the shutter closed, a calibrant, an empty place, a
 * flat field; how often, for how long, and from where on somebody is told.
 */
import * as z from "zod";
import type { PlaneMm } from "../align/placement.ts";
import type { Finding } from "../base/finding.ts";
import { ALL_POSITIONS, type Position } from "../base/position.ts";
import { CALIBRANTS, type CalibrantName } from "../images/calibrant-lines.ts";
import { strictObject } from "../input/section.ts";
import { createReachMap } from "../site/reach-map.ts";
import { bringsCells, stageTarget } from "../site/site-lookup.ts";
import type { Site } from "../site/site.ts";
import { latest, type Calibration } from "./calibration.ts";

export const CORRECTION_KINDS = ["dark", "calibrant", "empty", "flat"] as const;
export type CorrectionKind = (typeof CORRECTION_KINDS)[number];

/** As the site file has it. */
export interface AskedCorrection {
  readonly kind: CorrectionKind;
  readonly everyH: number;
  readonly exposureS: number;
  /** Filters in the beam; names of the site's. */
  readonly filters: readonly string[];
  /** Of a flat: where what is evenly lit stands. The other places are in the calibrations. */
  readonly place: PlaneMm | null;
  /** Of a dark: the most counts per bin and second. */
  readonly levelMaxPerS: number | null;
  /** Of a calibrant: how far its rings may lie from where they belong, as a share of their radius. */
  readonly driftMax: number | null;
}

/** One that can be taken: with its place, and the filters as the site lists them. */
export interface CorrectionFrame {
  readonly kind: CorrectionKind;
  /** What stands there: CeO2, air; `shutter closed` of a dark. */
  readonly what: string;
  /** Of the stage; null of a dark, for which nothing moves. */
  readonly place: PlaneMm | null;
  readonly everyMs: number;
  readonly exposureS: number;
  readonly filtersIn: readonly boolean[];
  readonly levelMaxPerS: number | null;
  readonly driftMax: number | null;
}

/** A place beside the cells lies at least so far from every cell's centre. */
export const BESIDE_MM = 11;

const positive = z.number().positive();
const common = { every_h: positive.min(0.05).max(1000), exposure_s: positive.max(600) } as const;
const lit = { ...common, filters: z.array(z.string().min(1)).default([]) } as const;
const NOT_STATED = { filters: [], place: null, levelMaxPerS: null, driftMax: null } as const;

export const correctionFramesSchema = strictObject({
  dark: strictObject({ ...common, level_max_per_s: positive.default(1) }).exactOptional(),
  calibrant: strictObject({ ...lit, drift_max: positive.max(0.1).default(0.0005) }).exactOptional(),
  empty: strictObject(lit).exactOptional(),
  flat: strictObject({ ...lit, x_mm: z.number().nonnegative(), y_mm: z.number().nonnegative() }).exactOptional(),
}).transform(({ dark, calibrant, empty, flat }): readonly AskedCorrection[] => [
  ...(dark === undefined ? [] : [{ ...NOT_STATED, ...told("dark", dark), levelMaxPerS: dark.level_max_per_s }]),
  ...(calibrant === undefined
    ? []
    : [{ ...NOT_STATED, ...told("calibrant", calibrant), filters: calibrant.filters, driftMax: calibrant.drift_max }]),
  ...(empty === undefined ? [] : [{ ...NOT_STATED, ...told("empty", empty), filters: empty.filters }]),
  ...(flat === undefined
    ? []
    : [{ ...NOT_STATED, ...told("flat", flat), filters: flat.filters, place: { xMm: flat.x_mm, yMm: flat.y_mm } }]),
]);

function told(kind: CorrectionKind, section: { readonly every_h: number; readonly exposure_s: number }) {
  return { kind, everyH: section.every_h, exposureS: section.exposure_s };
}

/** Known by name as a standard whose lines can be looked up. */
export function calibrantName(what: string): CalibrantName | undefined {
  return (Object.keys(CALIBRANTS) as CalibrantName[]).find((name) => name === what);
}

/** The cell on which, or too near to which, a place of the stage lies; undefined for a place beside all of them. */
export function cellAtPlace(site: Site, { xMm, yMm }: PlaneMm): Position | undefined {
  return ALL_POSITIONS.find((position) => {
    const centre = stageTarget(site, position, { xMm: 0, yMm: 0 });
    return Math.hypot(centre.xMm - xMm, centre.yMm - yMm) < BESIDE_MM;
  });
}

/** What is against a place as one without a cell; null when nothing is. */
export function placeProblem(site: Site, place: PlaneMm): { readonly what: string; readonly advice: string } | null {
  const near = cellAtPlace(site, place);
  const { xMm, yMm } = place;
  if (near !== undefined) {
    return { what: `is said to stand on ${near}`, advice: `Choose a place at least ${BESIDE_MM} mm from every cell.` };
  }
  const advice = "Give a place that the stage reaches.";
  if (!(xMm >= 0 && yMm >= 0 && xMm <= site.stage.travelXMm && yMm <= site.stage.travelYMm)) {
    return { what: `stands at ${xMm}, ${yMm} mm, beyond the stage's travel`, advice };
  }
  const box = createReachMap(site.stage).boxAt(place);
  return box === undefined ? null : { what: `stands at ${xMm}, ${yMm} mm, in the way of the ${box.name}`, advice };
}

/** What the site asks for, ready to be taken; where something is missing for one of them, that is told, and it is left out. */
export function correctionFrames(
  site: Site,
  calibration: Calibration | undefined,
  findings: Finding[],
): readonly CorrectionFrame[] {
  const declared = site.calibrations;
  const where = (kind: CorrectionKind): string => `${site.name}: calibrations.frames.${kind}`;
  const refuse = (kind: CorrectionKind, code: string, what: string, advice: string): void => {
    findings.push({ severity: "error", code, where: where(kind), what, advice });
  };
  const frames: CorrectionFrame[] = [];
  for (const asked of declared?.frames ?? []) {
    const { kind, exposureS, levelMaxPerS, driftMax } = asked;
    const unknown = asked.filters.find((name) => !site.filters.some((filter) => filter.name === name));
    if (unknown !== undefined) {
      const known = site.filters.map(({ name }) => name).join(", ");
      refuse(kind, "calibration.frames", `no filter ${unknown}`, `The site has ${known}.`);
      continue;
    }
    const filtersIn = site.filters.map(({ name }) => asked.filters.includes(name));
    const shared = { kind, everyMs: asked.everyH * 3_600_000, exposureS, filtersIn, levelMaxPerS, driftMax };
    if (kind === "dark") {
      frames.push({ ...shared, what: "shutter closed", place: null });
      continue;
    }
    if (bringsCells(site)) {
      const what = "the stage holds the one cell that the robot brings, and no place beside it";
      refuse(kind, "calibration.frames", what, "Leave it out; dark frames can be taken here.");
      continue;
    }
    const stands =
      asked.place !== null
        ? { what: kind, place: asked.place }
        : calibration === undefined || kind === "flat"
          ? undefined
          : latest(calibration, kind);
    if (stands === undefined) {
      const advice = `Say where it stands: \`beamrack calibrate SITE.yaml ${kind} WHAT X Y --by NAME\`.`;
      refuse(kind, "calibration.missing", `no record of ${kind} says where it stands`, advice);
      continue;
    }
    const problem = placeProblem(site, stands.place);
    if (problem !== null) {
      refuse(kind, "calibration.place", `${stands.what} ${problem.what}`, problem.advice);
      continue;
    }
    if (kind === "calibrant" && calibrantName(stands.what) === undefined) {
      const what = `${stands.what} is no calibrant whose lines are known here: its frames are kept, and not judged`;
      const advice = `Known: ${Object.keys(CALIBRANTS).join(", ")}.`;
      findings.push({ severity: "warning", code: "calibration.frames", where: where(kind), what, advice });
    }
    frames.push({ ...shared, what: stands.what, place: stands.place });
  }
  return frames;
}
