import { afterAll, describe, expect, it } from "vitest";
import type { ExposureWish } from "../../controller/beam/wanted.ts";
import { assert } from "../../protocols/base/assert.ts";
import { load } from "../support/campaign-files.ts";
import {
  expectSound,
  FILES,
  numeric,
  removeFolders,
  runWorld,
  type WorldRunOptions,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

const COUNT = 200;
const EVERY_S = 3;

/** One spot, half a second, and dose for all of it. */
function oneSpot() {
  const text = FILES["small.yaml"]
    .replace("first_after_min: 5", "first_after_min: 170")
    .replace("exposure_s: 5", "exposure_s: 0.2")
    .replace("grid: { columns: 3, rows: 3, pitch_mm: 1 }", "list: [{ x_mm: 0, y_mm: 0 }]")
    .replaceAll("dose_Gy: 30000", "dose_Gy: 30000000");
  const loaded = load({ ...FILES, "small.yaml": text }, "small.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(loaded.findings, null, 1));
  return loaded.campaign;
}

describe("from the command that asks until the shutter's open switch is read back", () => {
  it("at most 50 ms pass in the median and 150 ms in 99 of 100, with the cell in the beam", async () => {
    const askedMs: number[] = [];
    const asks = Array.from({ length: COUNT }, (_, index): NonNullable<WorldRunOptions["at"]>[number] => [
      120 + EVERY_S * index + 0.0137 * (index % 53),
      ({ run, clock }) => {
        const nowMs = clock.monoMs();
        askedMs.push(nowMs);
        const wish: ExposureWish = {
          ...{ key: `n${index}`, trigger: "operator", cellIndex: 3, presetName: "pattern", weight: 1, owner: null },
          ...{ reason: "asked", earliestMs: nowMs, wantedMs: nowMs, latestMs: nowMs + 60_000 },
        };
        run.wishes.ask([wish]);
      },
    ]);
    const run = await runWorld({ campaign: oneSpot(), hours: 0.21, at: asks });
    expectSound(run);
    const opened = run.of("exposure-ended").map((event) => numeric(event, "open_seen_at_ms"));
    expect(opened).toHaveLength(COUNT);
    // The first brings the cell.
    const waited = opened.slice(1).map((atMs, index) => atMs - (askedMs[index + 1] ?? NaN));
    waited.sort((a, b) => a - b);
    expect.soft(waited[Math.floor(waited.length / 2)]).toBeLessThanOrEqual(50);
    expect.soft(waited[Math.floor(0.99 * waited.length)]).toBeLessThanOrEqual(150);
  });
});
