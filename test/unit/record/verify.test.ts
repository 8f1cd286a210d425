import {
  mkdirSync,
  closeSync,
  cpSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chainStart, linkHash } from "../../../controller/record/hash-chain.ts";
import { SHUTTER_FAILURE_REASON, ledgerEventData, type LedgerRow } from "../../../controller/record/ledger-row.ts";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { openDatabase } from "../../../controller/record/sqlite.ts";
import { sealedSummary } from "../../../controller/record/summary-seal.ts";
import type { RecordStore } from "../../../controller/record/store.ts";
import { verifyRecord, type VerifyReport } from "../../../controller/record/verify.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { booking, HEADER, newFolder, open, record, removeFolders, runCampaign, settlement } from "./record-fixture.ts";

const MINUTES = 12;
let sound = "";
let digest = "";

beforeAll(async () => {
  sound = newFolder();
  const store = open(sound);
  await runCampaign(store, MINUTES);
  store.close();
  digest = store.digest;
});

afterAll(removeFolders);

function copyOfSound(from = sound): string {
  const folder = newFolder();
  cpSync(from, folder, { recursive: true });
  return folder;
}

/** A copy in which somebody changed rows behind beamrack's back. */
function tampered(sql: string, from = sound): VerifyReport {
  const folder = copyOfSound(from);
  const database = openDatabase(join(folder, "campaign.db"));
  for (const trigger of database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all())
    database.exec(`DROP TRIGGER ${String(trigger)}`);
  database.exec(sql);
  database.close();
  return verifyRecord(folder);
}

function codes(report: VerifyReport): readonly string[] {
  return [...new Set(report.findings.map((finding) => finding.code))];
}

function written(write: (store: RecordStore) => void): VerifyReport {
  const folder = newFolder();
  const store = open(folder);
  write(store);
  store.close();
  return verifyRecord(folder);
}

describe("a sound record", () => {
  it("is found sound, with its counts and its digest recomputed", () => {
    expect(verifyRecord(sound)).toEqual({
      ok: true,
      findings: [],
      header: HEADER,
      events: 1 + 4 * MINUTES,
      chain: "ok",
      replay: "not-run",
      exposures: MINUTES,
      ledger: "ok",
      ...{ openBookings: 0, corrections: 0 },
      thinned: 0,
      // Five spots in turn, three settlements of 99 Gy, 10 % uncertain, on the busiest, limit 10 MGy.
      limitFractionMax: expect.closeTo((3 * 99 * 1.1) / 1e7, 12) as number,
      spectra: 0,
      steps: { steps: 0, counted: 0 },
      samples: MINUTES * 180,
      frames: MINUTES,
      gaps: MINUTES / 2,
      digest,
    });
  });

  it("can be audited while a run writes it, and before it was closed", async () => {
    const folder = newFolder();
    const store = open(folder);
    await runCampaign(store, 2);
    const report = verifyRecord(folder);
    expect(report).toMatchObject({ ok: true, exposures: 2, chain: "ok" });
    expect(codes(report)).toEqual(["record.no-head-file"]);
    store.close();
    expect(verifyRecord(folder).findings).toEqual([]);
  });

  it("hands the events to whoever replays the decisions, and fails when they come out otherwise", () => {
    const types: string[] = [];
    const replayed = verifyRecord(sound, (events) => {
      for (const event of events) types.push(event.type);
      return [];
    });
    expect(replayed).toMatchObject({ ok: true, replay: "ok" });
    expect(types.length).toBe(replayed.events);
    const finding = { severity: "error", code: "replay.differs", where: "event 3", what: "x", advice: "y" } as const;
    expect(verifyRecord(sound, () => [finding])).toMatchObject({ ok: false, replay: "broken", findings: [finding] });
  });

  it("agrees with the summary of its run, and not with that of another", () => {
    const folder = copyOfSound();
    const path = join(folder, "summary.json");
    const summarise = (log: unknown): VerifyReport => {
      writeFileSync(path, JSON.stringify(sealedSummary({ cells: { total: 96 }, log })));
      return verifyRecord(folder);
    };
    expect(summarise({ events: 1 + 4 * MINUTES, digest })).toMatchObject({ ok: true, findings: [] });
    expect(codes(summarise({ events: 1 + 4 * MINUTES, digest: "sha256:0" }))).toEqual(["record.head-mismatch"]);
    expect(codes(summarise({ events: 2 + 4 * MINUTES, digest }))).toEqual(["record.tail-cut"]);
    summarise({ events: 1 + 4 * MINUTES, digest });
    writeFileSync(path, readFileSync(path, "utf8").replace("96", "95"));
    expect(codes(verifyRecord(folder))).toEqual(["record.summary"]);
    summarise({ events: 1 + 4 * MINUTES, digest });
    writeFileSync(path, readFileSync(path, "utf8").replace('"checksum"', '"checksul"'));
    expect(verifyRecord(folder).findings).toMatchObject([{ severity: "warning", code: "record.summary" }]);
  });

  it("is sound also where something that is no file has the name of a file beside it, which is said", () => {
    const folder = copyOfSound();
    for (const name of ["head.json", "summary.json"]) {
      rmSync(join(folder, name), { force: true });
      mkdirSync(join(folder, name));
    }
    const report = verifyRecord(folder);
    expect([report.ok, report.chain, ...codes(report)]).toEqual([true, "ok", "record.no-head-file", "record.summary"]);
  });

  it("that is complete says where its summary is not there", async () => {
    const folder = newFolder();
    const store = open(folder);
    store.appendEvent({ atMs: 0, type: "campaign-complete", data: {} });
    await store.commit();
    store.close();
    expect(verifyRecord(folder).findings).toMatchObject([{ severity: "note", code: "record.summary" }]);
  });

  it("agrees with what the simulated world saw, and says where it does not", () => {
    const folder = copyOfSound();
    const { exposures, limitFractionMax } = verifyRecord(folder);
    const told = (truth: Readonly<Record<string, number>>, events = 1 + 4 * MINUTES): readonly string[] => {
      const summary = sealedSummary({ truth, log: { events, digest } });
      writeFileSync(join(folder, "summary.json"), JSON.stringify(summary));
      return verifyRecord(folder).findings.map(({ code, what }) => `${code}: ${what}`);
    };
    const seen = {
      exposures,
      exposures_unaccounted: 0,
      samples_lost: 0,
      dose_limit_fraction_max: limitFractionMax ?? 0,
    };
    expect(told(seen)).toEqual([]);
    expect(told({ ...seen, exposures: exposures + 1 })).toEqual([expect.stringMatching(/^record.truth: .* exposures/)]);
    expect(told({ ...seen, exposures_unaccounted: 1 })).toEqual([expect.stringMatching(/1 exposures that nobody/)]);
    expect(told({ ...seen, samples_lost: 3 })).toEqual([expect.stringMatching(/3 samples .* neither on record/)]);
    expect(told({ ...seen, dose_limit_fraction_max: 2 })).toEqual([expect.stringMatching(/gave 200.0 % of a limit/)]);
  });

  it("that was cut in the middle of a run is held against the head beside it, and not gone on with", async () => {
    const site = { header: { ...HEADER, world: "site", seed: null }, durability: "power-loss" } as const;
    const alive = newFolder();
    const store = open(alive, site);
    await runCampaign(store, 2);
    const early = copyOfSound(alive);
    await runCampaign({ ...store, head: store.head, appendLedger: () => undefined }, 1);
    await store.commit();
    cpSync(join(alive, "head.live"), join(early, "head.live"));
    store.abandon();
    for (const file of ["lock.db", "lock.db-journal", "lock.json"]) rmSync(join(early, file), { force: true });
    expect(verifyRecord(early).findings).toContainEqual(
      expect.objectContaining({ code: "record.tail-cut", where: "head.live" }),
    );
    expect(() => open(early, site)).toThrow(expect.objectContaining({ code: "store.damaged" }) as Error);
    store.close();
  });
});

describe("a record that was changed", () => {
  it("names the event whose contents were changed", () => {
    const report = tampered(`UPDATE event SET data = replace(data, '4.5e', '4.4e'), at_ms = at_ms + 1 WHERE seq = 7`);
    expect(report).toMatchObject({ ok: false, chain: "broken", events: 1 + 4 * MINUTES });
    expect(report.findings.filter((finding) => finding.code === "record.chain-broken")).toMatchObject([
      { where: expect.stringMatching(/^event 7 /) as string },
    ]);
  });

  it("names the event after one that was changed together with its hash", () => {
    const folder = copyOfSound();
    const database = openDatabase(join(folder, "campaign.db"));
    const row = database.prepare("SELECT at_ms, type FROM event WHERE seq = 7").get() as {
      at_ms: number;
      type: string;
    };
    const before = database.prepare("SELECT hash FROM event WHERE seq = 6").pluck().get() as string;
    database.exec("DROP TRIGGER event_no_update");
    const data = `{"exposure_id":"exposure-9"}`;
    database
      .prepare("UPDATE event SET data = ?, hash = ? WHERE seq = 7")
      .run(data, linkHash(before, 7, row.at_ms, row.type, data));
    database.close();
    const broken = verifyRecord(folder).findings.filter((finding) => finding.code === "record.chain-broken");
    expect(broken.map((finding) => finding.where.split(" ")[1])).toEqual(["8"]);
  });

  it("misses events taken from the middle, and a tail cut off with the head that named it", () => {
    expect(codes(tampered("DELETE FROM event WHERE seq BETWEEN 10 AND 12"))).toContain("record.events-missing");
    const cut = tampered(`
      DELETE FROM event WHERE seq > 45;
      UPDATE meta SET value = json_set(value, '$.events', 45, '$.hash', (SELECT hash FROM event WHERE seq = 45))
        WHERE key = 'head'`);
    expect(cut.chain).toBe("broken");
    expect(cut.findings).toContainEqual(expect.objectContaining({ code: "record.tail-cut", where: "head.json" }));
  });

  it("finds a log passed off as that of another seed", () => {
    expect(tampered("UPDATE meta SET value = json_set(value, '$.seed', 8) WHERE key = 'header'")).toMatchObject({
      ok: false,
      chain: "broken",
      events: 1 + 4 * MINUTES,
    });
    expect(chainStart({ ...HEADER, seed: 8 }).hash).not.toBe(chainStart(HEADER).hash);
  });

  it("finds a ledger row that says less than the log, one taken out, and one put in", () => {
    const less = tampered("UPDATE ledger SET open_time_s = 1 WHERE row = 4");
    expect(less).toMatchObject({ ok: false, chain: "ok", ledger: "broken" });
    expect(less.findings).toMatchObject([
      { code: "ledger.differs-from-log", where: expect.stringContaining("row 4") as string },
    ]);
    const out = codes(tampered("DELETE FROM ledger WHERE row = 4"));
    expect(out).toEqual(expect.arrayContaining(["ledger.row-missing", "ledger.not-settled", "record.rows-missing"]));
    const put = tampered("UPDATE ledger SET exposure_id = 'invented' WHERE row = 3");
    expect(codes(put)).toEqual(expect.arrayContaining(["ledger.event-missing", "ledger.row-missing"]));
  });

  it("finds a block whose bytes, times, extremes or count are not what they were, and reads all others", () => {
    const bytes = tampered("UPDATE block SET block = x'78016360' WHERE row = 2");
    expect(bytes).toMatchObject({ ok: false, chain: "ok", ledger: "ok", frames: MINUTES, samples: MINUTES * 120 });
    expect(bytes.findings).toContainEqual(
      expect.objectContaining({ code: "store.damaged", where: "sample block 2 (4 to 719004 ms)" }),
    );
    expect(codes(tampered("UPDATE block SET sample_count = 179 WHERE row = 2"))).toContain("samples.count");
    expect(codes(tampered("UPDATE block SET last_ms = first_ms WHERE row = 2"))).toContain("samples.times");
    expect(codes(tampered("UPDATE block SET voltage_max_V = 4 WHERE row = 2"))).toContain("samples.times");
    expect(codes(tampered("UPDATE block SET channel_index = 2 WHERE row = 2"))).toContain("samples.times");
    expect(codes(tampered("UPDATE block SET to_frame = 11 WHERE row = 3"))).toContain("samples.frames-missing");
    expect(codes(tampered("DELETE FROM block WHERE row = 2"))).toContain("samples.frames-missing");
  });

  it("finds a frame whose bytes, times or count are not what they were, and reads all others", async () => {
    const folder = newFolder();
    const store = open(folder);
    await runCampaign(store, MINUTES);
    await store.commit();
    store.abandon();
    const spoilt = (sql: string): VerifyReport => tampered(sql, folder);
    const bytes = spoilt("UPDATE frame SET block = x'78016360' WHERE row = 5");
    const samples = (MINUTES - 2) * 180;
    expect(bytes).toMatchObject({ ok: false, chain: "ok", ledger: "ok", frames: MINUTES - 2, samples });
    expect(bytes.findings).toContainEqual(
      expect.objectContaining({ code: "store.damaged", where: "sample frame 5 (240000 to 299008 ms)" }),
    );
    expect(codes(spoilt("UPDATE frame SET sample_count = 179 WHERE row = 2"))).toContain("samples.count");
    expect(codes(spoilt("UPDATE frame SET last_ms = first_ms WHERE row = 2"))).toContain("samples.times");
    expect(codes(spoilt("DELETE FROM frame WHERE row = 2"))).toContain("samples.frames-missing");
    const swapped = `UPDATE frame SET row = -1 WHERE row = 2; UPDATE frame SET row = 2 WHERE row = 3; UPDATE frame SET row = 3 WHERE row = -1`;
    expect(codes(spoilt(swapped))).toContain("samples.out-of-order");
  });
});

describe("a damaged file", () => {
  it("is a finding with a place, not the end of the audit, whichever page was lost", () => {
    const pageBytes = 4096;
    const size = readFileSync(join(sound, "campaign.db")).length;
    let found = 0;
    for (let page = 1; page * pageBytes < size; page += 1) {
      const folder = copyOfSound();
      const file = openSync(join(folder, "campaign.db"), "r+");
      writeSync(file, Buffer.alloc(pageBytes, 0xa5), 0, pageBytes, page * pageBytes);
      closeSync(file);
      const report = verifyRecord(folder);
      // A page belongs to one table: what the others hold is read to the last row. Some hold nothing any more.
      const isLogWhole = report.events === 1 + 4 * MINUTES;
      expect(isLogWhole || report.samples === MINUTES * 180, `page ${page}`).toBe(true);
      if (report.ok) expect(report, `page ${page}`).toEqual(verifyRecord(sound));
      else found += 1;
    }
    expect(found).toBeGreaterThan(12);
  });

  it("that is no database at all is said to be one, and a folder without a record is refused", () => {
    const folder = copyOfSound();
    writeFileSync(join(folder, "campaign.db"), Buffer.alloc(8192, 0x5a));
    expect(verifyRecord(folder)).toMatchObject({
      ok: false,
      chain: "broken",
      digest: null,
      findings: [{ code: "store.damaged" }],
    });
    rmSync(join(folder, "campaign.db"));
    const missing = expect.objectContaining({ code: "file.missing" }) as Error;
    expect(() => verifyRecord(folder)).toThrow(missing);
    mkdirSync(join(folder, "campaign.db"));
    expect(() => verifyRecord(folder)).toThrow(missing);
  });

  it("gives the samples of a channel by time, whatever else is lost", () => {
    const reader = openRecord(sound);
    const samples = [...reader.samples(1, 59_004, 62_004)];
    reader.close();
    expect(samples.map((sample) => sample.atMs)).toEqual([59_004, 60_004, 61_004]);
    expect(samples[1]).toEqual({ atMs: 60_004, voltageV: 3.2019, currentA: 0.000386, flags: 0 });
  });
});

describe("the dose on record", () => {
  const electrode = { position: null, layer: "positive electrode", location: "mean", dose_Gy: 1e4 };
  const limits = { limits: [electrode, { position: null, layer: "separator", location: "surface", dose_Gy: 30 }] };
  const few = { limits: [electrode] };
  /** Of the fixture's rows: doses are judged by their upper value. */
  const upper = 1.1;

  /** Settles one exposure on each of these spots under these limits. */
  function exposed(data: { readonly [key: string]: Json }, spots: readonly number[], plan?: Json): VerifyReport {
    return written((store) => {
      store.appendEvent({ atMs: 0, type: "dose-limits", data });
      if (plan !== undefined) store.appendEvent({ atMs: 0, type: "dose-plan", data: plan });
      spots.forEach((spotIndex, index) => {
        const place = { spotIndex, spotXMm: spotIndex * 0.5, spotYMm: 0 };
        record(store, booking(`e${index + 1}`, place));
        record(store, settlement(`e${index + 1}`, place));
      });
    });
  }

  it("is summed per spot and held against the limit of its layer and location", () => {
    const report = exposed(limits, [0, 1, 1]);
    expect(report).toMatchObject({ ok: false, ledger: "broken" });
    expect(report.limitFractionMax).toBeCloseTo((2 * 18 * upper) / 30, 12);
    expect(report.findings).toMatchObject([{ code: "dose.beyond-limit", where: "A1 spot 1" }]);
  });

  it("adds to a spot what its neighbours' tails gave it, where the log states the beam's shape", () => {
    const plan = {
      profile: { profile: "gaussian", fwhm_x_mm: 0.5, fwhm_y_mm: 0.5 },
      spots: [0, 1, 2].map((index) => ({ x_mm: index * 0.5, y_mm: 0 })),
    };
    const report = exposed(limits, [0, 1, 2], plan);
    // Half a millimetre is the full width at half maximum: each neighbour adds a sixteenth.
    expect(report.limitFractionMax).toBeCloseTo((18 * (1 + 2 / 16) * upper) / 30, 9);
    expect(exposed(limits, [0, 1, 2]).limitFractionMax).toBeCloseTo((18 * upper) / 30, 12);
  });

  it.each([
    ["per exposure", { dose_Gy: 100, scope: "per-exposure" }, (99 * upper) / 100],
    ["of the dose rate", { dose_Gy: null, dose_rate_Gy_s: 10 }, (99 * upper) / 10.01 / 10],
  ])("is held against a limit %s, exposure by exposure", (_, kind, fraction) => {
    const report = exposed({ limits: [{ ...electrode, ...kind }] }, [0, 1, 1]);
    expect(report.limitFractionMax).toBeCloseTo(fraction, 9);
    expect(codes(report)).toEqual(["dose.beyond-limit"]);
    expect(report.findings.map((finding) => finding.where)).toEqual(
      ["e1", "e2", "e3"].map((id) => `A1 exposure ${id}`),
    );
    const wide = exposed({ limits: [{ ...electrode, ...kind, dose_Gy: 400, dose_rate_Gy_s: 20 }] }, [0, 1, 1]);
    expect(wide.findings).toEqual([]);
  });

  it("counts a booking that was never settled in full, and lists it", () => {
    const report = written((store) => {
      store.appendEvent({ atMs: 0, type: "dose-limits", data: limits });
      record(store, booking("e1"));
    });
    expect(report).toMatchObject({ ok: true, openBookings: 1, exposures: 0 });
    expect(report.limitFractionMax).toBeCloseTo((20 * 1.25) / 30, 12);
    expect(report.findings).toMatchObject([
      { severity: "warning", code: "ledger.not-settled", where: "exposure e1 (A1)" },
    ]);
  });

  it("was never protected where the log states no limit for an exposed cell", () => {
    const expose = (store: RecordStore): void => {
      record(store, booking("e1"));
      record(store, settlement("e1"));
    };
    expect(codes(written(expose))).toEqual(["dose.no-limits"]);
    const elsewhere = { position: null, layer: "negative electrode", location: "mean", dose_Gy: 1 };
    const otherLayer = written((store) => {
      store.appendEvent({ atMs: 0, type: "dose-limits", data: { limits: [elsewhere] } });
      expose(store);
    });
    expect(codes(otherLayer)).toEqual(["dose.no-limits"]);
    const unreadable = written((store) => {
      store.appendEvent({
        atMs: 0,
        type: "dose-limits",
        data: { limits: [{ position: null, layer: "negative electrode", location: "mean", dose_Gy: null }] },
      });
      expose(store);
    });
    expect(codes(unreadable)).toEqual(["dose.limits-unreadable", "dose.no-limits"]);
  });

  it("may pass its booking only where a shutter failed", () => {
    const beyond = (reason: string): VerifyReport =>
      written((store) => {
        store.appendEvent({ atMs: 0, type: "dose-limits", data: few });
        record(store, booking("e1"));
        const layerDosesGy = [{ layer: "positive electrode", surfaceGy: 120.5, meanGy: 110.26 }];
        record(store, settlement("e1", { layerDosesGy, reason }));
      });
    expect(beyond("complete")).toMatchObject({ ok: false, findings: [{ code: "ledger.beyond-booking" }] });
    expect(beyond(SHUTTER_FAILURE_REASON)).toMatchObject({ ok: true, findings: [{ severity: "warning" }] });
  });

  it("must be booked before the shutter opens", () => {
    const row: LedgerRow = booking("e1");
    const report = written((store) => {
      store.appendEvent({ atMs: 0, type: "dose-limits", data: few });
      store.appendEvent({ atMs: 1, type: "shutter-opened", data: { exposure_id: "e1" } });
      store.appendEvent({ atMs: 1, type: "exposure-booked", data: ledgerEventData(row) });
      store.appendLedger(row);
      record(store, settlement("e1"));
    });
    expect(codes(report)).toEqual(["ledger.opened-unbooked"]);
  });
});

describe("a record on read-only media", () => {
  it("opens where it was closed: it is one file that needs nothing beside it", () => {
    const folder = newFolder();
    cpSync(join(sound, "campaign.db"), join(folder, "campaign.db"));
    const before = readdirSync(folder);
    expect(verifyRecord(folder)).toMatchObject({ ok: true, digest });
    expect(readdirSync(folder)).toEqual(before);
    expect(readFileSync(join(folder, "campaign.db")).equals(readFileSync(join(sound, "campaign.db")))).toBe(true);
  });
});
