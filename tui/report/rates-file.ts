/** The file of `--rates`: what beam time, channel hours and exposures cost. */
import { Fault } from "../../protocols/base/fault.ts";
import { readRates, type GroupRates } from "../../protocols/campaign/group-rates.ts";
import type { CommandContext } from "../command-context.ts";

/** Null where no file is named. Throws Fault file.missing, report.rates. */
export function loadRates(context: Pick<CommandContext, "readText">, path: string | undefined): GroupRates | null {
  if (path === undefined) return null;
  const { rates, findings } = readRates(context.readText(path), path);
  if (rates !== undefined) return rates;
  const [first] = findings;
  throw new Fault(
    "report.rates",
    first?.where ?? path,
    first === undefined ? "is empty" : `${first.what}. ${first.advice}`,
  );
}
