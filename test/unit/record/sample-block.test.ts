import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BLOCK_SAMPLES } from "../../../controller/record/sample-block.ts";
import { envelopeOf } from "../../../controller/record/sample-envelope.ts";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { openDatabase } from "../../../controller/record/sqlite.ts";
import type { RecordStore } from "../../../controller/record/store.ts";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { HEADER, leftByAKill, newFolder, open, removeFolders } from "./record-fixture.ts";

afterAll(removeFolders);

const RATE_HZ = 10;
/** Enough for some packs of four channels and a rest. */
const SAMPLES = 6 * BLOCK_SAMPLES + 333;

/** Channel 0 at 10 Hz, channel 1 at 1 Hz, channel 2 at times of its own; a spike of one sample in channel 0. */
async function write(store: RecordStore, from = 0, to = SAMPLES): Promise<void> {
  for (let index = from; index < to; index += 1) {
    const atMs = (index * 1000) / RATE_HZ;
    const voltageV = index === 5000 ? 4.9 : (3_600_000 + ((index * 7919) % 1000)) / 1e6;
    store.sample(0, atMs, voltageV, (index % 50) / 1e9, index % 97 === 0 ? 1 : 0);
    store.sample(2, atMs + (index % 3) / 8, Math.sqrt(index), -Math.sqrt(index) / 7, 0);
    if (index % RATE_HZ === 0) store.sample(1, atMs, voltageV, 0, 0);
    if (index % 600 === 0) await store.commit();
  }
}

function plain(index: number): { readonly atMs: number; readonly voltageV: number } {
  return { atMs: index * 100, voltageV: index === 5000 ? 4.9 : (3_600_000 + ((index * 7919) % 1000)) / 1e6 };
}

function tables(folder: string): { readonly frames: unknown; readonly blocks: unknown } {
  const database = openDatabase(join(folder, "campaign.db"), { readonly: true });
  const count = (table: string): unknown => database.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  const found = { frames: count("frame"), blocks: count("block") };
  database.close();
  return found;
}

describe("frames that are packed into blocks", () => {
  it("hold the same samples, bit for bit, in order, while a run writes and after it", async () => {
    const folder = newFolder();
    const store = open(folder);
    await write(store);
    await store.commit();
    const before = tables(folder);
    expect(before.blocks).toBeGreaterThan(4);
    expect(before.frames).toBeGreaterThan(0);
    for (const end of [
      () => undefined,
      () => {
        store.close();
      },
    ]) {
      end();
      const record = openRecord(folder);
      const samples = [...record.samples(0)];
      const others = [...record.samples(2)];
      record.close();
      expect(samples.map(({ atMs, voltageV }) => ({ atMs, voltageV }))).toEqual(
        samples.map((_, index) => plain(index)),
      );
      expect(others.every(({ voltageV }, index) => voltageV === Math.sqrt(index))).toBe(true);
      expect(samples.length).toBeGreaterThan(SAMPLES - 60 * RATE_HZ - 1);
      expect(verifyRecord(folder).findings.filter(({ severity }) => severity === "error")).toEqual([]);
    }
    expect(tables(folder).frames).toBe(0);
    expect(verifyRecord(folder)).toMatchObject({ ok: true, samples: 2 * SAMPLES + Math.ceil(SAMPLES / RATE_HZ) });
  });

  it("are met again by a run that is repeated, however the two were cut", async () => {
    const undisturbed = newFolder();
    const whole = open(undisturbed);
    await write(whole);
    whole.close();
    const first = newFolder();
    const left = open(first);
    await write(left, 0, 5011);
    const folder = leftByAKill(first);
    left.abandon();
    const again = open(folder);
    await write(again);
    again.close();
    const [one, other] = [openRecord(folder), openRecord(undisturbed)];
    for (const channel of [0, 1, 2]) expect([...one.samples(channel)]).toEqual([...other.samples(channel)]);
    one.close();
    other.close();
    const wrong = open(folder);
    wrong.sample(0, 0, 3.7, 0, 0);
    wrong.sample(0, 60_000, 3.7, 0, 0);
    await expect(wrong.commit()).rejects.toMatchObject({ code: "store.diverged" });
    wrong.abandon();
  });

  it("may be left by a kill at any time: what stood goes on, and is packed later", async () => {
    const header = { ...HEADER, world: "site", seed: null } as const;
    let folder = newFolder();
    for (let from = 0; from < SAMPLES; from += 1501) {
      const store = open(folder, { header, frameMs: 1000 });
      await write(store, from, Math.min(SAMPLES, from + 1501));
      store.flushSamples();
      await store.commit();
      const next = leftByAKill(folder);
      store.abandon();
      folder = next;
    }
    expect(verifyRecord(folder).findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(tables(folder).blocks).toBeGreaterThan(4);
    const record = openRecord(folder);
    const samples = [...record.samples(0)];
    expect(samples.map(({ atMs }) => atMs)).toEqual(Array.from({ length: SAMPLES }, (_, index) => index * 100));
    record.close();
  });
});

describe("a plot's columns", () => {
  it("hold each sample once, and the lowest and the highest of them, at any range and width", async () => {
    const folder = newFolder();
    const store = open(folder);
    await write(store);
    await store.commit();
    const record = openRecord(folder);
    const written = [...record.samples(0)];
    for (const [fromMs, toMs, columns] of [
      [0, SAMPLES * 100, 7],
      [-5000, 400_000, 3],
      [200_000.5, 600_123, 41],
      [499_000, 501_000, 20],
      [1e9, 2e9, 4],
    ] as const) {
      const found = record.envelope(0, fromMs, toMs, columns);
      const widthMs = (toMs - fromMs) / columns;
      for (let column = 0; column < columns; column += 1) {
        const here = written.filter(
          ({ atMs }) =>
            atMs >= fromMs && atMs < toMs && Math.min(columns - 1, Math.floor((atMs - fromMs) / widthMs)) === column,
        );
        const volts = here.map(({ voltageV }) => voltageV);
        expect(found.count[column]).toBe(here.length);
        expect(found.voltageMaxV[column]).toBe(volts.length === 0 ? NaN : Math.max(...volts));
        expect(found.voltageMinV[column]).toBe(volts.length === 0 ? NaN : Math.min(...volts));
      }
    }
    expect(Math.max(...record.envelope(0, 0, SAMPLES * 100, 7).voltageMaxV)).toBe(4.9);
    record.close();
    store.close();
  });

  it("unpack no block that is short beside them: it counts once, to the column of its middle", () => {
    const summaries = Array.from({ length: 40 }, (_, row) => ({
      ...{ row, firstMs: row * 100 + 50, lastMs: row * 100 + 149, sampleCount: 100 },
      ...{ voltageMinV: row, voltageMaxV: row + 0.5, currentMinA: 0, currentMaxA: 0 },
    }));
    const read: number[] = [];
    const source = {
      ...{ summaries, loose: [] },
      read: (row: number) => {
        read.push(row);
        return undefined;
      },
    };
    const coarse = envelopeOf(source, { fromMs: 0, toMs: 4050, columns: 8 });
    expect([coarse.count.reduce((sum, count) => sum + count), read]).toEqual([40 * 100, []]);
    expect([coarse.voltageMinV[0], coarse.voltageMaxV[7]]).toEqual([0, 39.5]);
    // Column 1 begins at 506.25 ms, in the middle of block 4, which ends at 549.
    expect([coarse.voltageMaxV[0], coarse.voltageMinV[1]]).toEqual([4.5, 5]);
    read.length = 0;
    envelopeOf(source, { fromMs: 0, toMs: 4150, columns: 24 });
    expect(read.length).toBeGreaterThan(10);
  });
});
