import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../../controller/record/sqlite.ts";
import { waitForThread } from "../../../tui/rim/wait-for-thread.ts";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { booking, HEADER, newFolder, open, record, removeFolders, runCampaign, settlement } from "./record-fixture.ts";

afterAll(removeFolders);

const ON_THE_WALL = { header: { ...HEADER, world: "site", seed: null }, ownThread: waitForThread } as const;

describe("a record that a thread of its own writes", () => {
  it("holds the same as one written at once, with the same digest, and gets a place for each cell that joins", async () => {
    const [threaded, plain] = [newFolder(), newFolder()];
    const one = open(threaded, { ...ON_THE_WALL, channelCount: 1 });
    await runCampaign(one, 3);
    const taken = one.counters.samplesTaken;
    one.close();
    const other = open(plain, { header: ON_THE_WALL.header });
    await runCampaign(other, 3);
    other.close();
    expect(one.digest).toBe(other.digest);
    expect(one.counters).toEqual({ ...other.counters });
    expect(taken).toBe(540);
    expect(verifyRecord(threaded)).toMatchObject({ ok: true, samples: 540, exposures: 3, gaps: 1 });
    expect(existsSync(join(threaded, "campaign.db-wal"))).toBe(false);
    const [a, b] = [openRecord(threaded), openRecord(plain)];
    for (const channel of [0, 1, 2]) expect([...a.samples(channel)]).toEqual([...b.samples(channel)]);
    a.close();
    b.close();
  });

  it("has on disk what a commit acknowledged, and says when it cannot", async () => {
    const folder = newFolder();
    const store = open(folder, { ...ON_THE_WALL, busyTimeoutMs: 0 });
    record(store, booking("e1"));
    await store.commit();
    const other = openDatabase(join(folder, "campaign.db"));
    expect(other.prepare("SELECT exposure_id FROM ledger").pluck().all()).toEqual(["e1"]);
    other.exec("BEGIN IMMEDIATE");
    record(store, settlement("e1"));
    for (let second = 0; second < 20; second += 1) store.sample(1, second * 60_000, 3.7, 0, 0);
    await expect(store.commit()).rejects.toMatchObject({ code: "store.unwritable" });
    other.exec("ROLLBACK");
    await store.commit();
    expect(other.prepare("SELECT kind FROM ledger").pluck().all()).toEqual(["booking", "settlement"]);
    other.close();
    store.close();
    // Sixteen frames are kept while the file cannot be written, the last was still open.
    expect(store.counters).toMatchObject({ samplesTaken: 20, samplesDropped: 3, gaps: 1 });
    expect(verifyRecord(folder)).toMatchObject({ chain: "ok", samples: 17, gaps: 1 });
  });

  it("leaves what it was given and not told to keep, where it is abandoned", async () => {
    const folder = newFolder();
    const store = open(folder, ON_THE_WALL);
    store.appendEvent({ atMs: 0, type: "campaign-started", data: {} });
    await store.commit();
    store.appendEvent({ atMs: 1, type: "controller-started", data: {} });
    store.abandon();
    const again = open(folder, ON_THE_WALL);
    expect(again.head.seq).toBe(1);
    again.close();
  });
});

describe("a record of the virtual world that a thread of its own writes", () => {
  const THREADED = { ownThread: waitForThread } as const;

  it("holds every sample, however fast they come, and gone in the middle is gone on with to the same digest", async () => {
    const [folder, plain] = [newFolder(), newFolder()];
    const gone = open(folder, THREADED);
    await runCampaign(gone, 90);
    expect(gone.counters).toMatchObject({ samplesFramed: 89 * 180, samplesDropped: 0 });
    gone.abandon();
    const left = verifyRecord(folder);
    expect(left.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(left.exposures).toBeGreaterThan(60);
    expect(left.exposures).toBeLessThan(90);
    const again = open(folder, THREADED);
    await runCampaign(again, 91);
    again.close();
    const whole = open(plain);
    await runCampaign(whole, 91);
    whole.close();
    expect(again.digest).toBe(whole.digest);
    expect(verifyRecord(folder)).toMatchObject({ ok: true, digest: whole.digest, samples: 91 * 180, exposures: 91 });
  });

  it("says soon that the file cannot be written, and is gone on with once it can", async () => {
    const folder = newFolder();
    const store = open(folder, { ...THREADED, busyTimeoutMs: 0 });
    const other = openDatabase(join(folder, "campaign.db"));
    other.exec("BEGIN IMMEDIATE");
    // A commit that is on its way says nothing; no more than eight of them are.
    await expect(runCampaign(store, 12)).rejects.toMatchObject({ code: "store.unwritable" });
    expect(() => {
      store.close();
    }).toThrow("database is locked");
    other.close();
    const again = open(folder, THREADED);
    await runCampaign(again, 12);
    again.close();
    expect(verifyRecord(folder)).toMatchObject({ ok: true, samples: 12 * 180, exposures: 12, gaps: 6 });
  });

  it("tells that the thread has ended, whatever that had answered before, and is gone on with", async () => {
    const folder = newFolder();
    const [held, broke] = [join(newFolder(), "held"), join(newFolder(), "broke")];
    // Hears nothing before the world is held for it, and breaks once it has answered what it was given by then.
    const breaking = `import { existsSync, writeFileSync } from "node:fs";
      let hasAnswered = false;
      export function waitForThread(flag, timeoutMs) {
        if (hasAnswered) {
          writeFileSync(${JSON.stringify(broke)}, "");
          throw new Error("out of memory");
        }
        const isRung = Atomics.wait(new Int32Array(flag), 0, 0, timeoutMs) !== "timed-out";
        hasAnswered = isRung && existsSync(${JSON.stringify(held)});
        return hasAnswered;
      }`;
    const source = `data:text/javascript,${encodeURIComponent(breaking)}`;
    const wait = (flag: SharedArrayBuffer, timeoutMs: number): boolean => {
      writeFileSync(held, "");
      while (!existsSync(broke)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      return waitForThread(flag, timeoutMs);
    };
    const store = open(folder, { ...THREADED, ownThread: Object.assign(wait, { source }) });
    const ended = (async () => {
      await runCampaign(store, 36);
      store.close();
    })();
    await expect(ended).rejects.toMatchObject({
      code: "store.writer-ended",
      message: expect.stringContaining("out of memory") as string,
    });
    store.abandon();
    const again = open(folder, THREADED);
    await runCampaign(again, 36);
    again.close();
    expect(verifyRecord(folder)).toMatchObject({ ok: true, samples: 36 * 180, exposures: 36 });
  });
});
