import { describe, expect, it } from "vitest";
import { assert } from "../../../protocols/base/assert.ts";
import { askedTimes } from "../../../protocols/campaign/asked-exposures.ts";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";
import { errorsOf, load, tables } from "../../support/campaign-files.ts";
import { FILES } from "../../support/world-campaign.ts";

const CYCLE = `record: { time_s: 5 }
method:
  - { step: open_circuit_voltage, id: relax, until_time_s: 300 }
  - { step: constant_current, id: charge, rate_C: 1, until_voltage_V: 4.2, until_time_s: 600 }
  - { step: constant_current, id: discharge, rate_C: -1, until_voltage_V: 2.8, until_time_s: 300 }
  - { step: loop, loop_to: 1, cycle_count: 4 }
`;

function checked(rules: string, change = (text: string): string => text) {
  const small = change(FILES["small.yaml"]).replace(
    "max_current_mA: 2, min_current_mA: -2",
    "max_current_mA: 9, min_current_mA: -9",
  );
  const loaded = load({ ...FILES, "cycle.yaml": CYCLE, "small.yaml": `${small}\n${rules}\n` }, "small.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(errorsOf(loaded), null, 1));
  const { forecast } = checkCampaign(loaded.campaign, loaded.site, tables);
  const [cell] = loaded.campaign.cells;
  const [plan] = forecast.protocols;
  const [dose] = forecast.dose;
  assert(
    cell !== undefined && plan !== undefined && dose !== undefined,
    "the small campaign has cells, sweep and dose",
  );
  return { ...loaded, forecast, cell, plan, dose, hottestGy: dose.layers[0]?.surface.totalGy ?? NaN };
}

const EXPOSED = `step_rules:
  - { protocol: cycle, step: charge, expose: { at: both, within_min: 20 } }
  - { protocol: cycle, step: discharge, expose: { at: before, within_min: 20 } }`;
/** One spot for all exposures, so that each counts. */
const oneSpot = (text: string): string => text.replace("columns: 3, rows: 3", "columns: 1, rows: 1");

describe("exposures that steps ask for", () => {
  it("come at the edges the campaign names, as often as loops come to them; one answers all asked at once", () => {
    const { cell, plan, dose } = checked(EXPOSED);
    const times = askedTimes(cell, plan, null);
    // Before the charge, and after it, which is before the discharge: two in each of the four passes.
    const charges = plan.steps.filter(({ stepIndex }) => stepIndex === 1);
    expect(times).toEqual(charges.flatMap(({ startS, endS }) => [startS, endS]));
    expect(dose.askedCount).toBe(8);
    expect(askedTimes({ ...cell, role: "rare-control" }, plan, null)).toEqual([]);
    expect(askedTimes(cell, plan, 1000).every((atS) => atS < 1000)).toBe(true);
  });

  it("count in the dose of a cycle and of the campaign, beside the sweep's", () => {
    const without = checked("", oneSpot);
    const withAsked = checked(EXPOSED, oneSpot);
    const [sweep] = without.forecast.sweeps;
    const sweeps = sweep?.count ?? NaN;
    expect(without.dose.askedCount).toBe(0);
    expect(withAsked.hottestGy / without.hottestGy).toBeCloseTo((sweeps + 8) / sweeps, 6);
    const [before, after] = [without.dose, withAsked.dose].map(({ layers }) => layers[0]?.surface.perCycleGy ?? NaN);
    expect(after).toBeGreaterThan(before ?? NaN);
  });

  it("have a limit refuse sooner", () => {
    const tight = (text: string): string => oneSpot(text).replace("dose_Gy: 30000", "dose_Gy: 6000");
    const refusedFrom = (rules: string): number => {
      const { dose } = checked(rules, tight);
      return Math.min(...dose.limits.map(({ refusedFromSweep }) => refusedFromSweep ?? Infinity));
    };
    expect(refusedFrom(EXPOSED)).toBeLessThan(refusedFrom(""));
  });
});
