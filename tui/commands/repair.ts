/** `beamrack repair DIR --out DIR`: what can be read of a damaged data folder, in a new one. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { salvageRecord, type SalvageReport } from "../../controller/record/salvage.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { CommandContext } from "../command-context.ts";
import { countText, plainText } from "../progress/number-text.ts";

const USAGE = "beamrack repair";

/** Resolves to 0, whatever was lost: it is told. Throws a Fault of severity `refuse` where nothing can be begun. */
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
  if (existsSync(values.out)) throw new Fault("export.exists", values.out, "there is something of this name");
  if (resolve(values.out).startsWith(`${resolve(folder)}/`))
    throw new Fault("command.usage", USAGE, "the new folder cannot stand in the damaged one");
  const report = salvageRecord(folder, values.out);
  if (context.json) context.print(JSON.stringify(reportJson(values.out, report)));
  else for (const line of reportLines(values.out, report)) context.print(line);
  return Promise.resolve(0);
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
