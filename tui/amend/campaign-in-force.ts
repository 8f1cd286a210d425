/** The campaign by which a folder's run goes: kept beside the record as it was resolved, and believed by its hash alone. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createProgressFold, type ProgressFold } from "../../controller/amendments/campaign-progress.ts";
import type { CampaignProgress } from "../../controller/amendments/amendment.ts";
import type { RecordedAmendment } from "../../controller/amendments/campaign-progress.ts";
import type { LedgerRow } from "../../controller/record/ledger-row.ts";
import { parseJson, type RecordHeader } from "../../controller/record/record-header.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { hashOf } from "../load-campaign.ts";
import { proposedCampaign } from "./proposals.ts";
import { writeWhole } from "../virtual/world-files.ts";

export const CAMPAIGN_FILE = "campaign.json";

/** Throws Fault `output.unwritable`. */
export function keepCampaign(folder: string, campaign: Campaign): void {
  writeWhole(join(folder, CAMPAIGN_FILE), `${JSON.stringify(campaign)}\n`);
}

/** Undefined where none is kept, or another one: its hash says. */
export function keptCampaign(folder: string, campaignHash: string): Campaign | undefined {
  const path = join(folder, CAMPAIGN_FILE);
  if (!existsSync(path)) return undefined;
  const value = parseJson(readFileSync(path, "utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  // Every byte of it is vouched for by the hash that the record's header, or the amendment, states.
  const campaign = value as unknown as Campaign;
  return hashOf(campaign) === campaignHash ? campaign : undefined;
}

/**
 * Also where the controller was lost, or the disk refused, after an amendment had come on record and before it was kept: then
 * as it was proposed. Undefined where it is in neither.
 */
export function campaignInForce(folder: string, campaignHash: string): Campaign | undefined {
  return keptCampaign(folder, campaignHash) ?? proposedCampaign(folder, campaignHash);
}

export interface AmendableFolder {
  readonly header: RecordHeader;
  readonly progress: CampaignProgress;
  readonly amendments: readonly RecordedAmendment[];
  /** Of the campaign in force. */
  readonly campaignHash: string;
  /** So long was the record when it was read. */
  readonly eventCount: number;
}

/** Throws Fault `file.missing`, `store.*`. A record that cannot be read whole is not amended. */
export function readAmendable(folder: string): AmendableFolder {
  const reader = openRecord(folder);
  try {
    const { header } = reader;
    if (header === undefined) throw new Fault("store.damaged", folder, "the record does not say whose it is");
    const fold: ProgressFold = createProgressFold();
    let eventCount = 0;
    const damaged = (what: string): Fault => new Fault("store.damaged", folder, `${what} cannot be read`);
    for (const scanned of reader.events()) {
      if (scanned.kind === "damaged") throw damaged(`events ${scanned.from} to ${scanned.to}`);
      fold.event(scanned.row.type, scanned.row.atMs, parseJson(scanned.row.dataText));
      eventCount += 1;
    }
    const rows: LedgerRow[] = [];
    for (const scanned of reader.ledger()) {
      if (scanned.kind === "damaged") throw damaged(`ledger rows ${scanned.from} to ${scanned.to}`);
      rows.push(scanned.row);
    }
    const { amendments } = fold;
    const campaignHash = amendments.at(-1)?.campaignHash ?? header.campaignHash;
    return { header, progress: fold.progress(rows), amendments, campaignHash, eventCount };
  } finally {
    reader.close();
  }
}
