import { describe, expect, it } from "vitest";
import { createClosedCharge, type LitSpot } from "../../../controller/beam/closed-charge.ts";
import { createDoseLedger } from "../../../controller/dose/dose-ledger.ts";
import { CAMPAIGN_CONVENTION, createBeamOnCell, createLedgerCells } from "../../../controller/dose/ledger-cells.ts";
import { fluxReferenceOf } from "../../../controller/dose/flux.ts";
import type { LedgerRow } from "../../../controller/record/ledger-row.ts";
import { contextOf } from "../../support/campaign-files.ts";
import { campaign, FILES, site } from "../../support/world-campaign.ts";
import { createRecorder } from "./machine-bench.ts";

const tables = contextOf(FILES).attenuationTables();

function bench(taken: readonly string[] = []) {
  let nowMs = 0;
  const rows: LedgerRow[] = [];
  const ledger = createDoseLedger({
    cells: createLedgerCells(campaign, site, tables),
    convention: CAMPAIGN_CONVENTION,
    nowMs: () => nowMs,
    write: (row) => rows.push(row),
  });
  const recorder = createRecorder();
  const charge = createClosedCharge({
    ...{ ledger, recorder, fluxReference: fluxReferenceOf(site), beam: createBeamOnCell(site, tables) },
    filtersIn: () => site.filters.map(() => false),
    cycleOf: () => 1,
    nowMs: () => nowMs,
    accounted: () => undefined,
    taken,
  });
  return {
    ledger,
    rows,
    charge,
    goTo: (ms: number): void => {
      nowMs = ms;
    },
    /** Position, spot and seconds of what was settled. */
    settled: (): readonly unknown[] =>
      rows.filter(({ kind }) => kind === "settlement").map((row) => [row.position, row.spotIndex, row.openTimeS]),
  };
}

const FIRST: LitSpot = { cellIndex: 0, position: campaign.cells[0]?.position ?? "", spotIndex: 2 };
const SECOND: LitSpot = { cellIndex: 1, position: campaign.cells[1]?.position ?? "", spotIndex: 0 };

describe("light through a shutter that reads closed", () => {
  it("is charged to whatever may have stood in the beam, on the way to both ends of it", () => {
    const { goTo, charge, settled, rows } = bench();
    goTo(0);
    charge.bringing(FIRST);
    goTo(500);
    charge.arrived();
    goTo(4000);
    charge.bringing(SECOND);
    goTo(4500);
    charge.arrived();
    goTo(6000);
    charge.charge(3000, 6000);
    expect(settled()).toEqual([
      [FIRST.position, 2, 1.5],
      [SECOND.position, 0, 2],
    ]);
    expect(rows.map(({ kind }) => kind)).toEqual(["booking", "settlement", "booking", "settlement"]);
    expect(new Set(rows.map(({ fluxPhS }) => fluxPhS))).toEqual(new Set([site.beam.fluxMaxPhS]));
    expect(new Set(rows.map(({ reason }) => reason))).toEqual(new Set(["shutter failure"]));
  });

  it("is charged to no cell once the stage is in the shadow, nor where none has been brought", () => {
    const { goTo, charge, settled } = bench();
    charge.charge(0, 1000);
    goTo(1000);
    charge.bringing(FIRST);
    goTo(2000);
    charge.away();
    charge.charge(3000, 9000);
    expect(settled()).toEqual([]);
    charge.charge(0, 9000);
    expect(settled()).toEqual([[FIRST.position, 2, 1]]);
  });

  // Rack's seed 28248: the spot that may stand there since a restart is brought anew, and both stays end with the reading.
  it("is charged once to a spot that is brought to where it may stand already", () => {
    const { goTo, charge, settled, rows } = bench();
    goTo(0);
    charge.bringing(FIRST);
    goTo(1000);
    charge.bringing(FIRST);
    goTo(3000);
    charge.charge(500, 3000);
    expect(settled()).toEqual([[FIRST.position, 2, 2.5]]);
    expect(rows.map(({ kind }) => kind)).toEqual(["booking", "settlement"]);
  });

  it("is charged once, where two say that there was light at the same time", () => {
    const { goTo, charge, settled } = bench();
    goTo(0);
    charge.bringing(FIRST);
    goTo(9000);
    charge.charge(3000, 4000);
    charge.charge(4000, 5000);
    charge.charge(7000, 8000);
    charge.charge(3500, 7500);
    charge.charge(2000, 9000);
    charge.charge(2000, 9000);
    expect(settled()).toEqual([1, 1, 1, 2, 1, 1].map((seconds): unknown => [FIRST.position, 2, seconds]));
  });

  it("of two stretches that end in one millisecond, and after a restart, each has a name of its own", () => {
    const name = `L-4000-${FIRST.position}-2`;
    const { goTo, charge, rows } = bench([name]);
    goTo(0);
    charge.bringing(FIRST);
    goTo(5000);
    charge.charge(3000, 4000.1);
    charge.charge(3000, 4000.3);
    expect(rows.filter(({ kind }) => kind === "settlement").map(({ exposureId }) => exposureId)).toEqual([
      `${name}-2`,
      `${name}-3`,
    ]);
  });

  it("is charged for no time at all to nothing", () => {
    const { goTo, charge, rows } = bench();
    goTo(1000);
    charge.bringing(FIRST);
    charge.charge(2000, 2000);
    charge.charge(0, 1000);
    expect(rows).toEqual([]);
  });

  it("is charged to what stood there up to ten minutes before the next was, and to what stood there last however long ago", () => {
    for (const [leftAtMs, isKept] of [
      [5501, true],
      [5500, false],
    ] as const) {
      const { goTo, charge, settled } = bench();
      goTo(0);
      charge.bringing(FIRST);
      goTo(leftAtMs);
      charge.away();
      goTo(600_000);
      charge.bringing(SECOND);
      goTo(605_500);
      charge.arrived();
      charge.charge(4500, 5500);
      expect(settled()).toEqual(isKept ? [[FIRST.position, 2, 1]] : []);
    }
    const { goTo, charge, settled } = bench();
    goTo(0);
    charge.bringing(FIRST);
    goTo(2000);
    charge.away();
    goTo(900_000);
    charge.away();
    charge.charge(0, 5000);
    expect(settled()).toEqual([[FIRST.position, 2, 2]]);
  });

  it("counts against the limits of the cell", () => {
    const { goTo, charge, ledger } = bench();
    goTo(0);
    charge.bringing(FIRST);
    expect(ledger.limitFractionOf(0)).toBe(0);
    goTo(1);
    charge.charge(0, 60_000);
    expect(ledger.limitFractionOf(0)).toBeGreaterThan(0.1);
    expect(ledger.openCount).toBe(0);
  });
});
