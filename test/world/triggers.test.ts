import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assert } from "../../protocols/base/assert.ts";
import type { CommandedWish } from "../../controller/triggers/commanded.ts";
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

const CYCLE = `record: { time_s: 5 }
method:
  - { step: open_circuit_voltage, id: settle, until_time_s: 120 }
  - { step: constant_current, id: charge, rate_C: 1C, until_voltage_V: 4.2, until_time_s: 5000 }
  - { step: open_circuit_voltage, id: relax, until_time_s: 900 }
  - { step: constant_current, id: discharge, rate_C: 1D, until_voltage_V: 2.8, until_time_s: 5000 }
  - { step: open_circuit_voltage, id: end, until_time_s: 300 }
  - { step: loop, loop_to: 2, cycle_count: 2 }
`;

/** The small campaign without its sweep. */
async function withTriggers(
  {
    cells = ["A1..A5", "B1..B4"],
    rate = "",
    ...options
  }: WorldRunOptions & { readonly cells?: readonly [a: string, b: string]; readonly rate?: string },
  ...triggers: readonly string[]
): Promise<WorldRun> {
  const small = FILES["small.yaml"]
    .replace("max_current_mA: 2, min_current_mA: -2", "max_current_mA: 5, min_current_mA: -5")
    .replace("duration_h: 3", "duration_h: 20")
    .replace("A1..A5", cells[0])
    .replace("B1..B5", cells[1])
    .replace("positions: [B5]", "positions: [B1]")
    .replace(/ {2}- \{ name: sweep.*\n/, triggers.map((one) => `  - ${one}\n`).join(""))
    .replace(
      "triggers:",
      "  other:\n    technique: diffraction\n    exposure_s: 2\n    spots: { list: [{ x_mm: 0, y_mm: 3 }] }\ntriggers:",
    );
  const cycle = CYCLE.replace("1C,", `C${rate},`)
    .replace("1D,", `D${rate},`)
    .replaceAll("5000", rate === "" ? "5000" : "25000");
  const loaded = load({ ...FILES, "cycle.yaml": cycle, "small.yaml": small }, "small.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(loaded.findings, null, 1));
  return runWorld({ ...options, campaign: loaded.campaign });
}

interface Made {
  readonly key: string;
  readonly openMs: number;
  readonly middleMs: number;
}

/** What was asked by triggers and made, by its key, with the time of the true exposure. */
function madeOf(run: WorldRun): readonly Made[] {
  const keys = new Map(run.of("exposure-wanted").map((event) => [field(event, "request"), field(event, "key")]));
  return run.of("exposure-ended").map((event) => {
    const [, number = ""] = /^R0*(\d+)-/.exec(field(event, "request_id")) ?? [];
    const openMs = numeric(event, "open_seen_at_ms");
    return { key: keys.get(number) ?? "", openMs, middleMs: (openMs + numeric(event, "close_asked_at_ms")) / 2 };
  });
}

function madeBy(run: WorldRun, start: string): readonly Made[] {
  return madeOf(run).filter(({ key }) => key.startsWith(start));
}

/** When a step of a cell began and ended, the so many-th time. */
function stepOf(run: WorldRun, position: string, step: number, time = 0) {
  const [began, ended] = ["step-started", "step-ended"].map(
    (type) => run.of(type).filter((one) => field(one, "position") === position && numeric(one, "step") === step)[time],
  );
  return { beganMs: began?.atMs ?? NaN, endedMs: ended?.atMs ?? NaN };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

describe("triggers in a campaign without a sweep", () => {
  let run: WorldRun;
  const answers: CommandedWish[] = [];

  beforeAll(async () => {
    run = await withTriggers(
      {
        hours: 4.6,
        at: [
          [
            400,
            ({ run: running }) => {
              answers.push(running.expose({ by: "operator", position: "A4", author: "mia", id: "c1" }));
              answers.push(running.expose({ by: "operator", position: "A4", author: "mia", id: "c1" }));
              answers.push(running.expose({ by: "agent", position: "A4", author: "planner", id: "c2" }));
              answers.push(running.expose({ by: "agent", position: "A3", author: "planner", id: "c3" }));
            },
          ],
        ],
      },
      "{ name: soc, kind: state-of-charge-grid, preset: pattern, cells: { positions: A1..A3 }, charge: { from: 0.2, to: 0.8, every: 0.2 }, discharge: { at: [0.7, 0.3] } }",
      "{ name: volts, kind: voltage-grid, preset: pattern, cells: { positions: B1 }, charge: { at_V: [3.8, 4.0] }, discharge: { at_V: [3.6] } }",
      "{ name: edge, kind: step-edge, preset: pattern, cells: { positions: B2 }, steps: charge, at: both, cycles: [1] }",
      "{ name: relax, kind: relaxation, preset: other, cells: { positions: B3 }, steps: relax, after_min: [1, 10] }",
      "{ name: last, kind: rest-end, preset: other, cells: { positions: B3 }, steps: [relax] }",
      "{ name: cycle, kind: cycle, preset: pattern, cells: { positions: B4 }, cycles: [2] }",
      "{ name: peak, kind: dqdv-peak, preset: pattern, cells: { positions: B1 }, from_V: 3.4, to_V: 4.15, direction: discharge }",
      "{ name: clock, kind: time-grid, preset: other, cells: { positions: A5 }, every_min: 30, first_after_min: 10 }",
      "{ name: program, kind: agent, preset: other, cells: { positions: A3 } }",
    );
  });

  it("meets every request in its window, and harms nothing", () => {
    expectSound(run);
    expect(run.summary.requests).toMatchObject({ late: 0, missed: 0 });
    const keys = run.of("exposure-wanted").map((event) => field(event, "key"));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("exposes at states of charge as they are counted, with the middle of the exposure", () => {
    const opened = new Map(run.of("shutter-opened").map((event) => [numeric(event, "open_seen_at_ms"), event]));
    const errors = madeBy(run, "soc ").flatMap(({ key, openMs, middleMs }) => {
      const { cell_state: state } = JSON.parse(opened.get(openMs)?.dataText ?? "{}") as {
        readonly cell_state?: Readonly<Record<string, number | null>>;
      };
      const counted = state?.["state_of_charge"];
      if (counted == null || state === undefined) return [];
      const sinceS = (state["sample_age_s"] ?? NaN) + (middleMs - openMs) / 1000;
      const charge = counted + ((state["current_A"] ?? NaN) * sinceS) / 3600 / 0.00409;
      return [Math.abs(charge - Number(key.split(" ").at(-1)))];
    });
    // The first charge goes by its forecast.
    expect(errors).toHaveLength(3 * (2 + 4 + 2));
    expect(median(errors)).toBeLessThan(0.001);
    expect(Math.max(...errors)).toBeLessThan(0.005);
  });

  it("exposes at voltages as they are crossed", () => {
    const made = madeBy(run, "volts ");
    expect(made.map(({ key }) => key)).toEqual(
      ["c1", "c2"].flatMap((cycle) => [
        `volts B1 ${cycle} charge 3.8V`,
        `volts B1 ${cycle} charge 4V`,
        `volts B1 ${cycle} discharge 3.6V`,
      ]),
    );
    const opened = new Map(run.of("shutter-opened").map((event) => [numeric(event, "open_seen_at_ms"), event]));
    for (const { key, openMs } of made) {
      const { cell_state: state } = JSON.parse(opened.get(openMs)?.dataText ?? "{}") as {
        readonly cell_state?: { readonly voltage_V: number };
      };
      expect(Math.abs((state?.voltage_V ?? NaN) - Number(/([\d.]+)V$/.exec(key)?.[1]))).toBeLessThan(0.02);
    }
  });

  it("exposes at the edges of a step, not before they come", () => {
    const { beganMs, endedMs } = stepOf(run, "B2", 2);
    const [before, after, ...others] = madeBy(run, "edge B2 ");
    expect(others).toEqual([]);
    expect(before?.key).toBe("edge B2 s2 before");
    // The edge is the end of the step before; the instrument tells that the next one runs some milliseconds later.
    expect((before?.openMs ?? NaN) - stepOf(run, "B2", 1).endedMs).toBeGreaterThanOrEqual(0);
    expect((before?.openMs ?? NaN) - beganMs).toBeLessThan(10_000);
    expect(after?.key).toBe("edge B2 s2 after");
    expect((after?.openMs ?? NaN) - endedMs).toBeGreaterThanOrEqual(0);
    expect((after?.openMs ?? NaN) - endedMs).toBeLessThan(10_000);
  });

  it("exposes while a cell relaxes, and just before the rest is over", () => {
    for (const time of [0, 1]) {
      const { beganMs, endedMs } = stepOf(run, "B3", 3, time);
      const within = [...madeBy(run, "relax B3 "), ...madeBy(run, "last B3 ")].filter(
        ({ openMs }) => openMs >= beganMs && openMs < endedMs,
      );
      const [first = NaN, second = NaN, last = NaN] = within.map(({ openMs }) => (openMs - beganMs) / 1000);
      expect(within).toHaveLength(3);
      expect(Math.abs(first - 60)).toBeLessThan(15);
      expect(Math.abs(second - 600)).toBeLessThan(15);
      expect(last).toBeGreaterThan(770);
      expect(last).toBeLessThan(898);
    }
  });

  it("exposes as a cycle begins, after a peak of dQ/dV, by the clock and by command", () => {
    const second = stepOf(run, "B4", 2, 1);
    expect(((madeBy(run, "cycle B4")[0]?.openMs ?? NaN) - second.beganMs) / 1000).toBeLessThan(10);
    expect(madeBy(run, "peak B1").map(({ key }) => key)).toEqual([
      "peak B1 c1 discharge peak",
      "peak B1 c2 discharge peak",
    ]);
    const clock = madeBy(run, "clock A5").map(({ openMs }) => Math.floor((openMs - 600_000) / 1_800_000));
    expect(clock).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const [byHand] = madeBy(run, "operator A4");
    expect((byHand?.openMs ?? NaN) / 1000).toBeGreaterThan(400);
    expect((byHand?.openMs ?? NaN) / 1000).toBeLessThan(420);
    expect(madeBy(run, "operator A4")).toHaveLength(1);
    expect(madeBy(run, "program A3 c3")).toHaveLength(1);
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, false, true]);
  });

  it("exposes each with its own preset, on spots of its own", () => {
    const exposures = run.of("exposure-ended");
    const other = exposures.filter((event) => numeric(event, "exposure_s") === 2);
    expect(new Set(other.map((event) => numeric(event, "spot")))).toEqual(new Set([9]));
    const spots = exposures
      .filter((event) => numeric(event, "exposure_s") === 5)
      .map((event) => numeric(event, "spot"));
    expect(Math.max(...spots)).toBeLessThan(9);
  });
});

describe("a state-of-charge grid at C/5", () => {
  it("meets its marks in truth, once the cells have shown what they hold", async () => {
    const run = await withTriggers(
      { hours: 15.7, cells: ["A1", "B1"], rate: "/5" },
      "{ name: soc, kind: state-of-charge-grid, preset: pattern, charge: { from: 0.1, to: 0.9, every: 0.1 }, discharge: { from: 0.1, to: 0.9, every: 0.2 } }",
      "{ name: first, kind: state-of-charge-grid, preset: other, reference: nameplate, cycles: [1], charge: { from: 0.05, to: 0.85, every: 0.1 }, discharge: { at: [0.75, 0.35] }, cells: { positions: A1 } }",
      "{ name: own, kind: state-of-charge-grid, preset: other, reference: measured, charge: { at: [0.25] }, cells: { positions: A1 } }",
    );
    expectSound(run);
    const { world } = run.virtual;
    const errors = madeBy(run, "soc ").flatMap(({ key, openMs, middleMs }) => {
      const [, position = "", cycle, direction, mark] = key.split(" ");
      // B1 is on a short leash. The shutter was open then, by the world's own account.
      expect(world.openings.some((opening) => opening.startMs <= openMs && openMs < opening.endMs)).toBe(true);
      if (position !== "A1" || cycle !== "c2" || direction !== "charge") return [];
      // By hindsight: a current that was the same from empty to full.
      const { beganMs, endedMs } = stepOf(run, position, 2, 1);
      return [Math.abs((middleMs - beganMs) / (endedMs - beganMs) - Number(mark))];
    });
    expect(errors).toHaveLength(9);
    expect(median(errors)).toBeLessThan(0.002);
    expect(Math.max(...errors)).toBeLessThan(0.01);
    // Of the nameplate's capacity already in the first cycle: the current is known, and when it began.
    const first = madeBy(run, "first A1 c1 ").map(({ key, middleMs }) => {
      const [direction, mark] = key.split(" ").slice(3);
      const isCharge = direction === "charge";
      const { beganMs } = stepOf(run, "A1", isCharge ? 2 : 4);
      const moved = (middleMs - beganMs) / (5 * 3_600_000);
      return Math.abs((isCharge ? moved : 1 - moved) - Number(mark));
    });
    expect(first).toHaveLength(9 + 2);
    expect(median(first)).toBeLessThan(0.0005);
    expect(Math.max(...first)).toBeLessThan(0.002);
    expect(madeBy(run, "own ").map(({ key }) => key)).toEqual(["own A1 c2 charge 0.25"]);
    // Which capacity it was is on record with the exposure.
    const from = run.of("exposure-state").map((event) => JSON.parse(event.dataText) as { capacity_from?: string });
    expect(new Set(from.flatMap((one) => one.capacity_from ?? []))).toEqual(new Set(["nominal", "measured"]));
  });
});

describe("triggers of a controller that is killed and started again", () => {
  it("ask no moment twice, and miss none that comes after", async () => {
    const run = await withTriggers(
      { hours: 1.3, cells: ["[A1, A2, A5]", "B1"], kills: [{ atS: 1500, downS: 60 }] },
      "{ name: soc, kind: state-of-charge-grid, preset: pattern, charge: { from: 0.1, to: 0.9, every: 0.1 }, cells: { positions: [A1, B1] } }",
      "{ name: edge, kind: step-edge, preset: pattern, steps: [charge], at: after, cells: { positions: [A2] } }",
      "{ name: clock, kind: time-grid, preset: other, cells: { positions: A5 }, every_min: 20 }",
    );
    expect(run.summary.violations).toEqual([]);
    const keys = run.of("exposure-wanted").map((event) => field(event, "key"));
    expect(new Set(keys).size).toBe(keys.length);
    const made = madeOf(run).map(({ key }) => key);
    expect(new Set(made).size).toBe(made.length);
    for (const position of ["A1", "B1"]) {
      for (const mark of [0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8])
        expect(made).toContain(`soc ${position} c1 charge ${mark}`);
    }
    expect(made).toContain("edge A2 s2 after");
    expect(made.filter((key) => key.startsWith("clock A5"))).toEqual([1, 2, 3, 4].map((n) => `clock A5 n${n}`));
  });
});
