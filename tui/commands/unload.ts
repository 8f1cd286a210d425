/** `beamrack unload FOLDER [BARCODE ...]`: cells leave their slots, are made ready to travel, and leave. */
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import { parsePosition } from "../../protocols/base/position.ts";
import { inCustody, personOf, scannedLines, type CustodyContext } from "../custody/custody-acts.ts";

/**
 * A line is a barcode, with `--ready` its voltage behind it, and what the look for leaks has shown. A slot in place of a barcode
 * empties one whose code could not be read.
 */
export async function unloadCommand(context: CustodyContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      from: { type: "string" },
      by: { type: "string" },
      ready: { type: "boolean", default: false },
      labelled: { type: "boolean", default: false },
      tight: { type: "boolean", default: false },
      returned: { type: "boolean", default: false },
      disposed: { type: "boolean", default: false },
    },
  });
  const [folder, ...given] = positionals;
  const { ready, labelled, tight, returned, disposed } = values;
  if (folder === undefined) throw new Fault("command.usage", "beamrack unload", "takes a custody folder");
  if ([ready, returned, disposed].filter((one) => one).length > 1) {
    throw new Fault("command.usage", "beamrack unload", "takes one of --ready, --returned and --disposed");
  }
  const by = personOf(context, values.by, "unload");
  return inCustody(context, folder, by, async ({ note }) => {
    for await (const line of scannedLines(context, given, values.from)) {
      const [barcode = "", ...words] = line.split(/[\s=]+/);
      const position = parsePosition(barcode);
      if (position !== undefined && (ready || returned || disposed)) {
        throw new Fault("command.usage", "beamrack unload", `${barcode} is a slot; cells leave by their barcodes`);
      }
      if (returned) note({ kind: "return", barcode }, `${barcode} is on its way back`);
      else if (disposed) note({ kind: "dispose", barcode }, `${barcode} is disposed of`);
      else if (position !== undefined) note({ kind: "empty", position }, `${position} is empty`);
      else if (!ready) note({ kind: "unload", barcode }, `${barcode} is out of its slot`);
      else {
        const { openCircuitV, leaks } = lookedAt(barcode, words, tight);
        const said = leaks ? `${barcode} leaks` : `${barcode} is ready to leave, ${openCircuitV} V`;
        note({ kind: "prepare", barcode, openCircuitV, leaks, isLabelled: labelled }, said);
      }
    }
  });
}

interface LookedAt {
  readonly openCircuitV: number;
  readonly leaks: boolean;
}

/** `words` behind the code; a word of its own counts more than what is said of all. Throws Fault command.usage. */
function lookedAt(barcode: string, [voltage = "", word, ...more]: readonly string[], areTight: boolean): LookedAt {
  const refused = (what: string): Fault => new Fault("command.usage", "beamrack unload --ready", `${barcode}: ${what}`);
  const openCircuitV = Number(voltage);
  if (voltage === "" || !Number.isFinite(openCircuitV)) {
    throw refused(`its voltage at rest is missing; write ${barcode}=3.02`);
  }
  const known = `write ${barcode}=${voltage}=tight or ${barcode}=${voltage}=leaks`;
  if (word === undefined && !areTight) {
    throw refused(`nobody says that it was looked at for leaks; ${known}, or give --tight for all that do not leak`);
  }
  if (more.length > 0 || !["tight", "leaks", undefined].includes(word)) {
    throw refused(`${[word, ...more].join(" ")} says nothing of leaks; ${known}`);
  }
  return { openCircuitV, leaks: word === "leaks" };
}
