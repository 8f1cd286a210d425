import { describe, expect, it } from "vitest";
import { CHEMISTRIES, CHEMISTRY_IDS, type ChemistryId } from "../../protocols/campaign/chemistry.ts";
import { forecastProtocol } from "../../protocols/echem/forecast/forecast-protocol.ts";
import type { CellNameplate } from "../../protocols/echem/forecast/nameplate.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import type { CellInitial } from "../../simulator/cell/cell.ts";
import { measuredRun, type MeasuredRun } from "../support/forecast-cells.ts";
import { afterMeasurement, beforeAnyMeasurement, nameplateOf, recipe } from "../support/forecast-judged.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];

function cells(
  protocol: Protocol,
  chemistry: ChemistryId,
  initialOf: (seed: number) => CellInitial,
  sampleS = 30,
): readonly { readonly nameplate: CellNameplate; readonly run: MeasuredRun }[] {
  return SEEDS.map((seed) => {
    const run = measuredRun(chemistry, protocol, { seed, initial: initialOf(seed), sampleS });
    return { run, nameplate: nameplateOf(chemistry, seed % 3 === 0 ? run.openCircuitV : null) };
  });
}

/** Fresh ones and formed ones: nobody says which. */
const EITHER = (seed: number): CellInitial => (seed % 2 === 0 ? { soc: 0.05 } : { pristine: true });
const FORMED = (): CellInitial => ({ soc: 0.05 });

describe.each(CHEMISTRY_IDS)("forecast of step times for %s with spread, noise and ageing", (chemistry) => {
  const formation = recipe("formation", chemistry, { wetting_h: 1, cycles: 4 });
  const formed = cells(formation, chemistry, EITHER);

  it("holds within its own stated spread before anything was measured, fresh cells and formed ones", () => {
    const all = formed.flatMap(({ nameplate, run }) => beforeAnyMeasurement(formation, nameplate, run));
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter(({ offS, spreadS }) => !(offS <= spreadS + 1))).toEqual([]);
    // A spread that says nothing would hold as well.
    const [longest] = forecastProtocol(formation, nameplateOf(chemistry, null)).steps.slice(-1);
    expect((longest?.spreadS ?? Infinity) / (longest?.endS ?? NaN)).toBeLessThan(0.1);
  });

  it("is within 2 % of every step's time after the first measured cycle of a formation", () => {
    const all = formed.flatMap(({ nameplate, run }) => afterMeasurement(formation, nameplate, run));
    expect(all.length).toBeGreaterThan(60);
    expect(Math.max(...all.map(({ off }) => off))).toBeLessThan(0.02);
  });

  it("is within 2 % after the first measured cycle of an ageing, and within its spread in the first fast cycle", () => {
    const ageing = recipe("ageing", chemistry, { cycles_per_block: 6, blocks: 1 });
    const all = cells(ageing, chemistry, FORMED).flatMap(({ nameplate, run }) =>
      afterMeasurement(ageing, nameplate, run),
    );
    // Cycle 1 is the slow check-up, 2 the first at 1C: of a current ten times as strong nothing was measured yet.
    const unlike = all.filter(({ cycle }) => cycle === 2);
    const within = unlike.filter(({ offS, spreadS }) => offS <= spreadS + 1);
    expect(within.length / unlike.length).toBeGreaterThanOrEqual(0.95);
    const alike = all.filter(({ cycle }) => cycle > 2);
    expect(alike.length).toBeGreaterThan(100);
    expect(Math.max(...alike.map(({ off }) => off))).toBeLessThan(0.02);
  });

  it("is within 2 % of what was run before in a storage, holds that ran once among it", () => {
    const storage = recipe("storage", chemistry, {
      ...{ days: 0.5, periods: 2 },
      storage_voltage_V: CHEMISTRIES[chemistry].voltageMaxV - 0.1,
    });
    const all = cells(storage, chemistry, FORMED, 10).flatMap(({ nameplate, run }) =>
      afterMeasurement(storage, nameplate, run),
    );
    const again = all.filter(({ isSeen, tookS }) => isSeen && tookS >= 60);
    expect(again.length).toBeGreaterThan(80);
    expect(Math.max(...again.map(({ off }) => off))).toBeLessThan(0.02);
    expect(all.filter(({ offS, spreadS }) => offS <= spreadS + 1).length / all.length).toBeGreaterThanOrEqual(0.95);
  });
});
