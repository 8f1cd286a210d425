import { afterAll, describe, expect, it } from "vitest";
import type { ExposureWish } from "../../controller/beam/wanted.ts";
import type { StoredEvent } from "../../controller/record/record-rows.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import { assert } from "../../protocols/base/assert.ts";
import { load } from "../support/campaign-files.ts";
import {
  expectSound,
  field,
  FILES,
  numeric,
  removeFolders,
  runWorld,
  type WorldRun,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Row A and row B are two groups with shares of beam time; the machine has said that it will stop for a while. */
function shared() {
  const text = FILES["small.yaml"]
    .replace("first_after_min: 5", "first_after_min: 12")
    .replace("barcode: R-{position}", "barcode: R-{position}\n    group: early")
    .replace("barcode: S-{position}", "barcode: S-{position}\n    group: late")
    .concat(
      "shares: { early: { beam_time: 0.25, dose: 0.25 }, late: { beam_time: 0.75 } }\n",
      "beam_forecast:\n",
      "  stops: [{ from: 2026-03-02T08:10:00Z, to: 2026-03-02T08:11:00Z, what: machine studies }]\n",
      "  losses: { per_day: 2, last_min: 5 }\n",
    );
  const loaded = load({ ...FILES, "small.yaml": text }, "small.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(loaded.findings, null, 1));
  return loaded.campaign;
}

const ROUNDS = 4;

/** All ten cells within half a minute, again and again: there is beam for six or seven of them. */
function wishes(): readonly ExposureWish[] {
  return Array.from({ length: 10 * ROUNDS }, (_, index): ExposureWish => {
    const wantedMs = 250_000 + 80_000 * Math.floor(index / 10);
    return {
      ...{ key: `k${index}`, trigger: "grid", cellIndex: index % 10, presetName: "pattern", owner: null },
      ...{ weight: 1, reason: "a mark", earliestMs: wantedMs - 5000, wantedMs, latestMs: wantedMs + 30_000 },
    };
  });
}

function changed(event: StoredEvent, change: (data: Record<string, unknown>) => void): StoredEvent {
  const data = JSON.parse(event.dataText) as Record<string, unknown>;
  change(data);
  return { ...event, dataText: JSON.stringify(data) };
}

describe("the scheduler's choices", () => {
  let run: WorldRun;

  it("are decided again from the log alone, over announced stops, shares, doses, a sweep and a restart", async () => {
    run = await runWorld({
      hours: 0.25,
      campaign: shared(),
      at: [
        [
          60,
          ({ run: { wishes: desk } }) => {
            desk.ask(wishes());
          },
        ],
      ],
      kills: [{ atS: 450, downS: 8 }],
    });
    expectSound(run);
    const decided = run.of("beam-decided");
    expect(decided.length).toBeGreaterThan(25);
    expect(decided.filter((event) => event.dataText.includes('"whole":true'))).toHaveLength(2);
    expect(replayDecisions(run.events)).toEqual([]);
    expect(verifyRecord(run.folder, replayDecisions).replay).toBe("ok");
    // Requests are told as they change: the state makes the log little longer.
    const bytes = decided.reduce((sum, event) => sum + event.dataText.length, 0) / decided.length;
    expect(bytes).toBeLessThan(2500);
  });

  it("that differ from the log's are named with both answers", () => {
    const at = run.events.findIndex(
      ({ type, dataText }) => type === "beam-decided" && dataText.includes('"act":"expose"'),
    );
    const other = run.events.map((event, index) =>
      index === at ? changed(event, (data) => (data["open_at_ms"] = 1)) : event,
    );
    const [finding, ...more] = replayDecisions(other);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      code: "replay.differs",
      where: `event ${run.events[at]?.seq ?? 0} (beam-decided)`,
    });
    expect(finding?.what).toMatch(/decided to expose \w+ at 1 ms.*decided again: to expose/);
  });

  it("leave the beam alone while the machine has said that it stops, and say so", () => {
    const opened = run.of("shutter-opened").map((event) => numeric(event, "open_seen_at_ms"));
    expect(opened.filter((atMs) => atMs > 600_000 && atMs < 660_000)).toEqual([]);
    expect(opened.some((atMs) => atMs > 660_000)).toBe(true);
  });

  it("give a group with three quarters of the beam time more than one with a quarter", () => {
    const made = run
      .of("exposure-ended")
      .filter((event) => field(event, "request_id").startsWith("R") && field(event, "outcome") === "made")
      .map((event) => field(event, "position")[0]);
    const early = made.filter((row) => row === "A").length;
    const late = made.filter((row) => row === "B").length;
    expect(early).toBeGreaterThan(0);
    expect(late).toBeGreaterThan(early);
  });
});
