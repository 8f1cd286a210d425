import { describe, expect, it } from "vitest";
import { firstProgrammeStep, programmeStepAt } from "../../../controller/cells/programme.ts";
import type { FinishedStep, ProgrammeCursor } from "../../../controller/machines/programme.ts";
import { assert } from "../../../protocols/base/assert.ts";
import type { CampaignCell, StepRule } from "../../../protocols/campaign/campaign.ts";
import { load } from "../../support/campaign-files.ts";
import { FILES } from "../../support/world-campaign.ts";

const loaded = load(FILES, "small.yaml");
assert(loaded.kind === "loaded", "the small campaign is refused");
const [plain] = loaded.campaign.cells;
assert(plain !== undefined, "the small campaign has cells");
const cell: CampaignCell = plain;

const HALF_FULL = { stateOfCharge: 0.5, uncertainty: 0.02, capacityAh: 0.004 };

function ended(changes: Partial<FinishedStep>): FinishedStep {
  return { chargeAh: 0, doubtAh: 0, isCut: false, end: "time", voltageV: 3.7, charge: HALF_FULL, ...changes };
}

/** At the charge of step 2, with these rules for it. */
function atCharge(...stepRules: readonly StepRule[]): ProgrammeCursor {
  const rest = firstProgrammeStep({ ...cell, stepRules }, 1);
  const charge = rest?.next(ended({}));
  assert(charge != null, "the small campaign charges after a rest");
  return charge;
}

function hold(stateOfCharge: number, more: Partial<Extract<StepRule, { kind: "hold-at-charge" }>> = {}): StepRule {
  return {
    ...{ kind: "hold-at-charge", stepIndex: 1, at: { stateOfCharge }, by: "rest", presetName: "pattern" },
    ...{ maximumS: 600, fallback: { kind: "go-on" }, ...more },
  };
}

/** C/4 of 4.09 mAh. */
const CHARGE_A = 0.0010225;

function next(cursor: ProgrammeCursor, changes: Partial<FinishedStep>): ProgrammeCursor {
  const following = cursor.next(ended(changes));
  assert(following !== null, "a step follows");
  return following;
}

describe("a current that holds at states of charge", () => {
  it("runs to each by its time, holds there, and goes on with the time it has left", () => {
    const first = atCharge(hold(0.7), hold(0.6, { by: "voltage" }));
    const untilS = (0.1 * 0.004 * 3600) / CHARGE_A;
    expect(first.step.channelStep).toMatchObject({ kind: "constant-current", currentA: CHARGE_A });
    expect(first.step.channelStep.untilTimeS).toBeCloseTo(untilS, 1);
    const held = next(first, { chargeAh: 0.0004, voltageV: 3.81 });
    expect(held.step).toMatchObject({
      channelStep: { kind: "constant-voltage", voltageV: 3.81, untilTimeS: 600, untilCurrentA: null },
      wait: { for: "exposure", maximumS: 600 },
      asks: [{ presetName: "pattern", withinS: 600 }],
    });
    const second = next(held, { end: "awaited", charge: { ...HALF_FULL, stateOfCharge: 0.6 } });
    expect(second.step.channelStep.untilTimeS).toBeCloseTo(untilS, 1);
    const last = next(next(second, { chargeAh: 0.0004 }), { charge: { ...HALF_FULL, stateOfCharge: 0.7 } });
    expect(last.step.channelStep).toMatchObject({ kind: "constant-current", untilVoltageV: 4.2 });
    expect(last.step.channelStep.untilTimeS).toBeCloseTo(7200 - 2 * untilS, 0);
    expect(last.outcome?.(ended({ end: "voltage" }))?.isStepOver).toBe(true);
    expect(next(last, { end: "voltage" }).step.stepNumber).toBe(3);
  });

  it("leaves out what is behind, what is not known, and what is known too badly", () => {
    expect(atCharge(hold(0.4)).step.note).toBe("no hold at state of charge 0.4: it is behind already");
    const rest = firstProgrammeStep({ ...cell, stepRules: [hold(0.6)] }, 1);
    for (const charge of [null, { ...HALF_FULL, uncertainty: 0.3 }]) {
      expect(rest?.next(ended({ charge }))?.step).toMatchObject({
        note: "no hold at state of charge 0.6: the state of charge is not known",
        channelStep: { untilTimeS: 7200 },
      });
    }
  });

  it("is over where its voltage ends it before the mark, or a person does", () => {
    const first = atCharge(hold(0.9));
    expect(next(first, { end: "voltage" }).step.stepNumber).toBe(3);
    expect(next(first, { end: "skipped", isCut: true }).step.stepNumber).toBe(3);
    // Who ends a hold lets the current go on.
    expect(next(next(first, {}), { end: "operator", isCut: true }).step).toMatchObject({
      stepNumber: 2,
      channelStep: { kind: "constant-current" },
    });
  });

  it.each([
    [{ kind: "go-on" }, "constant-current"],
    [{ kind: "rest", restS: 60 }, "rest"],
    [{ kind: "end-protocol" }, null],
  ] as const)("whose exposure does not come falls back to %o", (fallback, kind) => {
    const held = next(atCharge(hold(0.6, { fallback })), { chargeAh: 0.0004 });
    const after = held.next(ended({ end: "time" }));
    expect(after?.step.channelStep.kind ?? null).toBe(kind);
    expect(held.outcome?.(ended({ end: "time" }))?.wait?.came).toBe("in-vain");
    if (kind === "rest") {
      expect(after?.step.channelStep.untilTimeS).toBe(60);
      expect(after?.next(ended({}))?.step.channelStep.kind).toBe("constant-current");
    }
  });

  it("gives the whole step's charge for a capacity, whatever it was divided into", () => {
    const endConditions = [
      { stepId: "charge", kind: "state-of-health-below", fraction: 0.9, relativeTo: "nominal" },
    ] as const;
    const rest = firstProgrammeStep({ ...cell, stepRules: [hold(0.6)], endConditions }, 1);
    const first = rest?.next(ended({}));
    assert(first != null, "it charges");
    const held = next(first, { chargeAh: 0.0004 });
    const last = next(held, { end: "awaited", charge: { ...HALF_FULL, stateOfCharge: 0.6 } });
    expect(last.next(ended({ chargeAh: 0.0034, end: "voltage" }))?.step.stepNumber).toBe(3);
    expect(last.next(ended({ chargeAh: 0.003, end: "voltage" }))).toBeNull();
  });
});

describe("a place in a divided step", () => {
  it("is found again from its record, part, marks and time", () => {
    const stepRules = [hold(0.6), hold(0.7)];
    let cursor: ProgrammeCursor | null = atCharge(...stepRules);
    for (let part = 0; part < 5 && cursor !== null; part += 1) {
      const text = JSON.stringify(cursor.place);
      const found: ProgrammeCursor | undefined = programmeStepAt(
        { ...cell, stepRules },
        1,
        JSON.parse(text) as NonNullable<ProgrammeCursor["place"]>,
      );
      expect(found?.step).toEqual(cursor.step);
      expect(JSON.stringify(found?.place)).toBe(text);
      cursor = cursor.next(ended({ chargeAh: 0.0004, charge: { ...HALF_FULL, stateOfCharge: 0.5 + 0.05 * part } }));
    }
  });
});
