/** `beamrack load FOLDER [POSITION=BARCODE ...]`: cells go into their slots, slot and cell scanned one after the other. */
import { parseArgs } from "node:util";
import { isTurnedByCodes } from "../../controller/access/rack-orientation.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { findingText } from "../../protocols/base/finding.ts";
import { parsePosition, placeOf, type Position } from "../../protocols/base/position.ts";
import type { CommandContext } from "../command-context.ts";
import { inCustody, personOf, scannedLines, type CustodyContext } from "../custody/custody-acts.ts";
import { loadCampaign } from "../load-campaign.ts";
import { plainText } from "../progress/number-text.ts";

export type LoadContext = CustodyContext & Pick<CommandContext, "attenuationTables">;

const TURNED =
  "every code that was read belongs half a turn away: the rack lies the wrong way round, A1 at H12. Turn it, and scan it again";

/** As a scanner or a person writes that a code cannot be read. */
const UNREADABLE = "?";

/** `A1=LNO-001`, `A1 LNO-001`, or slot and code in lines of their own. Exit 3 where a cell lies wrong or cannot be read. */
export async function loadCommand(context: LoadContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      campaign: { type: "string" },
      site: { type: "string" },
      from: { type: "string" },
      by: { type: "string" },
    },
  });
  const [folder, ...given] = positionals;
  if (folder === undefined) throw new Fault("command.usage", "beamrack load", "takes a custody folder");
  const by = personOf(context, values.by, "load");
  const planned = plannedSlots(context, values.campaign, values.site);
  return inCustody(context, folder, by, async ({ note }) => {
    const read = new Map<string, string>();
    const scanned: { slot: Position | null; code: string | null } = { slot: null, code: null };
    for await (const line of scannedLines(context, given, values.from)) {
      for (const word of line.split(/[\s=]+/).filter((part) => part !== "")) {
        const position = parsePosition(word);
        const lost = position === undefined ? scanned.code : scanned.slot;
        if (lost !== null)
          context.printError(plainText(`${lost}: nothing was scanned with it; ${word} takes its place`));
        if (position !== undefined) scanned.slot = position;
        else scanned.code = word;
      }
      const { slot, code } = scanned;
      if (slot === null || code === null) continue;
      const barcode = code === UNREADABLE ? null : code;
      if (barcode !== null) read.set(slot, barcode);
      const where = barcode === null ? null : (planned.get(barcode) ?? null);
      const said = barcode === null ? `${slot} holds a cell whose code cannot be read` : `${barcode} lies at ${slot}`;
      note({ kind: "load", barcode, position: slot, planned: where }, said);
      scanned.slot = null;
      scanned.code = null;
    }
    if (read.size > 1 && isTurnedByCodes(read, new Map([...planned].map(([barcode, place]) => [place, barcode])))) {
      context.printError(TURNED);
    }
    if (scanned.slot !== null) context.printError(`${scanned.slot}: no code was scanned with this slot`);
    if (scanned.code !== null) context.printError(plainText(`${scanned.code}: no slot was scanned with this code`));
  });
}

/** Where a campaign has each cell; empty where none is given. */
function plannedSlots(
  context: LoadContext,
  path: string | undefined,
  site: string | undefined,
): ReadonlyMap<string, Position> {
  if (path === undefined) return new Map();
  const loaded = loadCampaign(context, path, site);
  if (loaded.kind === "loaded") {
    return new Map(loaded.campaign.cells.map(({ barcode, position }) => [barcode, placeOf(position)]));
  }
  for (const finding of loaded.findings) context.printError(plainText(findingText(finding)));
  throw new Fault("campaign.invalid", path, "the campaign is refused");
}
