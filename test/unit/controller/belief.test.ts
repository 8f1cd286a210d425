import { describe, expect, it } from "vitest";
import { createActorViews } from "../../../controller/run/actor-views.ts";
import { campaign } from "../../support/world-campaign.ts";

/** What is believed of the first cell, in this state of its machine. */
function beliefIn(value: string, isProven: boolean): string {
  const [first] = campaign.cells;
  const cell = { getSnapshot: () => ({ value, context: { isProven } }) };
  const children = { [`cell-${first?.position ?? ""}`]: cell };
  const actor = { getSnapshot: () => ({ children }) };
  const untold = { forecast: () => null, beamEffect: () => null, lastFrame: () => null };
  const sample = { lastVoltageV: [], lastCurrentA: [] };
  const views = createActorViews(campaign, () => actor as never, sample as never, untold);
  return views.belief(0);
}

describe("which cell is in a slot", () => {
  it.each(["held", "stopped", "complete", "away", "findingOut", "awaitingReturn", "choosing", "cycling"])(
    "is not known of one that is %s and was never proven: no beam reaches it",
    (state) => {
      expect(beliefIn(state, false)).toBe("unknown");
      expect(beliefIn(state, true)).not.toBe("unknown");
    },
  );

  it.each(["expected", "proving", "isolated", "finding"])("is not known of one that is %s", (state) => {
    expect(beliefIn(state, true)).toBe("unknown");
  });
});
