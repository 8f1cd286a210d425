import { afterAll, describe, expect, it } from "vitest";
import type { ExposureWish } from "../../controller/beam/wanted.ts";
import { load } from "../support/campaign-files.ts";
import { assert } from "../../protocols/base/assert.ts";
import {
  expectSound,
  field,
  FILES,
  numeric,
  removeFolders,
  runWorld,
  type WorldRun,
  type WorldRunOptions,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Without a sweep before the last minutes. */
function quiet(firstAfterMin = 170) {
  const text = FILES["small.yaml"].replace("first_after_min: 5", `first_after_min: ${firstAfterMin}`);
  const loaded = load({ ...FILES, "small.yaml": text }, "small.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(loaded.findings, null, 1));
  return loaded.campaign;
}

function wish(key: string, cellIndex: number, wantedS: number, changes: Partial<ExposureWish> = {}): ExposureWish {
  return {
    ...{ key, cellIndex, trigger: "grid", presetName: "pattern", weight: 1, owner: null, reason: `mark ${key}` },
    ...{ earliestMs: 1000 * (wantedS - 30), wantedMs: 1000 * wantedS, latestMs: 1000 * (wantedS + 60) },
    ...changes,
  };
}

function asking(wishes: readonly ExposureWish[], atS = 60): NonNullable<WorldRunOptions["at"]>[number] {
  return [
    atS,
    (virtual) => {
      virtual.run.wishes.ask(wishes);
    },
  ];
}

/** Seconds by which each exposure opened after its wanted moment, by key. */
function offs(run: WorldRun): ReadonlyMap<string, number> {
  const wanted = new Map<string, { readonly key: string; readonly atMs: number }>();
  for (const event of [...run.of("exposure-wanted"), ...run.of("request-retimed")]) {
    const id = String(numeric(event, "request"));
    const key = wanted.get(id)?.key ?? field(event, "key");
    wanted.set(id, { key, atMs: numeric(event, "wanted_at_ms") });
  }
  return new Map(
    run.of("exposure-ended").flatMap((event) => {
      const id = /^R0*(\d+)-/.exec(field(event, "request_id"))?.[1];
      const one = wanted.get(id ?? "");
      return one === undefined ? [] : [[one.key, (numeric(event, "open_seen_at_ms") - one.atMs) / 1000] as const];
    }),
  );
}

describe("exposures that are wanted at a moment", () => {
  it("open at it: the cell is brought and the detector armed before", async () => {
    const wishes = [wish("a", 0, 300), wish("b", 9, 420), wish("c", 3, 440), wish("d", 5, 1500)];
    const run = await runWorld({ campaign: quiet(), hours: 0.5, at: [asking(wishes)] });
    expectSound(run);
    expect(run.summary.requests).toMatchObject({ asked: 4, met: 4, late: 0, missed: 0 });
    for (const off of offs(run).values()) expect(Math.abs(off)).toBeLessThan(0.05);
  });
});
