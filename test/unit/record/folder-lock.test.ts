import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { isFault } from "../../../protocols/base/fault.ts";
import { HEADER, newFolder, open, removeFolders, runCampaign } from "./record-fixture.ts";

afterAll(removeFolders);

const HOLDER = { pid: 4711, host: "hutch-2", sinceMs: Date.UTC(2026, 2, 2, 3, 0, 7) };

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isFault(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "none";
}

describe("a data folder", () => {
  it("has one writer: a second is refused and told who, where and since when", async () => {
    const folder = newFolder();
    const first = open(folder, { holder: HOLDER, busyTimeoutMs: 0 });
    expect(refusal(() => open(folder, { busyTimeoutMs: 0 }))).toBe(
      "store.in-use: another beamrack writes in it: process 4711 on hutch-2, since 2026-03-02 03:00:07 UTC",
    );
    await runCampaign(first, 1);
    first.close();
    expect(verifyRecord(folder)).toMatchObject({ ok: true, exposures: 1 });
  });

  it("can be audited while it is written", async () => {
    const folder = newFolder();
    const store = open(folder);
    await runCampaign(store, 2);
    expect(verifyRecord(folder)).toMatchObject({ ok: true, exposures: 2 });
    const reader = openRecord(folder);
    const { seq } = store.head;
    store.appendEvent({ atMs: 1e6, type: "later", data: {} });
    await store.commit();
    expect(reader.head?.events).toBe(seq);
    expect([...reader.events()]).toHaveLength(seq);
    reader.close();
    store.close();
  });

  it("is free again after the run, and after one that was not let in", () => {
    const folder = newFolder();
    open(folder, { holder: HOLDER }).close();
    expect(existsSync(join(folder, "lock.json"))).toBe(false);
    expect(refusal(() => open(folder, { header: { ...HEADER, seed: 8 } }))).toMatch(/^store\.other-campaign/);
    open(folder).close();
  });

  it("does not take the word of one who is gone for that of who holds it", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "lock.json"), JSON.stringify({ pid: 1, host: "x", since: "2020-01-01T00:00:00Z" }));
    const store = open(folder, { busyTimeoutMs: 0 });
    expect(refusal(() => open(folder, { busyTimeoutMs: 0 }))).toBe("store.in-use: another beamrack writes in it");
    store.close();
  });

  it("names the lock when that is what cannot be read", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "lock.db"), "no database, but long enough to be looked at as one ".repeat(40));
    expect(refusal(() => open(folder))).toMatch(/^store\.damaged: the record cannot be opened/);
  });
});
