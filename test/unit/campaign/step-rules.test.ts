import { describe, expect, it } from "vitest";
import { assert } from "../../../protocols/base/assert.ts";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";
import { errorsOf, load, tables } from "../../support/campaign-files.ts";
import { FILES } from "../../support/world-campaign.ts";

const CYCLE = `record: { time_s: 5 }
method:
  - { step: open_circuit_voltage, id: relax, until_time_s: 300 }
  - { step: tag, tag: up }
  - { step: constant_current, id: charge, rate_C: C/4, until_voltage_V: 4.2, until_time_s: 30000 }
  - { step: constant_voltage, id: hold, voltage_V: 4.2, until_rate_C: 0.05, until_time_s: 3600 }
  - { step: constant_current, id: discharge, rate_C: D/4, until_voltage_V: 2.8, until_time_s: 30000 }
  - { step: loop, loop_to: 2, cycle_count: 3 }
`;

function withRules(text: string, others: { readonly cells?: string; readonly cycle?: string } = {}) {
  const small = FILES["small.yaml"].replace("electrolyte: LP57\n", `electrolyte: LP57\n${others.cells ?? ""}`);
  return load({ ...FILES, "cycle.yaml": others.cycle ?? CYCLE, "small.yaml": `${small}\n${text}\n` }, "small.yaml");
}

function accepted(...args: Parameters<typeof withRules>) {
  const loaded = withRules(...args);
  assert(loaded.kind === "loaded", JSON.stringify(errorsOf(loaded), null, 1));
  const [cell] = loaded.campaign.cells;
  assert(cell !== undefined, "the small campaign has cells");
  return { ...loaded, cell };
}

function notes(loaded: { readonly findings: readonly { readonly severity: string; readonly what: string }[] }) {
  return loaded.findings.flatMap(({ severity, what }) => (severity === "note" ? [what] : []));
}

const rule = (step: string, text: string): string => `step_rules:\n  - { protocol: cycle, step: ${step}, ${text} }`;

describe("a step that waits by the campaign's word", () => {
  it("takes at most the time given, whatever its file says, and check tells the worst", () => {
    const loaded = accepted(rule("relax", "wait_for_exposure: { maximum_min: 20, fallback: rest, rest_min: 10 }"));
    const { cell } = loaded;
    expect(cell.protocol.steps[0]).toMatchObject({ kind: "open-circuit-voltage", untilTimeS: 1200 });
    expect(cell.stepRules).toEqual([
      {
        kind: "wait-for-exposure",
        stepIndex: 0,
        maximumS: 1200,
        fallback: { kind: "rest", restS: 600 },
        presetName: "pattern",
      },
    ]);
    expect(notes(loaded).join("\n")).toContain(
      "step 1 waits for an exposure for at most 20 min, then the cell rests for 10 min and the protocol goes on; once, 30 min in all at the worst (cells A1..A5, B1..B5)",
    );
    const [plan] = checkCampaign(loaded.campaign, loaded.site, tables).forecast.protocols;
    expect(plan?.longestS).toBe(1200 + 600 + 3 * (30000 + 3600 + 30000));
  });

  it("does not end by its fading current where it holds a voltage for an exposure", () => {
    const { cell } = accepted(rule("hold", "wait_for_exposure: { maximum_min: 30, fallback: go-on }"));
    expect(cell.protocol.steps[3]).toMatchObject({ untilTimeS: 1800, untilRateC: null, untilCurrentMa: null });
  });

  it("is named by id or by the tag before it, and counted as often as loops come to it", () => {
    const loaded = accepted(
      rule("up", "hold_at_state_of_charge: { fraction: 0.5, by: voltage, maximum_min: 30, fallback: end-protocol }"),
    );
    expect(loaded.cell.stepRules).toMatchObject([
      { kind: "hold-at-charge", stepIndex: 2, at: { stateOfCharge: 0.5 }, by: "voltage", presetName: "pattern" },
    ]);
    expect(notes(loaded).join("\n")).toContain(
      "step 3 holds at its voltage at state of charge 0.5 until it is exposed, for at most 30 min, then the protocol ends; 3 times, 1 h 30 min in all at the worst",
    );
  });

  it("may hold a current at several places, and ask for exposures at both edges", () => {
    const { cell } = accepted(`step_rules:
  - protocol: cycle
    step: charge
    hold_at_state_of_charge: { fraction: 0.25, maximum_min: 30, fallback: go-on }
    expose: { at: both, within_min: 10 }
  - protocol: cycle
    step: charge
    hold_at_state_of_charge: { charge_mAh: 2, until: maximum, maximum_min: 5, fallback: go-on }`);
    expect(cell.stepRules.map((one) => one.kind)).toEqual([
      "hold-at-charge",
      "ask-exposure",
      "ask-exposure",
      "hold-at-charge",
    ]);
    expect(cell.stepRules.at(-1)).toMatchObject({ at: { chargeMah: 2 }, presetName: null });
  });

  it.each([
    ["relax", "wait_for_exposure: { fallback: go-on }", /maximum_min.* is missing/],
    ["relax", "wait_for_exposure: { maximum_min: 20 }", /fallback.* is missing/],
    ["relax", "wait_for_exposure: { maximum_min: 0, fallback: go-on }", /0 will not do/],
    ["relax", "wait_for_exposure: { maximum_min: 20, fallback: wait }", /will not do/],
    ["relax", "wait_for_exposure: { maximum_min: 20, fallback: rest }", /for how long/],
    ["relax", "wait_for_exposure: { maximum_min: 20, fallback: go-on, rest_min: 5 }", /no meaning/],
    ["relax", "wait_for_exposure: { maximum_min: 20, fallback: go-on, preset: patern }", /unknown preset patern/],
    ["charge", "wait_for_exposure: { maximum_min: 20, fallback: go-on }", /step charge is constant_current/],
    ["relax", "hold_at_state_of_charge: { fraction: 0.5, maximum_min: 9, fallback: go-on }", /open_circuit_voltage/],
    ["charge", "hold_at_state_of_charge: { maximum_min: 9, fallback: go-on }", /not clear/],
    ["charge", "hold_at_state_of_charge: { fraction: 2, maximum_min: 9, fallback: go-on }", /2 will not do/],
    ["charge", "end_on_cell: { position: H7, maximum_min: 9, fallback: go-on }", /no cell at H7/],
    ["charge", "end_on_cell: { position: A1, maximum_min: 9, fallback: go-on }", /wait for itself/],
    ["charje", "expose: { at: before, within_min: 9 }", /no step with id or tag charje/],
    ["charge", "expose: { at: during, within_min: 9 }", /during/],
    ["charge", "", /asks for nothing/],
  ])("is refused for step %s with %s", (step, text, what) => {
    const loaded = withRules(rule(step, text));
    expect(loaded.kind).toBe("refused");
    const found = errorsOf(loaded).find((error) => what.test(error.what));
    expect(found, JSON.stringify(errorsOf(loaded), null, 1)).toBeDefined();
    expect(found?.where).toMatch(/^small\.yaml:\d+ step_rules\[0\]/);
    expect(found?.advice).not.toBe("");
  });

  it("is refused where there is no sweep, which would say how it is exposed", () => {
    const small = FILES["small.yaml"].replace(
      /name: sweep, kind: sweep.*\}/,
      "name: hand, kind: operator, preset: pattern }",
    );
    const waits = rule("relax", "wait_for_exposure: { maximum_min: 9, fallback: go-on }");
    const loaded = load({ ...FILES, "cycle.yaml": CYCLE, "small.yaml": `${small}\n${waits}\n` }, "small.yaml");
    const found = errorsOf(loaded).find(({ what }) => what === "no sweep says how to expose");
    expect(found?.advice).toContain("Give a sweep under triggers");
  });

  it("is refused with two things to wait for, and for controls whose protocol it would end", () => {
    const two = `step_rules:
  - { protocol: cycle, step: relax, wait_for_exposure: { maximum_min: 9, fallback: go-on } }
  - { protocol: cycle, step: relax, wait_for_exposure: { maximum_min: 8, fallback: go-on } }`;
    expect(errorsOf(withRules(two)).map((error) => error.what)).toContainEqual(expect.stringMatching(/waits already/));
    const ends = rule("relax", "wait_for_exposure: { maximum_min: 9, fallback: end-protocol }");
    const control = "  role: dark-control\n";
    const small = FILES["small.yaml"].replace("barcode: S-{position}\n", `barcode: S-{position}\n  ${control}`);
    const loaded = load({ ...FILES, "cycle.yaml": CYCLE, "small.yaml": `${small}\n${ends}\n` }, "small.yaml");
    expect(errorsOf(loaded).map((error) => error.what)).toContainEqual(
      expect.stringMatching(/control cells B1..B5 are exposed by no step/),
    );
  });
});

describe("a rate by a named capacity", () => {
  it.each([
    ["{ protocol: cycle, capacity: areal, areal_capacity_mAh_cm2: 2 }", "  electrode_area_cm2: 1.5\n", 3, 3],
    ["{ protocol: cycle, capacity: mass, specific_capacity_mAh_g: 200 }", "  active_mass_mg: 20\n", 4, 4],
    ["{ protocol: cycle, capacity: nominal }", "", 4.09, 4.09],
    [
      "{ protocol: cycle, steps: [charge], capacity: measured, measured_in: discharge, until_then: nominal }",
      "",
      4.09,
      1.2 * 4.09,
    ],
  ])("is the current of that capacity: %s", (rate, cells, capacityMah, mostMah) => {
    const loaded = accepted(`rates:\n  - ${rate}`, { cells });
    const [charge, hold] = [loaded.cell.protocol.steps[2], loaded.cell.protocol.steps[3]];
    assert(charge?.kind === "constant-current" && charge.rateC !== null, "a charge by rate");
    expect(charge.rateC * 4.09).toBeCloseTo(capacityMah / 4, 12);
    assert(hold?.kind === "constant-voltage" && hold.untilRateC !== null, "a hold until a rate");
    if (!rate.includes("steps")) expect(hold.untilRateC * 4.09).toBeCloseTo(0.05 * capacityMah, 12);
    expect(notes(loaded).join("\n")).toContain(
      `${capacityMah} mAh: at most ${Number((mostMah / 4).toPrecision(4))} mA`,
    );
  });

  it("keeps what is measured apart, with what counts until then", () => {
    const { cell } = accepted(
      "rates:\n  - { protocol: cycle, steps: [charge], capacity: measured, measured_in: discharge, until_then: areal, areal_capacity_mAh_cm2: 2 }",
      { cells: "  electrode_area_cm2: 1.5\n" },
    );
    expect(cell.measuredRates).toEqual([{ stepIndexes: [2], measuredInIndex: 4, fallbackMah: 3 }]);
  });

  it("is judged by the most that may be measured", () => {
    const cycle = CYCLE.replace("rate_C: C/4", "rate_C: 0.45");
    const rates =
      "rates:\n  - { protocol: cycle, steps: [charge], capacity: measured, measured_in: discharge, until_then: nominal }";
    expect(withRules("", { cycle }).kind).toBe("loaded");
    const [error] = errorsOf(withRules(rates, { cycle }));
    expect(error).toMatchObject({ code: "campaign.beyond-safety", what: expect.stringMatching(/2.2086 mA/) as string });
  });

  it.each([
    ["{ protocol: cycle, capacity: areal }", /areal_capacity_mAh_cm2 is missing/],
    [
      "{ protocol: cycle, capacity: areal, areal_capacity_mAh_cm2: 2 }",
      /electrode_area_cm2 is missing for A1..A5, B1..B5/,
    ],
    ["{ protocol: cycle, capacity: mass, specific_capacity_mAh_g: 200 }", /active_mass_mg is missing/],
    ["{ protocol: cycle, capacity: measured, measured_in: discharge }", /until_then is missing/],
    ["{ protocol: cycle, capacity: measured, until_then: nominal }", /measured_in is missing/],
    ["{ protocol: cycle, capacity: measured, measured_in: hold, until_then: nominal }", /not at constant current/],
    ["{ protocol: cycle, steps: [relax], capacity: nominal }", /has no rate/],
    ["{ protocol: cycle, capacity: nominal, measured_in: discharge }", /capacity is nominal/],
    ["{ protocol: cycl, capacity: nominal }", /unknown protocol cycl/],
    ["{ protocol: cycle, capacity: nominal }\n  - { protocol: cycle, capacity: nominal }", /two capacities/],
  ])("is refused: %s", (rate, what) => {
    const loaded = withRules(`rates:\n  - ${rate}`);
    expect(loaded.kind).toBe("refused");
    const found = errorsOf(loaded).find((error) => what.test(error.what));
    expect(found, JSON.stringify(errorsOf(loaded), null, 1)).toBeDefined();
    expect(found?.where).toMatch(/^small\.yaml:\d+ rates/);
  });
});

describe("a loop that nobody will see the end of", () => {
  const endless = CYCLE.replace("cycle_count: 3", "cycle_count: 100000");
  const small = FILES["small.yaml"].replace("duration_h: 3\n", "");
  const ends = (text: string) => {
    const loaded = load({ ...FILES, "cycle.yaml": endless, "small.yaml": small + text }, "small.yaml");
    assert(loaded.kind === "loaded", JSON.stringify(errorsOf(loaded), null, 1));
    const check = checkCampaign(loaded.campaign, loaded.site, tables, loaded.document);
    const found = check.findings.find((finding) => finding.code === "plan.endless");
    return { ok: check.ok, severity: found?.severity, what: found?.what, where: found?.where };
  };

  it("is refused where neither campaign nor state of health ends it, and told in any case", () => {
    const refused = ends("");
    expect(refused).toMatchObject({ ok: false, severity: "error" });
    expect(refused.what).toMatch(/^protocol cycle has 300,?001 steps, about \d+ d.*; nothing ends it sooner$/);
    expect(refused.where).toMatch(/^small\.yaml:\d+ protocols\.cycle/);
    const told = ends(
      "end_conditions:\n  - { protocol: cycle, step: discharge, when: state_of_health_below, fraction: 0.8, relative_to: first }\n",
    );
    expect(told).toMatchObject({ ok: true, severity: "warning" });
  });

  it("is no matter where the campaign has an end of its own", () => {
    const loaded = load({ ...FILES, "cycle.yaml": endless }, "small.yaml");
    assert(loaded.kind === "loaded", "accepted");
    const check = checkCampaign(loaded.campaign, loaded.site, tables);
    expect(check.findings.map((finding) => finding.code)).not.toContain("plan.endless");
  });
});
