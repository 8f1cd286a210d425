import { afterAll, describe, expect, it } from "vitest";
import type { CellForecast } from "../../controller/forecast/cell-forecast.ts";
import { assert } from "../../protocols/base/assert.ts";
import { load } from "../support/campaign-files.ts";
import { FILES, removeFolders, runWorld } from "../support/world-campaign.ts";

afterAll(removeFolders);

/** A cycle in an hour: the first is measured when the controller goes. */
const CYCLE = `
record: { time_s: 30 }
method:
  - { step: open_circuit_voltage, until_time_s: 60 }
  - { step: constant_current, id: charge, rate_C: 2, until_voltage_V: 4.2, until_time_s: 3600 }
  - { step: constant_voltage, voltage_V: 4.2, until_rate_C: 0.3, until_time_s: 3600 }
  - { step: open_circuit_voltage, until_time_s: 300 }
  - { step: constant_current, id: discharge, rate_C: -2, until_voltage_V: 2.8, until_time_s: 3600 }
  - { step: open_circuit_voltage, until_time_s: 300 }
  - { step: loop, loop_to: 2, cycle_count: 5 }
`;
const SMALL = FILES["small.yaml"]
  .replaceAll("_current_mA: 2", "_current_mA: 9")
  .replaceAll("_current_mA: -2", "_current_mA: -9");
const loaded = load({ ...FILES, "small.yaml": SMALL, "cycle.yaml": CYCLE }, "small.yaml");
assert(loaded.kind === "loaded", `the campaign is refused: ${JSON.stringify(loaded.findings)}`);
const campaign = { ...loaded.campaign, cells: loaded.campaign.cells.slice(0, 3) };

/** Forecasts of all cells at these campaign seconds. */
async function forecastsAt(
  timesS: readonly number[],
  kills: readonly { readonly atS: number; readonly downS: number }[],
) {
  const seen = timesS.map((): (CellForecast | null)[] => []);
  await runWorld({
    campaign,
    kills,
    hours: ((timesS.at(-1) ?? 0) + 60) / 3600,
    at: timesS.map((atS, time) => [
      atS,
      ({ run }) => {
        seen[time] = campaign.cells.map((_, index) => run.views.cell(index)?.forecast ?? null);
      },
    ]),
  });
  return seen;
}

describe("forecasts after a restart", () => {
  it("are those of a controller that was never away: what was learned is taken from the record", async () => {
    const [killedS, soonS, lateS] = [5100, 5160, 6000];
    const [undisturbed, restarted] = [
      await forecastsAt([soonS, lateS], []),
      await forecastsAt([soonS, lateS], [{ atS: killedS, downS: 20 }]),
    ];
    const measured = undisturbed[0]?.filter((one) => one?.isMeasured === true) ?? [];
    expect(measured.length).toBeGreaterThanOrEqual(2);
    for (const [index, cell] of campaign.cells.entries()) {
      const [was, is] = [undisturbed[0]?.[index], restarted[0]?.[index]];
      expect([cell.position, is?.isMeasured, is?.pausedAtMs]).toEqual([
        cell.position,
        was?.isMeasured,
        was?.pausedAtMs,
      ]);
      const ends = (forecast: CellForecast | null | undefined) =>
        forecast?.edges.map(({ step, cycle, endsAtMs }) => [step, cycle, Math.round(endsAtMs / 1000)]);
      // A step that began while the controller was away began later.
      if (was?.because === "step" && was.madeAtMs < 1000 * killedS)
        expect([cell.position, ends(is)]).toEqual([cell.position, ends(was)]);
    }
    // And it learns on from there.
    const [was, is] = [undisturbed[1] ?? [], restarted[1] ?? []];
    const apartS = was.map((one, index) =>
      Math.abs(((one?.edges[5]?.endsAtMs ?? NaN) - (is[index]?.edges[5]?.endsAtMs ?? NaN)) / 1000),
    );
    expect(apartS.filter((seconds) => seconds < 60).length).toBeGreaterThanOrEqual(campaign.cells.length - 1);
  });
});
