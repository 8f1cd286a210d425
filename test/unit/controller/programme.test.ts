import { describe, expect, it } from "vitest";
import { firstProgrammeStep } from "../../../controller/cells/programme.ts";
import type { FinishedStep } from "../../../controller/machines/programme.ts";
import { assert } from "../../../protocols/base/assert.ts";
import type { CampaignCell, EndCondition } from "../../../protocols/campaign/campaign.ts";
import { load } from "../../support/campaign-files.ts";
import { FILES } from "../../support/world-campaign.ts";

const loaded = load(FILES, "small.yaml");
assert(loaded.kind === "loaded", "the small campaign is refused");
const [plain] = loaded.campaign.cells;
assert(plain !== undefined, "the small campaign has cells");

/** Its three cycles of charge and discharge, ended by the discharge's capacity. */
function cellThatEnds(relativeTo: EndCondition["relativeTo"]): CampaignCell {
  assert(plain !== undefined, "the small campaign has cells");
  return {
    ...plain,
    endConditions: [{ stepId: "discharge", kind: "state-of-health-below", fraction: 0.8, relativeTo }],
  };
}

const ENDED: FinishedStep = { chargeAh: 0.004, doubtAh: 0, isCut: false, end: "voltage", voltageV: 3, charge: null };

/** Labels of the steps that run when each discharge in turn comes to this. */
function stepsOf(cell: CampaignCell, discharges: readonly Partial<FinishedStep>[]): readonly string[] {
  const labels: string[] = [];
  const left = [...discharges];
  for (let cursor = firstProgrammeStep(cell, 1); cursor !== null;) {
    labels.push(cursor.step.label);
    const came = cursor.step.label === "discharge" ? left.shift() : undefined;
    cursor = cursor.next({ ...ENDED, ...came });
  }
  return labels.filter((label) => label === "discharge");
}

const mAh = (value: number, doubt = 0): Partial<FinishedStep> => ({ chargeAh: -value / 1000, doubtAh: doubt / 1000 });

describe("a protocol that ends at a state of health", () => {
  it("ends with the first check-up below it, against the first one or the nominal capacity", () => {
    expect(stepsOf(cellThatEnds("first"), [mAh(3), mAh(2.5), mAh(2.4)])).toHaveLength(3);
    expect(stepsOf(cellThatEnds("first"), [mAh(3), mAh(2.3), mAh(2.3)])).toHaveLength(2);
    expect(stepsOf(cellThatEnds("nominal"), [mAh(3), mAh(3), mAh(3)])).toHaveLength(1);
    expect(stepsOf(cellThatEnds("nominal"), [mAh(3.5), mAh(3.4), mAh(3.3)])).toHaveLength(3);
  });

  it("is not ended by a charge that a gap leaves in doubt, that a person cut short, or that nobody knows", () => {
    for (const spoilt of [mAh(2.3, 0.2), { ...mAh(1), isCut: true }, { chargeAh: NaN }]) {
      expect(stepsOf(cellThatEnds("first"), [mAh(3), spoilt, mAh(3)])).toHaveLength(3);
    }
  });

  it("takes no such charge for its reference either", () => {
    expect(stepsOf(cellThatEnds("first"), [mAh(3.9), mAh(3), mAh(3)])).toHaveLength(2);
    for (const spoilt of [mAh(3.9, 0.5), { ...mAh(3.9), isCut: true }, { chargeAh: NaN }]) {
      expect(stepsOf(cellThatEnds("first"), [spoilt, mAh(3), mAh(3)])).toHaveLength(3);
    }
  });
});
