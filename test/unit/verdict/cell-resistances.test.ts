import { describe, expect, it } from "vitest";
import { createCellResistances } from "../../../controller/verdict/cell-resistances.ts";
import { comparedCells } from "../../../controller/verdict/compared-cells.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { assert } from "../../../protocols/base/assert.ts";
import type { CampaignCell, CellRole } from "../../../protocols/campaign/campaign.ts";
import { judgeBeamEffect, VERDICT_DEFAULTS } from "../../../protocols/verdict/beam-verdict.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { campaign } from "../../support/world-campaign.ts";

const CAPACITY_MAH = 4;

function bench(count = 1) {
  const first = {
    firstVoltageV: new Float64Array(count).fill(NaN),
    firstCurrentA: new Float64Array(count).fill(NaN),
    firstTimeS: new Float64Array(count).fill(NaN),
  };
  const told: Readonly<Record<string, Json>>[] = [];
  const cells = Array.from({ length: count }, (_, index) => ({
    position: `A${String(index + 1)}`,
    nominalCapacityMah: CAPACITY_MAH,
  }));
  const resistances = createCellResistances({
    cells,
    first,
    recorder: { record: (_, data) => void told.push(data) },
  });
  /** A step that begins with this sample and ends at this reading. */
  function step(number: number, start: readonly [v: number, a: number, s?: number], end: readonly [number, number]) {
    resistances.heard("step-started", { position: "A1", step: number, elapsed_s: 0 });
    [first.firstVoltageV[0], first.firstCurrentA[0], first.firstTimeS[0]] = [start[0], start[1], start[2] ?? 1];
    const [voltageV, currentA] = end;
    const read = { voltage_V: voltageV, current_A: currentA };
    resistances.heard("step-ended", { position: "A1", step: number, cycle: 1, ...read });
  }
  return { resistances, told, step };
}

describe("the resistance of a cell", () => {
  it("is the jump of its voltage over that of its current where a step begins, whichever way", () => {
    const { told, step } = bench();
    step(1, [3.0, 0], [3.0, 0]);
    step(2, [3.1, 0.004], [4.2, 0.004]);
    step(3, [4.12, 0], [4.1, 0]);
    step(4, [4.02, -0.004], [2.8, -0.004]);
    expect(told.map((data) => [data["step"], data["of"]])).toEqual([2, 3, 4].map((number) => [number, "step-edge"]));
    const ohms = told.map((data) => Number(data["resistance_ohm"]));
    [25, 20, 20].forEach((ohm, index) => {
      expect(ohms[index]).toBeCloseTo(ohm, 9);
    });
  });

  it("is not told where the current hardly changes, the first sample is late, or the step goes on after a break", () => {
    const { resistances, told, step } = bench();
    step(1, [3.0, 0], [3.0, 0]);
    step(2, [3.1, 0.00007], [3.2, 0.00007]);
    step(3, [3.3, 0.004, 61], [4.2, 0.004]);
    expect(told).toEqual([]);
    resistances.heard("step-started", { position: "A1", step: 4, elapsed_s: 30 });
    resistances.heard("step-ended", { position: "A1", step: 4, cycle: 1, voltage_V: 3, current_A: 0 });
    expect(told).toEqual([]);
  });

  it("of a whole spectrum is all of its arcs and what lies before them; half a spectrum says nothing", () => {
    const { resistances, told } = bench();
    const spectrum = { position: "A1", step: 5, cycle: 1, series_ohm: 4, charge_transfer_ohm: 9 };
    resistances.heard("spectrum-measured", { ...spectrum, is_whole: false });
    resistances.heard("spectrum-measured", { ...spectrum, charge_transfer_ohm: null, is_whole: true });
    resistances.heard("spectrum-measured", { ...spectrum, is_whole: true });
    expect(told.map((data) => [data["of"], data["resistance_ohm"]])).toEqual([["spectrum", 13]]);
  });

  it("compares with others after as many passes, so that a cell that is ahead does not look different", () => {
    const { resistances } = bench(3);
    const passes = (position: string, ohms: readonly number[]): void => {
      for (const ohm of ohms) resistances.note({ position, step: 3, of: "step-edge", resistance_ohm: ohm, after_s: 1 });
    };
    passes("A1", [100, 40, 44]);
    passes("A2", [50, 20]);
    passes("A3", [80, 32, 35.2]);
    const shares = resistances.shares([0, 1, 2], "step-edge");
    for (const cell of [0, 1, 2]) expect(shares.get(cell)).toBeCloseTo(1, 9);
    // Taken ten seconds after the edge it is another quantity, and not counted.
    resistances.note({ position: "A1", step: 3, of: "step-edge", resistance_ohm: 90, after_s: 10 });
    expect(resistances.shares([0, 1, 2], "step-edge").get(0)).toBeCloseTo(1, 9);
    expect(resistances.shares([0, 1, 2], "spectrum").size).toBe(0);
  });
});

describe("resistances of exposed cells against those of control cells", () => {
  const like = campaign.cells[0];
  assert(like !== undefined, "no cell");
  const roles: readonly CellRole[] = Array.from({ length: 24 }, (_, index) =>
    index % 4 === 0 ? "dark-control" : index % 4 === 1 ? "rare-control" : "exposed",
  );
  const cells = roles.map((role, index): CampaignCell => ({ ...like, role, position: positionOf(index) }));

  function positionOf(index: number): CampaignCell["position"] {
    const found = campaign.cells[index % campaign.cells.length];
    assert(found !== undefined, "no cell");
    return found.position;
  }

  function verdictWith(growth: number, of: "step-edge" | "spectrum") {
    const names = cells.map((_, index) => ({ position: `C${String(index)}`, nominalCapacityMah: CAPACITY_MAH }));
    const chance = createChance(5).stream(of);
    const resistances = createCellResistances({
      cells: names,
      first: { firstVoltageV: [], firstCurrentA: [], firstTimeS: [] },
      recorder: { record: () => undefined },
    });
    for (const pass of [0, 1, 2]) {
      names.forEach(({ position }, index) => {
        const own = 20 * (1 + 0.3 * ((index * 7) % 5)) * (1 + 0.1 * pass) * (1 + 0.005 * chance.normal());
        const ohm = roles[index] === "exposed" && pass > 0 ? own * growth : own;
        resistances.note({ position, step: 3, of, resistance_ohm: ohm, after_s: 1 });
      });
    }
    const comparisons = comparedCells({ cells }, () => null, resistances);
    const judged = cells.map((_, index) => ({ position: String(index), material: "lno-graphite, LP57", pairs: [] }));
    return judgeBeamEffect(judged, { ...VERDICT_DEFAULTS, looksPlanned: 8 }, 3, comparisons);
  }

  it.each(["step-edge", "spectrum"] as const)("by %s: a growth of 3 %% is suspected, none is not", (of) => {
    const [grown, alike] = [verdictWith(1.03, of), verdictWith(1, of)];
    const found = grown.materials[0]?.comparisons.find(({ quantity }) => quantity === "resistance");
    expect(found).toMatchObject({ exposedCount: 12, controlCount: 12, isSuspect: true });
    expect(found?.effect?.mean).toBeGreaterThan(0.02);
    expect(grown.verdict).toBe("suspected");
    expect(alike.verdict).toBe("cannot-tell");
    expect(alike.materials[0]?.comparisons.map(({ quantity }) => quantity)).toEqual(["capacity", "resistance"]);
  });
});
