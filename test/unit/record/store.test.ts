import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { linkHash, chainStart } from "../../../controller/record/hash-chain.ts";
import { openDatabase, type Database } from "../../../controller/record/sqlite.ts";
import { openForReading } from "../../../controller/record/schema.ts";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { canonicalJson } from "../../../protocols/base/canonical-json.ts";
import { isFault } from "../../../protocols/base/fault.ts";
import {
  booking,
  createTestClock,
  leftByAKill,
  HEADER,
  newFolder,
  open,
  record,
  removeFolders,
  runCampaign,
  settlement,
} from "./record-fixture.ts";

afterAll(removeFolders);

function faultOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return isFault(error) ? error.code : String(error);
  }
  return "no fault";
}

describe("the event log", () => {
  it("numbers events from 1 and chains each to all before it", async () => {
    const store = open(newFolder());
    expect(store.head.seq).toBe(0);
    expect(store.appendEvent({ atMs: 5, type: "campaign-started", data: { b: 1, a: [true, null] } })).toBe(1);
    const first = linkHash(chainStart(HEADER).hash, 1, 5, "campaign-started", canonicalJson({ a: [true, null], b: 1 }));
    expect(store.head).toEqual({ seq: 1, hash: first });
    expect(store.appendEvent({ atMs: 6.25, type: "sweep-started", data: {} })).toBe(2);
    expect(store.digest).toBe(`sha256:${linkHash(first, 2, 6.25, "sweep-started", "{}")}`);
    await store.commit();
    store.close();
  });

  it("gives two runs of the same campaign one digest, and other events another", async () => {
    const digests: string[] = [];
    for (const minutes of [3, 3, 4]) {
      const store = open(newFolder());
      await runCampaign(store, minutes);
      store.close();
      digests.push(store.digest);
    }
    expect(digests[0]).toBe(digests[1]);
    expect(digests[2]).not.toBe(digests[0]);
  });

  it("keeps the wall clock beside the log and out of the digest", () => {
    const digests = [0, 5000].map((laterMs) => {
      const folder = newFolder();
      const clock = createTestClock();
      clock.advance(laterMs);
      const store = open(folder, { clock, header: { ...HEADER, world: "bench" } });
      store.appendEvent({ atMs: 1, type: "campaign-started", data: {} });
      store.close();
      const database = openDatabase(join(folder, "campaign.db"), { readonly: true });
      expect(database.prepare("SELECT wall_ms FROM event").pluck().get()).toBe(1_700_000_000_000 + laterMs);
      database.close();
      return store.digest;
    });
    expect(digests[0]).toBe(digests[1]);
  });

  it("takes no value that JSON cannot hold", () => {
    const store = open(newFolder());
    expect(() => store.appendEvent({ atMs: 1, type: "beam-read", data: { fluxPhS: Number.NaN } })).toThrow(RangeError);
    expect(() => store.appendEvent({ atMs: Number.NaN, type: "beam-read", data: {} })).toThrow("beam-read");
    expect(store.head.seq).toBe(0);
    store.close();
  });

  it("lets nobody change or delete a row of the record", async () => {
    const folder = newFolder();
    const store = open(folder);
    await runCampaign(store, 2);
    store.close();
    const again = open(folder);
    await runCampaign(again, 4);
    await again.commit();
    again.abandon();
    const database = openDatabase(join(folder, "campaign.db"));
    for (const table of ["event", "ledger", "frame", "block", "gap"]) {
      expect(database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBeGreaterThan(0);
      expect(() => database.prepare(`DELETE FROM ${table}`).run()).toThrow("only ever added");
    }
    expect(() => database.prepare("UPDATE ledger SET open_time_s = 0").run()).toThrow("only ever added");
    database.close();
  });
});

describe("durability", () => {
  it("has on disk what a commit acknowledged, and nothing of what came after", async () => {
    const folder = newFolder();
    const store = open(folder);
    record(store, booking("e1"));
    await store.commit();
    store.appendEvent({ atMs: 2, type: "shutter-opened", data: { exposure_id: "e1" } });
    const other = openDatabase(join(folder, "campaign.db"), { readonly: true });
    expect(other.prepare("SELECT count(*) FROM event").pluck().get()).toBe(1);
    expect(other.prepare("SELECT exposure_id FROM ledger").pluck().all()).toEqual(["e1"]);
    other.close();
    store.close();
  });

  it("charges a commit its time on the clock", async () => {
    const clock = createTestClock();
    const store = open(newFolder(), { clock, commitLatencyMs: 15 });
    let isDurable = false;
    const committed = store.commit().then(() => {
      isDurable = true;
    });
    clock.advance(14);
    await Promise.resolve();
    expect(isDurable).toBe(false);
    clock.advance(1);
    await committed;
    expect(isDurable).toBe(true);
    store.close();
  });

  it("writes through to the disk where a power loss must not cost a booking", () => {
    const database = openDatabase(":memory:");
    const pragma = vi.spyOn(Object.getPrototypeOf(database) as Database, "pragma");
    database.close();
    for (const [durability, words] of [
      ["power-loss", "FULL"],
      ["process-death", "NORMAL"],
      ["scratch", "OFF"],
    ] as const) {
      pragma.mockClear();
      open(newFolder(), { durability }).close();
      expect(pragma.mock.calls.map(([text]) => text).filter((text) => text.startsWith("synchronous"))).toEqual([
        `synchronous = ${words}`,
      ]);
    }
    pragma.mockRestore();
  });

  it("says that the folder cannot be written, keeps everything, and writes it when it can", async () => {
    const folder = newFolder();
    const store = open(folder, { busyTimeoutMs: 0 });
    const other = openDatabase(join(folder, "campaign.db"));
    other.exec("BEGIN IMMEDIATE");
    record(store, booking("e1"));
    await expect(store.commit()).rejects.toMatchObject({ code: "store.unwritable" });
    other.exec("ROLLBACK");
    record(store, settlement("e1"));
    await store.commit();
    expect(other.prepare("SELECT count(*) FROM event").pluck().get()).toBe(2);
    expect(other.prepare("SELECT kind FROM ledger").pluck().all()).toEqual(["booking", "settlement"]);
    other.close();
    store.close();
  });

  it("keeps memory bounded while the disk is full and records what it gave up as gaps", async () => {
    const folder = newFolder();
    const store = open(folder, { frameMs: 1000, busyTimeoutMs: 0 });
    const other = openDatabase(join(folder, "campaign.db"));
    other.exec("BEGIN IMMEDIATE");
    for (let second = 0; second < 20; second += 1) store.sample(1, second * 1000, 3.7, 0, 0);
    await expect(store.commit()).rejects.toMatchObject({ code: "store.unwritable" });
    other.exec("ROLLBACK");
    await store.commit();
    store.sample(1, 20_000, 3.7, 0, 0);
    store.close();
    expect(store.counters.samplesTaken).toBe(21);
    expect(store.counters.samplesDropped).toBe(3);
    expect(other.prepare("SELECT sum(sample_count) FROM block").pluck().get()).toBe(18);
    expect(other.prepare("SELECT channel_index, from_ms, to_ms FROM gap").all()).toEqual([
      { channel_index: 1, from_ms: 16_000, to_ms: 18_000 },
    ]);
    other.close();
  });

  it("counts the samples of a folder that it goes on in apart from those it takes itself", async () => {
    const folder = newFolder();
    const header = { ...HEADER, world: "site", seed: null } as const;
    const first = open(folder, { header });
    for (let second = 0; second < 20; second += 1) first.sample(1, second * 1000, 3.7, 0, 0);
    first.close();
    const second = open(folder, { header });
    second.sample(1, 60_000, 3.7, 0, 0);
    await second.commit();
    expect(second.counters).toMatchObject({ samplesBefore: 20, samplesTaken: 1 });
    second.close();
    expect(verifyRecord(folder)).toMatchObject({ samples: 21 });
  });

  it("leaves one file and the head's second copy when it is closed", async () => {
    const folder = newFolder();
    const store = open(folder);
    await runCampaign(store, 1);
    store.close();
    store.close();
    expect(existsSync(join(folder, "campaign.db-wal"))).toBe(false);
    expect(JSON.parse(readFileSync(join(folder, "head.json"), "utf8"))).toMatchObject({
      events: store.head.seq,
      hash: store.head.hash,
      samples: 180,
      ledger_rows: 2,
    });
  });
});

describe("the ledger's gate", () => {
  it("takes no row that is not a number somewhere", () => {
    const store = open(newFolder());
    for (const wrong of [
      { fluencePhCm2: Number.NaN },
      { openTimeS: -1 },
      { filterTransmission: 1.01 },
      { relativeUncertainty: Number.POSITIVE_INFINITY },
      { layerDosesGy: [] },
      { layerDosesGy: [{ layer: "separator", surfaceGy: Number.NaN, meanGy: 1 }] },
    ])
      expect(() => {
        store.appendLedger(booking("e1", wrong));
      }).toThrow("e1");
    expect(store.openBookings()).toEqual([]);
    store.close();
  });

  it("closes each booking once, and only a booking", () => {
    const store = open(newFolder());
    expect(() => {
      store.appendLedger(settlement("e1"));
    }).toThrow("without a booking");
    store.appendLedger(booking("e1"));
    expect(() => {
      store.appendLedger(booking("e1"));
    }).toThrow("booked twice");
    expect(store.openBookings().map((row) => row.exposureId)).toEqual(["e1"]);
    store.appendLedger(settlement("e1"));
    expect(store.openBookings()).toEqual([]);
    expect(() => {
      store.appendLedger(settlement("e1"));
    }).toThrow("without a booking");
    store.close();
  });
});

describe("whose folder it is", () => {
  it.each([
    ["another campaign", { campaignHash: "bad" }],
    ["another site", { siteHash: "bad" }],
    ["another seed", { seed: 8 }],
    ["another world", { world: "bench" }],
    ["a run of another length", { conditions: "until 2 h" }],
  ] as const)("refuses the folder of %s and leaves it as it was", async (_name, change) => {
    const folder = newFolder();
    const header = { ...HEADER, conditions: "until 1 h" };
    const store = open(folder, { header });
    await runCampaign(store, 1);
    store.close();
    const before = readFileSync(join(folder, "campaign.db"));
    expect(faultOf(() => open(folder, { header: { ...header, ...change } }))).toBe("store.other-campaign");
    open(folder, { header }).close();
    expect(readFileSync(join(folder, "campaign.db")).length).toBe(before.length);
  });

  it("makes the folder where there is none, and refuses what is none", () => {
    const folder = join(newFolder(), "of", "a", "beamtime");
    open(folder).close();
    expect(existsSync(join(folder, "campaign.db"))).toBe(true);
    const file = join(folder, "campaign.db");
    expect(faultOf(() => open(file))).toBe("file.missing");
    // Named is the file that is in the way, and not that something could not be opened.
    for (const below of [join(file, "trial"), join(file, "of", "today")]) {
      const inTheWay = expect.objectContaining({ code: "file.missing", where: file }) as Error;
      expect(() => open(below)).toThrow(inTheWay);
      expect(() => openForReading(below)).toThrow(inTheWay);
    }
  });

  it("goes on in a folder that an older beamrack wrote, and refuses that of a newer one", () => {
    const folder = newFolder();
    open(folder).close();
    open(folder, { header: { ...HEADER, softwareVersion: "0.2.0" } }).close();
    const database = openDatabase(join(folder, "campaign.db"));
    database.prepare("UPDATE meta SET value = '4' WHERE key = 'schema_version'").run();
    database.pragma("user_version = 4");
    database.close();
    expect(faultOf(() => open(folder))).toBe("store.newer");
  });

  it("says damaged of a file that is no record, and of a record whose tail was cut", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "campaign.db"), "not a database, but long enough to be looked at as one".repeat(40));
    expect(faultOf(() => open(folder))).toBe("store.damaged");
    const cut = newFolder();
    const store = open(cut);
    await runCampaign(store, 1);
    store.close();
    const database = openDatabase(join(cut, "campaign.db"));
    database.exec("DROP TRIGGER event_no_delete; DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)");
    database.close();
    expect(faultOf(() => open(cut))).toBe("store.damaged");
  });

  it("begins anew where a process died before the tables stood", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "campaign.db"), "");
    const store = open(folder);
    expect(store.appendEvent({ atMs: 0, type: "campaign-started", data: {} })).toBe(1);
    store.close();
  });
});

describe("a real site's folder", () => {
  it("is gone on with at its end, open bookings known", async () => {
    const folder = newFolder();
    const header = { ...HEADER, world: "site", seed: null } as const;
    const first = open(folder, { header });
    record(first, booking("e1"));
    record(first, settlement("e1"));
    record(first, booking("e2"));
    await first.commit();
    const second = open(leftByAKill(folder), { header });
    expect(second.head).toEqual(first.head);
    expect(second.openBookings().map((row) => row.exposureId)).toEqual(["e2"]);
    expect(second.appendEvent({ atMs: 99, type: "controller-started", data: {} })).toBe(4);
    second.close();
    expect(first.head.seq).toBe(3);
  });
});
