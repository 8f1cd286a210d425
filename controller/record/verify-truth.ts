/** The ledger and the samples against what the simulated world knows to have happened, as the run's summary states it. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { FindingList } from "./finding-list.ts";
import { isRecord } from "./ledger-row.ts";

export interface FoundOfTruth {
  /** Events on record: the truth is of the log that ends there. */
  readonly events: number;
  readonly exposures: number;
  /** Upper value; null when nothing was given. */
  readonly limitFractionMax: number | null;
}

const ADVICE = "The controller and the world differ: report it with the campaign and its seed.";

/** Nothing is judged where the summary states no truth, or the log has grown since. */
export function verifyTruth(
  summary: Json | undefined,
  found: FoundOfTruth,
  where: string,
  findings: FindingList,
): void {
  const truth = isRecord(summary) ? summary["truth"] : undefined;
  const log = isRecord(summary) ? summary["log"] : undefined;
  if (!isRecord(truth) || !isRecord(log) || log["events"] !== found.events) return;
  const numberOf = (key: string): number => {
    const value = truth[key];
    return typeof value === "number" ? value : 0;
  };
  const tell = (what: string): void => {
    findings.add("error", "record.truth", where, what, ADVICE);
  };
  const exposures = numberOf("exposures");
  if (exposures > found.exposures)
    tell(`the simulated world saw ${exposures} exposures, the ledger has ${found.exposures}`);
  const unaccounted = numberOf("exposures_unaccounted");
  if (unaccounted > 0) tell(`the simulated world saw ${unaccounted} exposures that nobody booked`);
  const lost = numberOf("samples_lost");
  if (lost > 0) tell(`${lost} samples that instruments gave are neither on record nor in a gap`);
  const fraction = numberOf("dose_limit_fraction_max");
  if (fraction > (found.limitFractionMax ?? 0))
    tell(
      `the simulated world gave ${(100 * fraction).toFixed(1)} % of a limit, the ledger's upper value is ` +
        `${(100 * (found.limitFractionMax ?? 0)).toFixed(1)} %`,
    );
}
