/** Amendments in the virtual world: put on record between two lives of a controller, as `beamrack amend` does it. */
import type { AmendOutcome } from "../../controller/amendments/amend-desk.ts";
import type { AmendedValue, CampaignProgress, JudgedAmendment } from "../../controller/amendments/amendment.ts";
import { createProgressFold } from "../../controller/amendments/campaign-progress.ts";
import { judgeAmendment } from "../../controller/amendments/judge-amendment.ts";
import { cellsToBring, recordAmendment } from "../../controller/amendments/record-amendment.ts";
import { createLedgerCells } from "../../controller/dose/ledger-cells.ts";
import type { LedgerRow } from "../../controller/record/ledger-row.ts";
import { parseJson, type RecordHeader } from "../../controller/record/record-header.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { openStore } from "../../controller/record/store.ts";
import { assert } from "../../protocols/base/assert.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { inRecordedOrder } from "../../protocols/campaign/cell-order.ts";
import type { Site } from "../../protocols/site/site.ts";
import { hashOf } from "../../tui/load-campaign.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import { tables } from "./campaign-files.ts";

/** What may be proposed depends on how far the campaign has come. */
export type Proposal = (current: Campaign, progress: CampaignProgress) => Campaign;

export interface PutOnRecord extends JudgedAmendment {
  /** Of the refused one the campaign that it would have changed. */
  readonly inForce: Campaign;
}

export function amendFolder(
  folder: string,
  { current, site, clock }: { readonly current: Campaign; readonly site: Site; readonly clock: Clock },
  propose: Proposal,
): PutOnRecord {
  const { header, progress, count } = readFolder(folder);
  const positions = current.cells.map(({ position }) => position);
  const proposed = inRecordedOrder(propose(current, progress), positions);
  const judged = judgeAmendment(current, proposed, progress);
  if (judged.refusals.length > 0 || judged.changes.length === 0) return { ...judged, inForce: current };
  const store = openStore({
    ...{ folder, clock, durability: "process-death", commitLatencyMs: 0, header, goesOn: true },
    channelCount: proposed.cells.length,
  });
  const recorder = {
    record(type: string, data: Json): void {
      store.appendEvent({ atMs: clock.monoMs(), type, data });
    },
  };
  const { changes } = judged;
  const cells = createLedgerCells(proposed, site, tables);
  const campaignHash = hashOf(proposed);
  const about = { number: count + 1, author: "ada", reason: "a test", changes, proposed, campaignHash };
  const toBring = cellsToBring(current, proposed);
  recordAmendment(recorder, { ...about, texts: new Map() }, { site, cells, progress, toBring });
  store.close();
  return { ...judged, inForce: proposed };
}

/** Of a run that goes on, as an order over the bus does it. */
export function amendLive(
  { run }: Pick<VirtualCampaign, "run">,
  propose: Proposal,
  judged: (outcome: AmendOutcome, changes: readonly AmendedValue[]) => void,
): void {
  if (run.actor.getSnapshot().status !== "active") return;
  const proposed = propose(run.campaign, run.amendments.progress());
  const { changes } = run.amendments.judge(proposed);
  const about = { author: "ada", reason: "a test", texts: new Map<string, string>(), basedOn: null };
  void run.amendments.order({ proposed, campaignHash: hashOf(proposed), ...about }).then((outcome) => {
    judged(outcome, changes);
  });
}

function readFolder(folder: string): {
  readonly header: RecordHeader;
  readonly progress: CampaignProgress;
  readonly count: number;
} {
  const reader = openRecord(folder);
  try {
    const { header } = reader;
    assert(header !== undefined, "a record without a header");
    const fold = createProgressFold();
    for (const scanned of reader.events()) {
      if (scanned.kind === "row") fold.event(scanned.row.type, scanned.row.atMs, parseJson(scanned.row.dataText));
    }
    const rows: LedgerRow[] = [];
    for (const scanned of reader.ledger()) if (scanned.kind === "row") rows.push(scanned.row);
    return { header, progress: fold.progress(rows), count: fold.amendments.length };
  } finally {
    reader.close();
  }
}
