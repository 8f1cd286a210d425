import { describe, expect, it } from "vitest";
import { unfitStep } from "../../../controller/cells/next-step.ts";
import type { ChannelStep } from "../../../protocols/roles/channel.ts";

const limits = { voltageMaxV: 4.25, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
const common = { sampleIntervalS: 10, untilTimeS: 100, limits };

function current(currentMa: number, untilVoltageV: number | null): ChannelStep {
  return { kind: "constant-current", currentA: currentMa / 1000, untilVoltageV, ...common };
}

function kindOf(step: ChannelStep, openCircuitV: number, resistanceOhm: number | null = 100): string | null {
  return unfitStep(step, { openCircuitV, resistanceOhm })?.kind ?? null;
}

describe("a step that follows one that was ended out of turn", () => {
  it("is over before it begins where the cell is behind its end already, by its voltage with the current of the step", () => {
    expect(kindOf(current(-1, 2.8), 2.95)).toBeNull();
    expect(kindOf(current(-1, 2.8), 2.9)).toBe("over");
    expect(kindOf(current(-1, 2.8), 2.63)).toBe("over");
    expect(kindOf(current(-1, 2.8), 2.85, null)).toBeNull();
    expect(kindOf(current(1, 4.1), 3.95)).toBeNull();
    expect(kindOf(current(1, 4.1), 4)).toBe("over");
  });

  it("would be harmful where nothing of its own ends it before the cell's limit", () => {
    expect(kindOf(current(-1, null), 2.7)).toBeNull();
    expect(kindOf(current(-1, null), 2.59)).toBe("harmful");
    expect(kindOf(current(1, null), 4.2)).toBe("harmful");
  });

  it("may always lead a cell back within its limits", () => {
    expect(kindOf(current(1, 4.1), 2.3)).toBeNull();
    expect(kindOf(current(-1, 2.8), 4.4)).toBeNull();
  });

  it("would be harmful where a voltage drives more current than the cell is allowed", () => {
    const hold: ChannelStep = { kind: "constant-voltage", voltageV: 4.2, untilCurrentA: 1e-4, ...common };
    expect(kindOf(hold, 4.11)).toBeNull();
    // Whatever its resistance was when it was proven, empty and for longer.
    for (const resistanceOhm of [150, null]) expect(kindOf(hold, 4.09, resistanceOhm)).toBe("harmful");
    const scan = { kind: "voltage-scan", startVoltageV: 2.6, endVoltageV: 4, scanRateVS: 1e-3, ...common } as const;
    expect(kindOf(scan, 2.65)).toBeNull();
    expect(kindOf(scan, 4)).toBe("harmful");
  });

  it("drives nothing at rest, and fits a reading that is none in no other way", () => {
    expect(kindOf({ kind: "rest", ...common }, 4.4)).toBeNull();
    expect(kindOf(current(-1, 2.8), NaN)).toBe("harmful");
    expect(kindOf({ kind: "constant-voltage", voltageV: 4, untilCurrentA: null, ...common }, NaN)).toBe("harmful");
  });
});
