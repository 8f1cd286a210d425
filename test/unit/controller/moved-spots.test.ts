import { describe, expect, it } from "vitest";
import { createDoseLedger } from "../../../controller/dose/dose-ledger.ts";
import { movedPlan, remountMm } from "../../../controller/dose/moved-spots.ts";
import { relativeFluence } from "../../../protocols/dose/beam-profile.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { ledgerCell, measured, plan, PROFILE, proposal, SPOTS } from "./dose-plans.ts";

function newLedger(moved?: ReadonlyMap<string, number>) {
  const ledger = createDoseLedger({
    cells: [ledgerCell(0), ledgerCell(1)],
    convention: "en",
    nowMs: () => 0,
    write: () => 1,
    ...(moved === undefined ? {} : { moved }),
  });
  for (const cellIndex of [0, 1]) {
    // 800 Gy of the 1000 Gy that are allowed, on the middle spot.
    ledger.book(`x${cellIndex}`, cellIndex, 1, [], measured(1.6));
    ledger.settle(`x${cellIndex}`, measured(1.6), "test");
  }
  return ledger;
}

describe("a cell that was put back", () => {
  it("has its spots where they were within what is said: what one was given counts on its neighbours", () => {
    const ledger = newLedger();
    const beside = proposal(1e12, { spotIndex: 2 });
    expect(ledger.refusals(0, beside)).toEqual([]);
    ledger.moved(0, 0.5);
    expect(ledger.refusals(0, beside).map(({ kind }) => kind)).toEqual(["dose"]);
    // The other cell lies as it lay.
    expect(ledger.refusals(1, beside)).toEqual([]);
    expect(ledger.refusals(0, proposal(1e10, { spotIndex: 2 }))).toEqual([]);
  });

  it("is known to have been put back after a restart, and after an amendment", () => {
    const ledger = newLedger(new Map([["A1", 0.5]]));
    ledger.amended();
    expect(ledger.refusals(0, proposal(1e12, { spotIndex: 2 }))).toHaveLength(1);
    expect(ledger.refusals(1, proposal(1e12, { spotIndex: 2 }))).toEqual([]);
  });

  it("and once more may lie off to the other side: twice as far from where it was between", () => {
    const ledger = newLedger();
    expect([0.2, 0.2, 0.2, 0.05].map((withinMm) => ledger.moved(0, withinMm))).toEqual([0.2, 0.4, 0.4, 0.4]);
    expect(newLedger(new Map([["A1", 0.2]])).moved(0, 0.2)).toBe(0.4);
    expect(ledger.moved(1, 0.2)).toBe(0.2);
  });

  it("is nowhere given more than is reckoned with, however its spots have moved within that", () => {
    const chance = createChance(11);
    const withinMm = 0.4;
    const { relativeFluence: reckoned } = movedPlan(plan(), withinMm);
    for (let round = 0; round < 300; round += 1) {
      const radiusMm = withinMm * chance.uniform();
      const angle = 2 * Math.PI * chance.uniform();
      const [byX, byY] = [radiusMm * Math.cos(angle), radiusMm * Math.sin(angle)];
      const before = SPOTS.map(() => chance.uniform());
      const after = SPOTS.map(() => chance.uniform());
      const bound = Math.max(
        ...SPOTS.map(({ xMm }) =>
          SPOTS.reduce(
            (sum, spot, index) => sum + ((before[index] ?? 0) + (after[index] ?? 0)) * reckoned(xMm - spot.xMm, 0),
            0,
          ),
        ),
      );
      const given = (xMm: number, yMm: number): number =>
        SPOTS.reduce(
          (sum, spot, index) =>
            sum +
            (before[index] ?? 0) * relativeFluence(PROFILE, xMm - spot.xMm, yMm) +
            (after[index] ?? 0) * relativeFluence(PROFILE, xMm - spot.xMm - byX, yMm - byY),
          0,
        );
      for (const { xMm } of SPOTS) {
        expect(given(xMm, 0)).toBeLessThanOrEqual(bound);
        expect(given(xMm + byX, byY)).toBeLessThanOrEqual(bound);
      }
    }
  });

  it("lies within half a millimetre where the site says nothing else", () => {
    expect([remountMm({}), remountMm({ remountMm: 0.1 })]).toEqual([0.5, 0.1]);
    const own = plan();
    expect(movedPlan(own, 0.5)).toBe(movedPlan(own, 0.5));
    // One for all cells under one beam, so that how spots overlap is worked out once.
    const other = { ...own, position: "A2" };
    expect(movedPlan(other, 0.5).relativeFluence).toBe(movedPlan(own, 0.5).relativeFluence);
    expect(movedPlan(own, 0)).not.toBe(movedPlan(own, 0.5));
    expect(movedPlan(own, 0).relativeFluence(0.3, -0.2)).toBeCloseTo(own.relativeFluence(0.3, -0.2), 12);
  });
});
