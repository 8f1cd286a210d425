/** What the commands of custody have in common: who it is, what is scanned, and what is said of it. */
import { openCustody, type CustodyLedger } from "../../controller/custody/custody-ledger.ts";
import type { Custody, CustodyAct, Discrepancy } from "../../controller/custody/custody.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { CommandContext } from "../command-context.ts";
import { plainText } from "../progress/number-text.ts";

export type CustodyContext = Pick<
  CommandContext,
  "json" | "isTerminal" | "print" | "printError" | "readText" | "clock" | "environment" | "input"
>;

/** `--by NAME`, or who is logged in. */
export function personOf({ environment }: CustodyContext, given: string | undefined, command: string): string {
  const by = (given ?? environment?.["USER"] ?? environment?.["LOGNAME"] ?? "").trim();
  if (by !== "" && by.length <= 100 && !/\p{Cc}/u.test(by)) return by;
  throw new Fault("command.usage", `beamrack ${command}`, "who does it is not known: give --by NAME");
}

/** Codes given as arguments, in a file, or, where there are neither, scanned line by line until the input ends. */
export async function* scannedLines(
  context: CustodyContext,
  given: readonly string[],
  from: string | undefined,
): AsyncGenerator<string> {
  for (const text of given) yield text;
  if (from !== undefined) yield* cleanLines(context.readText(from).split(/\r?\n/));
  if (given.length > 0 || from !== undefined || context.input === undefined) return;
  try {
    for (let line = await context.input.line(); line !== null; line = await context.input.line()) {
      yield* cleanLines([line]);
    }
  } finally {
    context.input.close();
  }
}

/** A scanner ends a code with a line end; people leave blanks and comments. */
function cleanLines(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(/#.*$/, "").trim()).filter((line) => line !== "");
}

export interface CustodySession {
  readonly ledger: CustodyLedger;
  /** Takes the act and says so, or says why not. */
  readonly note: (act: CustodyAct, said: string) => boolean;
}

/**
 * Opens the folder, lets `work` note what is done, and ends with what stands open. Exit 0; 2 where something was refused;
 * 3 where a discrepancy was found by it.
 */
export async function inCustody(
  context: CustodyContext,
  folder: string,
  by: string,
  work: (session: CustodySession) => Promise<void>,
): Promise<number> {
  const ledger = openCustody(folder, () => context.clock.wallMs());
  const before = new Set(ledger.custody.discrepancies.map(keyOf));
  const told = new Set(before);
  let refusedCount = 0;
  let takenCount = 0;
  try {
    await work({
      ledger,
      note(act, said) {
        const refused = ledger.note(by, act);
        if (refused !== null) {
          refusedCount += 1;
          tell(
            context,
            { refused: { what: refused.what, advice: refused.advice } },
            `refused: ${refused.what}. ${refused.advice}`,
          );
          return false;
        }
        takenCount += 1;
        tell(context, { done: said }, said);
        for (const one of ledger.custody.discrepancies) {
          if (told.has(keyOf(one))) continue;
          told.add(keyOf(one));
          tell(
            context,
            { discrepancy: discrepancyJson(one) },
            `  ${one.kind}: ${one.what}; this cell waits until it is settled`,
          );
        }
        return true;
      },
    });
    const found = ledger.custody.discrepancies.filter((one) => !before.has(keyOf(one)));
    if (context.json) {
      const counts = { taken: takenCount, refused: refusedCount };
      context.print(
        JSON.stringify({ ok: refusedCount + found.length === 0, ...counts, cells: statesOf(ledger.custody) }),
      );
    } else context.print(plainText(`${takenCount} noted, ${refusedCount} refused; ${statesText(ledger.custody)}`));
    return refusedCount > 0 ? 2 : found.length > 0 ? 3 : 0;
  } finally {
    ledger.close();
  }
}

function tell({ json, print, printError }: CustodyContext, document: object, line: string): void {
  if (json) print(JSON.stringify(document));
  else if ("done" in document) print(plainText(line));
  else printError(plainText(line));
}

function keyOf({ kind, barcode, position, seq }: Discrepancy): string {
  return JSON.stringify([kind, barcode, position, seq]);
}

export function discrepancyJson({ kind, barcode, position, what }: Discrepancy): object {
  return { kind, barcode, position, what };
}

export function statesOf(custody: Custody): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { state } of custody.cells.values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

export function statesText(custody: Custody): string {
  const parts = Object.entries(statesOf(custody)).map(([state, count]) => `${state} ${count}`);
  const open = custody.discrepancies.length;
  return `cells ${parts.length === 0 ? "none" : parts.join(", ")}${open === 0 ? "" : `; ${open} to settle`}`;
}
