import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { openDatabase } from "../../../controller/record/sqlite.ts";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { leftByAKill, newFolder, open, removeFolders, runCampaign } from "../../unit/record/record-fixture.ts";

const MINUTES = 4;
/** Places in a campaign of MINUTES at which the fixture asks whether the process dies. */
const PLACES = 3 * MINUTES;

afterAll(removeFolders);

/** Everything that a record holds apart from how its samples are cut into frames. */
function contents(folder: string): unknown {
  const reader = openRecord(folder);
  const all = {
    events: [...reader.events()],
    ledger: [...reader.ledger()],
    gaps: [...reader.gaps()],
    samples: [0, 1, 2, 3].map((channel) => [...reader.samples(channel)]),
  };
  reader.close();
  return all;
}

/** Dies after `place` steps; whether the campaign came to its end before, and the folder to go on in. */
async function runUntil(
  folder: string,
  place: number,
  ending: "killed" | "closed",
): Promise<{ readonly isComplete: boolean; readonly folder: string }> {
  const store = open(folder);
  let step = 0;
  const isComplete = await runCampaign(store, MINUTES, () => {
    step += 1;
    return step === place;
  });
  if (ending === "closed" || isComplete) {
    store.close();
    return { isComplete, folder };
  }
  // A killed process closes nothing: its handle is left as it is.
  return { isComplete, folder: leftByAKill(folder) };
}

describe("a campaign that is stopped and run again", () => {
  let undisturbed = "";
  let digest = "";
  beforeAll(async () => {
    undisturbed = newFolder();
    const store = open(undisturbed);
    await runCampaign(store, MINUTES);
    store.close();
    digest = store.digest;
  });

  it.each(["killed", "closed"] as const)("ends as if it had never been %s, wherever that was", async (ending) => {
    for (let place = 1; place <= PLACES; place += 1) {
      const { isComplete, folder } = await runUntil(newFolder(), place, ending);
      expect(isComplete).toBe(false);
      expect(verifyRecord(folder).findings.filter((finding) => finding.severity === "error")).toEqual([]);
      expect((await runUntil(folder, 0, ending)).isComplete).toBe(true);
      expect(contents(folder)).toEqual(contents(undisturbed));
      expect(verifyRecord(folder)).toMatchObject({ ok: true, digest, samples: 3 * 60 * MINUTES });
    }
  });

  it("may be stopped again and again, also while it catches up", async () => {
    let folder = newFolder();
    for (const place of [2, 5, 3, 4, 9, 1, 8, 11, 10, 12])
      ({ folder } = await runUntil(folder, place, place % 2 === 0 ? "closed" : "killed"));
    expect((await runUntil(folder, 0, "closed")).isComplete).toBe(true);
    expect(contents(folder)).toEqual(contents(undisturbed));
    expect(verifyRecord(folder)).toMatchObject({ ok: true, digest });
  });

  it("writes nothing while it repeats a finished run", async () => {
    const folder = newFolder();
    await runUntil(folder, 0, "closed");
    const before = readFileSync(join(folder, "campaign.db"));
    // The third cell joins on the way, as it did then.
    const store = open(folder, { channelCount: 2 });
    expect(store.isCatchingUp).toBe(true);
    await runCampaign(store, MINUTES);
    expect(store.isCatchingUp).toBe(false);
    expect(store.digest).toBe(digest);
    const { samplesTaken, samplesFramed, gaps, ledgerRows } = store.counters;
    store.close();
    expect({ samplesTaken, gaps, ledgerRows }).toEqual({ samplesTaken: 720, gaps: 2, ledgerRows: 8 });
    // The last minute's frame is still open: 60 samples of three channels.
    expect(samplesFramed).toBe(720 - 180);
    const database = openDatabase(join(folder, "campaign.db"), { readonly: true });
    expect(database.prepare("SELECT count(*) FROM block").pluck().get()).toBe(3);
    expect(database.prepare("SELECT count(*) FROM frame").pluck().get()).toBe(0);
    database.close();
    expect(readFileSync(join(folder, "campaign.db")).length).toBe(before.length);
  });

  it("has lost no more than its last frame when it is killed", async () => {
    const folder = newFolder();
    await runUntil(folder, 3 * 2 + 3, "killed");
    const reader = openRecord(folder);
    // Killed at 45 s of the third minute: two frames stand, and every commit before that second.
    expect([...reader.samples(0)].length).toBe(120);
    expect([...reader.ledger()].length).toBe(6);
    reader.close();
  });
});

describe("a run that is not the one in the folder", () => {
  async function divergence(change: (store: ReturnType<typeof open>) => unknown): Promise<unknown> {
    const folder = newFolder();
    await runUntil(folder, 0, "closed");
    const before = readFileSync(join(folder, "campaign.db"));
    const store = open(folder);
    try {
      await runCampaign({ ...store, head: store.head, ...(change(store) as object) }, MINUTES);
      await store.commit();
      return "no fault";
    } catch (error) {
      return error;
    } finally {
      store.close();
      expect(readFileSync(join(folder, "campaign.db")).length).toBe(before.length);
      expect(verifyRecord(folder)).toMatchObject({ ok: true, digest });
    }
  }
  let digest = "";
  beforeAll(async () => {
    const store = open(newFolder());
    await runCampaign(store, MINUTES);
    store.close();
    digest = store.digest;
  });

  it("is stopped at the first event that differs", async () => {
    const error = await divergence((store) => ({
      appendEvent(event: Parameters<typeof store.appendEvent>[0]) {
        return store.appendEvent(event.type === "shutter-closed" ? { ...event, atMs: event.atMs + 1 } : event);
      },
    }));
    // 1 limits, 2 booked, 3 opened, 4 closed
    expect(error).toMatchObject({ code: "store.diverged", detail: { seq: 4, type: "shutter-closed" } });
  });

  it("is stopped at a ledger row that differs", async () => {
    const error = await divergence((store) => ({
      appendLedger(row: Parameters<typeof store.appendLedger>[0]) {
        store.appendLedger(row.exposureId === "exposure-2" ? { ...row, openTimeS: row.openTimeS + 1e-9 } : row);
      },
    }));
    expect(error).toMatchObject({ code: "store.diverged", detail: { exposure_id: "exposure-2" } });
  });

  it("is stopped when a single sample differs, at the next commit and not in the byte stream", async () => {
    const error = await divergence((store) => ({
      sample(channel: number, atMs: number, voltageV: number, currentA: number, flags: number) {
        store.sample(channel, atMs, channel === 2 && atMs === 90_008 ? voltageV + 1e-6 : voltageV, currentA, flags);
      },
    }));
    expect(error).toMatchObject({ code: "store.diverged", detail: { channel_index: 2, at_ms: 90_008 } });
  });

  it("is stopped when a sample is missing", async () => {
    const error = await divergence((store) => ({
      sample(channel: number, atMs: number, voltageV: number, currentA: number, flags: number) {
        if (channel !== 1 || atMs !== 30_004) store.sample(channel, atMs, voltageV, currentA, flags);
      },
    }));
    expect(error).toMatchObject({ code: "store.diverged" });
  });
});
