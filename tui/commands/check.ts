/** `beamrack check CAMPAIGN.yaml [--site SITE.yaml]`: everything that can be known before anything moves. */
import { parseArgs } from "node:util";
import { durationText } from "../../protocols/base/duration-text.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { findingText, hasErrors } from "../../protocols/base/finding.ts";
import type { Finding } from "../../protocols/base/finding.ts";
import { calibrationFindings } from "../align/load-calibration.ts";
import { checkCampaign, isPlanFinding } from "../../protocols/campaign/check-campaign.ts";
import type { Forecast } from "../../protocols/campaign/check-campaign.ts";
import type { ProtocolPlan } from "../../protocols/campaign/protocol-plans.ts";
import type {
  DoseAmounts,
  DoseForecast,
  LayerForecast,
  LimitForecast,
} from "../../protocols/campaign/dose-forecast.ts";
import type { TriggerForecast } from "../../protocols/campaign/judge-triggers.ts";
import { judgeRoom, recordBytes } from "../../protocols/campaign/record-size.ts";
import { positionsText } from "../../protocols/campaign/rack-text.ts";
import type { CommandContext } from "../command-context.ts";
import { countText } from "../progress/number-text.ts";
import { loadCampaign } from "../load-campaign.ts";
import { checkTimetable, timetableFindings } from "../../controller/schedule/check-timetable.ts";
import type { TimetableForecast } from "../../controller/schedule/forecast-timetable.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { playedJson, playedLines } from "./check-timetable.ts";

/**
 * Exit 0: nothing against it. 2: refused, the input is wrong somewhere. 3: well-formed, but a forecast does not hold
 * (sweeps that do not fit, cells that could never be exposed).
 */
export function checkCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { site: { type: "string" } },
    allowPositionals: true,
    strict: true,
  });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) {
    const what =
      path === undefined ? "no campaign file is given" : `one campaign file is expected, not ${positionals.length}`;
    throw new Fault("command.usage", "beamrack check", what);
  }
  const loaded = loadCampaign(context, path, values.site);
  if (loaded.kind === "refused") {
    printCheck(context, { ok: false, campaign: null, site: null, findings: loaded.findings, forecast: null });
    return Promise.resolve(2);
  }
  const { campaign, site } = loaded;
  const check = checkCampaign(campaign, site, context.attenuationTables(), loaded.document);
  const timetable = checkTimetable(campaign, site, check.forecast.protocols);
  const measured = calibrationFindings(context, loaded);
  const ok = check.ok && !hasErrors(measured);
  const room = judgeRoom(recordBytes(campaign), context.freeBytes?.(".") ?? null, "the disk of this folder");
  // The run may be another machine's, or its folder elsewhere: no refusal here.
  const ofRoom = room === null ? [] : [{ ...room, severity: "warning" as const }];
  const played = timetableFindings(timetable, campaign);
  const findings = [...check.findings, ...measured, ...loaded.findings, ...played, ...ofRoom];
  printCheck(context, {
    ok,
    campaign: campaign.name,
    site: site.name,
    findings,
    forecast: check.forecast,
    timetable: timetable === undefined ? undefined : { ...timetable, campaign },
  });
  if (ok) return Promise.resolve(0);
  return Promise.resolve(check.findings.every((f) => f.severity !== "error" || isPlanFinding(f)) ? 3 : 2);
}

interface CheckResult {
  readonly ok: boolean;
  readonly campaign: string | null;
  readonly site: string | null;
  readonly findings: readonly Finding[];
  readonly forecast: Forecast | null;
  readonly timetable?: (TimetableForecast & { readonly campaign: Campaign }) | undefined;
}

function printCheck(context: CommandContext, result: CheckResult): void {
  if (context.json) {
    const { forecast, timetable, ...rest } = result;
    const document = forecast === null ? null : forecastJson(forecast);
    const played = timetable === undefined ? {} : { timetable: playedJson(timetable) };
    context.print(JSON.stringify({ ...rest, forecast: document, ...played }));
    return;
  }
  printFindings(context, result.findings);
  if (result.forecast !== null) for (const line of forecastLines(result.forecast)) context.print(line);
  if (result.timetable !== undefined) for (const line of playedLines(result.timetable)) context.print(line);
  const errors = result.findings.filter((finding) => finding.severity === "error").length;
  if (result.ok) context.print(`ok: ${result.campaign ?? ""} at ${result.site ?? ""}`);
  else context.printError(`not ok: ${errors} ${errors === 1 ? "error" : "errors"}; nothing was moved`);
}

/** As many notes or warnings of one code are read by a person; `--json` has all. Errors are printed one and all. */
const PRINTED_OF_A_CODE = 20;

function printFindings(context: CommandContext, findings: readonly Finding[]): void {
  const counts = new Map<string, number>();
  for (const finding of findings) {
    if (finding.severity === "error") {
      context.printError(findingText(finding));
      continue;
    }
    const kind = `${finding.severity} [${finding.code}]`;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    if (count <= PRINTED_OF_A_CODE) context.print(findingText(finding));
  }
  for (const [kind, count] of counts) {
    if (count > PRINTED_OF_A_CODE) context.print(`${kind}: ${count - PRINTED_OF_A_CODE} more; --json lists them all`);
  }
}

function forecastLines(forecast: Forecast): readonly string[] {
  return [
    ...forecast.sweeps.map(
      (sweep) =>
        `sweep ${sweep.name}: ${sweep.cellCount} cells at ${sweep.exposureS} s take ${durationText(sweep.expectedS)} every ${durationText(sweep.cadenceS)}${sweep.count === null ? "" : `, ${sweep.count} sweeps`}`,
    ),
    ...(forecast.sweeps.length === 0 ? [] : [timedByText(forecast.timedBy)]),
    ...forecast.dose.flatMap((dose) => [
      ...askedText(dose),
      ...dose.limits.map((limit) => `dose ${positionsText(dose.positions)}: ${limitLine(limit)}`),
      ...dose.layers.map((layer) => `dose ${positionsText(dose.positions)}: ${layerLine(layer)}`),
    ]),
    ...(forecast.triggers ?? []).flatMap((trigger) => [triggerLine(trigger), ...triggerDose(trigger)]),
    ...forecast.proposals.map((proposal) => `to keep every dose limit: ${proposal.text}`),
    ...forecast.protocols.flatMap((protocol) => [
      `protocol ${protocol.name}: ${protocol.cellCount} cells, ${countText(protocol.stepCount)} steps, about ${durationText(protocol.durationS)} (± ${durationText(protocol.durationSpreadS)})${waitsText(protocol)}, at most ${durationText(protocol.longestS)}`,
      `timetable ${protocol.name}: ${timetableText(protocol)}`,
      ...marksText(protocol),
    ]),
  ];
}

function timedByText(timedBy: Forecast["timedBy"]): string {
  return timedBy.by === "software"
    ? "exposures: software opens and closes the shutter; the lapse of its permit bounds them"
    : `exposures: timed in hardware by the gates of ${timedBy.name}; the lapse of the shutter's permit bounds them`;
}

/** What a trigger may ask for at the most. */
function triggerLine({ name, kind, positions, perCell, perCycle, exposures, beamS }: TriggerForecast): string {
  const cells = `trigger ${name} (${kind}): ${positions.length} cells ${positionsText(positions)}`;
  if (perCell === null || exposures === null || beamS === null) return `${cells}, as often as it is asked`;
  const inCycle = perCycle === null || perCycle === perCell ? "" : ` (${perCycle} in a cycle)`;
  return `${cells}, at most ${perCell} exposures of each${inCycle}, ${exposures} in all: ${durationText(beamS)} of beam`;
}

function triggerDose({ name, dose }: TriggerForecast): readonly string[] {
  return dose.flatMap(({ positions, layers }) =>
    layers.map((layer) => `dose ${positionsText(positions)} by ${name}: ${layerLine(layer)}`),
  );
}

function askedText({ positions, askedCount }: DoseForecast): readonly string[] {
  if (askedCount === 0) return [];
  const what = askedCount === 1 ? "1 exposure" : `${askedCount} exposures`;
  return [`dose ${positionsText(positions)}: ${what} of each that steps ask for are counted`];
}

function waitsText({ waitedS }: ProtocolPlan): string {
  return waitedS >= 1 ? `, waits of ${durationText(waitedS)} among them` : "";
}

const TIMETABLE_STEPS = 6;

/** When the first steps end, with the spread where it is worth a word. */
function timetableText({ steps, stepCount, labels }: ProtocolPlan): string {
  const ends = steps.slice(0, TIMETABLE_STEPS).map(({ stepIndex, endS, spreadS }) => {
    const spread = spreadS >= 60 ? ` (± ${durationText(spreadS)})` : "";
    return `${labels[stepIndex] ?? ""} until ${durationText(endS)}${spread}`;
  });
  return ends.join(", ") + (stepCount > TIMETABLE_STEPS ? ", and so on" : "");
}

const MARKS_SHOWN = 9;

/** When the cell first passes the tenths of its capacity. */
function marksText({ name, stateOfChargeMarks: marks }: ProtocolPlan): readonly string[] {
  if (marks.length === 0) return [];
  const passes = marks.slice(0, MARKS_SHOWN).map(({ stateOfCharge, atS, spreadS }) => {
    const spread = spreadS >= 60 ? ` (± ${durationText(spreadS)})` : "";
    return `${Math.round(100 * stateOfCharge)} % at ${durationText(atS)}${spread}`;
  });
  return [`state of charge ${name}: ${passes.join(", ")}${marks.length > MARKS_SHOWN ? ", and so on" : ""}`];
}

function limitLine(limit: LimitForecast): string {
  const parts = [
    `${limit.layer} (${limit.location}) ${short(limit.perExposureGy)} Gy per exposure at ${short(limit.rateGyS)} Gy/s`,
    ...(limit.totalGy === null ? [] : [`${short(limit.totalGy)} Gy on the hottest spot if nothing is refused`]),
    ...(limit.limitGy === null ? [] : [`limit ${limit.limitGy} Gy, vouched for by ${limit.vouchedBy}`]),
    limit.refusedFromSweep === null
      ? "refuses none"
      : `refuses from sweep ${limit.refusedFromSweep} on, judged by the most that the next exposure could give`,
  ];
  return parts.join(", ");
}

function layerLine({ layer, surface, mean }: LayerForecast): string {
  const pair = (name: keyof DoseAmounts): string | null => {
    const [atSurface, onAverage] = [surface[name], mean[name]];
    return atSurface === null || onAverage === null ? null : `${short(atSurface)} / ${short(onAverage)} Gy`;
  };
  const perCycle = pair("perCycleGy");
  const total = pair("totalGy");
  return [
    `${layer} (surface / mean) ${pair("perExposureGy") ?? ""} per exposure`,
    ...(perCycle === null ? [] : [`at most ${perCycle} in a cycle`]),
    ...(total === null ? [] : [`${total} in all on the hottest spot`]),
  ].join(", ");
}

function amountsJson({ perExposureGy, rateGyS, perCycleGy, totalGy }: DoseAmounts): unknown {
  return {
    dose_per_exposure_Gy: perExposureGy,
    dose_rate_Gy_s: rateGyS,
    dose_per_cycle_Gy: perCycleGy,
    total_dose_Gy: totalGy,
  };
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** A document, not a log: the first steps tell the rest. */
const JSON_STEPS = 500;

function doseJson(dose: DoseForecast): unknown {
  return {
    positions: dose.positions,
    stack: dose.stack,
    front_transmission_min: dose.frontTransmissionMin,
    asked_by_steps: dose.askedCount,
    limits: dose.limits.map((limit) => ({
      layer: limit.layer,
      location: limit.location,
      scope: limit.scope.replace("-", "_"),
      dose_Gy: limit.limitGy,
      dose_rate_Gy_s: limit.limitGyS,
      vouched_by: limit.vouchedBy,
      dose_per_exposure_Gy: limit.perExposureGy,
      nominal_dose_rate_Gy_s: limit.rateGyS,
      dose_per_cycle_Gy: limit.perCycleGy,
      total_dose_Gy: limit.totalGy,
      refused_from_sweep: limit.refusedFromSweep,
    })),
    layers: dose.layers.map((layer) => ({
      layer: layer.layer,
      surface: amountsJson(layer.surface),
      mean: amountsJson(layer.mean),
    })),
  };
}

function triggerJson({ name, kind, positions, perCell, perCycle, exposures, beamS, dose }: TriggerForecast): unknown {
  return {
    ...{ name, kind, positions, exposures },
    exposures_per_cell: perCell,
    exposures_per_cycle: perCycle,
    beam_s: beamS,
    dose: dose.map(doseJson),
  };
}

function forecastJson(forecast: Forecast): unknown {
  return {
    sweeps: forecast.sweeps.map((sweep) => ({
      name: sweep.name,
      cells: sweep.cellCount,
      exposure_s: sweep.exposureS,
      bound_s: sweep.boundS,
      expected_s: sweep.expectedS,
      cadence_s: sweep.cadenceS,
      fits: sweep.fits,
      count: sweep.count,
      exposure_max_s: sweep.exposureMaxS,
      cells_max: sweep.cellCountMax,
      cadence_min_s: sweep.cadenceMinS,
    })),
    exposures_timed_by: forecast.timedBy.by === "software" ? "software" : forecast.timedBy.name,
    dose: forecast.dose.map(doseJson),
    ...(forecast.triggers === undefined ? {} : { triggers: forecast.triggers.map(triggerJson) }),
    dose_proposals: forecast.proposals.map(({ kind, sweep, change, text }) => ({
      kind,
      trigger: sweep.name,
      change,
      text,
    })),
    protocols: forecast.protocols.map((protocol) => ({
      name: protocol.name,
      cells: protocol.cellCount,
      steps: protocol.stepCount,
      longest_h: protocol.longestS / 3600,
      expected_h: protocol.durationS / 3600,
      spread_h: protocol.durationSpreadS / 3600,
      waits_h: protocol.waitedS / 3600,
      capacity_mAh: protocol.capacityMah.mean,
      warmest_C: protocol.temperature.warmestC,
      timetable: protocol.steps.slice(0, JSON_STEPS).map((step) => ({
        ordinal: step.ordinal,
        step: step.stepIndex + 1,
        label: protocol.labels[step.stepIndex],
        cycle: step.cycle,
        start_s: step.startS,
        end_s: step.endS,
        spread_s: step.spreadS,
        ended_by: step.endedBy,
        charge_mAh: 1000 * step.chargeAh,
      })),
      state_of_charge_marks: protocol.stateOfChargeMarks.slice(0, JSON_STEPS).map((mark) => ({
        state_of_charge: mark.stateOfCharge,
        at_s: mark.atS,
        spread_s: mark.spreadS,
        ordinal: mark.ordinal,
      })),
    })),
  };
}
