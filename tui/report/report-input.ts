/** What the page of a report is made of. */
import type { Attribution } from "../../controller/export/provenance.ts";
import type { CampaignReport } from "../../controller/report/campaign-report.ts";
import type { RackEnvelopes } from "../../controller/report/rack-envelopes.ts";
import type { CellPattern } from "../data/cell-patterns.ts";

export interface ReportInput {
  readonly report: CampaignReport;
  readonly envelopes: RackEnvelopes;
  /** Powder patterns of a cell in order of time; empty where none stand anywhere. */
  readonly patterns: (position: string) => Promise<readonly CellPattern[]>;
  readonly attribution: Attribution;
  readonly softwareVersion: string;
  /** What costs are in; null without rates. */
  readonly currency: string | null;
  /** UTC, of the report's making. */
  readonly madeMs: number;
}
