import { describe, expect, it } from "vitest";
import {
  anchorUncertainty,
  NO_CHARGE,
  reach,
  startCount,
  stateOfCharge,
  type ChargeTotals,
} from "../../../protocols/echem/counting.ts";

const NOMINAL_AH = 0.004;

function after(chargedAh: number, dischargedAh: number, doubtAh = 0): ChargeTotals {
  return { chargedAh, dischargedAh, doubtAh };
}

describe("the state of charge of a cell", () => {
  it("is not known before it was full or empty once", () => {
    expect(stateOfCharge(startCount(NOMINAL_AH), after(0.003, 0))).toBeNull();
  });

  it("falls from full by what comes out, over the nominal capacity at first", () => {
    const full = reach(startCount(NOMINAL_AH), "full", 0.01, after(0.004, 0));
    expect(stateOfCharge(full, after(0.004, 0))).toEqual({ value: 1, uncertainty: 0.01 });
    expect(stateOfCharge(full, after(0.004, 0.001))?.value).toBeCloseTo(0.75, 12);
    expect(stateOfCharge(full, after(0.005, 0.003))?.value).toBeCloseTo(0.5, 12);
  });

  it("is counted over the measured capacity once the cell went slowly from full to empty", () => {
    const full = reach(startCount(NOMINAL_AH), "full", 0.01, after(0.004, 0));
    const empty = reach(full, "empty", 0.01, after(0.004, 0.0036));
    expect(empty).toMatchObject({ capacityFrom: "measured", anchor: { mark: "empty" } });
    expect(empty.capacityAh).toBeCloseTo(0.0036, 12);
    expect(stateOfCharge(empty, after(0.0058, 0.0036))?.value).toBeCloseTo(0.5, 12);
  });

  it("takes no capacity from fast cut-offs, nor from a count with a gap in it", () => {
    const full = reach(startCount(NOMINAL_AH), "full", 0.01, NO_CHARGE);
    expect(reach(full, "empty", anchorUncertainty(NOMINAL_AH, NOMINAL_AH), after(0, 0.0036)).capacityFrom).toBe(
      "nominal",
    );
    expect(reach(full, "empty", 0.01, after(0, 0.0036, 0.0001)).capacityFrom).toBe("nominal");
  });

  it("grows less certain with all that flows, and by the whole of what flowed in a gap", () => {
    const full = reach(startCount(NOMINAL_AH), "full", 0.01, NO_CHARGE);
    const heard = stateOfCharge(full, after(0, 0.002))?.uncertainty ?? NaN;
    expect(heard).toBeGreaterThan(0.01);
    const unheard = stateOfCharge(full, after(0, 0.002, 0.0004))?.uncertainty ?? NaN;
    expect(unheard - heard).toBeCloseTo(0.1, 12);
  });

  it("begins anew at a cut-off that is worth more than the count, and not at one that is worth less", () => {
    const full = reach(startCount(NOMINAL_AH), "full", 0.01, NO_CHARGE);
    const lost = after(0, 0.002, 0.002);
    const again = reach(full, "full", 0.015, lost);
    expect(stateOfCharge(again, lost)).toEqual({ value: 1, uncertainty: 0.015 });
    const sure = after(0, 0.0002);
    expect(reach(full, "empty", 0.2, sure).anchor).toBe(full.anchor);
  });
});
