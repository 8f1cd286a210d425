/** A report as one JSON document: what its page says in words and tables, without the plots. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Effect } from "../../protocols/verdict/paired-effect.ts";
import { isoTime } from "../export/file-names.ts";
import { sharedControlRows } from "../export/summaries/shared-control-table.ts";
import type { ToldEffect, ToldJudgement } from "./beam-verdict-told.ts";
import type { CampaignReport } from "./campaign-report.ts";
import type { CellFacts } from "./cell-facts.ts";
import type { GroupAccount } from "./group-account.ts";
import type { Quality, Spread } from "./quality.ts";

type JsonObject = { readonly [key: string]: Json };

export function reportJson(report: CampaignReport): JsonObject {
  const { campaign, requests, verdict } = report;
  const time = (atMs: number | null): Json => (atMs === null ? null : isoTime(campaign.clock.startMs + atMs));
  return {
    campaign: campaign.header.campaign,
    group: campaign.group,
    world: campaign.header.world,
    start: time(0),
    last_on_record: time(campaign.lastMs),
    is_complete: campaign.isComplete,
    log: { digest: campaign.digest, events: campaign.eventCount },
    summary: [...report.summary],
    cells: report.cells.map((one) => cellJson(one, time)),
    ...(campaign.sharedControls.length === 0
      ? {}
      : { shared_controls: sharedControlRows(campaign).map((row) => ({ ...row })) }),
    requests: {
      ...{ asked: requests.asked, ...requests.counts, open: requests.open, off_median_s: requests.offMedianS },
      by_trigger: requests.byTrigger.map(({ name, counts }) => ({ trigger: name, ...counts })),
      reasons: requests.reasons.map((line) => ({
        ...{ outcome: line.outcome, trigger: line.trigger, why: line.why, count: line.count },
        ...{ first_at: time(line.firstMs), last_at: time(line.lastMs), positions: [...line.positions] },
      })),
    },
    beam_effect:
      verdict === null
        ? null
        : {
            ...{ verdict: verdict.verdict, look: verdict.look, at: time(verdict.atMs) },
            materials: verdict.materials.map(judgementJson),
            cells: verdict.cells.map(judgementJson),
          },
    quality: qualityJson(report.quality),
    incidents: report.incidents.map(({ kind, atMs, endMs, isOpen, where, what, code, outcome }) => ({
      ...{ kind, at: time(atMs), until: time(endMs), is_open: isOpen, where, what, code, outcome },
    })),
    groups: report.accounts.map(accountRow),
    custody:
      report.custody === null
        ? null
        : {
            steps: report.custody.steps.map(({ atMs, ...step }) => ({ ...step, at: isoTime(atMs) })),
            open: report.custody.open.map((one) => ({ ...one })),
            damage: [...report.custody.damage],
          },
    unreadable: [...campaign.unreadable, ...report.unreadable],
  };
}

function cellJson({ cell, dose, ...facts }: CellFacts, time: (atMs: number | null) => Json): JsonObject {
  return {
    ...{ position: cell.position, barcode: cell.barcode, group: cell.group, role: cell.role },
    ...{ chemistry: cell.chemistry, electrolyte: cell.electrolyte, protocol: cell.protocolName },
    ...{ state: facts.state, ended_at: time(facts.endMs), cycle: facts.cycle },
    is_protocol_done: facts.state === "complete" && !facts.isCut,
    first_discharge_mAh: milli(facts.firstDischargeAh),
    last_discharge_mAh: milli(facts.lastDischargeAh),
    retention: facts.retention,
    coulombic_efficiency: facts.lastEfficiency,
    gap_s: facts.gapS,
    dose:
      dose === null
        ? null
        : {
            ...{ highest_Gy: dose.highestGy, layer: dose.layer, location: dose.location, convention: dose.convention },
            ...{ relative_uncertainty: dose.relativeUncertainty, limit_Gy: dose.limitGy },
            ...{ limit_fraction: dose.limitFraction, exposures: dose.exposures, open_s: dose.openS },
          },
  };
}

function judgementJson({ name, verdict, power, lag, width }: ToldJudgement): JsonObject {
  return { name, verdict, power, lag: toldJson(lag), log_width: toldJson(width) };
}

function toldJson(effect: ToldEffect | null): Json {
  return effect === null ? null : { ...effect };
}

function qualityJson({ reproducibility, representativeness, reliability }: Quality): JsonObject {
  const { fluxBySource, doseByBasis, wallOffsetS, ...rest } = reliability;
  return {
    reproducibility: reproducibility.map((one) => ({
      ...{ cells: one.name, count: one.cells, half_cycle: one.halfCycle, direction: one.direction },
      ...{ is_whole: one.isWhole, capacity_Ah: spreadJson(one.capacityAh), efficiency: spreadJson(one.efficiency) },
    })),
    representativeness: representativeness.map(({ name, exposed, controls, quantity, effect }) => ({
      ...{ cells: name, exposed, controls, quantity, effect: effectJson(effect) },
    })),
    reliability: {
      ...{ exposures: rest.exposures, with_mid_exposure_state: rest.withMiddle, gaps: rest.gaps, gap_s: rest.gapS },
      flux_by_source: Object.fromEntries(fluxBySource),
      dose_by_basis: Object.fromEntries(doseByBasis),
      dose_relative_uncertainty: rest.doseUncertainty,
      channel_clock_uncertainty_s: rest.channelClockS,
      shutter_edge_uncertainty_s: rest.shutterEdgeS,
      computer_clock_less_campaign_time_s: wallOffsetS === null ? null : { ...wallOffsetS },
    },
  };
}

function spreadJson(spread: Spread | null): Json {
  return spread === null ? null : { ...spread };
}

function effectJson(effect: Effect | null): Json {
  if (effect === null) return null;
  const [low, high] = effect.interval;
  return { mean: effect.mean, low: finite(low), high: finite(high) };
}

/** As a row of a table. */
export function accountRow(account: GroupAccount): Readonly<Record<string, string | number | null>> {
  return {
    ...{ group: account.group, cells: account.cells, exposures: account.exposures, open_s: account.openS },
    ...{ beam_s: account.beamS, beam_share: account.beamShare, channel_h: account.channelHours },
    ...{ dose_Gy: account.doseGy, limit_fraction: account.limitFraction, cost: account.cost },
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function milli(ah: number | null): number | null {
  return ah === null ? null : 1000 * ah;
}
