/** The first events of a campaign: what it is, whose cell stands where, which dose limits hold and who vouches for each, and what the ledger computes with. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { recordedCalendar } from "../../protocols/campaign/beam-calendar.ts";
import { meetsBeam, type Campaign } from "../../protocols/campaign/campaign.ts";
import type { BeamProfile } from "../../protocols/dose/beam-profile.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { LedgerCell } from "../dose/dose-ledger.ts";
import type { Recorder } from "../machines/recorder.ts";
import { DOSE_PLAN_EVENT } from "../record/dose-plan-event.ts";
import { RACK_PLAN_EVENT, rackPlanData } from "../record/rack-plan-event.ts";

export function recordStart(recorder: Recorder, campaign: Campaign, site: Site, cells: readonly LedgerCell[]): void {
  recorder.record("campaign-started", {
    campaign: campaign.name,
    site: site.name,
    cells: campaign.cells.length,
    exposed: campaign.cells.filter(meetsBeam).length,
    start_ms: campaign.startMs,
    ...(campaign.timeZone === undefined ? {} : { timezone: campaign.timeZone }),
    ...recordedCalendar(campaign),
  });
  recorder.record(RACK_PLAN_EVENT, rackPlanData(campaign, site));
  recordPlacement(recorder, site);
  recordDosePlan(recorder, campaign, site, cells);
}

/** What every decision about dose follows from; stated anew it counts from then on, and takes nothing back. */
export function recordDosePlan(recorder: Recorder, campaign: Campaign, site: Site, cells: readonly LedgerCell[]): void {
  recorder.record("dose-limits", { limits: doseLimits(campaign) });
  recorder.record(DOSE_PLAN_EVENT, {
    relative_uncertainty: cells[0]?.plan.relativeUncertainty ?? 0,
    profile: profileJson(site.beam.profile),
    spots: (cells[0]?.plan.spots ?? []).map((spot) => ({ x_mm: spot.xMm, y_mm: spot.yMm })),
    stacks: stacksJson(cells),
    cells: cells.map(({ position, stackHash: stack, plan: { earlier } }) => ({
      ...{ position, stack },
      ...(earlier === undefined ? {} : { earlier: [...earlier] }),
    })),
  });
}

/** Where the rack was taken to stand from here on; nothing where it was not measured. */
export function recordPlacement(recorder: Recorder, { rack: { placement } }: Site): void {
  if (placement === undefined) return;
  recorder.record("rack-placed", {
    shift_x_mm: placement.shiftXMm,
    shift_y_mm: placement.shiftYMm,
    rotation_deg: placement.rotationDeg,
    cells: [...placement.cells].map(([position, { xMm, yMm }]) => ({ position, x_mm: xMm, y_mm: yMm })),
  });
}

/** Totals per spot as the audit sums them; rates and limits per exposure stand beside with a null dose. */
function doseLimits(campaign: Campaign): readonly Json[] {
  return campaign.cells.flatMap((cell) =>
    cell.doseLimits.map((limit) => ({
      position: cell.position,
      layer: limit.layerName,
      layer_index: limit.layerIndex,
      location: limit.location,
      convention: limit.convention,
      dose_Gy: limit.doseGy,
      dose_rate_Gy_s: limit.doseRateGyS,
      scope: limit.scope,
      source: limit.source,
      vouched_by: limit.vouchedBy,
    })),
  );
}

function stacksJson(cells: readonly LedgerCell[]): { readonly [hash: string]: Json } {
  const stacks: Record<string, Json> = {};
  for (const cell of cells) {
    stacks[cell.stackHash] ??= cell.plan.layers.map((layer) => ({
      name: layer.name,
      surface_Gy_per_ph_cm2: layer.surfaceGyPerPhCm2,
      mean_Gy_per_ph_cm2: layer.meanGyPerPhCm2,
    }));
  }
  return stacks;
}

function profileJson(profile: BeamProfile): Json {
  return profile.profile === "gaussian"
    ? {
        profile: profile.profile,
        fwhm_x_mm: profile.fwhmXMm,
        fwhm_y_mm: profile.fwhmYMm,
        slit_x_mm: profile.slitXMm ?? null,
        slit_y_mm: profile.slitYMm ?? null,
      }
    : { profile: profile.profile, width_mm: profile.widthMm, height_mm: profile.heightMm };
}
