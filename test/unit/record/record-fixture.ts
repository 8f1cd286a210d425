/** A data folder to write in and a small campaign to write: the same one each time, so that runs can be compared. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ledgerEventData, type LedgerRow } from "../../../controller/record/ledger-row.ts";
import type { RecordHeader } from "../../../controller/record/record-header.ts";
import { openStore, type RecordStore, type StoreOptions } from "../../../controller/record/store.ts";
import type { Clock } from "../../../protocols/base/clock.ts";
import { positionAt } from "../../../protocols/base/position.ts";

export const HEADER: RecordHeader = {
  campaign: "two cells and a beam",
  campaignHash: "c0ffee",
  siteHash: "51e",
  seed: 7,
  world: "virtual",
  softwareVersion: "0.1.0",
};

/** Timers run when told: `advance` moves the clock and runs what is due, in order. */
export function createTestClock(): Clock & { advance(ms: number): void } {
  let nowMs = 0;
  let timers: { readonly dueMs: number; readonly fn: () => void }[] = [];
  return {
    wallMs: () => 1_700_000_000_000 + nowMs,
    monoMs: () => nowMs,
    setTimeout(fn, ms) {
      const timer = { dueMs: nowMs + ms, fn };
      timers.push(timer);
      return timer;
    },
    clearTimeout(handle) {
      timers = timers.filter((timer) => timer !== handle);
    },
    advance(ms) {
      nowMs += ms;
      const due = timers.filter((timer) => timer.dueMs <= nowMs);
      timers = timers.filter((timer) => timer.dueMs > nowMs);
      for (const timer of due) timer.fn();
    },
  };
}

const folders: string[] = [];

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-record-"));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/**
 * The record as a killed process leaves it, in a folder of its own: this process lives on and holds the lock that
 * would have died with it (that it does is tried in test/crash/record/kill.test.ts).
 */
export function leftByAKill(folder: string): string {
  const left = newFolder();
  for (const file of ["campaign.db", "campaign.db-wal", "head.json", "summary.json"])
    if (existsSync(join(folder, file))) copyFileSync(join(folder, file), join(left, file));
  return left;
}

export function open(folder: string, changes: Partial<StoreOptions> = {}): RecordStore {
  return openStore({
    folder,
    clock: createTestClock(),
    durability: "process-death",
    commitLatencyMs: 0,
    header: HEADER,
    channelCount: 4,
    frameMs: 60_000,
    frameSamplesMax: 100,
    ...changes,
  });
}

export function booking(exposureId: string, changes: Partial<Extract<LedgerRow, { kind: "booking" }>> = {}): LedgerRow {
  return {
    kind: "booking",
    exposureId,
    position: positionAt(0),
    spotIndex: 0,
    spotXMm: 0.5,
    spotYMm: -1.25,
    cycle: 1,
    atMs: 1000,
    fluencePhCm2: 4.5e13,
    openTimeS: 11.04,
    fluxPhS: 1e11,
    fluxSource: "highest-possible",
    filterTransmission: 0.713,
    convention: "en",
    layerDosesGy: [
      { layer: "positive electrode", surfaceGy: 120.5, meanGy: 110.25 },
      { layer: "separator", surfaceGy: 20, meanGy: 19.5 },
    ],
    relativeUncertainty: 0.25,
    reason: "sweep 1",
    stackHash: "57ac",
    filtersIn: [true, false],
    ...changes,
  };
}

export function settlement(
  exposureId: string,
  changes: Partial<Extract<LedgerRow, { kind: "settlement" }>> = {},
): LedgerRow {
  return {
    kind: "settlement",
    exposureId,
    position: positionAt(0),
    spotIndex: 0,
    spotXMm: 0.5,
    spotYMm: -1.25,
    cycle: 1,
    atMs: 12_000,
    fluencePhCm2: 4e13,
    openTimeS: 10.01,
    fluxPhS: 0.99e11,
    fluxSource: "monitor",
    filterTransmission: 0.713,
    convention: "en",
    layerDosesGy: [
      { layer: "positive electrode", surfaceGy: 108, meanGy: 99 },
      { layer: "separator", surfaceGy: 18, meanGy: 17.5 },
    ],
    relativeUncertainty: 0.1,
    reason: "complete",
    ...changes,
  };
}

/** Writes a row and the event that tells of it, as the controller does. */
export function record(store: RecordStore, row: LedgerRow): void {
  store.appendEvent({
    atMs: row.atMs,
    type: row.kind === "booking" ? "exposure-booked" : "exposure-settled",
    data: ledgerEventData(row),
  });
  store.appendLedger(row);
}

/**
 * A campaign of `minutes`, each with a sample a second on three channels and one exposure with its two commits;
 * `after` is told after each step that a process could die at, and ends the run by returning true.
 */
export async function runCampaign(
  store: RecordStore,
  minutes: number,
  after: () => boolean | Promise<boolean> = () => false,
): Promise<boolean> {
  if (store.head.seq === 0)
    store.appendEvent({
      atMs: 0,
      type: "dose-limits",
      data: { limits: [{ position: null, layer: "positive electrode", location: "mean", dose_Gy: 1e7 }] },
    });
  for (let minute = 0; minute < minutes; minute += 1) {
    const id = `exposure-${minute + 1}`;
    for (let second = 0; second < 60; second += 1) {
      const atMs = minute * 60_000 + second * 1000;
      for (let channel = 0; channel < 3; channel += 1) {
        const microvolts = 3_200_000 + minute * 900 + second * 17 + channel * 1000;
        store.sample(channel, atMs + channel * 4, microvolts / 1e6, (386_000 - second) / 1e9, second === 30 ? 2 : 0);
      }
      if (second === 10) record(store, booking(id, { atMs, spotIndex: minute % 5 }));
      if (second === 11) {
        await store.commit();
        store.appendEvent({ atMs, type: "shutter-opened", data: { exposure_id: id } });
      }
      if (second === 21) {
        store.appendEvent({ atMs, type: "shutter-closed", data: { exposure_id: id } });
        record(store, settlement(id, { atMs, spotIndex: minute % 5 }));
        await store.commit();
      }
      if (second === 40 && minute % 2 === 1)
        store.gap({ channelIndex: 3, fromMs: atMs - 5000, toMs: atMs, reason: "link down" });
      if ((second === 11 || second === 21 || second === 45) && (await after())) return false;
    }
  }
  return true;
}
