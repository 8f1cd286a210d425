/**
 * The dose ledger: judges a proposal, books an upper bound before the shutter, settles what was measured after it.
 * It keeps the cells' doses in memory as the fold of its own rows; the rows go to the record in the same breath, so
 * that folding the record again gives the same state and the same answers.
 */
import { assert } from "../../protocols/base/assert.ts";
import type { DoseConvention } from "../../protocols/dose/layer-stack.ts";
import type { Occupant } from "../../protocols/base/position.ts";
import type { LayerDose, LedgerRow } from "../record/ledger-row.ts";
import {
  coolestSpot,
  doseByPlan,
  doseRefusals,
  emptyCellDose,
  exposureLimitFraction,
  limitFraction,
  withBooking,
  withBrought,
  weighedFluence,
  withSettlement,
  type CellDose,
  type CellDosePlan,
  type DoseProposal,
  type DoseRefusal,
  type OpenBooking,
} from "./cell-dose.ts";
import { createGivenRows, type GivenExposure } from "./given-rows.ts";
import { movedOnMm, movedPlan } from "./moved-spots.ts";
import type { FluxEstimate } from "./flux.ts";

/** How photons per second before filters become fluence on a spot. */
export interface BeamOnCell {
  readonly filterTransmission: number;
  /** Peak fluence per photon, 1/cm2. */
  readonly peakPerFluxPerCm2: number;
}

export interface LedgerCell {
  readonly position: Occupant;
  readonly plan: CellDosePlan;
  readonly stackHash: string;
}

export interface Measured {
  readonly openTimeS: number;
  readonly flux: FluxEstimate;
  readonly beam: BeamOnCell;
  readonly reason: string;
}

export interface DoseLedger {
  /** Every reason against booking the proposal; empty when there is none. */
  refusals(cellIndex: number, proposal: DoseProposal): readonly DoseRefusal[];
  /** Books the upper bound and returns the event's sequence number. The caller commits before any photon. */
  book(
    exposureId: string,
    cellIndex: number,
    spotIndex: number,
    filtersIn: readonly boolean[],
    bound: Measured,
    cycle?: number | null,
  ): number;
  /**
   * The spot that an exposure of this fluence is best given to: the one with least dose by then, tails of the others
   * included. Among spots that differ by less than a tenth of the exposure, the first in turn.
   */
  spotFor(cellIndex: number, inTurn: readonly number[], fluencePhCm2: number): number | undefined;
  /**
   * How many more exposures the cell's limits leave, each on the spot that suits it, when each gives `expectedPhCm2` and
   * is booked as `proposal` has it; `most` at the most.
   */
  exposuresLeft(
    cellIndex: number,
    inTurn: readonly number[],
    proposal: DoseProposal,
    expectedPhCm2: number,
    most: number,
  ): number;
  hasOpenBooking(exposureId: string): boolean;
  /**
   * Settles the booking with what was measured; null, or a measurement that gives no fluence, charges it in full.
   * Returns the row written.
   */
  settle(exposureId: string, measured: Measured | null, reason: string): LedgerRow;
  /** Largest share of any limit that this cell has had, by the upper value of what was settled. */
  limitFractionOf(cellIndex: number): number;
  /** The same over all cells. */
  readonly limitFractionMax: number;
  /** The same with open bookings counted in full, as the audit counts them. */
  readonly limitFractionBooked: number;
  readonly openCount: number;
  /** What was given, and bookings that are open, in order; each exposure once. */
  given(): readonly GivenExposure[];
  /** The cells have other plans from here on, and there may be more of them; of what was given nothing changes. */
  amended(): void;
  /**
   * The cell was put back within so much of its first place: its spots may lie elsewhere from here on, by what is returned,
   * mm, which `moved` of a later ledger is to have.
   */
  moved(cellIndex: number, withinMm: number): number;
}

export interface DoseLedgerDeps {
  /** Looked up at each act: an amendment puts others in their places. */
  readonly cells: readonly LedgerCell[];
  readonly convention: DoseConvention;
  readonly nowMs: () => number;
  /** Writes the row and its event; returns the event's sequence number. */
  readonly write: (row: LedgerRow) => number;
  /** What the record holds already, in order: given and booked before, by whomever. Default nothing. */
  readonly past?: Iterable<LedgerRow>;
  /** By position: cells that were put back before, and by what their spots may lie elsewhere, mm. */
  readonly moved?: ReadonlyMap<string, number>;
}

type SingleExposure = Pick<LedgerRow, "fluencePhCm2" | "relativeUncertainty" | "openTimeS">;

/** Of a cell's exposures the one that gave most, and the one that gave it fastest: no other is nearer to a limit on one. */
interface Strongest {
  readonly byFluence: SingleExposure | null;
  readonly byRate: SingleExposure | null;
}

interface OpenEntry {
  readonly cellIndex: number;
  readonly row: LedgerRow;
}

export function createDoseLedger(deps: DoseLedgerDeps): DoseLedger {
  const doses: CellDose[] = deps.cells.map((cell) => emptyCellDose(cell.plan));
  const open = new Map<string, OpenEntry>();
  const moved = new Map(deps.moved);
  const fractions: number[] = [];
  const closed = createGivenRows();
  const strongest: Strongest[] = [];

  function cellAt(cellIndex: number): LedgerCell {
    const cell = deps.cells[cellIndex];
    assert(cell !== undefined, `no cell ${cellIndex} in the ledger`);
    const withinMm = moved.get(cell.position);
    return withinMm === undefined ? cell : { ...cell, plan: movedPlan(cell.plan, withinMm) };
  }

  function doseAt(cellIndex: number): CellDose {
    const dose = doses[cellIndex];
    assert(dose !== undefined, `no dose for cell ${cellIndex}`);
    const earlier = deps.cells[cellIndex]?.plan.earlier;
    if (earlier === undefined) return dose;
    const former = deps.cells.flatMap(({ position }, index) => {
      const had = doses[index];
      return earlier.includes(position) && had !== undefined ? [{ plan: cellAt(index).plan, dose: had }] : [];
    });
    return withBrought(dose, former);
  }

  function settledFractionMax(): number {
    return fractions.reduce((a, b) => Math.max(a, b), 0);
  }

  function noteGiven(cellIndex: number, row: LedgerRow, after: CellDose): void {
    doses[cellIndex] = after;
    noteFraction(cellIndex, limitFraction(cellAt(cellIndex).plan, doseAt(cellIndex)));
    noteOne(cellIndex, row);
    closed.add(row);
    strongest[cellIndex] = strongerOf(strongest[cellIndex], row);
    open.delete(row.exposureId);
  }

  function noteOne(cellIndex: number, row: SingleExposure): void {
    const { plan } = cellAt(cellIndex);
    noteFraction(cellIndex, exposureLimitFraction(plan, weighedFluence(plan, row), row.openTimeS));
  }

  function noteFraction(cellIndex: number, fraction: number): void {
    fractions[cellIndex] = Math.max(fractions[cellIndex] ?? 0, fraction);
  }

  for (const row of deps.past ?? []) {
    const cellIndex = deps.cells.findIndex((cell) => cell.position === row.position);
    assert(cellIndex >= 0, `the record charges ${row.position}, which is no cell of the ledger`);
    if (row.kind === "booking") {
      doses[cellIndex] = withBooking(doseAt(cellIndex), bookingOf(row));
      open.set(row.exposureId, { cellIndex, row });
    } else {
      const after = withSettlement(doseAt(cellIndex), row.exposureId, weighedFluence(cellAt(cellIndex).plan, row));
      assert(after !== undefined, `the record settles ${row.exposureId}, which is not booked`);
      noteGiven(cellIndex, row, after);
    }
  }

  noteBrought();

  /** What came back has its share of its limits before anything more is given to it. */
  function noteBrought(): void {
    deps.cells.forEach(({ plan }, cellIndex) => {
      if (plan.earlier !== undefined) noteFraction(cellIndex, limitFraction(cellAt(cellIndex).plan, doseAt(cellIndex)));
    });
  }

  return {
    refusals: (cellIndex, proposal) => doseRefusals(cellAt(cellIndex).plan, doseAt(cellIndex), proposal),
    spotFor(cellIndex, inTurn, fluencePhCm2) {
      return coolestSpot(cellAt(cellIndex).plan, doseAt(cellIndex), inTurn, SPOT_TOLERANCE * fluencePhCm2);
    },
    book(exposureId, cellIndex, spotIndex, filtersIn, bound, cycle = null) {
      const cell = cellAt(cellIndex);
      assert(!open.has(exposureId), `exposure ${exposureId} is booked already`);
      const fluencePhCm2 = fluenceOf(bound);
      assert(fluencePhCm2 > 0 && Number.isFinite(fluencePhCm2), `the booking of ${exposureId} is no upper bound`);
      const row: LedgerRow = {
        kind: "booking",
        ...common(exposureId, cell, spotIndex, cycle, bound, fluencePhCm2),
        stackHash: cell.stackHash,
        filtersIn,
      };
      doses[cellIndex] = withBooking(doseAt(cellIndex), bookingOf(row));
      open.set(exposureId, { cellIndex, row });
      return deps.write(row);
    },
    exposuresLeft(cellIndex, inTurn, proposal, expectedPhCm2, most) {
      const { plan } = cellAt(cellIndex);
      const cycle = proposal.cycle ?? null;
      let dose = doseAt(cellIndex);
      let count = 0;
      for (; count < most; count += 1) {
        const spotIndex = coolestSpot(plan, dose, inTurn, SPOT_TOLERANCE * expectedPhCm2) ?? proposal.spotIndex;
        if (doseRefusals(plan, dose, { ...proposal, spotIndex }).length > 0) break;
        dose = withBooking(dose, { exposureId: `planned ${count}`, spotIndex, fluencePhCm2: expectedPhCm2, cycle });
      }
      return count;
    },
    hasOpenBooking: (exposureId) => open.has(exposureId),
    settle(exposureId, measured, reason) {
      const entry = open.get(exposureId);
      assert(entry !== undefined, `exposure ${exposureId} has no open booking`);
      const cell = cellAt(entry.cellIndex);
      const fluencePhCm2 = measured === null ? NaN : fluenceOf(measured);
      const row: LedgerRow =
        measured === null || !isAmount(fluencePhCm2)
          ? chargedInFull(entry.row, deps.nowMs(), reason)
          : {
              kind: "settlement",
              ...common(exposureId, cell, entry.row.spotIndex, entry.row.cycle, { ...measured, reason }, fluencePhCm2),
            };
      const after = withSettlement(doseAt(entry.cellIndex), exposureId, weighedFluence(cell.plan, row));
      assert(after !== undefined, `exposure ${exposureId} is not booked on its cell`);
      // The row first: a booking is given up only for one that the record has taken.
      deps.write(row);
      noteGiven(entry.cellIndex, row, after);
      return row;
    },
    limitFractionOf: (cellIndex) => fractions[cellIndex] ?? 0,
    get limitFractionMax() {
      return settledFractionMax();
    },
    get limitFractionBooked() {
      let fraction = settledFractionMax();
      for (const { cellIndex, row } of open.values()) {
        const { plan } = cellAt(cellIndex);
        fraction = Math.max(
          fraction,
          limitFraction(plan, doseAt(cellIndex), true),
          exposureLimitFraction(plan, row.fluencePhCm2, row.openTimeS),
        );
      }
      return fraction;
    },
    get openCount() {
      return open.size;
    },
    given: () => [...closed.rows(), ...[...open.values()].map(({ row }) => row)],
    amended() {
      fractions.fill(0);
      deps.cells.forEach((_, cellIndex) => {
        const { plan } = cellAt(cellIndex);
        const before = doses[cellIndex];
        const dose = before === undefined ? emptyCellDose(plan) : doseByPlan(before, plan);
        doses[cellIndex] = dose;
        noteFraction(cellIndex, limitFraction(plan, dose));
      });
      strongest.forEach(({ byFluence, byRate }, cellIndex) => {
        for (const row of [byFluence, byRate]) if (row !== null) noteOne(cellIndex, row);
      });
      noteBrought();
    },
    moved(cellIndex, withinMm) {
      const { position } = cellAt(cellIndex);
      const inAllMm = movedOnMm(moved.get(position), withinMm);
      moved.set(position, inAllMm);
      noteFraction(cellIndex, limitFraction(cellAt(cellIndex).plan, doseAt(cellIndex)));
      return inAllMm;
    },
  };

  function common(
    exposureId: string,
    cell: LedgerCell,
    spotIndex: number,
    cycle: number | null,
    measured: Measured,
    fluencePhCm2: number,
  ) {
    const spot = cell.plan.spots[spotIndex];
    assert(spot !== undefined, `no spot ${spotIndex} at ${cell.position}`);
    return {
      exposureId,
      position: cell.position,
      spotIndex,
      spotXMm: spot.xMm,
      spotYMm: spot.yMm,
      cycle,
      atMs: deps.nowMs(),
      fluencePhCm2,
      openTimeS: measured.openTimeS,
      fluxPhS: measured.flux.fluxPhS,
      fluxSource: measured.flux.source,
      filterTransmission: measured.beam.filterTransmission,
      convention: deps.convention,
      layerDosesGy: layerDoses(cell.plan, fluencePhCm2),
      relativeUncertainty: uncertaintyWith(cell.plan.relativeUncertainty, measured.flux.uncertaintyFactor),
      reason: measured.reason,
    };
  }
}

function strongerOf(before: Strongest | undefined, row: LedgerRow): Strongest {
  const { fluencePhCm2, relativeUncertainty, openTimeS } = row;
  const one = { fluencePhCm2, relativeUncertainty, openTimeS };
  const { byFluence = null, byRate = null } = before ?? {};
  return {
    byFluence: upperPhCm2(one) > upperPhCm2(byFluence) ? one : byFluence,
    byRate: upperRate(one) > upperRate(byRate) ? one : byRate,
  };
}

function upperPhCm2(one: SingleExposure | null): number {
  return one === null ? -Infinity : one.fluencePhCm2 * (1 + one.relativeUncertainty);
}

/** What was open for no time has no rate. */
function upperRate(one: SingleExposure | null): number {
  return one === null || !(one.openTimeS > 0) ? -Infinity : upperPhCm2(one) / one.openTimeS;
}

/** The proposal of an exposure that may be open for so long at this flux. */
export function proposalOf(
  spotIndex: number,
  openTimeS: number,
  flux: FluxEstimate,
  beam: BeamOnCell,
  cycle: number | null = null,
): DoseProposal {
  const fluenceRatePhCm2S = flux.fluxPhS * beam.filterTransmission * beam.peakPerFluxPerCm2;
  return { spotIndex, fluencePhCm2: fluenceRatePhCm2S * openTimeS, fluenceRatePhCm2S, cycle };
}

/** What a row of the ledger says of a booking. */
export function bookingOf({ exposureId, spotIndex, fluencePhCm2, cycle }: LedgerRow): OpenBooking {
  return { exposureId, spotIndex, fluencePhCm2, cycle };
}

/** Doses of two spots differ if they do so by more than this share of the exposure that is to be given. */
const SPOT_TOLERANCE = 0.1;

function uncertaintyWith(relative: number, factor: number | undefined): number {
  return factor === undefined ? relative : (1 + relative) * factor - 1;
}

function fluenceOf(measured: Measured): number {
  return (
    measured.flux.fluxPhS * measured.beam.filterTransmission * measured.beam.peakPerFluxPerCm2 * measured.openTimeS
  );
}

function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function layerDoses(plan: CellDosePlan, fluencePhCm2: number): readonly LayerDose[] {
  return plan.layers.map((layer) => ({
    layer: layer.name,
    surfaceGy: layer.surfaceGyPerPhCm2 * fluencePhCm2,
    meanGy: layer.meanGyPerPhCm2 * fluencePhCm2,
  }));
}

function chargedInFull(booking: LedgerRow, atMs: number, reason: string): LedgerRow {
  const { exposureId, position, spotIndex, spotXMm, spotYMm, cycle, fluencePhCm2, openTimeS } = booking;
  const { fluxPhS, fluxSource } = booking;
  const { filterTransmission, convention, layerDosesGy, relativeUncertainty } = booking;
  return {
    kind: "charge-in-full",
    exposureId,
    position,
    spotIndex,
    spotXMm,
    spotYMm,
    cycle,
    atMs,
    fluencePhCm2,
    openTimeS,
    fluxPhS,
    fluxSource,
    filterTransmission,
    convention,
    layerDosesGy,
    relativeUncertainty,
    reason,
  };
}
