/** The `dose-plan` event: everything that the gate's decisions follow from besides the ledger's own rows. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { relativeFluence, type BeamProfile } from "../../protocols/dose/beam-profile.ts";
import { isList, isRecord } from "./ledger-row.ts";

export const DOSE_PLAN_EVENT = "dose-plan";

/** Where a cell is exposed, and how far what falls on one place reaches to another. */
export interface SpotPlan {
  readonly spots: readonly { readonly xMm: number; readonly yMm: number }[];
  /** Fluence at (dx, dy) from a spot's centre, relative to the centre. */
  readonly relativeFluence: (dxMm: number, dyMm: number) => number;
  /** Of cells that have come back: the names by which they were exposed before. */
  readonly earlier: ReadonlyMap<string, readonly string[]>;
}

/** The spots and the beam's shape; undefined where the event does not state the shape. */
export function parseSpotPlan(data: Json | undefined): SpotPlan | undefined {
  if (!isRecord(data)) return undefined;
  const profile = parseProfile(data["profile"]);
  if (profile === undefined) return undefined;
  const spots = isList(data["spots"]) ? data["spots"] : [];
  return {
    spots: spots.map((spot) => ({
      xMm: isRecord(spot) ? numberOf(spot["x_mm"]) : NaN,
      yMm: isRecord(spot) ? numberOf(spot["y_mm"]) : NaN,
    })),
    relativeFluence: (dxMm, dyMm) => relativeFluence(profile, dxMm, dyMm),
    earlier: parseEarlier(data["cells"]),
  };
}

function parseEarlier(cells: Json | undefined): SpotPlan["earlier"] {
  const earlier = new Map<string, readonly string[]>();
  for (const cell of isList(cells) ? cells : []) {
    if (!isRecord(cell) || !isList(cell["earlier"]) || typeof cell["position"] !== "string") continue;
    earlier.set(
      cell["position"],
      cell["earlier"].filter((name) => typeof name === "string"),
    );
  }
  return earlier;
}

function parseProfile(data: Json | undefined): BeamProfile | undefined {
  if (!isRecord(data)) return undefined;
  const kind = data["profile"];
  if (kind === "gaussian") {
    const slitXMm = data["slit_x_mm"];
    const slitYMm = data["slit_y_mm"];
    return {
      profile: kind,
      fwhmXMm: numberOf(data["fwhm_x_mm"]),
      fwhmYMm: numberOf(data["fwhm_y_mm"]),
      ...(typeof slitXMm === "number" ? { slitXMm } : {}),
      ...(typeof slitYMm === "number" ? { slitYMm } : {}),
    };
  }
  if (kind === "tophat_rect" || kind === "tophat_ellipse") {
    return { profile: kind, widthMm: numberOf(data["width_mm"]), heightMm: numberOf(data["height_mm"]) };
  }
  return undefined;
}

function numberOf(value: Json | undefined): number {
  return typeof value === "number" ? value : NaN;
}
