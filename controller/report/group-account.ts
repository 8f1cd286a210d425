/** What each group has had: beam time, dose and channel hours, and what that costs by the site's rates. Pure. */
import type { GroupRates } from "../../protocols/campaign/group-rates.ts";
import type { ExportedCampaign, ExportedExposure } from "../export/exported-campaign.ts";
import { toldDoses } from "../export/told-dose.ts";
import type { CellFacts } from "./cell-facts.ts";

export interface GroupAccount {
  readonly group: string;
  readonly cells: number;
  readonly exposures: number;
  /** The shutter was open. */
  readonly openS: number;
  /** From the booking, before the way to the spot, until the shutter was shut again; no moment counts twice. */
  readonly beamS: number;
  /** Of the beam time that any group had; null where nobody had any. */
  readonly beamShare: number | null;
  /** From a cell's first step until its end, or the last thing on record. */
  readonly channelHours: number;
  /** Of all exposures together, each in the layer by which its cell's dose is told. */
  readonly doseGy: number;
  /** The largest of its cells; null where no limit was stated or nothing given. */
  readonly limitFraction: number | null;
  /** Null without rates. */
  readonly cost: number | null;
}

const MS_PER_H = 3_600_000;

/** One line for each group of the cells, by name. */
export function groupAccounts(
  campaign: ExportedCampaign,
  facts: readonly CellFacts[],
  rates: GroupRates | null = null,
): readonly GroupAccount[] {
  const beamS = beamTimes(campaign);
  const groups = new Map<string, CellFacts[]>();
  for (const one of facts) {
    const list = groups.get(one.cell.group);
    if (list === undefined) groups.set(one.cell.group, [one]);
    else list.push(one);
  }
  const whole = [...beamS.values()].reduce((sum, seconds) => sum + seconds, 0);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, cells]): GroupAccount => {
      const made = cells.flatMap(({ cell }) => cell.exposures.filter(({ openTimeS }) => openTimeS > 0));
      const seconds = made.reduce((sum, one) => sum + (beamS.get(one.exposureId) ?? 0), 0);
      const hours = cells.reduce((sum, { cell, endMs }) => {
        const [first] = cell.steps;
        return first === undefined ? sum : sum + Math.max(0, (endMs ?? campaign.lastMs) - first.atMs) / MS_PER_H;
      }, 0);
      const fractions = cells.flatMap(({ dose }) => dose?.limitFraction ?? []);
      return {
        group,
        cells: cells.length,
        exposures: made.length,
        openS: made.reduce((sum, { openTimeS }) => sum + openTimeS, 0),
        beamS: seconds,
        beamShare: whole > 0 ? seconds / whole : null,
        channelHours: hours,
        doseGy: cells.reduce((sum, { cell }) => sum + doseOf(campaign, cell), 0),
        limitFraction: fractions.length === 0 ? null : Math.max(...fractions),
        cost: rates === null ? null : costOf(rates, seconds, hours, made.length),
      };
    });
}

function doseOf(campaign: ExportedCampaign, cell: CellFacts["cell"]): number {
  return toldDoses(campaign, cell).reduce((sum, { stepGy }) => sum + stepGy, 0);
}

function costOf(rates: GroupRates, beamS: number, channelHours: number, exposures: number): number {
  return (rates.beamHour * beamS) / 3600 + rates.channelHour * channelHours + rates.exposure * exposures;
}

/** Seconds of beam for each exposure, by id. */
function beamTimes({ cells }: ExportedCampaign): ReadonlyMap<string, number> {
  const all = cells.flatMap(({ exposures }) => exposures.filter(({ openTimeS }) => openTimeS > 0));
  all.sort((a, b) => endMs(a) - endMs(b));
  const seconds = new Map<string, number>();
  let freeMs = 0;
  for (const one of all) {
    const fromMs = Math.max(freeMs, one.bookedAtMs);
    seconds.set(one.exposureId, Math.max(0, endMs(one) - fromMs) / 1000);
    freeMs = Math.max(freeMs, endMs(one));
  }
  return seconds;
}

function endMs(one: ExportedExposure): number {
  const openedMs = one.openSeenAtMs ?? one.openAskedAtMs ?? one.bookedAtMs;
  return one.closedSeenAtMs ?? openedMs + 1000 * one.openTimeS;
}
