/** Frames of calibrant and darkness that a running campaign takes by itself, between its sweeps. */
import { afterAll, expect, it } from "vitest";
import { verifyRecord } from "../../controller/record/verify.ts";
import type { CorrectionFrame } from "../../protocols/calibration/correction-frames.ts";
import { expectSound, field, numeric, removeFolders, runWorld, site, THREE } from "../support/world-campaign.ts";

afterAll(removeFolders);

const SLOW_MS = 120_000;
const shared = { everyMs: 360_000, exposureS: 4, filtersIn: site.filters.map(() => false) };
const DARK: CorrectionFrame = {
  ...shared,
  ...{ kind: "dark", what: "shutter closed", place: null, levelMaxPerS: 1, driftMax: null },
};
const CERIA: CorrectionFrame = {
  ...shared,
  ...{ kind: "calibrant", what: "CeO2", place: { xMm: 25, yMm: 25 }, levelMaxPerS: null, driftMax: 0.0005 },
};

it(
  "are taken at their intervals beside no cell's dose, go on after a crash, and tell of a detector that moved and of stray light",
  async () => {
    const run = await runWorld({
      ...{ campaign: THREE, site: { ...site, corrections: [DARK, CERIA] }, frames: true, harm: 0, hours: 0.3 },
      detector: {
        radiusOff: (atMs) => (atMs < 300_000 ? 0 : 0.002),
        strayPerS: (atMs) => (atMs < 700_000 ? 0 : 30),
      },
      // In the middle of the calibrant's second exposure.
      kills: [{ atS: 381, downS: 20 }],
    });
    expectSound(run);
    const ended = run.of("correction-ended").map((event) => `${field(event, "kind")} ${field(event, "outcome")}`);
    expect(ended.filter((text) => text !== "calibrant aborted")).toEqual([
      ...["dark made", "calibrant made", "dark made", "calibrant made", "dark made", "calibrant made"],
    ]);
    expect(ended).toHaveLength(7);
    expect(run.of("correction-judged").map((event) => field(event, "finding"))).toEqual([
      ...["good", "good", "good", "moved", "too-bright", "moved"],
    ]);
    // I0 and ring current belong to each frame.
    for (const event of run.of("correction-ended").filter((one) => field(one, "outcome") === "made")) {
      expect(numeric(event, "ring_current_mA")).toBeGreaterThan(190);
      if (field(event, "kind") === "dark") continue;
      expect(Math.abs(numeric(event, "i0_ph_s") / 1e11 - 1)).toBeLessThan(0.06);
      expect(numeric(event, "photons")).toBeGreaterThan(4 * 0.94e11);
    }
    expect(run.alarms).toContain("correction.moved calibrant CeO2");
    expect(run.alarms).toContain("correction.dark-level detector");
    expect(run.summary.requests.missed).toBe(0);
    expect(run.summary.truth["exposures"]).toBe(run.of("exposure-ended").length);
    const audit = verifyRecord(run.folder);
    expect(audit.findings.filter(({ severity }) => severity !== "note")).toEqual([]);
    expect(audit.corrections).toBe(7);
  },
  SLOW_MS,
);

it(
  "that fail are tried again in their own time, and keep no cell from the beam",
  async () => {
    const empty: CorrectionFrame = { ...CERIA, kind: "empty", what: "air", place: { xMm: 900, yMm: 25 } };
    let failuresInRow = NaN;
    const run = await runWorld({
      ...{ campaign: THREE, site: { ...site, corrections: [empty] }, frames: true, harm: 0, hours: 0.1 },
      at: [[60, ({ run: { actor } }) => (failuresInRow = actor.getSnapshot().context.failuresInRowCount)]],
    });
    expectSound(run);
    expect(run.of("correction-ended").map((event) => field(event, "outcome"))).toEqual(["aborted"]);
    expect(run.alarms).toContain("correction.failed empty air");
    expect(failuresInRow).toBe(0);
    expect(run.summary.requests.missed).toBe(0);
  },
  SLOW_MS,
);

it("of darkness keep nobody waiting for a stage that was lost, and is back before the frame is over", async () => {
  const dark: CorrectionFrame = { ...DARK, everyMs: 280_000, exposureS: 15 };
  const run = await runWorld({
    ...{ campaign: THREE, site: { ...site, corrections: [dark] }, hours: 0.1 },
    faults: [{ kind: "link-unplugged", link: "stage", fromMs: 308_000, toMs: 312_000 }],
  });
  expectSound(run);
  // In the frame, that is.
  const begun = run.of("correction-begun").at(-1)?.atMs ?? NaN;
  const back = run.of("instrument-ready").find(({ atMs }) => atMs > begun);
  expect(field(back, "instrument")).toBe("stage");
  expect(back?.atMs).toBeLessThan(run.of("correction-ended").at(-1)?.atMs ?? NaN);
  expect(run.summary.requests).toMatchObject({ met: 3, missed: 0 });
});
