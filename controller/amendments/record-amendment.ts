/**
 * An amendment as it goes into the log: who, why, what, the whole campaign as it is from then on, and what the audit and
 * whoever goes on with the record need to know of it. Nothing before it changes.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { recordedCalendar } from "../../protocols/campaign/beam-calendar.ts";
import { forerunnerOf } from "../../protocols/base/position.ts";
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { LedgerCell } from "../dose/dose-ledger.ts";
import type { Recorder } from "../machines/recorder.ts";
import { RACK_PLAN_EVENT, rackPlanData } from "../record/rack-plan-event.ts";
import { JOINED_EVENT, WITHDRAWN_EVENT } from "../resume/recorded-cell.ts";
import { requestOf } from "../resume/recorded-run.ts";
import { recordDosePlan } from "../run/start-record.ts";
import type { AmendedValue, CampaignProgress } from "./amendment.ts";
import { AMENDED_EVENT } from "./campaign-progress.ts";

export interface AmendmentOnRecord {
  /** From 1. */
  readonly number: number;
  readonly author: string;
  readonly reason: string;
  readonly changes: readonly AmendedValue[];
  /** With its cells in the order by which the record counts them. */
  readonly proposed: Campaign;
  readonly campaignHash: string;
  /** The campaign's file and those it names beside the site, by their paths as written; the first is the campaign. */
  readonly texts: ReadonlyMap<string, string>;
}

export function recordAmendment(
  recorder: Recorder,
  amendment: AmendmentOnRecord,
  {
    site,
    cells,
    progress,
    toBring = [],
  }: {
    readonly site: Site;
    readonly cells: readonly LedgerCell[];
    /** Of a run that goes on, without requests: it withdraws what is gone by itself. */
    readonly progress: Pick<CampaignProgress, "startMs" | "requests" | "rows">;
    /** Of a run that does not go on: cells that are not there before a person has brought them. */
    readonly toBring?: readonly CampaignCell[];
  },
): void {
  const { number, author, reason, changes, proposed, campaignHash, texts } = amendment;
  recorder.record(AMENDED_EVENT, {
    ...{ number, author, reason, campaign_hash: campaignHash },
    changes: changes.map(changeJson),
    texts: Object.fromEntries(texts),
    ...(proposed.timeZone === undefined ? {} : { timezone: proposed.timeZone }),
    ...recordedCalendar({ ...proposed, startMs: progress.startMs }),
  });
  recorder.record(RACK_PLAN_EVENT, rackPlanData(proposed, site));
  recordDosePlan(recorder, proposed, site, cells);
  for (const position of withdrawn(changes)) recorder.record(WITHDRAWN_EVENT, { position, author, reason });
  recordGone(recorder, proposed, progress);
  for (const { position, barcode } of toBring) recorder.record(JOINED_EVENT, { position, cell: barcode, author });
}

/**
 * Of the cells that join those in whose place another may still lie, and those that come back: voltage and wiring alone
 * would take the one that lies there for them.
 */
export function cellsToBring(current: Campaign, proposed: Campaign): readonly CampaignCell[] {
  const known = new Set<string>(current.cells.map(({ position }) => position));
  const barcodes = new Set(current.cells.map(({ barcode }) => barcode));
  return proposed.cells.filter(
    ({ position, barcode }) => !known.has(position) && (forerunnerOf(position) !== undefined || barcodes.has(barcode)),
  );
}

/** What was asked by triggers that are gone; of one that the controller was lost over its next start tells what became. */
function recordGone(
  recorder: Recorder,
  proposed: Campaign,
  progress: Pick<CampaignProgress, "requests" | "rows">,
): void {
  const triggers = new Set((proposed.triggers ?? []).map(({ name }) => name));
  const underWay = requestsUnderWay(progress.rows);
  for (const { request, position, trigger } of progress.requests) {
    if (BY_COMMAND.has(trigger) || triggers.has(trigger) || underWay.has(Number(request.slice(1)))) continue;
    const text = `trigger ${trigger} is no longer in the campaign`;
    recorder.record("request-withdrawn", { request: Number(request.slice(1)), position, text });
  }
}

/** Numbers of those whose exposure is booked, and not accounted for. */
function requestsUnderWay(rows: CampaignProgress["rows"]): ReadonlySet<number> {
  const closed = new Set(rows.flatMap(({ kind, exposureId }) => (kind === "booking" ? [] : [exposureId])));
  return new Set(
    rows.flatMap(({ exposureId }) => (closed.has(exposureId) ? [] : (requestOf(exposureId)?.wanted ?? []))),
  );
}

/** What no trigger of the campaign asks for. */
export const BY_COMMAND: ReadonlySet<string> = new Set(["operator", "agent", "step", "sweep"]);

export function withdrawn(changes: readonly AmendedValue[]): readonly string[] {
  return changes.flatMap(({ path, to, positions }) => (path === "withdrawn" && to === true ? positions : []));
}

export function changeJson({ path, positions, from, to, isRaised }: AmendedValue): Json {
  return {
    ...{ path, ...(positions.length === 0 ? {} : { positions: [...positions] }), from, to },
    ...(isRaised === true ? { raised: true } : {}),
  };
}
