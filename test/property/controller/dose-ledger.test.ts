import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  doseRefusals,
  emptyCellDose,
  settledFluenceAt,
  withBooking,
  withSettlement,
  type CellDose,
} from "../../../controller/dose/cell-dose.ts";
import { createDoseLedger, proposalOf } from "../../../controller/dose/dose-ledger.ts";
import { ledgerEventData, parseLedgerRow, type LedgerRow } from "../../../controller/record/ledger-row.ts";
import type { DoseLimit } from "../../../protocols/campaign/campaign.ts";
import { relativeFluence, type BeamProfile } from "../../../protocols/dose/beam-profile.ts";
import { BEAM, LAYERS, ledgerCell, limit, measured, plan } from "../../unit/controller/dose-plans.ts";

/** One thing that happens: an exposure is asked for, or an open one ends with a share of its booking or in full. */
type Act =
  | { readonly kind: "ask"; readonly cell: number; readonly spot: number; readonly openS: number }
  | { readonly kind: "end"; readonly which: number; readonly share: number | null };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    kind: fc.constant("ask" as const),
    cell: fc.nat({ max: 1 }),
    spot: fc.nat({ max: 2 }),
    openS: fc.double({ min: 0.01, max: 2, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant("end" as const),
    which: fc.nat({ max: 5 }),
    share: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  }),
);

const profile: fc.Arbitrary<BeamProfile> = fc.oneof(
  fc.record({
    profile: fc.constant("gaussian" as const),
    fwhmXMm: fc.double({ min: 0.1, max: 2, noNaN: true }),
    fwhmYMm: fc.constant(0.5),
  }),
  fc.record({
    profile: fc.constant("tophat_rect" as const),
    widthMm: fc.double({ min: 0.1, max: 2, noNaN: true }),
    heightMm: fc.constant(1),
  }),
);

const totalLimit: fc.Arbitrary<DoseLimit> = fc
  .record({
    layerIndex: fc.nat({ max: 1 }),
    location: fc.constantFrom("surface" as const, "mean" as const),
    doseGy: fc.double({ min: 50, max: 1500, noNaN: true }),
  })
  .map((changes) => limit({ layerName: LAYERS[changes.layerIndex]?.name ?? "", ...changes }));

/** Runs the acts through a ledger as the controller would: nothing is booked that is refused. */
function run(acts: readonly Act[], beam: BeamProfile, limits: readonly DoseLimit[], relativeUncertainty: number) {
  const changes = {
    limits,
    relativeUncertainty,
    relativeFluence: (dxMm: number, dyMm: number) => relativeFluence(beam, dxMm, dyMm),
  };
  const cells = [ledgerCell(0, changes), ledgerCell(1, changes)];
  const rows: LedgerRow[] = [];
  const ledger = createDoseLedger({
    cells,
    convention: "en",
    nowMs: () => rows.length,
    write: (row) => rows.push(row),
  });
  const open: { readonly id: string; readonly openS: number }[] = [];
  let refusedCount = 0;
  for (const [index, item] of acts.entries()) {
    if (item.kind === "ask") {
      const asked = proposalOf(item.spot, item.openS, { fluxPhS: 1e11, source: "monitor" }, BEAM);
      if (ledger.refusals(item.cell, asked).length > 0) {
        refusedCount += 1;
        continue;
      }
      const id = `x${index}`;
      ledger.book(id, item.cell, item.spot, [], measured(item.openS));
      open.push({ id, openS: item.openS });
    } else {
      const [ended] = open.splice(item.which % Math.max(1, open.length), 1);
      if (ended === undefined) continue;
      ledger.settle(ended.id, item.share === null ? null : measured(ended.openS * item.share), "test");
    }
  }
  return { cells, rows, ledger, openCount: open.length, refusedCount };
}

/** The rows folded again from their event data, as an audit reads them. */
function fold(rows: readonly LedgerRow[], position: string): CellDose {
  let dose = emptyCellDose(plan());
  for (const written of rows) {
    const row = parseLedgerRow(ledgerEventData(written));
    if (row === undefined) throw new Error("a row that cannot be read back");
    if (row.position !== position) continue;
    const { exposureId, spotIndex, fluencePhCm2 } = row;
    const after =
      row.kind === "booking"
        ? withBooking(dose, { exposureId, spotIndex, fluencePhCm2 })
        : withSettlement(dose, exposureId, fluencePhCm2);
    if (after === undefined) throw new Error(`${exposureId} settled without a booking`);
    dose = after;
  }
  return dose;
}

const campaign = [
  fc.array(act, { maxLength: 60, size: "max" }),
  profile,
  fc.array(totalLimit, { minLength: 1, maxLength: 3 }),
  fc.double({ min: 0, max: 0.5, noNaN: true }),
] as const;

describe("for any sequence of exposures", () => {
  it("no spot's dose, uncertainty included, passes a limit", () => {
    let refusedInAll = 0;
    fc.assert(
      fc.property(...campaign, (acts, beam, limits, uncertainty) => {
        const { cells, rows, refusedCount } = run(acts, beam, limits, uncertainty);
        refusedInAll += refusedCount;
        for (const cell of cells) {
          const dose = fold(rows, cell.position);
          const settledAndOpen = dose.open.reduce<CellDose>(
            (sum, booking) => withSettlement(sum, booking.exposureId, booking.fluencePhCm2) ?? sum,
            dose,
          );
          for (const spot of cell.plan.spots) {
            const fluence = settledFluenceAt(cell.plan, settledAndOpen, spot.xMm, spot.yMm);
            for (const { layerIndex, location, doseGy } of limits) {
              const layer = LAYERS[layerIndex];
              const coefficient = location === "surface" ? layer?.surfaceGyPerPhCm2 : layer?.meanGyPerPhCm2;
              expect((coefficient ?? NaN) * fluence * (1 + uncertainty)).toBeLessThanOrEqual(
                (doseGy ?? NaN) * (1 + 1e-9),
              );
            }
          }
        }
      }),
      { numRuns: 200 },
    );
    expect(refusedInAll).toBeGreaterThan(100);
  });

  it("the rows alone give the same answers as the living ledger", () => {
    fc.assert(
      fc.property(
        ...campaign,
        fc.double({ min: 0.01, max: 4, noNaN: true }),
        (acts, beam, limits, uncertainty, openS) => {
          const { cells, rows, ledger, openCount } = run(acts, beam, limits, uncertainty);
          expect(ledger.openCount).toBe(openCount);
          for (const [index, cell] of cells.entries()) {
            const dose = fold(rows, cell.position);
            for (const spot of [0, 1, 2]) {
              const asked = proposalOf(spot, openS, { fluxPhS: 1e11, source: "monitor" }, BEAM);
              expect(ledger.refusals(index, asked)).toEqual(doseRefusals(cell.plan, dose, asked));
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("whatever is refused stays refused for more, and whatever is allowed stays allowed for less", () => {
    fc.assert(
      fc.property(
        ...campaign,
        fc.double({ min: 0.001, max: 4, noNaN: true }),
        fc.double({ min: 1, max: 10, noNaN: true }),
        (acts, beam, limits, uncertainty, openS, times) => {
          const { ledger } = run(acts, beam, limits, uncertainty);
          for (const spot of [0, 1, 2]) {
            const less = ledger.refusals(0, proposalOf(spot, openS, { fluxPhS: 1e11, source: "monitor" }, BEAM));
            const more = ledger.refusals(
              0,
              proposalOf(spot, openS * times, { fluxPhS: 1e11, source: "monitor" }, BEAM),
            );
            expect(more.length).toBeGreaterThanOrEqual(less.length);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
