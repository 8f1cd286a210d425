import { expect, it } from "vitest";
import { renderSummary } from "../../../tui/progress/render-summary.ts";
import type { RunSummary } from "../../../tui/progress/run-summary.ts";

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
    "24:00 h, took 43.2 s, 2,000 x real time",
    "96, complete 94, isolated 2",
    "missed 6 (dose 5, cell 1)",
    "median 12:00 (11:40 to 12:11), 1.0070 x the physical bound 11:55",
    "highest 99 % of its limit, in truth 98 %",
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
  expect(text).toContain("dose at 1:00: spot 3 of B7");
  expect(text).toContain("NEVER CHECKED: permits");
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
