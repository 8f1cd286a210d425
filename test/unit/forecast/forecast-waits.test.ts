import { describe, expect, it } from "vitest";
import { createForecastDesk } from "../../../controller/forecast/forecast-desk.ts";
import { assert } from "../../../protocols/base/assert.ts";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";
import { errorsOf, load, tables } from "../../support/campaign-files.ts";
import { FILES } from "../../support/world-campaign.ts";
import { createRecorder, testClock } from "../controller/machine-bench.ts";

const CYCLE = `record: { time_s: 5 }
method:
  - { step: open_circuit_voltage, id: relax, until_time_s: 300 }
  - { step: constant_current, id: charge, rate_C: C/4, until_voltage_V: 4.2, until_time_s: 30000 }
  - { step: constant_voltage, id: hold, voltage_V: 4.2, until_rate_C: 0.05, until_time_s: 3600 }
  - { step: constant_current, id: discharge, rate_C: D/4, until_voltage_V: 2.8, until_time_s: 30000 }
  - { step: loop, loop_to: 2, cycle_count: 3 }
`;

function checked(text: string, cycle = CYCLE, role = "exposed") {
  const small = FILES["small.yaml"].replace("role: exposed", `role: ${role}`);
  const loaded = load({ ...FILES, "cycle.yaml": cycle, "small.yaml": `${small}\n${text}\n` }, "small.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(errorsOf(loaded), null, 1));
  const { forecast } = checkCampaign(loaded.campaign, loaded.site, tables);
  const [plan] = forecast.protocols;
  assert(plan !== undefined, "a protocol is forecast");
  const lastS = (stepIndex: number, run = 0): number => {
    const step = plan.steps.filter((one) => one.stepIndex === stepIndex)[run];
    return (step?.endS ?? NaN) - (step?.startS ?? NaN);
  };
  return { campaign: loaded.campaign, forecast, plan, lastS };
}

const rule = (step: string, text: string): string => `step_rules:\n  - { protocol: cycle, step: ${step}, ${text} }`;
const plain = checked("");

describe("the forecast of a step that waits", () => {
  it("has it take as long as the beam needs to come to one of its cells, not its longest time", () => {
    const { plan, lastS } = checked(rule("relax", "wait_for_exposure: { maximum_min: 45, fallback: go-on }"));
    const [sweep] = plain.forecast.sweeps;
    expect(lastS(0)).toBeGreaterThan((sweep?.expectedS ?? NaN) / 20);
    expect(lastS(0)).toBeLessThan(sweep?.expectedS ?? NaN);
    expect(plan.waitedS).toBeCloseTo(lastS(0), 6);
    // Whose turn it is among the ten nobody knows: that is its spread, and that of all after it.
    expect(plan.steps[0]?.spreadS).toBeGreaterThan(10);
    expect(plan.longestS - plain.plan.longestS).toBe(2700 - 300);
  });

  it("has it wait its longest time, and rest after it, where nothing will come", () => {
    const wait = rule("relax", "wait_for_exposure: { maximum_min: 45, fallback: rest, rest_min: 10 }");
    const controls = checked(wait, CYCLE, "dark-control");
    expect(controls.lastS(0)).toBe(2700 + 600);
    expect(controls.plan.steps[0]?.spreadS).toBe(0);
  });

  it("pauses a current at states of charge once they are known, and by charge from the first run on", () => {
    const hold = (at: string): string =>
      rule("charge", `hold_at_state_of_charge: { ${at}, until: maximum, maximum_min: 20, fallback: go-on }`);
    const bySoc = checked(hold("fraction: 0.5"));
    expect(bySoc.lastS(1)).toBeCloseTo(plain.lastS(1), 3);
    // The surface relaxes in the pause, which costs a little of the way to the cut-off.
    expect(bySoc.lastS(1, 1) - plain.lastS(1, 1)).toBeGreaterThan(1190);
    expect(bySoc.lastS(1, 1) - plain.lastS(1, 1)).toBeLessThan(1260);
    const byCharge = checked(hold("charge_mAh: 2"));
    expect(byCharge.lastS(1) - plain.lastS(1)).toBeGreaterThan(1190);
    expect(byCharge.plan.waitedS).toBe(3 * 1200);
  });
});

describe("the forecast of what an earlier step measures", () => {
  it("has a rate refer to the capacity that was measured", () => {
    const small =
      "rates:\n  - { protocol: cycle, steps: [charge], capacity: measured, measured_in: discharge, until_then: nominal }";
    const { plan, lastS } = checked(small);
    const [first, second] = plan.steps.filter(({ stepIndex }) => stepIndex === 1);
    const measuredAh = Math.abs(plan.steps.find(({ stepIndex }) => stepIndex === 3)?.chargeAh ?? NaN);
    const perHour = (step: typeof first, forS: number): number => ((step?.chargeAh ?? NaN) * 3600) / forS;
    expect(perHour(first, lastS(1))).toBeCloseTo(0.00409 / 4, 9);
    expect(perHour(second, lastS(1, 1))).toBeCloseTo(measuredAh / 4, 9);
  });

  it("ends the protocol where the state of health is forecast to pass its end", () => {
    const long = CYCLE.replace("cycle_count: 3", "cycle_count: 300");
    const end = (fraction: number): string =>
      `end_conditions:\n  - { protocol: cycle, step: discharge, when: state_of_health_below, fraction: ${fraction}, relative_to: first }`;
    const { plan } = checked(end(0.95), long);
    const cycles = plan.steps.at(-1)?.cycle ?? NaN;
    expect(cycles).toBeGreaterThan(50);
    expect(cycles).toBeLessThan(200);
    expect(plan.stepCount).toBe(plan.steps.length);
    expect(plan.toItsLastStep.stepCount).toBe(1 + 3 * 300);
    // How fast a cell fades is hardly known before.
    expect(plan.durationSpreadS).toBeGreaterThan(0.3 * plan.durationS);
  });
});

describe("the forecast of a cell under way that the campaign holds", () => {
  it("counts what is left of the hold, and then the rest of the current", () => {
    const { campaign, lastS } = checked(
      rule("charge", "hold_at_state_of_charge: { charge_mAh: 2, until: maximum, maximum_min: 20, fallback: go-on }"),
    );
    const cells = campaign.cells.slice(0, 1);
    const position = cells[0]?.position ?? "";
    const clock = testClock();
    const one = (value: number): Float64Array => Float64Array.of(value);
    const samples = { firstCurrentA: one(NaN), lastVoltageV: one(3.7), lastCurrentA: one(0) };
    const desk = createForecastDesk({ cells, clock, recorder: createRecorder(), samples });
    const place = (ordinal: number, stepIndex: number, cycle: number, part?: object) => ({
      place: {
        ...{ step_index: stepIndex, cycle, ordinal, passes: {}, first_direction: cycle, last_direction: cycle },
        references_Ah: {},
        ...(part === undefined ? {} : { part }),
      },
    });
    const part = (kind: string, spentS: number, chargeAh: number, mark: number, done: readonly number[]) => ({
      ...{ kind, mark, done: [...done], spent_s: spentS, charge_Ah: chargeAh, doubt_Ah: 0, is_cut: false },
      ...{ known: null, voltage_V: 3.7 },
    });
    const started = (step: number, cycle: number, state: ReturnType<typeof place>): void => {
      desk.heard("step-started", {
        position,
        step,
        cycle,
        elapsed_s: 0,
        state: JSON.parse(JSON.stringify(state)) as never,
      });
    };
    started(1, 0, place(1, 0, 0));
    desk.heard("step-ended", { position, ended_by: "time", charge_Ah: 0, voltage_V: 3, current_A: 0 });
    started(2, 1, place(2, 1, 1, part("own", 0, 0, -1, [])));
    const toEndS = (): number => (desk.of(0)?.edges[0]?.endsAtMs ?? NaN) / 1000;
    expect(desk.of(0)?.edges[0]?.step).toBe(2);
    expect(toEndS()).toBeCloseTo(lastS(1), -2);
    // 2 mAh have flowed: it is held, and then goes on as if it never had been.
    desk.heard("step-ended", { position, ended_by: "time", charge_Ah: 0.002, voltage_V: 3.7, current_A: 0.001 });
    started(2, 1, place(2, 1, 1, part("hold", 7040, 0.002, 0, [0])));
    const held = toEndS();
    expect(held).toBeCloseTo(lastS(1) - 7040, -3);
    desk.heard("step-ended", { position, ended_by: "time", charge_Ah: 0, voltage_V: 3.7, current_A: 0 });
    started(2, 1, place(2, 1, 1, part("own", 7040, 0.002, 0, [0])));
    expect(held - toEndS()).toBeGreaterThan(1100);
    expect(held - toEndS()).toBeLessThan(1300);
  });
});
