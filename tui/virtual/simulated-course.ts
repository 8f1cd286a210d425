/**
 * What a campaign has in store for the virtual world: boxes that come, at the start or later, with the custody that is
 * kept of their cells; cells that lie in each other's places; faults. Staff that is simulated receives, inspects and
 * loads by the rules of the ledger, which stands in the data folder like one of a rack.
 */
import { dirname, isAbsolute, join } from "node:path";
import { entryJson } from "../../controller/custody/custody-json.ts";
import { openCustody, readCustody } from "../../controller/custody/custody-ledger.ts";
import { refusal, withEntry } from "../../controller/custody/custody-rules.ts";
import { NO_CUSTODY, type Custody, type CustodyAct, type CustodyEntry } from "../../controller/custody/custody.ts";
import type { IdentitySource } from "../../controller/custody/identity-proof.ts";
import { recordedActs } from "../../controller/custody/recorded-acts.ts";
import { canonicalJson } from "../../protocols/base/canonical-json.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { findingText } from "../../protocols/base/finding.ts";
import { placeOf, positionIndex } from "../../protocols/base/position.ts";
import type { Campaign, SimulatedCourse } from "../../protocols/campaign/campaign.ts";
import type { Manifest } from "../../protocols/manifest/manifest.ts";
import { parseWorldFaults, type WorldFault } from "../../simulator/world/world-faults.ts";
import type { CommandContext } from "../command-context.ts";
import { loadManifest } from "../commands/manifest.ts";
import { expectedCells } from "../commands/receive.ts";
import { createIdentitySource } from "../custody/campaign-evidence.ts";
import { refuseComing } from "./choose-faults.ts";

export interface CourseBox {
  readonly manifest: Manifest;
  readonly comesMs: number;
}

export interface VirtualCustody {
  readonly identity: IdentitySource;
  /** By position: until when nothing lies there. */
  readonly absentUntilMs: ReadonlyMap<number, number>;
  /** Lets the boxes that come later come. */
  begin(clock: Pick<Clock, "monoMs" | "setTimeout">): void;
  /** When the record is closed: what came later, and what the run proved and completed, goes into the ledger. */
  finish(endMs: number): void;
}

/** As announced by their groups, before the campaign begins (chosen). */
const ANNOUNCED_BEFORE_MS = 3 * 86_400_000;
/** From the box on the table to cells that were looked at, and to cells in their slots (chosen). */
const INSPECTED_AFTER_MS = 600_000;
const LOADED_AFTER_MS = 1_800_000;
const STAFF = "staff (simulated)";

/** By position: where the cell belongs that lies there. */
export function displacedCells({ exchanged }: SimulatedCourse): ReadonlyMap<number, number> {
  return new Map(
    exchanged.flatMap(([one, other]) => [
      [positionIndex(one), positionIndex(other)] as const,
      [positionIndex(other), positionIndex(one)] as const,
    ]),
  );
}

/** Throws Fault `file.schema` naming the entry. */
export function courseFaults({ boxes, faults }: SimulatedCourse, campaignPath: string): readonly WorldFault[] {
  const where = `${campaignPath} simulated.faults`;
  const parsed = parseWorldFaults(faults, where);
  if (boxes.length > 0) refuseComing(parsed, where);
  return parsed;
}

/** Throws Fault manifest.refused, or for a manifest that cannot be read. */
export function loadBoxes(
  context: Pick<CommandContext, "readText" | "printError">,
  { boxes }: SimulatedCourse,
  campaignPath: string,
): readonly CourseBox[] {
  return boxes.map(({ manifestPath, comesAfterS }) => {
    const path = isAbsolute(manifestPath) ? manifestPath : join(dirname(campaignPath), manifestPath);
    const { manifest, findings } = loadManifest(context, path);
    if (manifest !== undefined) return { manifest, comesMs: 1000 * comesAfterS };
    for (const finding of findings) context.printError(findingText(finding));
    throw new Fault("manifest.refused", path, "the manifest is refused");
  });
}

export function createVirtualCustody(
  { cells, startMs }: Pick<Campaign, "cells" | "startMs">,
  boxes: readonly CourseBox[],
  folder: string,
): VirtualCustody {
  const entries: CustodyEntry[] = [];
  let custody: Custody = NO_CUSTODY;
  /** What is refused was not done, as with any ledger. */
  const note = (atMs: number, by: string, act: CustodyAct): void => {
    if (refusal(custody, act) !== null) return;
    const entry: CustodyEntry = { seq: entries.length + 1, atMs: startMs + atMs, by, act };
    entries.push(entry);
    custody = withEntry(custody, entry);
  };
  const receive = (atMs: number, { manifest }: CourseBox): void => {
    for (const { barcode } of manifest.cells) note(atMs, STAFF, { kind: "receive", barcode });
    note(atMs, STAFF, { kind: "close-box", shipment: manifest.shipment });
  };
  const inspect = (atMs: number, { manifest }: CourseBox): void => {
    for (const { barcode } of manifest.cells) note(atMs, STAFF, { kind: "inspect", barcode, isSound: true, note: "" });
  };
  const load = (atMs: number, { manifest }: CourseBox): void => {
    for (const { barcode } of manifest.cells) {
      const cell = cells.find((one) => one.barcode === barcode)?.position;
      const position = cell === undefined ? undefined : placeOf(cell);
      if (position !== undefined) note(atMs, STAFF, { kind: "load", barcode, position, planned: position });
    }
  };
  for (const { manifest } of boxes) {
    for (const cell of expectedCells(manifest)) note(-ANNOUNCED_BEFORE_MS, manifest.group, { kind: "expect", cell });
  }
  const late = boxes.filter(({ comesMs }) => comesMs > 0);
  for (const box of boxes) {
    if (late.includes(box)) continue;
    receive(-2 * LOADED_AFTER_MS, box);
    inspect(INSPECTED_AFTER_MS - 2 * LOADED_AFTER_MS, box);
    load(-LOADED_AFTER_MS, box);
  }
  const identity = createIdentitySource(cells, custody, () => startMs);
  keep();

  /** What the folder's ledger has not yet; a repeated run finds there what it would write. */
  function keep(): void {
    const known = readCustody(folder).entries;
    const isOurs = known.every((entry, index) => {
      const own = entries[index];
      return own === undefined || canonicalJson(entryJson(own)) === canonicalJson(entryJson(entry));
    });
    if (!isOurs || known.length >= entries.length) return;
    const ledger = openCustody(folder, () => startMs);
    try {
      ledger.noteAll(entries.slice(known.length));
    } finally {
      ledger.close();
    }
  }

  return {
    identity,
    absentUntilMs: new Map(
      late.flatMap(({ manifest, comesMs }) => {
        const barcodes = new Set(manifest.cells.map(({ barcode }) => barcode));
        const own = cells.filter(({ barcode }) => barcodes.has(barcode));
        return own.map(({ position }) => [positionIndex(position), comesMs + LOADED_AFTER_MS] as const);
      }),
    ),
    begin(clock) {
      for (const box of late) {
        const steps = [
          [0, receive],
          [INSPECTED_AFTER_MS, inspect],
          [LOADED_AFTER_MS, load],
        ] as const;
        for (const [afterMs, act] of steps) {
          clock.setTimeout(
            () => {
              act(clock.monoMs(), box);
              identity.learn(custody);
            },
            box.comesMs + afterMs - clock.monoMs(),
          );
        }
      }
    },
    finish(endMs) {
      for (const { act } of recordedActs(folder, custody, true)) note(endMs, "beamrack simulate", act);
      keep();
    },
  };
}
