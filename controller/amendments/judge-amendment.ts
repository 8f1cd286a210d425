/**
 * What an amendment changes, and what of it cannot be: pure, from the campaign in force, the one proposed and how far the
 * first has come. What has been done stays: steps that have begun, spots that have dose, doses that were given.
 */
import type { Finding } from "../../protocols/base/finding.ts";
import { campaignSpots } from "../../protocols/campaign/campaign-spots.ts";
import type { Campaign, SweepTrigger } from "../../protocols/campaign/campaign.ts";
import { inRecordedOrder } from "../../protocols/campaign/cell-order.ts";
import type { CampaignTrigger } from "../../protocols/campaign/trigger.ts";
import { CADENCE, type AmendedValue, type CampaignProgress, type JudgedAmendment } from "./amendment.ts";
import { differences, isSame, keysOf } from "./json-differences.ts";
import { judgeCells } from "./judge-cells.ts";

/** Told in one line each: what changed in them is long, or does nothing to the rack. */
const FREE = [
  ...(["title", "sources", "chosen", "timeZone", "beamForecast", "shares", "durationS", "sharedControls"] as const),
  "frameRules",
] as const satisfies readonly (keyof Campaign)[];
/** Judged part by part; what is not named here stays as it is. */
const IN_PARTS: readonly (keyof Campaign)[] = ["presets", "sweeps", "triggers", "cells"];
/** As the file has them. */
const WRITTEN: Readonly<Record<string, string>> = {
  timeZone: "timezone",
  beamForecast: "beam_forecast",
  sharedControls: "share_dark_controls",
  durationS: "duration_h",
  frameRules: "frame_checks",
  doseUncertainty: "uncertainty",
  sitePath: "site",
  name: "campaign",
  startMs: "start",
};
const ANEW = "Leave it as it is; what needs it otherwise is another campaign, in another folder.";

/** `current` with its cells as the record counts them; `given` in any order. */
export function judgeAmendment(current: Campaign, given: Campaign, progress: CampaignProgress): JudgedAmendment {
  const proposed = inRecordedOrder(
    given,
    current.cells.map(({ position }) => position),
  );
  const changes: AmendedValue[] = [];
  const refusals: Finding[] = [];
  const refuse = (where: string, what: string, advice: string): void => {
    refusals.push({ severity: "error", code: "amend.refused", where, what, advice });
  };
  if (progress.isComplete) {
    refuse("campaign", "it has ended, or all its cells were ordered off", "Begin another, in another folder.");
  }
  const named = new Set<keyof Campaign>([...FREE, ...IN_PARTS]);
  for (const key of keysOf(current, proposed)) {
    if (named.has(key) || isSame(current[key], proposed[key])) continue;
    refuse(WRITTEN[key] ?? key, "what everything so far was planned by cannot be amended", ANEW);
  }
  for (const key of FREE) {
    for (const { path, from, to } of differences(current[key], proposed[key], WRITTEN[key] ?? key)) {
      changes.push({ path, positions: [], from, to });
    }
  }
  judgeEnd(proposed, progress, refuse);
  judgePresets(current, proposed, changes, refuse);
  judgeSweeps(current.sweeps, proposed.sweeps, changes, refuse);
  judgeTriggers(current, proposed, changes);
  judgeCells(current, proposed, progress, changes, refuse);
  return { changes, refusals };
}

type Refuse = (where: string, what: string, advice: string) => void;

function judgeEnd({ durationS }: Campaign, { atMs }: CampaignProgress, refuse: Refuse): void {
  if (durationS === null || 1000 * durationS > atMs) return;
  const goneH = Math.ceil(atMs / 360_000) / 10;
  refuse("duration_h", `${durationS / 3600} h are over already`, `Give more than ${goneH}, or stop the run.`);
}

/** Dose is kept by the numbers of spots: those there are keep theirs. */
function judgePresets(current: Campaign, proposed: Campaign, changes: AmendedValue[], refuse: Refuse): void {
  const before = campaignSpots(current).all;
  const after = campaignSpots(proposed).all;
  if (!isSame(before, after.slice(0, before.length))) {
    const advice = "Leave the spots of every preset as they are; a new preset behind them may add some.";
    refuse("presets", "the spots to which dose was given would be others", advice);
  }
  const old = new Map(current.presets.map((preset) => [preset.name, preset]));
  for (const preset of proposed.presets) {
    for (const change of differences(old.get(preset.name), preset, `presets.${preset.name}`)) {
      changes.push({ ...change, positions: [] });
    }
    old.delete(preset.name);
  }
  for (const name of old.keys()) changes.push({ path: `presets.${name}`, positions: [], from: name, to: null });
}

/** The timetable of the sweeps so far is on record by their numbers; those to come may have another cadence. */
function judgeSweeps(
  current: readonly SweepTrigger[],
  proposed: readonly SweepTrigger[],
  changes: AmendedValue[],
  refuse: Refuse,
): void {
  const [before] = current;
  const [after] = proposed;
  if (before === undefined || after === undefined) {
    if (before === after) return;
    const what = before === undefined ? "a sweep cannot be begun in the middle" : "the sweep cannot be dropped";
    refuse("triggers", what, "Use triggers by the clock for more, `hold` or experiment_end for less.");
    return;
  }
  if (before.firstAfterS !== after.firstAfterS || before.name !== after.name) {
    const was = `the sweeps are on record as ${before.name}, from ${before.firstAfterS / 60} min on`;
    refuse("triggers", was, "Leave name and first_after_min; cadence_min may be another.");
  }
  if (before.cadenceS !== after.cadenceS) {
    const path = `triggers.${after.name}.${CADENCE}`;
    changes.push({ path, positions: [], from: before.cadenceS / 60, to: after.cadenceS / 60 });
  }
  if (before.preset.name !== after.preset.name) {
    const path = `triggers.${after.name}.preset`;
    changes.push({ path, positions: [], from: before.preset.name, to: after.preset.name });
  }
}

function judgeTriggers(current: Campaign, proposed: Campaign, changes: AmendedValue[]): void {
  const old = new Map((current.triggers ?? []).map((trigger) => [trigger.name, trigger]));
  for (const trigger of proposed.triggers ?? []) {
    const path = `triggers.${trigger.name}`;
    const before = old.get(trigger.name);
    old.delete(trigger.name);
    if (before === undefined) changes.push({ path, positions: [], from: null, to: trigger.kind });
    else judgeTrigger(before, trigger, path, changes);
  }
  for (const [name, { kind }] of old) changes.push({ path: `triggers.${name}`, positions: [], from: kind, to: null });
}

/** Its cells in one line: where one joins, those of every trigger are others. */
function judgeTrigger(
  { cells: were, ...before }: CampaignTrigger,
  { cells: are, ...after }: CampaignTrigger,
  path: string,
  changes: AmendedValue[],
): void {
  for (const change of differences(before, after, path)) changes.push({ ...change, positions: [] });
  if (isSame(were, are)) return;
  changes.push({ path: `${path}.cells`, positions: [], from: were.length, to: are.length });
}
