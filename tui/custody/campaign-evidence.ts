/** Of a campaign whose cells were sent in: what each is held against before its first current, and which are still to come. */
import { statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { CUSTODY_FILE, readCustody } from "../../controller/custody/custody-ledger.ts";
import type { Custody } from "../../controller/custody/custody.ts";
import { awaitedCell, identityEvidence } from "../../controller/custody/identity-evidence.ts";
import { faultNote } from "../../controller/machines/errors.ts";
import type { Alarms } from "../../controller/run/alarms.ts";
import type { IdentitySource } from "../../controller/custody/identity-proof.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { placeOf } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";

/** How soon a cell that was scanned into its slot is heard of (chosen). */
const LOOK_MS = 5000;
/** Looks in a row at a ledger that is no good before somebody is told: a copy under way is soon whole (chosen). */
const TROUBLED_LOOKS = 3;
const WHERE = "custody";

export interface WatchedCustody extends IdentitySource {
  /**
   * Looks at the ledger every few seconds, as long as `clock` goes; of one that is damaged or gone by then nothing new is
   * taken, and it is an alarm when it stays so.
   */
  watch(clock: Pick<Clock, "setTimeout">, alarms: Pick<Alarms, "raise" | "clearAll">): void;
}

/**
 * Undefined where the campaign names no custody. Throws Fault custody.unknown where there is no ledger,
 * custody.damaged-ledger where it cannot be believed.
 */
export function campaignEvidence(
  { custodyPath, cells }: Pick<Campaign, "custodyPath" | "cells">,
  campaignPath: string,
  wallMs: () => number,
): WatchedCustody | undefined {
  if (custodyPath === undefined) return undefined;
  const folder = isAbsolute(custodyPath) ? custodyPath : join(dirname(campaignPath), custodyPath);
  const { custody, entries, findings } = readCustody(folder);
  const [first] = findings;
  if (first !== undefined) throw new Fault("custody.damaged-ledger", first.where, first.what);
  if (entries.length === 0) throw new Fault("custody.unknown", folder, "there is no custody ledger in it");
  const source = createIdentitySource(cells, custody, wallMs);
  let known = { look: lookOf(folder), entries: entries.length };
  let troubledLooks = 0;
  /** What is new in it, or what is wrong. A folder on a network may be away for a while: what was known stays, and the next look sees it. */
  function news(): Custody | Fault | null {
    try {
      const look = lookOf(folder);
      if (look === known.look) return null;
      const read = readCustody(folder);
      const [damage] = read.findings;
      if (damage !== undefined) return new Fault("custody.ledger-lost", WHERE, `${damage.where}: ${damage.what}`);
      if (read.entries.length < known.entries) {
        const what = `${folder} has ${read.entries.length} entries, and had ${known.entries}; nothing is ever taken out of it`;
        return new Fault("custody.ledger-lost", WHERE, what);
      }
      known = { look, entries: read.entries.length };
      return read.custody;
    } catch {
      return new Fault("custody.ledger-lost", WHERE, `${folder} cannot be read`);
    }
  }
  return {
    ...source,
    watch(clock, alarms) {
      clock.setTimeout(() => {
        const now = news();
        if (now instanceof Fault) {
          troubledLooks += 1;
          if (troubledLooks === TROUBLED_LOOKS) alarms.raise(faultNote(now));
        } else {
          if (troubledLooks >= TROUBLED_LOOKS) alarms.clearAll(WHERE, ["custody."]);
          troubledLooks = 0;
          if (now !== null) source.learn(now);
        }
        this.watch(clock, alarms);
      }, LOOK_MS);
    },
  };
}

/** Another where the ledger is another: lines are only added, but a copy may be put in its place. */
function lookOf(folder: string): string {
  const { size = -1, ino = 0 } = statSync(join(folder, CUSTODY_FILE), { throwIfNoEntry: false }) ?? {};
  return `${ino} ${size}`;
}

/** What custody says of a campaign's cells; `learn` with what it is now. */
export function createIdentitySource(
  planned: Campaign["cells"],
  begin: Custody,
  wallMs: () => number,
): IdentitySource & { readonly learn: (custody: Custody) => void } {
  let custody = begin;
  // Where custody is kept no cell follows another in its place.
  const cells = planned.map(({ position, barcode }) => ({ position: placeOf(position), barcode }));
  /** Worked out for all at once, each time anew. */
  let evidence = identityEvidence(custody, cells, wallMs());
  let changed: () => void = () => undefined;
  const at = <Value>(list: readonly Value[], cellIndex: number): Value => {
    const own = list[cellIndex];
    if (own === undefined) throw new RangeError(`no cell ${cellIndex}`);
    return own;
  };
  return {
    evidence: (cellIndex) => at(evidence, cellIndex),
    awaited: (cellIndex) => awaitedCell(custody, at(cells, cellIndex)),
    onChange(handler) {
      changed = handler;
    },
    learn(now) {
      custody = now;
      evidence = identityEvidence(custody, cells, wallMs());
      changed();
    },
  };
}
