/** `beamrack receive FOLDER [BARCODE ...]`: a box is opened, each cell scanned and looked at. */
import { parseArgs } from "node:util";
import type { ExpectedCell } from "../../controller/custody/custody.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { findingText } from "../../protocols/base/finding.ts";
import type { Manifest } from "../../protocols/manifest/manifest.ts";
import { inCustody, personOf, scannedLines, type CustodyContext } from "../custody/custody-acts.ts";
import { plainText } from "../progress/number-text.ts";
import { loadManifest } from "./manifest.ts";

/**
 * Each line is a barcode; `damaged` in the line after it, or behind it, says that the cell before is. Exit 3 where a
 * cell is missing, extra, damaged or twice.
 */
export async function receiveCommand(context: CustodyContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      manifest: { type: "string", multiple: true, default: [] },
      from: { type: "string" },
      by: { type: "string" },
      inspected: { type: "boolean", default: false },
      closed: { type: "string", multiple: true, default: [] },
    },
  });
  const [folder, ...codes] = positionals;
  if (folder === undefined) throw new Fault("command.usage", "beamrack receive", "takes a custody folder");
  const by = personOf(context, values.by, "receive");
  const manifests = readManifests(context, values.manifest);
  const isNamed = codes.length > 0 || values.from !== undefined || values.inspected;
  const isScanned = isNamed || (manifests.length === 0 && values.closed.length === 0);
  return inCustody(context, folder, by, async ({ ledger, note }) => {
    for (const cell of manifests.flatMap(expectedCells)) {
      note({ kind: "expect", cell }, `${cell.barcode} is announced by ${cell.group}, box ${cell.shipment}`);
    }
    let last: string | null = null;
    const scanned = new Set<string>();
    for await (const line of isScanned ? scannedLines(context, codes, values.from) : []) {
      const [code = "", ...words] = line.split(/\s+/);
      const isWord: boolean = code === "damaged";
      const barcode: string | null = isWord ? last : code;
      const isDamaged = isWord || words[0] === "damaged";
      if (barcode === null) {
        context.printError("damaged: no cell was scanned before");
        continue;
      }
      const text = (isWord ? words : words.slice(1)).join(" ");
      // Received at the door and looked at later is one cell; scanned twice over the same box, it is two of one code.
      const isLookedAt = (values.inspected || isDamaged) && !scanned.has(barcode);
      const isKnown = isLookedAt && ledger.custody.cells.get(barcode)?.state === "received";
      if (!isWord && !isKnown) note({ kind: "receive", barcode }, `${barcode} is received`);
      scanned.add(barcode);
      last = barcode;
      if (!isDamaged && !values.inspected) continue;
      if (!isDamaged && ledger.custody.cells.get(barcode)?.state !== "received") continue;
      const said = `${barcode} is inspected: ${isDamaged ? "damaged" : "sound"}`;
      note({ kind: "inspect", barcode, isSound: !isDamaged, note: text }, said);
    }
    for (const shipment of values.closed) note({ kind: "close-box", shipment }, `box ${shipment} is empty`);
  });
}

/** Every manifest must pass: of a box with errors nothing is taken. */
function readManifests(context: CustodyContext, paths: readonly string[]): readonly Manifest[] {
  return paths.map((path) => {
    const { manifest, findings } = loadManifest(context, path);
    if (manifest !== undefined) return manifest;
    for (const finding of findings) context.printError(plainText(findingText(finding)));
    throw new Fault("manifest.refused", path, "the manifest is refused");
  });
}

export function expectedCells({ shipment, group, after, cells }: Manifest): readonly ExpectedCell[] {
  return cells.map(({ barcode, chemistry, hazards, openCircuitV, impedanceOhm, measuredMs }) => ({
    ...{ barcode, shipment, group, chemistry, after, hazards, openCircuitV, impedanceOhm, measuredMs },
  }));
}
