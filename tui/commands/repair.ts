/** `beamrack repair DIR --out DIR`: what can be read of a damaged data folder, in a new one. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { salvageRecord, type SalvageReport } from "../../controller/record/salvage.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { CommandContext } from "../command-context.ts";
import { createRepairFolder, type RepairFolder } from "../export/repair-folder.ts";
import { countText, plainText } from "../progress/number-text.ts";

const USAGE = "beamrack repair";
const DISK_SAID =
  /^(SQLITE_(FULL|IOERR|CANTOPEN|READONLY)|(ENOSPC|EFBIG|EDQUOT|EROFS|EACCES|EPERM|EIO|ENOENT|ENOTDIR)$)/;

/** Resolves to 0, whatever was lost: it is told. Throws a Fault of severity `refuse` where nothing can be begun, output.unwritable where the disk refuses. */
export function repairCommand(
  context: Pick<CommandContext, "json" | "print">,
  args: readonly string[],
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: { out: { type: "string" } },
  });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new Fault("command.usage", USAGE, "takes one data folder");
  if (values.out === undefined) throw new Fault("command.usage", USAGE, "--out DIR says where to");
  const out = values.out.replace(/(?<=.)\/+$/, "");
  if (resolve(out).startsWith(`${resolve(folder)}/`))
    throw new Fault("command.usage", USAGE, "the new folder cannot stand in the damaged one");
  const report = salvageWhole(folder, out);
  if (context.json) context.print(JSON.stringify(reportJson(out, report)));
  else for (const line of reportLines(out, report)) context.print(line);
  return Promise.resolve(0);
}

/** What is called `out` is whole: it is made under another name, and nothing is left of it where that fails. */
function salvageWhole(folder: string, out: string): SalvageReport {
  let made: RepairFolder | undefined;
  try {
    made = createRepairFolder(out);
    const report = salvageRecord(folder, made.record);
    made.finish();
    return report;
  } catch (error) {
    made?.discard();
    throw outputFault(error, out);
  }
}

/** Of what the record's writer says of a disk, only the words are for here: no run is concerned. */
function outputFault(error: unknown, out: string): unknown {
  const isOfRun = isFault(error) && (error.code === "store.unwritable" || error.code === "store.unopened");
  const isOfDisk = error instanceof Error && "code" in error && DISK_SAID.test(String(error.code));
  const isInTheWay = isFault(error) && error.code === "file.missing" && resolve(out).startsWith(`${error.where}/`);
  return isOfRun || isOfDisk || isInTheWay ? new Fault("output.unwritable", out, error.message, {}, error) : error;
}

function reportJson(out: string, { events, ledgerRows, frames, samples, gaps, lost }: SalvageReport): object {
  return { out, events, ledger_rows: ledgerRows, frames, samples, gaps, lost };
}

function reportLines(out: string, report: SalvageReport): readonly string[] {
  const { events, ledgerRows, samples, lost } = report;
  return [
    `${plainText(out)}: ${countText(events)} events, ${countText(ledgerRows)} ledger rows, ${countText(samples)} samples; ` +
      (lost.length === 0 ? "nothing was lost" : `${countText(lost.length)} stretches were lost`),
    ...lost.map((text) => `  lost: ${text}`),
    "  to be audited, exported and reported; no run goes on in it",
  ];
}
