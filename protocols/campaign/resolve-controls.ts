/** The section `controls` of a campaign file: read, held against the preset's spots and the site's beam, spelt out. */
import * as z from "zod";
import type { Finding } from "../base/finding.ts";
import type { Occupant } from "../base/position.ts";
import { findingAt, valueAt, type InputDocument, type Path } from "../input/document.ts";
import { readSection, strictObject } from "../input/section.ts";
import type { Site } from "../site/site.ts";
import { VERDICT_DEFAULTS } from "../verdict/beam-verdict.ts";
import type { ExposurePreset, SpotOffset } from "./campaign.ts";
import { positionsText } from "./rack-text.ts";
import type { DraftCell } from "./resolve-cells.ts";
import type { ControlPlan } from "./control-plan.ts";

const coordinate = z.number().min(-10).max(10);
const share = z.number().gt(0).lt(1);

export const controlsSchema = strictObject({
  spots: z
    .array(strictObject({ x_mm: coordinate, y_mm: coordinate }))
    .min(1)
    .max(100),
  every_sweeps: z.int().min(1).max(10_000),
  lag: share.default(VERDICT_DEFAULTS.lag),
  power: share.default(VERDICT_DEFAULTS.power),
  false_alarms: share.max(0.2).default(VERDICT_DEFAULTS.level),
  reading_error: share.default(0.003),
  spot_scatter: z.number().min(0).max(0.1).default(VERDICT_DEFAULTS.spotScatter),
  on_beam_effect: z.enum(["tell", "lower", "stop"]).default("tell"),
  /** With `lower`; without: nothing but control visits, as long as ever. */
  lowered: strictObject({
    every_sweeps: z.int().min(1).max(10_000).exactOptional(),
    exposure_fraction: z.number().min(0.05).max(1).default(1),
  }).exactOptional(),
  /** Needed for cells of role rare-control. */
  rare_every_sweeps: z.int().min(1).max(10_000).exactOptional(),
});

const PATH: Path = ["controls"];
/** Half the diameter of the electrode in a 2032 coin cell: beside it there is nothing to compare. */
const ELECTRODE_RADIUS_MM = 7;
/** Beam effects reach beyond the beam as a gradient (Wragg et al. 2024): so far from its edge a spot is not fresh. */
const REACH_MM = 1;

/** Undefined where there is no such section, or one that findings refuse. */
export function resolveControls(
  document: InputDocument,
  drafts: readonly DraftCell[],
  presets: readonly ExposurePreset[],
  site: Site | undefined,
  findings: Finding[],
): ControlPlan | undefined {
  const rare = drafts.filter(({ role }) => role === "rare-control").map(({ position }) => position);
  if (valueAt(document.value, PATH) === undefined) {
    if (rare.length > 0) refuseRare(document, ["cells"], rare, "and there are no controls", findings);
    return undefined;
  }
  const record = readSection(document, PATH, controlsSchema, findings);
  if (record === undefined) return undefined;
  const spots = record.spots.map(({ x_mm: xMm, y_mm: yMm }) => ({ xMm, yMm }));
  const exposed = presets.flatMap((preset) => preset.spots);
  const apartMm = site === undefined ? REACH_MM : beamRadiusMm(site) + REACH_MM;
  spots.forEach((spot, index) => {
    const path: Path = [...PATH, "spots", index];
    const at = `the control spot at ${spot.xMm}, ${spot.yMm} mm`;
    if (!(Math.hypot(spot.xMm, spot.yMm) < ELECTRODE_RADIUS_MM)) {
      const advice = `Keep control spots within ${ELECTRODE_RADIUS_MM} mm of the centre.`;
      findings.push(findingAt(document, "error", "campaign.spot", path, `${at} lies outside the electrode`, advice));
      return;
    }
    const nearest = Math.min(...[...exposed, ...spots.slice(0, index)].map((other) => awayMm(spot, other)));
    if (nearest >= apartMm) return;
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.control-spot",
        path,
        `${at} is ${nearest.toFixed(2)} mm from another spot: what the beam does there may reach it`,
        `Keep control spots ${apartMm.toFixed(2)} mm or more from every other spot: half the beam and ${REACH_MM} mm.`,
      ),
    );
  });
  const { rare_every_sweeps: rareEverySweeps } = record;
  if (rareEverySweeps === undefined && rare.length > 0) {
    refuseRare(document, PATH, rare, "and controls give no rare_every_sweeps", findings);
  } else if (rareEverySweeps !== undefined && rareEverySweeps % record.every_sweeps !== 0) {
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.rare-control",
        [...PATH, "rare_every_sweeps"],
        `rarely exposed cells would be exposed in every sweep of ${rareEverySweeps}, control spots in every sweep of ${record.every_sweeps}: not always in the same one`,
        `Give a multiple of every_sweeps, such as ${record.every_sweeps * Math.ceil(rareEverySweeps / record.every_sweeps)}.`,
      ),
    );
  }
  return {
    spots,
    everySweeps: record.every_sweeps,
    lag: record.lag,
    power: record.power,
    falseAlarms: record.false_alarms,
    readingError: record.reading_error,
    spotScatter: record.spot_scatter,
    onBeamEffect: record.on_beam_effect,
    lowered: {
      everySweeps: record.lowered?.every_sweeps ?? record.every_sweeps,
      exposureFraction: record.lowered?.exposure_fraction ?? 1,
    },
    rareEverySweeps: rareEverySweeps ?? null,
  };
}

function refuseRare(
  document: InputDocument,
  path: Path,
  rare: readonly Occupant[],
  what: string,
  findings: Finding[],
): void {
  findings.push(
    findingAt(
      document,
      "error",
      "campaign.rare-control",
      path,
      `${positionsText(rare)} are to be exposed rarely, ${what}: it is not said how rarely`,
      "Give controls with rare_every_sweeps, or these cells another role.",
    ),
  );
}

function awayMm(a: SpotOffset, b: SpotOffset): number {
  return Math.hypot(a.xMm - b.xMm, a.yMm - b.yMm);
}

function beamRadiusMm({ beam: { profile } }: Site): number {
  return profile.profile === "gaussian"
    ? Math.max(profile.fwhmXMm, profile.fwhmYMm) / 2
    : Math.max(profile.widthMm, profile.heightMm) / 2;
}
