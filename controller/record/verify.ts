/**
 * The audit of a data folder: is the log whole and unchanged, does the ledger tell what the log tells, was every
 * limit kept, can every sample be read. Reads only, also beside a run that writes. Damage is a finding with its
 * place, never the end of the audit.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { isFault } from "../../protocols/base/fault.ts";
import { hasErrors, type Finding } from "../../protocols/base/finding.ts";
import { readLiveHead } from "./live-head.ts";
import { sealOf } from "./summary-seal.ts";
import { createFindingList, type FindingList } from "./finding-list.ts";
import { HEAD_FILE, readHeadFile, textOrNone } from "./head-file.ts";
import { isRecord } from "./ledger-row.ts";
import { parseJson, type RecordHeader } from "./record-header.ts";
import { openRecord, type RecordReader } from "./record-reader.ts";
import type { StoredEvent } from "./record-rows.ts";
import { DATABASE_FILE } from "./schema.ts";
import { verifyChain, verifyCopy, verifyCounts, verifyHead, type StatedHead } from "./verify-chain.ts";
import { createCorrectionAudit } from "./verify-corrections.ts";
import { createLedgerAudit } from "./verify-ledger.ts";
import { createCounterAudit, type CompareCounts } from "./verify-counters.ts";
import { verifyTruth } from "./verify-truth.ts";
import { createSpectraAudit } from "./verify-spectra.ts";
import { damagedFrames, readWal, type WalFrame } from "./write-ahead-log.ts";
import { verifyGaps, verifySamples } from "./verify-samples.ts";

export type Verdict = "ok" | "broken";

/** Decides everything anew from the events alone and says where the log decided otherwise. */
export type ReplayDecisions = (events: Iterable<StoredEvent>) => readonly Finding[];

export interface VerifyReport {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly header: RecordHeader | undefined;
  /** Counts of what can be read. */
  readonly events: number;
  readonly chain: Verdict;
  readonly replay: Verdict | "not-run";
  readonly exposures: number;
  /** Frames of what is no cell. */
  readonly corrections: number;
  readonly ledger: Verdict;
  readonly openBookings: number;
  readonly limitFractionMax: number | null;
  readonly samples: number;
  /** Samples that gave way to their extremes on purpose. */
  readonly thinned: number;
  readonly frames: number;
  readonly gaps: number;
  readonly spectra: number;
  /** Steps whose samples were held against how many came; of those, the ones whose instrument counted as many. */
  readonly steps: CompareCounts;
  /** `sha256:` and the hash of the last event; null when no event can be read. */
  readonly digest: string | null;
}

const SUMMARY_FILE = "summary.json";
const RESTORE = "Restore the folder from a copy.";

/** Throws Fault file.missing where there is no record, store.newer where it is too new to judge. */
export function verifyRecord(folder: string, replay?: ReplayDecisions): VerifyReport {
  let reader: RecordReader;
  // Before the record: where a run goes on meanwhile, the record must not be the older of the two.
  const live = readLiveHead(folder);
  try {
    reader = openRecord(folder);
  } catch (error) {
    if (!isFault(error) || error.code !== "store.damaged") throw error;
    return unreadable({
      severity: "error",
      code: error.code,
      where: error.where,
      what: error.message,
      advice: RESTORE,
    });
  }
  try {
    return audit(folder, reader, live, replay);
  } finally {
    reader.close();
  }
}

function audit(
  folder: string,
  reader: RecordReader,
  live: ReturnType<typeof readLiveHead>,
  replay: ReplayDecisions | undefined,
): VerifyReport {
  const file = createFindingList();
  const chainFindings = createFindingList();
  const ledgerFindings = createFindingList();
  const sampleFindings = createFindingList();

  if (reader.header === undefined)
    file.add("error", "store.damaged", "campaign.db meta", "does not state whose record this is", RESTORE);
  for (const problem of reader.integrityProblems())
    file.add("error", "store.damaged", DATABASE_FILE, `the database finds in itself: ${problem}`, RESTORE);

  for (const { number, page } of damagedWalFrames(folder))
    file.add(
      "error",
      "store.damaged",
      `${DATABASE_FILE}-wal frame ${number}`,
      `for page ${page} of the file, is damaged: what was committed with it and after it is not read`,
      "beamrack repair reads what stands behind it.",
    );
  for (const problem of reader.metaProblems()) file.add("error", "store.damaged", "campaign.db meta", problem, RESTORE);

  const spectra = createSpectraAudit(sampleFindings);
  const counters = createCounterAudit(sampleFindings);
  const corrections = createCorrectionAudit(ledgerFindings);
  const ledgerAudit = createLedgerAudit(ledgerFindings);
  let lastType = "";
  const chain = verifyChain(reader, chainFindings, (event) => {
    lastType = event.type;
    ledgerAudit.event(event);
    corrections.event(event);
    spectra.event(event);
    counters.event(event);
  });
  const ledger = ledgerAudit.finish(reader.ledger());
  const correctionCount = corrections.finish();
  const samples = verifySamples(reader.frames(), sampleFindings, counters);
  const gaps = verifyGaps(reader.gaps(), sampleFindings, counters);
  const compared = counters.finish();
  const found = {
    ledgerRows: ledger.ledgerRows,
    frames: samples.frames,
    blocks: samples.blocks,
    samples: samples.samples + samples.thinned,
    gaps,
  };
  verifyHead(reader.head, chain, chainFindings);
  if (reader.head !== undefined) verifyCounts(`${DATABASE_FILE} meta`, reader.head, found, false, file);
  if (live === "unreadable") file.add("warning", "record.no-head-file", "head.live", "cannot be read", RESTORE);
  const running = live === undefined || live === "unreadable" ? [] : [["head.live", live] as const];
  for (const [name, copy] of [...readCopies(folder, lastType === "campaign-complete", file), ...running]) {
    verifyCopy(name, copy, chain, (seq) => reader.eventHash(seq), chainFindings);
    verifyCounts(name, copy, found, true, file);
  }

  // What is booked and not settled may have been given.
  const exposures = ledger.exposures + ledger.openBookings;
  verifyTruth(readSummary(folder), { ...ledger, exposures, events: chain.lastSeq }, SUMMARY_FILE, ledgerFindings);

  const replayFindings = replay === undefined ? [] : replay(readableEvents(reader));
  const findings = [
    ...file.all(),
    ...chainFindings.all(),
    ...ledgerFindings.all(),
    ...sampleFindings.all(),
    ...replayFindings,
  ];
  return {
    ok: !hasErrors(findings),
    findings,
    header: reader.header,
    events: chain.events,
    chain: chain.isWhole && !hasErrors(chainFindings.all()) ? "ok" : "broken",
    replay: replay === undefined ? "not-run" : verdict(replayFindings),
    exposures: ledger.exposures,
    corrections: correctionCount,
    ledger: verdict(ledgerFindings.all()),
    openBookings: ledger.openBookings,
    limitFractionMax: ledger.limitFractionMax,
    samples: samples.samples,
    thinned: samples.thinned,
    frames: samples.frames,
    gaps,
    spectra: spectra.count,
    steps: compared,
    digest: chain.events === 0 ? null : `sha256:${chain.lastHash}`,
  };
}

/** The head stands in head.json too, and its digest in the run's summary. */
function readCopies(
  folder: string,
  isComplete: boolean,
  findings: FindingList,
): readonly (readonly [file: string, copy: StatedHead])[] {
  const copies: [string, StatedHead][] = [];
  const advice = "If the folder came from somewhere, bring this file along; else resume the campaign, which writes it.";
  const head = readHeadFile(folder);
  if (head === undefined)
    findings.add("note", "record.no-head-file", HEAD_FILE, "is not there: the run did not end in order", advice);
  else if (head === "unreadable") findings.add("warning", "record.no-head-file", HEAD_FILE, "cannot be read", advice);
  else copies.push([HEAD_FILE, head]);

  const summary = join(folder, SUMMARY_FILE);
  if (!existsSync(summary)) {
    const what = "is not there, though the campaign is complete: the record is not compared with it";
    if (isComplete) findings.add("note", "record.summary", SUMMARY_FILE, what, advice);
    return copies;
  }
  const value = readSummary(folder);
  const log = isRecord(value) ? value["log"] : undefined;
  const events = isRecord(log) ? log["events"] : undefined;
  const digest = isRecord(log) ? log["digest"] : undefined;
  const seal = isRecord(value) ? sealOf(value) : "none";
  if (seal === "broken")
    findings.add(
      "error",
      "record.summary",
      SUMMARY_FILE,
      "is not as the run wrote it: its checksum does not hold",
      advice,
    );
  if (seal === "none")
    findings.add(
      "warning",
      "record.summary",
      SUMMARY_FILE,
      "carries no checksum: an older beamrack wrote it, or it was changed",
      advice,
    );
  if (typeof events === "number" && typeof digest === "string")
    copies.push([SUMMARY_FILE, { events, hash: digest.replace(/^sha256:/, "") }]);
  else findings.add("warning", "record.summary", SUMMARY_FILE, "does not state log.events and log.digest", advice);
  return copies;
}

function readSummary(folder: string): Json | undefined {
  const path = join(folder, SUMMARY_FILE);
  return existsSync(path) ? parseJson(textOrNone(path)) : undefined;
}

function damagedWalFrames(folder: string): readonly WalFrame[] {
  const path = join(folder, `${DATABASE_FILE}-wal`);
  const wal = existsSync(path) ? readWal(readFileSync(path)) : undefined;
  return wal === undefined ? [] : damagedFrames(wal);
}

function* readableEvents(reader: RecordReader): Generator<StoredEvent> {
  for (const scanned of reader.events()) if (scanned.kind === "row") yield scanned.row;
}

function verdict(findings: readonly Finding[]): Verdict {
  return hasErrors(findings) ? "broken" : "ok";
}

function unreadable(finding: Finding): VerifyReport {
  return {
    ok: false,
    findings: [finding],
    header: undefined,
    events: 0,
    chain: "broken",
    replay: "not-run",
    exposures: 0,
    corrections: 0,
    ledger: "broken",
    openBookings: 0,
    limitFractionMax: null,
    samples: 0,
    thinned: 0,
    frames: 0,
    gaps: 0,
    spectra: 0,
    steps: { steps: 0, counted: 0 },
    digest: null,
  };
}
