import { describe, expect, it } from "vitest";
import { createForecastDesk } from "../../../controller/forecast/forecast-desk.ts";
import { goodFiles, load } from "../../support/campaign-files.ts";
import { createRecorder, testClock } from "../controller/machine-bench.ts";

/** One cell of the good campaign: rest of 10 min, then C/10 to 4.2 V and back, three times. */
function oneCell() {
  const loaded = load(goodFiles);
  if (loaded.kind !== "loaded") throw new Error("the good campaign is refused");
  const cells = loaded.campaign.cells.slice(0, 1);
  const position = cells[0]?.position ?? "A1";
  const clock = testClock();
  const recorder = createRecorder();
  const one = (value: number): Float64Array => Float64Array.of(value);
  const samples = {
    ...{ firstVoltageV: one(NaN), firstCurrentA: one(NaN), firstTimeS: one(NaN) },
    ...{ lastVoltageV: one(3.6), lastCurrentA: one(0.0004), stepChargeAh: one(0) },
  };
  const desk = createForecastDesk({ cells, clock, recorder, samples });
  return {
    ...{ clock, recorder, desk, samples },
    started: (step: number, cycle: number, elapsedS = 0) => {
      desk.heard("step-started", { position, step, cycle, elapsed_s: elapsedS });
    },
    heard: (type: string, data: Readonly<Record<string, string | number>> = {}) => {
      desk.heard(type, { position, ...data });
    },
    forS: (seconds: number) => clock.run(clock.monoMs() + 1000 * seconds),
  };
}

const HOUR_MS = 3_600_000;

describe("the forecast of a cell under way", () => {
  it("begins with its first step, tells the ends ahead with their spread, and is over with the cell's part", () => {
    const cell = oneCell();
    expect(cell.desk.of(0)).toBeNull();
    cell.started(1, 0);
    const forecast = cell.desk.of(0);
    expect(forecast).toMatchObject({ because: "step", isMeasured: false, pausedAtMs: null });
    expect(forecast?.edges[0]).toMatchObject({ step: 1, endsAtMs: 600_000, spreadS: 0, endedBy: "time" });
    expect(forecast?.edges[1]?.endsAtMs).toBeGreaterThan(8 * HOUR_MS);
    expect(forecast?.edges[1]?.spreadS).toBeGreaterThan(600);
    expect(forecast?.marks[0]).toMatchObject({ stateOfCharge: 0.1, ordinal: 2 });
    cell.heard("cell-stopped");
    expect(cell.desk.of(0)).toBeNull();
  });

  it("moves by as long as a pause takes", async () => {
    const cell = oneCell();
    cell.started(1, 0);
    await cell.forS(600);
    cell.heard("step-ended", { ended_by: "time" });
    cell.started(2, 1);
    const before = cell.desk.of(0)?.edges.map(({ endsAtMs }) => endsAtMs) ?? [];
    await cell.forS(1000);
    cell.heard("cell-held");
    expect(cell.desk.of(0)?.pausedAtMs).toBe(1_600_000);
    await cell.forS(5000);
    cell.started(2, 1, 1000);
    const after = cell.desk.of(0);
    expect(after).toMatchObject({ because: "resumed", pausedAtMs: null });
    expect(after?.edges.map(({ endsAtMs }) => endsAtMs)).toEqual(before.map((endsAtMs) => endsAtMs + 5_000_000));
  });

  it("is made anew when a step does not end within its spread, by what its last sample shows", async () => {
    const cell = oneCell();
    cell.started(1, 0);
    await cell.forS(600);
    cell.heard("step-ended", { ended_by: "time" });
    cell.started(2, 1);
    const [first] = cell.desk.of(0)?.edges ?? [];
    const lateMs = (first?.endsAtMs ?? NaN) + 1000 * (first?.spreadS ?? NaN) + 1000;
    cell.samples.lastVoltageV[0] = 4.15;
    await cell.clock.run(lateMs);
    const late = cell.desk.of(0);
    expect(late?.because).toBe("late");
    expect(late?.edges[0]?.endsAtMs).toBeGreaterThan(lateMs);
    expect(late?.edges[0]?.endsAtMs).toBeLessThan(lateMs + 2 * HOUR_MS);
    const told = cell.recorder.events.filter(({ type }) => type === "cell-forecast");
    expect(told.at(-1)?.data).toMatchObject({ because: "late" });
    // Once for the first step, and once for what was late: nothing new was known between.
    expect(told.length).toBeLessThanOrEqual(3);
  });
});
