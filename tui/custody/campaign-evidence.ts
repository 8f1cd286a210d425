/** Of a campaign whose cells were sent in: what each is held against before its first current, and which are still to come. */
import { statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { CUSTODY_FILE, readCustody } from "../../controller/custody/custody-ledger.ts";
import type { Custody } from "../../controller/custody/custody.ts";
import { awaitedCell, identityEvidence } from "../../controller/custody/identity-evidence.ts";
import type { IdentitySource } from "../../controller/custody/identity-proof.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";

/** How soon a cell that was scanned into its slot is heard of (chosen). */
const LOOK_MS = 5000;

export interface WatchedCustody extends IdentitySource {
  /** Looks at the ledger every few seconds, as long as `clock` goes; of one that is damaged by then nothing new is taken. */
  watch(clock: Pick<Clock, "setTimeout">): void;
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
  let size = sizeOf(folder);
  function look(): void {
    const now = sizeOf(folder);
    if (now === size) return;
    size = now;
    const read = readCustody(folder);
    if (read.findings.length === 0) source.learn(read.custody);
  }
  return {
    ...source,
    watch(clock) {
      clock.setTimeout(() => {
        look();
        this.watch(clock);
      }, LOOK_MS);
    },
  };
}

function sizeOf(folder: string): number {
  return statSync(join(folder, CUSTODY_FILE), { throwIfNoEntry: false })?.size ?? -1;
}

/** What custody says of a campaign's cells; `learn` with what it is now. */
export function createIdentitySource(
  cells: Campaign["cells"],
  begin: Custody,
  wallMs: () => number,
): IdentitySource & { readonly learn: (custody: Custody) => void } {
  let custody = begin;
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
