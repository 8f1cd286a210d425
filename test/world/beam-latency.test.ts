import { afterAll, describe, expect, it } from "vitest";
import type { ExposureWish } from "../../controller/beam/wanted.ts";
import { assert } from "../../protocols/base/assert.ts";
import { load, repositoryText } from "../support/campaign-files.ts";
import { deadTimesMs, orderToOpenMs, pointsOf, spreadOf } from "../support/latency-figures.ts";
import { expectSound, FILES, removeFolders, runWorld, type WorldRunOptions } from "../support/world-campaign.ts";

afterAll(removeFolders);

const COUNT = 60;
const EVERY_S = 1.5;

/** One spot, a fifth of a second, and dose for all of it; one sweep before the orders. */
function oneSpot(siteFile: string) {
  const text = FILES["small.yaml"]
    .replace("cadence_min: 5, first_after_min: 5", "cadence_min: 60, first_after_min: 1")
    .replace("exposure_s: 5", "exposure_s: 0.2")
    .replace("grid: { columns: 3, rows: 3, pitch_mm: 1 }", "list: [{ x_mm: 0, y_mm: 0 }]")
    .replaceAll("dose_Gy: 30000", "dose_Gy: 30000000");
  const loaded = load({ ...FILES, "small.yaml": text, "site.yaml": repositoryText(siteFile) }, "small.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(loaded.findings, null, 1));
  return loaded;
}

describe("on the simulated links", () => {
  it.each([
    // A shutter by command: each way of it, and the detector's start and end, are an exchange over a link.
    { file: "protocols/sites/reference.yaml", deadMs: 15 },
    // Opened and closed by a gate, with a detector that is begun ahead: the same for the strict bound.
    { file: "protocols/sites/bench.yaml", deadMs: 4 },
  ])(
    "a point takes $deadMs ms more than hardware, and an order opens within 50 ms: $file",
    async ({ file, deadMs }) => {
      const { campaign, site } = oneSpot(file);
      const orderedMs: number[] = [];
      const asks = Array.from({ length: COUNT }, (_, index): NonNullable<WorldRunOptions["at"]>[number] => [
        // The first brings the cell.
        (index === 0 ? 115 : 120) + EVERY_S * index + 0.0137 * (index % 53),
        ({ run, clock }) => {
          const nowMs = clock.monoMs();
          orderedMs.push(nowMs);
          const wish: ExposureWish = {
            ...{ key: `n${index}`, trigger: "operator", cellIndex: 3, presetName: "pattern", weight: 1, owner: null },
            ...{ reason: "asked", earliestMs: nowMs, wantedMs: nowMs, latestMs: nowMs + 60_000 },
          };
          run.wishes.ask([wish]);
        },
      ]);
      const run = await runWorld({ campaign, site, hours: 0.06, at: asks });
      expectSound(run);
      const points = pointsOf(run.events);
      const dead = spreadOf(deadTimesMs(points, site));
      expect(dead.count).toBeGreaterThan(2);
      expect.soft(dead.median).toBeLessThanOrEqual(deadMs);
      expect.soft(dead.p99).toBeLessThanOrEqual(15);
      const waited = spreadOf(orderToOpenMs(points, orderedMs));
      expect(waited.count).toBe(COUNT - 1);
      expect.soft(waited.median).toBeLessThanOrEqual(50);
      expect.soft(waited.p99).toBeLessThanOrEqual(150);
    },
  );
});
