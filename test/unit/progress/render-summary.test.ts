import { expect, it } from "vitest";
import { renderSummary } from "../../../tui/progress/render-summary.ts";
import { defectText, type RunSummary } from "../../../tui/progress/run-summary.ts";

const DAY: RunSummary = {
  campaign: "formation-day",
  seed: 7,
  faults: "none",
  world: "virtual",
  virtual_s: 86_400,
  wall_s: 43.21,
  cells: { total: 96, by_state: { isolated: 2, complete: 94 } },
  requests: { asked: 9216, met: 9210, late: 0, missed: 6, missed_by_reason: { dose: 5, cell: 1 } },
  exposures: { made: 9210, partial: 0, aborted: 0 },
  sweeps: { count: 96, duration_s: { min: 700, median: 720, max: 731 }, bound_s: { median: 715 } },
  dose: { limit_fraction_max: 0.995, refused: 5, booked_not_settled: 0 },
  samples: { acknowledged: 8_294_400, stored: 8_294_400, gaps: 0 },
  alarms: { raised: 1, open: 0 },
  truth: { dose_limit_fraction_max: 0.981 },
  checks: { dose: 9210, permits: 86_400 },
  violations: [],
  log: { events: 40_000, digest: "sha256:abc" },
};

it("tells cells, requests, sweeps against their bound, dose, samples, alarms and digest", () => {
  const text = renderSummary(DAY).join("\n");
  for (const part of [
    "seed 7",
    "24 h, took 43 s, 2,000 x real time",
    "96, complete 94, isolated 2",
    "missed 6 (dose 5, cell 1)",
    "96, median 12 min (11 min 40 s to 12 min 11 s),\n             1.0070 x the physical bound 11 min 55 s",
    "at most 99 % of a limit, uncertainty included, in truth 98 %,\n",
    "5 refused: the next could have passed a limit,\n             booked and not settled 0",
    "stored 8,294,400",
    "none violated",
    "sha256:abc",
  ]) {
    expect(text).toContain(part);
  }
});

it("names each violation, and each invariant that was never checked", () => {
  const text = renderSummary({
    ...DAY,
    checks: { dose: 1, permits: 0 },
    violations: [{ invariant: "dose", at_s: 60, what: "spot 3 of B7 at 1.2 of its limit" }],
  }).join("\n");
  expect(text).toContain("VIOLATED 1");
  expect(text).toContain("dose at 1 min: spot 3 of B7");
  expect(text).toContain("NEVER CHECKED: permits");
});

it("says aloud that a part of beamrack broke, with where to look, and nothing of it when none did", () => {
  const broken = { ...DAY, alarms: { raised: 2, open: 1, defects: 1 } };
  expect(renderSummary(broken).join("\n")).toContain("DEFECTS OF BEAMRACK 1");
  expect(renderSummary(DAY).join("\n")).not.toContain("DEFECT");
  expect(defectText(broken, "data/x")).toContain("beamrack.defect in data/x");
  expect(defectText({ ...DAY, alarms: { raised: 1, open: 0, defects: 0 } }, "data/x")).toBeNull();
  expect(defectText(DAY, "data/x")).toBeNull();
});

it("shows a dash where a thing is not known", () => {
  const text = renderSummary({
    ...DAY,
    wall_s: 0,
    sweeps: { count: 0, duration_s: { min: null, median: null, max: null }, bound_s: { median: null } },
    dose: { limit_fraction_max: null, refused: 0, booked_not_settled: 0 },
    truth: {},
  }).join("\n");
  expect(text).not.toMatch(/NaN|Infinity|null|undefined/);
});

it("fits a terminal of 80 columns, digest and violations included", () => {
  const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
  const what = "the shutter was open for 12.345 s and the booking of exposure 1234 said 9.25 s, on cell B7 spot 3";
  const violations = [{ invariant: "exposures-accounted", at_s: 86_000, what }];
  const names = ["complete", "charging", "discharging", "resting", "isolated", "waiting", "proving", "holding"];
  const by_state = Object.fromEntries(names.map((name, index) => [name, index + 1]));
  const lines = renderSummary({ ...DAY, cells: { total: 96, by_state }, violations, log: { events: 1e7, digest } });
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines).toContain(`    ${digest}`);
  expect(lines.join(" ").replace(/ +/g, " ")).toContain(what);
});

it("says nothing of the truth where nobody knows it", () => {
  expect(renderSummary({ ...DAY, world: "bench", truth: {} }).join("\n")).not.toContain("truth");
});
