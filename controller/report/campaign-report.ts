/** All that a report says, but the plots: facts of the cells of one group, or of the whole campaign, and of no other. */
import type { GroupRates } from "../../protocols/campaign/group-rates.ts";
import type { ExportedCampaign } from "../export/exported-campaign.ts";
import type { RecordReader } from "../record/record-reader.ts";
import type { ToldVerdict } from "./beam-verdict-told.ts";
import { cellFacts, type CellFacts } from "./cell-facts.ts";
import type { ReadCustody } from "../custody/custody-ledger.ts";
import { toldCustody, type ToldCustody } from "./custody-told.ts";
import { groupAccounts, type GroupAccount } from "./group-account.ts";
import type { Incident } from "./incidents.ts";
import { qualityOf, type Quality } from "./quality.ts";
import { readReportLog } from "./report-log.ts";
import { reportScope } from "./report-scope.ts";
import { requestAccount, type RequestAccount } from "./request-account.ts";
import { summarySentences } from "./summary-sentences.ts";

export interface CampaignReport {
  readonly campaign: ExportedCampaign;
  readonly summary: readonly [string, string, string];
  readonly cells: readonly CellFacts[];
  readonly requests: RequestAccount;
  readonly incidents: readonly Incident[];
  /** Null where nothing was compared. */
  readonly verdict: ToldVerdict | null;
  readonly quality: Quality;
  readonly accounts: readonly GroupAccount[];
  /** Null where no custody ledger lies with the data. */
  readonly custody: ToldCustody | null;
  /** Stretches of samples that cannot be read. */
  readonly unreadable: readonly string[];
}

export interface ReportOptions {
  /** What of the samples could not be read. */
  readonly unreadable?: readonly string[];
  readonly rates?: GroupRates | null;
  readonly custody?: ReadCustody | null;
}

/** Reads the log once more. */
export function campaignReport(
  record: Pick<RecordReader, "events">,
  campaign: ExportedCampaign,
  options: ReportOptions = {},
): CampaignReport {
  const scope = reportScope(campaign);
  const { timetable, incidents, verdict, spots } = readReportLog(record, campaign, scope);
  const { unreadable = [], rates = null, custody: read = null } = options;
  const barcodes = new Set(campaign.cells.map(({ barcode }) => barcode).filter((barcode) => barcode !== ""));
  const custody = read === null ? null : toldCustody(read, barcodes, scope.censor);
  const cells = campaign.cells.map((cell) => cellFacts(campaign, cell, spots));
  const facts = {
    custody,
    campaign,
    cells,
    requests: requestAccount(timetable, campaign.lastMs),
    incidents,
    verdict,
    unreadable,
  };
  return {
    ...facts,
    summary: summarySentences(facts),
    quality: qualityOf(campaign, cells),
    accounts: groupAccounts(campaign, cells, rates),
  };
}
