import { describe, expect, it } from "vitest";
import { assert } from "../../../protocols/base/assert.ts";
import { cycleCount, hasCycle, type CampaignTrigger } from "../../../protocols/campaign/trigger.ts";
import { errorsOf, goodFiles, load } from "../../support/campaign-files.ts";

const SWEEP = "  - { name: sweep, kind: sweep, preset: pattern, cadence_min: 15 }\n";
const CYCLE = `record: { time_s: 10 }
method:
  - { step: open_circuit_voltage, id: settle, until_time_s: 600 }
  - { step: constant_current, id: charge, rate_C: C/10, until_voltage_V: 4.2, until_time_s: 54000 }
  - { step: open_circuit_voltage, id: relax, until_time_s: 3600 }
  - { step: constant_current, id: discharge, rate_C: D/10, until_voltage_V: 2.8, until_time_s: 54000 }
  - { step: loop, loop_to: 2, cycle_count: 3 }
`;

/** The good campaign with further triggers beside its sweep. */
function withTriggers(...triggers: readonly string[]) {
  const text = (goodFiles["good.yaml"] ?? "").replace(SWEEP, SWEEP + triggers.map((one) => `  - ${one}\n`).join(""));
  return load({ ...goodFiles, "cycle.yaml": CYCLE, "good.yaml": text });
}

function triggersOf(...triggers: readonly string[]): readonly CampaignTrigger[] {
  const loaded = withTriggers(...triggers);
  assert(loaded.kind === "loaded", JSON.stringify(loaded.findings, null, 1));
  return loaded.campaign.triggers ?? [];
}

describe("triggers beside the sweep", () => {
  it("ask for exposed cells with the preset, the steps and the defaults of their kind", () => {
    const [grid] = triggersOf(
      "{ name: soc, kind: state-of-charge-grid, preset: pattern, charge: { from: 0.1, to: 0.9, every: 0.2 }, discharge: { at: [0.8, 0.5] } }",
    );
    expect(grid).toMatchObject({
      kind: "state-of-charge-grid",
      charge: [0.1, 0.3, 0.5, 0.7, 0.9],
      discharge: [0.5, 0.8],
      window: { in: "state-of-charge", early: 0.005, late: 0.005 },
      reference: "last",
      ...{ weight: 1, owner: null, cycles: null, preset: { name: "pattern" } },
    });
    // The dark control asks for nothing.
    expect(grid?.cells).toHaveLength(13);
    expect(grid?.cells[0]).toEqual({ cellIndex: 0, stepIndexes: null });
  });

  it("are chosen by position, protocol, step and cycle together", () => {
    const [edge] = triggersOf(
      "{ name: edge, kind: step-edge, preset: pattern, at: both, steps: [charge, discharge], cycles: { from: 2, every: 2 }, cells: { positions: A3..A5, protocol: cycle }, weight: 2, owner: someone }",
    );
    expect(edge).toMatchObject({
      edges: ["before", "after"],
      cells: [2, 3, 4].map((cellIndex) => ({ cellIndex, stepIndexes: [1, 3] })),
      ...{ weight: 2, owner: "someone", window: { in: "time", earlyS: 0, lateS: 600 } },
    });
    assert(edge !== undefined, "no edge");
    expect([1, 2, 3, 4].map((cycle) => hasCycle(edge, cycle))).toEqual([false, true, false, true]);
    expect(cycleCount(edge, 5)).toBe(2);
  });

  it.each([
    ["{ name: t, kind: time-grid, preset: pattern, every_min: 10, window: { early_s: 60, late_s: 60 } }"],
    ["{ name: t, kind: voltage-grid, preset: pattern, charge: { from_V: 3.5, to_V: 4.1, every_V: 0.1 } }"],
    ["{ name: t, kind: rest-end, preset: pattern }"],
    ["{ name: t, kind: relaxation, preset: pattern, after_min: [1, 10, 60], steps: relax }"],
    ["{ name: t, kind: cycle, preset: pattern, cycles: [1, 3] }"],
    ["{ name: t, kind: dqdv-peak, preset: pattern, from_V: 3.5, to_V: 4.1 }"],
    ["{ name: t, kind: operator, preset: pattern, window: { late_s: 600 } }"],
    ["{ name: t, kind: agent, preset: pattern, cells: { positions: [A1, A2] } }"],
  ])("are read: %s", (text) => {
    expect(triggersOf(text)).toHaveLength(1);
  });

  it.each([
    ["an unknown kind", "{ name: t, kind: soc-grid, preset: pattern }", /no kind of trigger/, /state-of-charge-grid/],
    [
      "an unknown reference",
      "{ name: t, kind: state-of-charge-grid, preset: pattern, charge: { at: [0.5] }, reference: nominal }",
      /nominal/,
      /last|measured|nameplate/,
    ],
    ["an unknown preset", "{ name: t, kind: cycle, preset: patern }", /unknown preset patern/, /pattern/],
    ["an unknown key", "{ name: t, kind: cycle, preset: pattern, step: charge }", /unknown key step/, /steps/],
    ["a name that is taken", "{ name: sweep, kind: cycle, preset: pattern }", /called sweep, in line/, /own name/],
    ["no cell", "{ name: t, kind: cycle, preset: pattern, cells: { positions: H1..H12 } }", /no cell at H1/, /B2/],
    [
      "none but controls",
      "{ name: t, kind: cycle, preset: pattern, cells: { positions: B2 } }",
      /only controls/,
      /exposed/,
    ],
    [
      "a step that is not there",
      "{ name: t, kind: step-edge, at: before, preset: pattern, steps: chrage }",
      /no step of these cells.*chrage/,
      /Did you mean charge/,
    ],
    ["an edge of no step", "{ name: t, kind: step-edge, at: before, preset: pattern }", /of which steps/, /steps/],
    [
      "a charge beyond full",
      "{ name: t, kind: state-of-charge-grid, preset: pattern, charge: { at: [1.2] } }",
      /will not do/,
      /at most 1/,
    ],
    [
      "a grid without marks",
      "{ name: t, kind: state-of-charge-grid, preset: pattern }",
      /no marks/,
      /charge, discharge/,
    ],
    [
      "a charge where none is",
      "{ name: t, kind: state-of-charge-grid, preset: pattern, steps: discharge, charge: { at: [0.5] } }",
      /is a charge at constant current/,
      /leave out charge/,
    ],
    [
      "a voltage that no current comes to",
      "{ name: t, kind: voltage-grid, preset: pattern, charge: { at_V: [3.8, 4.22] } }",
      /passes 4.22 V.*4.2 V/,
      /between/,
    ],
    [
      "a window wider than the grid",
      "{ name: t, kind: state-of-charge-grid, preset: pattern, charge: { from: 0.1, to: 0.9, every: 0.01 }, window: { early_state_of_charge: 0.01, late_state_of_charge: 0.01 } }",
      /0.02 of the state of charge wide.*0.01/,
      /narrower/,
    ],
    [
      "a window in seconds that outlasts the way to the next mark",
      "{ name: t, kind: state-of-charge-grid, preset: pattern, charge: { from: 0.1, to: 0.9, every: 0.01 }, window: { early_s: 300, late_s: 300 } }",
      /600 s wide.*360 s apart/,
      /narrower/,
    ],
    [
      "a window longer than the interval",
      "{ name: t, kind: time-grid, preset: pattern, every_min: 1, window: { early_s: 40, late_s: 40 } }",
      /80 s wide.*60 s apart/,
      /narrower/,
    ],
    [
      "a window of no width",
      "{ name: t, kind: cycle, preset: pattern, window: { late_s: 0 } }",
      /within no time/,
      /width/,
    ],
    [
      "a rest shorter than the moment in it",
      "{ name: t, kind: relaxation, preset: pattern, after_min: [1, 90] }",
      /no rest of these cells lasts 90 min/,
      /longer rests/,
    ],
    ["a rest that is none", "{ name: t, kind: rest-end, preset: pattern, steps: charge }", /is a rest/, /open_circuit/],
    [
      "the time before a peak is known",
      "{ name: t, kind: dqdv-peak, preset: pattern, from_V: 3.5, to_V: 4.1, window: { early_s: 10, late_s: 10 } }",
      /nobody knows/,
      /Leave out early_s/,
    ],
    [
      "a peak in no range",
      "{ name: t, kind: dqdv-peak, preset: pattern, from_V: 3.9, to_V: 3.91 }",
      /no range/,
      /above/,
    ],
  ])("are refused: %s", (_name, text, what, advice) => {
    const loaded = withTriggers(text);
    expect(loaded.kind).toBe("refused");
    const errors = errorsOf(loaded);
    expect(errors.map((error) => error.where).join()).toMatch(/triggers\[1\]/);
    expect(errors.map((error) => error.what).join("; ")).toMatch(what);
    expect(errors.map((error) => error.advice).join("; ")).toMatch(advice);
  });

  it("leave a campaign with one sweep at the most", () => {
    const errors = errorsOf(withTriggers("{ name: other, kind: sweep, preset: pattern, cadence_min: 60 }"));
    expect(errors.map((error) => error.code)).toEqual(["campaign.triggers"]);
  });
});
