/**
 * What can be known of an admitted campaign before anything moves: whether its sweeps fit, what doses they will give,
 * and how long the protocols may take. Findings whose code begins with `plan.` are forecasts, not bad input.
 */
import { durationText } from "../base/duration-text.ts";
import { hasErrors } from "../base/finding.ts";
import type { Finding } from "../base/finding.ts";
import type { AttenuationTables } from "../dose/attenuation.ts";
import type { Site } from "../site/site.ts";
import type { InputDocument } from "../input/document.ts";
import { meetsBeam, type Campaign, type CampaignCell, type SweepTrigger } from "./campaign.ts";
import { campaignPlaces } from "./campaign-places.ts";
import type { CampaignPlaces } from "./campaign-places.ts";
import { forecastDose, sweepCount, type HadDose } from "./dose-forecast.ts";
import type { DoseForecast } from "./dose-forecast.ts";
import { proposeForDose, type DoseProposal } from "./dose-proposals.ts";
import { judgeCalendar } from "./judge-calendar.ts";
import { judgeControls, type ControlForecast } from "./judge-controls.ts";
import { judgeShutter } from "./judge-shutter.ts";
import { judgeRobot } from "./judge-robot.ts";
import { judgeTriggers, type TriggerForecast } from "./judge-triggers.ts";
import { askedTimesOf, cycleTimesOf, forecastProtocols, planOf, type ProtocolPlan } from "./protocol-plans.ts";
import { positionsText } from "./rack-text.ts";
import { closeSpots } from "./spot-overlap.ts";
import { planSweep } from "./sweep-plan.ts";
import type { SweepPlan } from "./sweep-plan.ts";

export interface SweepForecast extends SweepPlan {
  readonly name: string;
  readonly exposureS: number;
  /** Null when the campaign has no stated end. */
  readonly count: number | null;
}

export interface Forecast {
  readonly sweeps: readonly SweepForecast[];
  /** What sets the length of an exposure: the trigger's name, or software. The permit bounds it either way. */
  readonly timedBy: { readonly by: "software" } | { readonly by: "trigger"; readonly name: string };
  readonly dose: readonly DoseForecast[];
  /** What would keep every dose limit to the end, each by itself; none where nothing is refused. */
  readonly proposals: readonly DoseProposal[];
  readonly protocols: readonly ProtocolPlan[];
  /** Undefined without triggers beside the sweep. */
  readonly triggers?: readonly TriggerForecast[];
  /** Undefined without control visits. */
  readonly controls?: ControlForecast;
}

export interface CampaignCheck {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly forecast: Forecast;
}

/** A sweep of 96 cells in the study this rack follows takes 10 to 15 minutes. */
const SOURCE_SWEEP_S = { min: 600, max: 900 } as const;
/** Below this, hardly a photon reaches the layer: most likely the energy or the stack is wrong. */
const TRANSMISSION_MIN = 1e-3;
/** A protocol that fills less of the campaign than this leaves its cells idle. */
const IDLE_SHARE = 0.5;

/** `source` is what findings point into: the campaign's document, or its name; `had`: what its cells bring along, where that is known. Throws Fault `dose.input` for what the tables do not hold. */
export function checkCampaign(
  campaign: Campaign,
  site: Site,
  tables: AttenuationTables,
  source: InputDocument | string = campaign.name,
  had?: HadDose,
): CampaignCheck {
  const findings: Finding[] = [];
  const places = campaignPlaces(source);
  const exposed = campaign.cells.filter(meetsBeam);
  const sweeps = campaign.sweeps.map((sweep, index) =>
    forecastSweep(campaign, site, sweep, exposed, (key) => places.sweep(index, key), places, findings),
  );
  judgeRobot(campaign, site, places, findings);
  findings.push(...judgeShutter(site));
  if (campaign.beamForecast !== undefined) judgeCalendar(campaign, places, findings);
  const protocols = forecastProtocols(campaign, site);
  const cycleTimes = cycleTimesOf(campaign, protocols);
  const askedOf = askedTimesOf(campaign, protocols);
  const proposals: DoseProposal[] = [];
  const dose = campaign.sweeps.flatMap((sweep) => {
    // What steps ask for is exposed like the first sweep's.
    const asked = sweep === campaign.sweeps[0] ? askedOf : undefined;
    const forecasts = forecastDose(campaign, site, sweep, tables, cycleTimes, asked, had);
    const isRefusing = forecasts.some((forecast) => forecast.binding !== null);
    const proposed = isRefusing ? proposeForDose(campaign, site, sweep, tables, cycleTimes, asked) : [];
    proposals.push(...proposed);
    for (const forecast of forecasts) judgeDose(forecast, sweep, proposed, places, findings);
    return forecasts;
  });
  const triggers = judgeTriggers(campaign, site, tables, planOf(campaign, protocols), dose, places, findings);
  const controls = judgeControls(campaign, site, sweeps[0], dose, places.controls(), findings);
  if (campaign.frameRules !== undefined && site.integrator === undefined) {
    findings.push({
      severity: "note",
      code: "plan.frames-unread",
      where: places.frameChecks(),
      what: "the site has no integrator: on real links no frame is looked at (the virtual world needs none)",
      advice: "Give the site an integrator section (docs/instruments/json-integrator.md).",
    });
  }
  for (const plan of protocols) {
    if (campaign.durationS !== null) judgeDuration(plan, campaign.durationS, places, findings);
    else judgeEndless(plan, campaign, places, findings);
  }
  return {
    ok: !hasErrors(findings),
    findings,
    forecast: {
      sweeps,
      timedBy: timedBy(site),
      dose,
      proposals,
      protocols,
      ...(triggers.length === 0 ? {} : { triggers }),
      ...(controls === undefined ? {} : { controls }),
    },
  };
}

function timedBy(site: Site): Forecast["timedBy"] {
  const { trigger } = site;
  return trigger?.gates === undefined ? { by: "software" } : { by: "trigger", name: trigger.name };
}

/** Long enough for the open switch to be seen within a gate. */
const GATE_MIN_S = 0.1;

/** True for findings that say a well-formed plan would not work out, as against input that is wrong. */
export function isPlanFinding(finding: Finding): boolean {
  return finding.code.startsWith("plan.");
}

function forecastSweep(
  campaign: Campaign,
  site: Site,
  sweep: SweepTrigger,
  exposed: readonly CampaignCell[],
  trigger: (key: string) => string,
  places: CampaignPlaces,
  findings: Finding[],
): SweepForecast {
  const { exposureS } = sweep.preset;
  const plan = planSweep(
    site,
    exposed.map((cell) => cell.position),
    exposureS,
    sweep.cadenceS,
  );
  if (!plan.fits) {
    const options = [
      ...(plan.exposureMaxS > 0
        ? [`exposure_s of at most ${plan.exposureMaxS} with these ${plan.cellCount} cells`]
        : []),
      ...(plan.cellCountMax > 0 ? [`at most ${plan.cellCountMax} exposed cells`] : []),
      `cadence_min of at least ${Math.ceil(plan.cadenceMinS / 6) / 10}`,
    ];
    findings.push({
      severity: "error",
      code: "plan.does-not-fit",
      where: trigger("cadence_min"),
      what: `a sweep of ${plan.cellCount} cells at ${exposureS} s takes ${durationText(plan.expectedS)}, the cadence is ${durationText(sweep.cadenceS)}`,
      advice: `What would fit: ${options.join(", or ")}.`,
    });
  } else if (plan.boundS < SOURCE_SWEEP_S.min || plan.boundS > SOURCE_SWEEP_S.max) {
    findings.push({
      severity: "note",
      code: "plan.sweep-duration",
      where: trigger("cadence_min"),
      what: `a sweep takes ${durationText(plan.boundS)}, outside the 10 to 15 min of the source study`,
      advice: "Nothing to do if that is meant.",
    });
  }
  const gateMinS = 2 * site.shutter.travelS + GATE_MIN_S;
  if (site.shutter.gate !== undefined && exposureS < gateMinS) {
    findings.push({
      severity: "error",
      code: "plan.gate-too-short",
      where: trigger("preset"),
      what: `exposures of ${exposureS} s are timed by a trigger, and the shutter's open switch could not be seen in one`,
      advice: `Expose for at least ${Number(gateMinS.toFixed(3))} s, or take gates out of the site's trigger.`,
    });
  }
  const close = closeSpots(sweep.preset.spots, site.beam.profile);
  if (close !== undefined) {
    findings.push({
      severity: "error",
      code: "plan.spots-overlap",
      where: places.spots(sweep.preset.name),
      what: `spots ${close.first} and ${close.second} of preset ${sweep.preset.name} are ${close.distanceMm.toFixed(3)} mm apart: between them the beam's tails could add up to more than at a spot's centre, where dose is judged`,
      advice: "Space the spots by at least 1.5 times the beam's FWHM, or by the width of a top hat.",
    });
  }
  if (exposed.length === 0) {
    findings.push({
      severity: "warning",
      code: "plan.nothing-exposed",
      where: trigger("name"),
      what: "every cell is a dark control",
      advice: "Give some cells role: exposed, or remove the trigger.",
    });
  }
  return { ...plan, name: sweep.name, exposureS, count: sweepCount(campaign, sweep) };
}

function judgeDose(
  forecast: DoseForecast,
  sweep: SweepTrigger,
  proposals: readonly DoseProposal[],
  places: CampaignPlaces,
  findings: Finding[],
): void {
  const cells = `cells ${positionsText(forecast.positions)}`;
  if (!(forecast.frontTransmissionMin >= TRANSMISSION_MIN)) {
    findings.push({
      severity: "warning",
      code: "plan.opaque",
      where: places.stack(forecast.stack),
      what: `${cells}: only ${forecast.frontTransmissionMin.toExponential(1)} of the beam reaches a layer of stack ${forecast.stack}`,
      advice: "Check energy, stack and which side is upstream.",
    });
  }
  const { binding } = forecast;
  if (binding?.refusedFromSweep == null) return;
  const isNever = binding.refusedFromSweep === 1;
  const limit = [
    ...(binding.limitGy === null ? [] : [`${binding.limitGy} Gy ${SCOPE_TEXT[binding.scope]}`]),
    ...(binding.limitGyS === null ? [] : [`${binding.limitGyS} Gy/s`]),
  ].join(" and ");
  const fit =
    proposals.length === 0 ? "" : `All limits would be kept by ${proposals.map((one) => one.text).join("; or by ")}.`;
  const atS = sweep.firstAfterS + (binding.refusedFromSweep - 1) * sweep.cadenceS;
  findings.push({
    severity: isNever ? "error" : "warning",
    code: isNever ? "plan.never-exposed" : "plan.dose-limit",
    where: places.doseLimit(binding),
    what: isNever
      ? `${cells}: not one exposure keeps the limit of ${limit} in ${binding.layer} (${binding.location}); one gives ${gray(binding.perExposureGy)} at ${gray(binding.rateGyS)}/s before uncertainty and closing time`
      : `${cells}: the limit of ${limit} in ${binding.layer} (${binding.location}) refuses further exposure of a spot from sweep ${binding.refusedFromSweep} on, ${durationText(atS)} after the start: the next one, by the most it could give, would pass it`,
    advice: isNever
      ? `${fit || "Add a filter, shorten the exposure, or"} ${fit === "" ? "have" : "Or have"} another limit vouched for.`
      : `Nothing to do if that is meant. ${fit || "Otherwise more spots, a filter or shorter exposures."}`,
  });
}

const SCOPE_TEXT = {
  "spot-total": "per spot",
  "spot-cycle": "per spot and cycle",
  "per-exposure": "per exposure",
} as const;

function gray(doseGy: number): string {
  return `${Number(doseGy.toPrecision(3))} Gy`;
}

/** A protocol against the time the campaign has: cut off before its last step, or over long before the end. */
function judgeDuration(plan: ProtocolPlan, durationS: number, places: CampaignPlaces, findings: Finding[]): void {
  const takes = `${durationText(plan.durationS)} (± ${durationText(plan.durationSpreadS)})`;
  const last = plan.steps.at(-1);
  if (plan.durationS - plan.durationSpreadS > durationS) {
    const reached = plan.steps.find((step) => step.endS > durationS) ?? last;
    // A last rest that is longer than what is left is how a protocol waits for the end.
    if (reached === undefined || (reached.ordinal === plan.stepCount && isRest(plan, reached.stepIndex))) return;
    findings.push({
      severity: "warning",
      code: "plan.too-long",
      where: places.protocol(plan.name),
      what: `protocol ${plan.name} takes ${takes}, the campaign ends after ${durationText(durationS)}: in step ${reached.stepIndex + 1} (${plan.labels[reached.stepIndex] ?? ""}), cycle ${reached.cycle}`,
      advice: "Give the campaign more time, or the protocol fewer cycles; nothing to do if that is meant.",
    });
  } else if (plan.durationS + plan.durationSpreadS < IDLE_SHARE * durationS) {
    findings.push({
      severity: "note",
      code: "plan.idle-cells",
      where: places.protocol(plan.name),
      what: `protocol ${plan.name} takes ${takes}, the campaign ${durationText(durationS)}: its cells would be idle for the rest`,
      advice: "Nothing to do if that is meant.",
    });
  }
}

/** No campaign may be said to last longer than this. */
const CAMPAIGN_MAX_S = 366 * 86_400;

/** Loops that nobody will see the end of, in a campaign that ends with its last cell. */
function judgeEndless(plan: ProtocolPlan, campaign: Campaign, places: CampaignPlaces, findings: Finding[]): void {
  const { stepCount, durationS } = plan.toItsLastStep;
  if (durationS <= CAMPAIGN_MAX_S) return;
  const cells = campaign.cells.filter((cell) => cell.protocol.name === plan.name);
  const mayEnd = cells.every((cell) => cell.endConditions.length > 0);
  findings.push({
    severity: mayEnd ? "warning" : "error",
    code: "plan.endless",
    where: places.protocol(plan.name),
    what: `protocol ${plan.name} has ${stepCount} steps, about ${durationText(durationS)}; ${mayEnd ? "only its end conditions may end it sooner" : "nothing ends it sooner"}`,
    advice: "Give its loops fewer cycles, or the campaign a duration_h.",
  });
}

function isRest(plan: ProtocolPlan, stepIndex: number): boolean {
  const step = plan.steps.find((run) => run.stepIndex === stepIndex);
  return step !== undefined && step.chargeAh === 0;
}
