/** Walks the event log: recomputes every hash, finds what is missing, and holds the end against both copies of the head. */
import { chainStart, linkHash } from "./hash-chain.ts";
import type { FindingList } from "./finding-list.ts";
import type { RecordReader } from "./record-reader.ts";
import type { StoredEvent } from "./record-rows.ts";
import type { StoredHead } from "./schema.ts";

export interface ChainResult {
  /** Events that can be read. */
  readonly events: number;
  readonly isWhole: boolean;
  readonly lastSeq: number;
  readonly lastHash: string;
}

const RESTORE = "Restore the folder from a copy; what stands before and after this place can still be read.";

/** `visit` is told every event that can be read, in order, whether its hash holds or not. */
export function verifyChain(
  reader: RecordReader,
  findings: FindingList,
  visit: (event: StoredEvent) => void,
): ChainResult {
  const start = reader.header === undefined ? undefined : chainStart(reader.header).hash;
  /** undefined where the link before is not known: the next event cannot be held against it. */
  let previousHash = start;
  let lastSeq = 0;
  let lastHash = start ?? "";
  let events = 0;
  let isWhole = start !== undefined;

  for (const scanned of reader.events()) {
    if (scanned.kind === "damaged") {
      const where = scanned.from === scanned.to ? `event ${scanned.from}` : `events ${scanned.from} to ${scanned.to}`;
      findings.add("error", "store.damaged", where, `cannot be read: ${scanned.reason}`, RESTORE);
      isWhole = false;
      previousHash = undefined;
      lastSeq = scanned.to;
      continue;
    }
    const event = scanned.row;
    if (event.seq !== lastSeq + 1) {
      const missing = `events ${lastSeq + 1} to ${event.seq - 1}`;
      findings.add("error", "record.events-missing", missing, "are not in the log", RESTORE);
      isWhole = false;
      previousHash = undefined;
    }
    if (previousHash !== undefined) {
      const hash = linkHash(previousHash, event.seq, event.atMs, event.type, event.dataText);
      if (hash !== event.hash) {
        findings.add(
          "error",
          "record.chain-broken",
          `event ${event.seq} (${event.type})`,
          "its hash is not that of its contents after the event before it: one of the two was changed",
          RESTORE,
        );
        isWhole = false;
      }
    }
    if (event.isWallDamaged === true)
      findings.add(
        "error",
        "store.damaged",
        `event ${event.seq}`,
        "its time by the machine's clock was changed",
        RESTORE,
      );
    previousHash = event.hash;
    lastSeq = event.seq;
    lastHash = event.hash;
    events += 1;
    visit(event);
  }
  return { events, isWhole, lastSeq, lastHash };
}

/** Rows that were really found, to be held against what the heads state. */
export interface FoundCounts {
  readonly ledgerRows: number;
  readonly frames: number;
  readonly blocks: number;
  readonly samples: number;
  readonly gaps: number;
}

/** What one of the copies of the head states; a copy may leave counts out. */
export type StatedHead = Pick<StoredHead, "events" | "hash"> & Partial<FoundCounts>;

/** The database's own head was renewed with the last rows: it must agree to the row. */
export function verifyHead(head: StoredHead | undefined, chain: ChainResult, findings: FindingList): void {
  const where = "campaign.db meta";
  if (head === undefined)
    findings.add("error", "record.head-mismatch", where, "does not state where the log ends", RESTORE);
  else if (head.events !== chain.lastSeq) {
    const what = `states event ${head.events} as the last, the log ends with event ${chain.lastSeq}`;
    const code = head.events > chain.lastSeq ? "record.tail-cut" : "record.head-mismatch";
    findings.add("error", code, where, what, RESTORE);
  } else if (head.hash !== chain.lastHash)
    findings.add("error", "record.head-mismatch", where, `states another hash for event ${head.events}`, RESTORE);
}

/**
 * A copy outside the database was written when a run ended. The log may have grown since, never shrunk or changed.
 * `hashAt` gives the hash of an event of the log.
 */
export function verifyCopy(
  file: string,
  copy: StatedHead,
  chain: ChainResult,
  hashAt: (seq: number) => string | undefined,
  findings: FindingList,
): void {
  if (copy.events > chain.lastSeq) {
    const what = `states ${copy.events} events, the log ends with event ${chain.lastSeq}: its tail was cut`;
    findings.add("error", "record.tail-cut", file, what, RESTORE);
  } else if (copy.events > 0 && hashAt(copy.events) !== copy.hash) {
    const what = `states another hash for event ${copy.events} than the log: the log was written anew`;
    findings.add("error", "record.head-mismatch", file, what, RESTORE);
  }
}

/** Rows beside the log: as many as stated, or at least as many where the record may have grown since. */
export function verifyCounts(
  where: string,
  stated: StatedHead,
  found: FoundCounts,
  mayHaveGrown: boolean,
  findings: FindingList,
): void {
  for (const [key, name] of COUNTED) {
    const count = stated[key];
    if (count === undefined || found[key] === count || (mayHaveGrown && found[key] > count)) continue;
    const code = found[key] < count ? "record.rows-missing" : "record.head-mismatch";
    findings.add("error", code, where, `states ${count} ${name}, ${found[key]} can be read`, RESTORE);
  }
}

const COUNTED = [
  ["ledgerRows", "ledger rows"],
  ["frames", "sample frames"],
  ["blocks", "sample blocks"],
  ["samples", "samples"],
  ["gaps", "gaps"],
] as const;
