import { afterAll, describe, expect, it } from "vitest";
import type { StoredEvent } from "../../controller/record/record-rows.ts";
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
  type WorldRunOptions,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

const CYCLE = `record: { time_s: 10 }
method:
  - { step: open_circuit_voltage, id: relax, until_time_s: 120 }
  - { step: constant_current, id: charge, rate_C: 1C, until_voltage_V: 4.2, until_time_s: 5000 }
  - { step: open_circuit_voltage, id: pause, until_time_s: 60 }
  - { step: constant_current, id: discharge, rate_C: 1D, until_voltage_V: 2.8, until_time_s: 5000 }
  - { step: open_circuit_voltage, id: end, until_time_s: 60 }
`;

/**
 * The small campaign with a sweep that comes too late to matter, other steps, and rules for them. `few`: of A3, B4 and
 * B5 alone, for what takes hours. `more`: of the cells of row B, which is of A3 and that row.
 */
async function withRules(
  rules: string,
  options: WorldRunOptions & { readonly cycle?: string; readonly more?: string; readonly few?: true },
) {
  const { cycle = CYCLE, more = "", few, ...others } = options;
  const small = FILES["small.yaml"]
    .replace("max_current_mA: 2, min_current_mA: -2", "max_current_mA: 5, min_current_mA: -5")
    .replace("first_after_min: 5", "first_after_min: 170")
    .replace("positions: B1..B5\n", `positions: B1..B5\n${more}`)
    .replace("protocols:\n", "protocols:\n  other: { file: other.yaml }\n");
  const rack = few ? small.replace("A1..A5", "A3").replace("B1..B5", "B4..B5") : small;
  const file = more === "" ? rack.replace("  other: { file: other.yaml }\n", "") : small.replace("A1..A5", "A3");
  const loaded = load(
    { ...FILES, "cycle.yaml": cycle, "other.yaml": OTHER, "small.yaml": `${file}\n${rules}\n` },
    "small.yaml",
  );
  assert(loaded.kind === "loaded", JSON.stringify(loaded.findings, null, 1));
  return runWorld({ ...others, campaign: loaded.campaign });
}

const OTHER = `record: { time_s: 5 }
method:
  - { step: open_circuit_voltage, id: settle, until_time_s: 600 }
  - { step: open_circuit_voltage, id: stay, until_time_s: 3000 }
`;

function eventsOf(run: WorldRun, type: string, position: string) {
  return run.of(type).filter((event) => field(event, "position") === position);
}

/** State of charge when the exposure was made. */
function chargeAt(event: StoredEvent | undefined): unknown {
  const { cell_state: state } = JSON.parse(event?.dataText ?? "{}") as {
    readonly cell_state?: Record<string, unknown>;
  };
  return state?.["state_of_charge"];
}

const wait = (text: string): string => `step_rules:\n  - { protocol: cycle, step: relax, wait_for_exposure: ${text} }`;

describe("a rest that waits for an exposure", () => {
  it("asks for it, says so, and ends with it long before its time", async () => {
    const seen: unknown[] = [];
    const run = await withRules(wait("{ maximum_min: 60, fallback: end-protocol }"), {
      hours: 0.4,
      at: [[45, (virtual) => seen.push(virtual.run.views.cell(9)?.waitingFor)]],
    });
    expectSound(run);
    expect(run.of("exposure-wanted")).toHaveLength(10);
    expect(seen[0]).toMatchObject({
      reason: "its next exposure, in step 1 (relax); in vain: the protocol ends",
      who: "beam",
    });
    for (const position of ["A1", "B4"]) {
      const [made] = eventsOf(run, "exposure-ended", position);
      const [ended] = eventsOf(run, "wait-ended", position);
      expect(field(made, "request_id")).toMatch(/^R\d{4}-/);
      expect(field(ended, "came")).toBe("met");
      expect((ended?.atMs ?? NaN) - (made?.atMs ?? NaN)).toBeLessThan(2000);
      expect(eventsOf(run, "step-started", position).map((event) => numeric(event, "step"))).toEqual([1, 2]);
      expect(field(eventsOf(run, "step-ended", position)[0], "ended_by")).toBe("awaited");
    }
    // One of them is on a short leash: its dose is the gate's business, not the cell's.
    expect(run.summary.requests).toMatchObject({ asked: 10, late: 0 });
  });

  it.each([
    ["go-on", [1, 2]],
    ["end-protocol", [1]],
    ["rest, rest_min: 3", [1, 1, 2]],
  ])(
    "whose beam is lost meanwhile comes to its fallback %s at its deadline, and no cell is touched",
    async (fallback, steps) => {
      const run = await withRules(wait(`{ maximum_min: 10, fallback: ${fallback} }`), {
        hours: 0.35,
        faults: [{ kind: "beam-dump", fromMs: 5000, toMs: 3_600_000 }],
      });
      expectSound(run);
      const [began, second] = eventsOf(run, "step-started", "A3");
      const [ended] = eventsOf(run, "wait-ended", "A3");
      expect(field(ended, "came")).toBe("in-vain");
      expect(numeric(ended, "waited_s")).toBeCloseTo(600, -1);
      expect(((ended?.atMs ?? NaN) - (began?.atMs ?? NaN)) / 1000).toBeLessThan(602);
      expect(eventsOf(run, "step-started", "A3").map((event) => numeric(event, "step"))).toEqual(steps);
      if (steps.length === 3) {
        const third = eventsOf(run, "step-started", "A3")[2];
        expect(((third?.atMs ?? NaN) - (second?.atMs ?? NaN)) / 1000).toBeCloseTo(180, -1);
      }
      if (steps.length === 1) {
        expect(eventsOf(run, "cell-complete", "A3")[0]?.atMs).toBeLessThan(1_000_000);
      }
      expect(run.of("request-missed")).toHaveLength(10);
      expect(run.summary.requests).toMatchObject({ asked: 10, met: 0, missed: 10 });
    },
  );

  it("is not ended by an exposure of another cell, nor delayed by a channel that is away past its deadline", async () => {
    const run = await withRules(wait("{ maximum_min: 2, fallback: go-on }"), {
      hours: 0.2,
      faults: [
        { kind: "beam-dump", fromMs: 5000, toMs: 3_600_000 },
        { kind: "link-hang", link: "channel A3", fromMs: 100_000, toMs: 200_000 },
      ],
    });
    expect(run.summary.violations).toEqual([]);
    const [first, next] = eventsOf(run, "step-started", "A3");
    expect(numeric(first, "step")).toBe(1);
    expect(numeric(next, "step")).toBe(2);
    expect(field(eventsOf(run, "wait-ended", "A3")[0], "came")).toBe("in-vain");
    // It began anew no earlier than its channel was back, and did not wait any longer.
    expect(next?.atMs).toBeLessThan(240_000);
  });
});

describe("a current that holds at a state of charge", () => {
  const hold = (text: string): string =>
    `step_rules:\n  - { protocol: cycle, step: discharge, hold_at_state_of_charge: ${text} }`;

  it("stops there until the cell is exposed, then goes on to its own end; the half cycle stays one", async () => {
    const run = await withRules(hold("{ fraction: 0.4, maximum_min: 20, fallback: go-on }"), { hours: 2.2, few: true });
    expectSound(run);
    const parts = eventsOf(run, "step-started", "A3").filter((event) => numeric(event, "step") === 4);
    expect(parts.map((event) => field(event, "note").split(",")[0])).toEqual([
      expect.stringMatching(/^will hold at state of charge 0.4 after/) as string,
      "holds at state of charge 0.4",
      "",
    ]);
    const [made] = eventsOf(run, "shutter-opened", "A3");
    expect(chargeAt(made)).toBeCloseTo(0.4, 1);
    expect(field(eventsOf(run, "wait-ended", "A3")[0], "came")).toBe("met");
    const halves = eventsOf(run, "half-cycle-ended", "A3").filter((event) => field(event, "direction") === "discharge");
    expect(halves).toHaveLength(1);
    expect(numeric(halves[0], "capacity_Ah")).toBeGreaterThan(0.7 * 0.00409);
  });

  it("held at its voltage is let go by its exposure, and by nothing else that the beam does", async () => {
    const run = await withRules(hold("{ charge_mAh: 1, by: voltage, maximum_min: 20, fallback: go-on }"), {
      hours: 2.2,
      few: true,
    });
    expectSound(run);
    const ended = run.of("wait-ended");
    expect(ended.map((event) => field(event, "came"))).toEqual(["met", "met", "met"]);
    expect(run.summary.requests).toMatchObject({ asked: 3, met: 3 });
  });

  it("at a charge holds its voltage for the time given, whatever the beam does", async () => {
    const run = await withRules(
      hold("{ charge_mAh: 1, by: voltage, until: maximum, maximum_min: 5, fallback: go-on }"),
      { hours: 2, few: true, faults: [{ kind: "beam-dump", fromMs: 5000, toMs: 7_200_000 }] },
    );
    expectSound(run);
    const parts = eventsOf(run, "step-started", "A3").filter((event) => numeric(event, "step") === 4);
    const ends = eventsOf(run, "step-ended", "A3").filter((event) => numeric(event, "step") === 4);
    expect(numeric(ends[0], "charge_Ah")).toBeCloseTo(-0.001, 5);
    expect(((parts[2]?.atMs ?? NaN) - (parts[1]?.atMs ?? NaN)) / 1000).toBeCloseTo(300, -1);
    expect(run.of("exposure-wanted")).toEqual([]);
  });

  it("is left out, and said so, where the state of charge is not known", async () => {
    const rules = hold("{ fraction: 0.4, maximum_min: 20, fallback: end-protocol }").replace("discharge", "charge");
    const run = await withRules(rules, { hours: 0.3 });
    expectSound(run);
    const [started] = eventsOf(run, "step-started", "A3").filter((event) => numeric(event, "step") === 2);
    expect(field(started, "note")).toBe("no hold at state of charge 0.4: the state of charge is not known");
    expect(run.of("wait-ended")).toEqual([]);
  });
});

describe("a step that ends with another cell's", () => {
  it("does so as soon as the other has come there, and at once where it had before", async () => {
    const run = await withRules(
      `step_rules:
  - { protocol: cycle, step: relax, end_on_cell: { position: B2, step: settle, maximum_min: 60, fallback: end-protocol } }
  - { protocol: cycle, step: pause, end_on_cell: { position: B3, step: settle, maximum_min: 60, fallback: end-protocol } }`,
      { hours: 1.7, more: "    protocol: other\n" },
    );
    expectSound(run);
    const [settled] = eventsOf(run, "step-ended", "B2");
    const [relaxed] = eventsOf(run, "wait-ended", "A3");
    expect(field(relaxed, "came")).toBe("met");
    expect(Math.abs((relaxed?.atMs ?? NaN) - (settled?.atMs ?? NaN))).toBeLessThan(2000);
    const starts = eventsOf(run, "step-started", "A3").map((event) => numeric(event, "step"));
    expect(starts).toEqual([1, 2, 4]);
  });
});

describe("a step that asks for exposures at its edges", () => {
  it("gets them within their time, without waiting for them; the ledger has every one", async () => {
    const run = await withRules(
      `step_rules:\n  - { protocol: cycle, step: charge, expose: { at: both, within_min: 5 } }`,
      { hours: 1.7, few: true },
    );
    expectSound(run);
    const wanted = eventsOf(run, "exposure-wanted", "A3");
    expect(wanted.map((event) => field(event, "reason"))).toEqual(["before step 2", "after step 2"]);
    const made = eventsOf(run, "exposure-ended", "A3");
    expect(made).toHaveLength(2);
    const [started] = eventsOf(run, "step-started", "A3").filter((event) => numeric(event, "step") === 2);
    expect((made[0]?.atMs ?? NaN) - (started?.atMs ?? NaN)).toBeLessThan(300_000);
    expect(run.of("wait-ended")).toEqual([]);
  });
});

describe("a rate by what was measured", () => {
  it("is that of the cell's own capacity once a step has measured it, and recorded", async () => {
    const cycle = `record: { time_s: 5 }
method:
  - { step: constant_current, id: fill, rate_C: 1C, until_voltage_V: 4.2, until_time_s: 5000 }
  - { step: constant_current, id: capacity, rate_C: 1D, until_voltage_V: 2.8, until_time_s: 5000 }
  - { step: constant_current, id: again, rate_C: 1C, until_voltage_V: 4.2, until_time_s: 5000 }
`;
    const run = await withRules(
      "rates:\n  - { protocol: cycle, steps: [again], capacity: measured, measured_in: capacity, until_then: nominal }",
      { hours: 2, few: true, cycle },
    );
    expectSound(run);
    const measuredAh = -numeric(eventsOf(run, "step-ended", "A3")[1], "charge_Ah");
    const [fill, , again] = eventsOf(run, "step-started", "A3");
    expect(numeric(fill, "current_A")).toBeCloseTo(0.00409, 9);
    expect(numeric(again, "current_A")).toBeCloseTo(measuredAh, 9);
    expect(Math.abs(measuredAh - 0.00409)).toBeGreaterThan(1e-5);
    expect(field(again, "note")).toMatch(/^rate of \d+\.\d+ mAh: step 2 measured it$/);
  });
});

describe("a controller that is killed while cells wait", () => {
  it("goes on waiting with the requests it had, exposes none twice, and lets every cell go on", async () => {
    const run = await withRules(wait("{ maximum_min: 10, fallback: end-protocol }"), {
      hours: 0.3,
      kills: [{ atS: 45, downS: 20 }],
    });
    expectSound(run);
    const ids = run.of("exposure-booked").map((event) => field(event, "exposure_id"));
    expect(new Set(ids).size).toBe(ids.length);
    expect(run.of("exposure-wanted")).toHaveLength(10);
    const came = run.of("wait-ended").map((event) => field(event, "came"));
    // The one that was under way is not repeated: its cell waits on, in vain. Nor is the one that was just made.
    expect(came.sort()).toEqual(["in-vain", ...Array.from({ length: 9 }, () => "met")]);
    const { asked, met, missed } = run.summary.requests;
    expect([asked, met + missed]).toEqual([10, 10]);
  });

  it("finds a current that is to hold at its mark again, and holds there", async () => {
    const rules = `step_rules:
  - { protocol: cycle, step: charge, hold_at_state_of_charge: { charge_mAh: 1, maximum_min: 20, fallback: go-on } }`;
    const run = await withRules(rules, { hours: 0.5, kills: [{ atS: 600, downS: 20 }] });
    expectSound(run);
    for (const position of ["A3", "B2"]) {
      const [first] = eventsOf(run, "step-ended", position).filter((event) => numeric(event, "step") === 2);
      expect(Math.abs(numeric(first, "charge_Ah") - 0.001)).toBeLessThan(1e-4);
      expect(field(eventsOf(run, "wait-ended", position)[0], "came")).toBe("met");
    }
  });
});
