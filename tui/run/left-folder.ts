/** A data folder before a run goes on in it: whether there is anything, and whether it is over. */
import { existsSync } from "node:fs";
import { openRecord } from "../../controller/record/record-reader.ts";
import { parseJson } from "../../controller/record/record-header.ts";
import { plannedPositions, RACK_PLAN_EVENT } from "../../controller/record/rack-plan-event.ts";
import { databasePath } from "../../controller/record/schema.ts";
import { AMENDED_EVENT } from "../../controller/amendments/campaign-progress.ts";
import { numberOf, recordOf, textOf, type EventData } from "../../controller/resume/recorded-cell.ts";
import { CLOCK_EVENT } from "../../controller/run/clock-watch.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { campaignInForce } from "../amend/campaign-in-force.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { LastCompared } from "./began-ago.ts";

export interface LeftFolder {
  /** UTC at campaign time zero. */
  readonly startMs: number;
  /** Campaign time of the last event. */
  readonly lastMs: number;
  readonly events: number;
  /** Absent where the computer said neither how long it was up nor what its clock showed. */
  readonly compared?: LastCompared;
  /** In the order by which the record counts cells. */
  readonly positions: readonly string[];
  /** Hash of the campaign that the last amendment made of it, and of the one that the folder was begun with. */
  readonly amended?: {
    readonly campaignHash: string;
    readonly begunWith: string;
    /** Of the campaigns that were in force before, the first included. */
    readonly before: readonly string[];
  };
}

/**
 * Undefined for a folder in which nothing has begun. Throws Fault `run.finished` for a campaign that came to its end,
 * `store.damaged` for a record that does not say when it began.
 */
export function lookAtFolder(folder: string): LeftFolder | undefined {
  if (!existsSync(databasePath(folder))) return undefined;
  const record = openRecord(folder);
  try {
    let startMs: number | undefined;
    let lastMs = 0;
    let events = 0;
    let compared: LastCompared | undefined;
    const hashes: string[] = [];
    let positions: readonly string[] = [];
    for (const scanned of record.events()) {
      if (scanned.kind === "damaged") continue;
      const { type, atMs, dataText } = scanned.row;
      events += 1;
      lastMs = Math.max(lastMs, atMs);
      if (type === "campaign-started") startMs = numberOf(recordOf(parseJson(dataText))["start_ms"]);
      if (type === CLOCK_EVENT) compared = lastCompared(atMs, recordOf(parseJson(dataText))) ?? compared;
      if (type === AMENDED_EVENT) hashes.push(textOf(recordOf(parseJson(dataText))["campaign_hash"]));
      if (type === RACK_PLAN_EVENT) positions = plannedPositions(parseJson(dataText));
      if (type === "campaign-complete") {
        throw new Fault("run.finished", folder, "the campaign in this folder came to its end; nothing is left to run");
      }
    }
    if (events === 0) return undefined;
    if (startMs === undefined) {
      throw new Fault("store.damaged", folder, "the record does not say when its campaign began");
    }
    const begunWith = record.header?.campaignHash;
    const amendedHash = hashes.pop();
    const known = { startMs, lastMs, events, positions, ...(compared === undefined ? {} : { compared }) };
    if (amendedHash === undefined || begunWith === undefined) return known;
    return {
      ...known,
      amended: { campaignHash: amendedHash, begunWith, before: [begunWith, ...hashes] },
    };
  } finally {
    record.close();
  }
}

function lastCompared(atMs: number, data: EventData): LastCompared | undefined {
  const upS = numberOf(data["up_s"]);
  const wallMs = numberOf(data["wall_ms"]);
  if (upS === undefined && wallMs === undefined) return undefined;
  return {
    atMs,
    ...(wallMs === undefined ? {} : { wallMs }),
    ...(upS === undefined ? {} : { boot: { bootId: textOf(data["boot_id"]), upS } }),
  };
}

/**
 * The hash by which the folder's record knows the campaign that goes on in it: of an amended one that of its begin. Throws
 * Fault `amend.other-file` for any other file than that of the last amendment.
 */
export function recordedHash(folder: string, left: LeftFolder | undefined, campaignHash: string): string {
  const amended = left?.amended;
  if (amended === undefined) return campaignHash;
  if (amended.campaignHash === campaignHash) return amended.begunWith;
  throw new Fault(
    "amend.other-file",
    folder,
    "the campaign in this folder was amended, and this is not the amended file",
  );
}

/**
 * The campaign by which the folder goes on: that of the last amendment, as the folder keeps it, where the file given is one
 * that was in force before. So the same command goes on after a crash, whatever was amended meanwhile.
 */
export function goesOnWith<Loaded extends { readonly campaign: Campaign; readonly campaignHash: string }>(
  folder: string,
  left: LeftFolder | undefined,
  loaded: Loaded,
): Loaded {
  const amended = left?.amended;
  if (amended === undefined || amended.campaignHash === loaded.campaignHash) return loaded;
  if (!amended.before.includes(loaded.campaignHash)) return loaded;
  const campaign = campaignInForce(folder, amended.campaignHash);
  return campaign === undefined ? loaded : { ...loaded, campaign, campaignHash: amended.campaignHash };
}
