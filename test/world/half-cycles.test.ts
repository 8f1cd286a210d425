import { afterAll, describe, expect, it } from "vitest";
import { halfCyclesOf } from "../../controller/record/half-cycle-table.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import {
  campaign,
  expectSound,
  field,
  numeric,
  removeFolders,
  runWorld,
  SIX,
  type WorldRun,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

/** What the log last said of the end of each step under way, before that end came; and how often it spoke of four cells. */
function expectForecastsHold(run: WorldRun): void {
  const said = run.of("cell-forecast");
  expect(said.length).toBeGreaterThanOrEqual(4);
  // Steps at current that end while the run lasts.
  for (const ended of run.of("step-ended").filter((event) => field(event, "ended_by") === "voltage")) {
    const position = field(ended, "position");
    const own = said.filter((event) => field(event, "position") === position && event.atMs < ended.atMs);
    expect(own.length).toBeLessThanOrEqual(run.of("step-started").length / 2);
    const last = own.at(-1);
    const steps = (JSON.parse(last?.dataText ?? "{}") as { readonly steps?: readonly Record<string, number>[] }).steps;
    const edge = steps?.find(
      (step) => step["step"] === numeric(ended, "step") && step["cycle"] === numeric(ended, "cycle"),
    );
    const offS = ((last?.atMs ?? NaN) - ended.atMs) / 1000 + (edge?.["ends_in_s"] ?? NaN);
    expect(Math.abs(offS)).toBeLessThanOrEqual((edge?.["spread_s"] ?? NaN) + 5);
  }
}

const NOMINAL_AH = 0.00409;
const rackOf = (...positions: readonly string[]): Campaign => ({
  ...campaign,
  // Every half hour of their long lives.
  sweeps: campaign.sweeps.map((sweep) => ({ ...sweep, cadenceS: 1800 })),
  cells: campaign.cells.filter((cell) => positions.includes(cell.position)),
});
let hanging: Promise<WorldRun> | undefined;
/** Four cells for hours, and the link of A3 hangs once. */
function a3Hangs(): Promise<WorldRun> {
  hanging ??= runWorld({
    hours: 4.5,
    campaign: rackOf("A1", "A2", "A3", "A4"),
    faults: [{ kind: "link-hang", link: "channel A3", fromMs: 4_000_000, toMs: 4_060_000 }],
  });
  return hanging;
}

describe("half cycles of a simulated rack", () => {
  it("agree with the truth: what came out was in there, and its charge is known from the first cut-off on", async () => {
    const run = await a3Hangs();
    expectSound(run);
    const halves = run.of("half-cycle-ended").filter((event) => field(event, "position") === "A4");
    expect(halves.slice(0, 2).map((event) => field(event, "direction"))).toEqual(["charge", "discharge"]);
    const [charge, discharge] = halves;
    expect(numeric(charge, "capacity_Ah")).toBeGreaterThan(0.4 * NOMINAL_AH);
    expect(numeric(discharge, "capacity_Ah")).toBeLessThan(numeric(charge, "capacity_Ah") * 1.1);
    expect(field(discharge, "ended_at")).toBe("empty");
    const table = halfCyclesOf(run.folder).find(({ position }) => position === "A4");
    expect(table?.halfCycles).toBe(halves.length);
    expect(table?.dischargeAh).toBe(
      numeric(halves.filter((half) => field(half, "direction") === "discharge").at(-1), "capacity_Ah"),
    );
    expectForecastsHold(run);
    const view = run.virtual.run.views.cell(3);
    expect(view?.halfCycle).toBeGreaterThanOrEqual(2);
    expect(view?.stateOfCharge).toBeGreaterThan(-0.05);
    expect(view?.stateOfCharge).toBeLessThan(1);
    expect(view?.stateOfChargeUncertainty).toBeLessThan(0.1);
  });

  it("end a protocol at its state of health, for the cells it was asked for", async () => {
    const ends = [
      { stepId: "discharge", kind: "state-of-health-below", fraction: 0.99, relativeTo: "nominal" },
    ] as const;
    const rack = rackOf("A1", "A2", "B1");
    const run = await runWorld({
      hours: 5,
      campaign: {
        ...rack,
        cells: rack.cells.map((cell) => (cell.position.startsWith("A") ? { ...cell, endConditions: ends } : cell)),
      },
    });
    expect(run.summary.violations).toEqual([]);
    const ended = run.of("cell-complete").filter((event) => event.atMs < 4.9 * 3_600_000);
    expect(ended.map((event) => field(event, "position")).sort()).toEqual(["A1", "A2"]);
    for (const event of ended) {
      const last = run
        .of("step-ended")
        .filter((step) => field(step, "position") === field(event, "position"))
        .at(-1);
      expect(numeric(last, "step")).toBe(3);
    }
  });

  it("grow doubtful through a link that hangs, by what can have flowed meanwhile", async () => {
    const run = await a3Hangs();
    expectSound(run);
    const [charge, other] = ["A3", "A4"].map((position) =>
      run.of("half-cycle-ended").find((event) => field(event, "position") === position),
    );
    // A minute or so at C/4, of which one half is the doubt.
    const minuteAh = NOMINAL_AH / 4 / 60;
    expect(numeric(charge, "capacity_doubt_Ah")).toBeGreaterThan(0.2 * minuteAh);
    expect(numeric(charge, "capacity_doubt_Ah")).toBeLessThan(2 * minuteAh);
    expect(numeric(other, "capacity_doubt_Ah")).toBe(0);
  });

  it("stand still for a cell that a person holds, and go on when the person says so", async () => {
    const act = (type: "HOLD_CELL" | "RESUME_CELL") => ({
      ...{ type: "CELL_ORDERED" as const, position: "A3" },
      event: { type, author: "operator", reason: "a look at the contact" },
    });
    const run = await runWorld({
      hours: 0.5,
      campaign: SIX,
      at: [
        [
          900,
          (virtual) => {
            virtual.run.actor.send(act("HOLD_CELL"));
          },
        ],
        [
          1200,
          (virtual) => {
            expect(virtual.run.views.cell(2)).toMatchObject({ state: "held", heldBy: "operator", step: 2 });
            expect(virtual.world.cellObserver(2)?.isDriven).toBe(false);
            // Nothing moves on but the clock.
            expect(virtual.run.views.cell(2)?.forecast?.pausedAtMs).toBeLessThanOrEqual(1_200_000);
          },
        ],
        [
          1500,
          (virtual) => {
            virtual.run.actor.send(act("RESUME_CELL"));
          },
        ],
      ],
    });
    expectSound(run);
    expect(run.of("cell-held").map((event) => [field(event, "position"), field(event, "author")])).toEqual([
      ["A3", "operator"],
    ]);
    const starts = run.of("step-started").filter((event) => field(event, "position") === "A3");
    expect(starts.at(-1)?.atMs).toBeGreaterThan(1_500_000);
    expect(numeric(starts.at(-1), "elapsed_s")).toBeGreaterThan(500);
  });
});
