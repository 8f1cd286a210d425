import { describe, expect, it } from "vitest";
import type { ChargeTotals, Mark } from "../../../protocols/echem/counting.ts";
import type { Direction } from "../../../protocols/echem/cursor.ts";
import { close, countStep, NO_HALF_CYCLES, turnsAt, type HalfCycle } from "../../../protocols/echem/half-cycles.ts";

interface Passed {
  readonly step: number;
  /** Null for a hold. */
  readonly direction: Direction | null;
  /** Net. */
  readonly mAh: number;
  readonly mark?: Mark;
  readonly isCut?: boolean;
  readonly doubtMah?: number;
}

/** The half cycles of these steps one after another, the last one closed. */
function halvesOf(steps: readonly Passed[]): readonly HalfCycle[] {
  let count = NO_HALF_CYCLES;
  let at: ChargeTotals = { chargedAh: 0, dischargedAh: 0, doubtAh: 0 };
  const halves: HalfCycle[] = [];
  for (const { step, direction, mAh, mark, isCut, doubtMah } of steps) {
    const startedAt = at;
    at = {
      chargedAh: at.chargedAh + Math.max(0, mAh) / 1000,
      dischargedAh: at.dischargedAh + Math.max(0, -mAh) / 1000,
      doubtAh: at.doubtAh + (doubtMah ?? 0) / 1000,
    };
    const counted = countStep(count, {
      ...{ stepNumber: step, cycleNumber: 1, direction, startedAt, endedAt: at },
      ...{ mark: mark ?? null, isCut: isCut ?? false },
    });
    count = counted.count;
    halves.push(...counted.closed);
  }
  return [...halves, ...close(count, at).closed];
}

const CHARGE = { step: 1, direction: 1, mAh: 4, mark: "full" } as const;
const REST = { step: 2, direction: 0, mAh: 0 } as const;
const DISCHARGE = { step: 3, direction: -1, mAh: -3.8, mark: "empty" } as const;

describe("half cycles", () => {
  it("turn with the current, through rests, and count from 1", () => {
    const halves = halvesOf([REST, CHARGE, REST, DISCHARGE, REST, CHARGE, DISCHARGE]);
    expect(halves.map((half) => [half.number, half.direction])).toEqual([
      [1, "charge"],
      [2, "discharge"],
      [3, "charge"],
      [4, "discharge"],
    ]);
    expect(halves.map((half) => Math.round(half.capacityAh * 1e6) / 1e3)).toEqual([4, 3.8, 4, 3.8]);
  });

  it("include the hold at their end, and pulses between rests", () => {
    const halves = halvesOf([
      { ...CHARGE, mAh: 3 },
      { step: 2, direction: null, mAh: 0.9, mark: "full" },
      { step: 3, direction: -1, mAh: -1 },
      REST,
      { step: 3, direction: -1, mAh: -1 },
    ]);
    expect(halves).toHaveLength(2);
    expect(halves[0]).toMatchObject({ direction: "charge", stepNumber: 1, endedAt: "full" });
    expect(halves[0]?.capacityAh).toBeCloseTo(0.0039, 12);
    expect(halves[1]?.capacityAh).toBeCloseTo(0.002, 12);
    expect(halves[1]?.endedAt).toBeNull();
  });

  it("begin with a hold whose charge flows the other way, and not with one that moves nothing", () => {
    const halves = halvesOf([CHARGE, { step: 2, direction: null, mAh: 0 }, { step: 3, direction: null, mAh: -1 }]);
    expect(halves.map((half) => half.direction)).toEqual(["charge", "discharge"]);
  });

  it("tell the coulombic efficiency of a discharge after a charge, with what is in doubt", () => {
    const [first, second] = halvesOf([CHARGE, { ...DISCHARGE, doubtMah: 0.038 }]);
    expect(first?.coulombicEfficiency).toBeNull();
    expect(second?.coulombicEfficiency).toBeCloseTo(0.95, 12);
    expect(second?.coulombicEfficiencyDoubt).toBeCloseTo(0.0095, 12);
  });

  it("are no capacity of the cell when a person's hand was in them, or a cut-off was not met", () => {
    for (const spoilt of [{ isCut: true }, { mark: undefined }]) {
      const { mark, ...rest } = DISCHARGE;
      const halves = halvesOf([CHARGE, { ...rest, ...(spoilt.isCut === true ? { mark, isCut: true } : {}) }]);
      expect(halves[1]).toMatchObject({ isWhole: false, endedAt: null, coulombicEfficiency: null });
    }
    // A rest that was skipped leaves the charge before it incomplete.
    const [charge] = halvesOf([CHARGE, { ...REST, isCut: true }, DISCHARGE]);
    expect(charge).toMatchObject({ isCut: true, endedAt: null });
  });

  it("know ahead where the current turns", () => {
    expect(turnsAt(NO_HALF_CYCLES, 1)).toBe(false);
    const zero = { chargedAh: 0, dischargedAh: 0, doubtAh: 0 };
    const open = countStep(NO_HALF_CYCLES, {
      ...{ stepNumber: 1, cycleNumber: 1, direction: 1 as const, startedAt: zero, endedAt: zero },
      ...{ mark: null, isCut: false },
    }).count;
    expect([turnsAt(open, -1), turnsAt(open, 1), turnsAt(open, 0), turnsAt(open, null)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
