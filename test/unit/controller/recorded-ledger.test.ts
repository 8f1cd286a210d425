import { closeSync, cpSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CAMPAIGN_CONVENTION, createBeamOnCell, createLedgerCells } from "../../../controller/dose/ledger-cells.ts";
import { createDoseLedger, proposalOf } from "../../../controller/dose/dose-ledger.ts";
import { openRecordedLedger, type RecordedLedger } from "../../../controller/dose/recorded-ledger.ts";
import { ledgerEventData } from "../../../controller/record/ledger-row.ts";
import type { RecordHeader } from "../../../controller/record/record-header.ts";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { openDatabase } from "../../../controller/record/sqlite.ts";
import type { RecordStore } from "../../../controller/record/store.ts";
import { recordStart } from "../../../controller/run/start-record.ts";
import { inTurn, parsePosition, placeOf } from "../../../protocols/base/position.ts";
import { tables } from "../../support/campaign-files.ts";
import { campaign, site } from "../../support/world-campaign.ts";
import { createTestClock, HEADER, newFolder, open, removeFolders } from "../record/record-fixture.ts";

const ON_SITE: RecordHeader = { ...HEADER, world: "site", seed: null };
const HOLDER = { pid: 1, host: "here", sinceMs: 0 };
const CELLS = createLedgerCells(campaign, site, tables);
const FIRST = CELLS[0]?.position ?? "";
const BEAM = createBeamOnCell(site, tables)(site.filters.map(() => false));
const FLUX = { fluxPhS: site.beam.fluxMaxPhS, source: "highest-possible" } as const;
/** The last event of the record. */
const LAST_MS = 60_000;

type EventData = Parameters<RecordStore["appendEvent"]>[0]["data"];

function written(header: RecordHeader, write: (store: RecordStore) => void): string {
  const folder = newFolder();
  const store = open(folder, { header });
  write(store);
  store.close();
  return folder;
}

function started(store: RecordStore): void {
  const record = (type: string, data: EventData): number => store.appendEvent({ atMs: 0, type, data });
  recordStart({ record }, campaign, site, CELLS);
}

let sound = "";
beforeAll(() => {
  sound = written(ON_SITE, (store) => {
    started(store);
    const ledger = createDoseLedger({
      cells: CELLS,
      convention: CAMPAIGN_CONVENTION,
      nowMs: () => LAST_MS,
      write(row) {
        store.appendLedger(row);
        const type = row.kind === "booking" ? "exposure-booked" : "exposure-settled";
        return store.appendEvent({ atMs: row.atMs, type, data: ledgerEventData(row) });
      },
    });
    ledger.book("x1", 0, 0, [], { openTimeS: 1, flux: FLUX, beam: BEAM, reason: "test" });
    ledger.settle("x1", null, "test");
  });
});
afterAll(removeFolders);

function opened(folder: string, atMs = 0, siteHash = ON_SITE.siteHash): RecordedLedger {
  const clock = { ...createTestClock(), wallMs: () => campaign.startMs + atMs };
  return openRecordedLedger({ folder, siteHash, clock, holder: HOLDER });
}

/** A copy of the sound record in which one table cannot be read any more. */
function damagedIn(table: string): string {
  const folder = newFolder();
  cpSync(sound, folder, { recursive: true });
  const path = join(folder, "campaign.db");
  const database = openDatabase(path);
  const rootPage = Number(database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").pluck().get(table));
  const pageBytes = Number(database.pragma("page_size", { simple: true }));
  database.close();
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(pageBytes, 0xee), 0, pageBytes, (rootPage - 1) * pageBytes);
  closeSync(file);
  return folder;
}

describe("the ledger of a campaign that has been", () => {
  it("goes on from what was given, and has what it books and settles on the same record", async () => {
    const folder = newFolder();
    cpSync(sound, folder, { recursive: true });
    const recorded = opened(folder, LAST_MS + 5000);
    expect(recorded.campaign).toBe(HEADER.campaign);
    expect(recorded.nowMs()).toBe(LAST_MS + 5000);
    expect(recorded.ledger.given().map(({ exposureId }) => exposureId)).toEqual(["x1"]);
    expect(recorded.ledger.limitFractionMax).toBeGreaterThan(0);
    recorded.ledger.book("x2", 0, 0, [], { openTimeS: 1, flux: FLUX, beam: BEAM, reason: "by hand" });
    recorded.ledger.settle("x2", null, "by hand");
    await recorded.commit();
    recorded.close();
    const reader = openRecord(folder);
    const rows = [...reader.ledger()].map((scanned) => (scanned.kind === "damaged" ? "damaged" : scanned.row.kind));
    const events = [...reader.events()].map((scanned) => (scanned.kind === "damaged" ? "damaged" : scanned.row.type));
    reader.close();
    expect(rows).toEqual(["booking", "charge-in-full", "booking", "charge-in-full"]);
    expect(events.slice(-2)).toEqual(["exposure-booked", "exposure-settled"]);
  });

  it("books on all spots of a cell that a person had put back as if they lay that much nearer", () => {
    const booked = (...putBack: readonly EventData[]): number => {
      const folder = written(ON_SITE, (store) => {
        started(store);
        for (const data of putBack) store.appendEvent({ atMs: LAST_MS, type: "access-closed", data });
      });
      const recorded = opened(folder);
      for (const spot of [0, 1]) {
        // Long enough for the limits on a spot to count more than those on a single exposure.
        recorded.ledger.book(`x${spot}`, 0, spot, [], { openTimeS: 1000, flux: FLUX, beam: BEAM, reason: "by hand" });
      }
      recorded.close();
      return recorded.ledger.limitFractionBooked;
    };
    const untouched = booked();
    expect(booked({ position: FIRST, spots_moved_within_mm: 5 })).toBeGreaterThan(1.5 * untouched);
    expect(booked({ position: FIRST })).toBe(untouched);
  });

  it("counts the correction frames of the record, and goes on from there", () => {
    const folder = written(ON_SITE, (store) => {
      started(store);
      for (const type of ["correction-begun", "correction-ended"]) store.appendEvent({ atMs: LAST_MS, type, data: {} });
    });
    const recorded = opened(folder);
    expect(recorded.correctionCount).toBe(1);
    recorded.record("correction-ended", {});
    expect(recorded.correctionCount).toBe(1);
    recorded.record("correction-begun", {});
    expect(recorded.correctionCount).toBe(2);
    recorded.close();
  });

  it("is never before the last event of the record, whatever the computer's clock says", () => {
    const recorded = opened(sound, 10);
    expect(recorded.nowMs()).toBe(LAST_MS);
    recorded.close();
  });

  it("knows its cells and their spots, and no others", () => {
    const recorded = opened(sound);
    const position = parsePosition(FIRST);
    const unused = parsePosition("H12");
    expect(position === undefined ? undefined : recorded.cellAt(position)).toBe(0);
    expect(unused === undefined ? 0 : recorded.cellAt(unused)).toBeUndefined();
    expect(recorded.spotCountAt(0)).toBe(CELLS[0]?.plan.spots.length);
    expect(recorded.spotsAt(0)).toEqual(CELLS[0]?.plan.spots);
    expect(recorded.spotCountAt(99)).toBe(0);
    recorded.close();
  });

  it("goes by the limits and the plan that were stated last", () => {
    const asked = proposalOf(0, 1, FLUX, BEAM);
    const refusals = (folder: string): number => {
      const recorded = opened(folder);
      const { length } = recorded.ledger.refusals(0, asked);
      recorded.close();
      return length;
    };
    const none = { limits: [] };
    const folder = written(ON_SITE, (store) => {
      started(store);
      store.appendEvent({ atMs: 0, type: "dose-limits", data: none });
    });
    // Limits count from the next plan on.
    expect(refusals(sound)).toBe(0);
    expect(refusals(folder)).toBe(0);
    const stated = written(ON_SITE, (store) => {
      started(store);
      store.appendEvent({ atMs: 0, type: "dose-limits", data: none });
      const [plan] = [...openRecordEvents(sound)].filter(({ type }) => type === "dose-plan");
      store.appendEvent({ atMs: 0, type: "dose-plan", data: JSON.parse(plan?.dataText ?? "null") as EventData });
    });
    expect(refusals(stated)).toBe(1);
  });

  it.each<readonly [string, string, () => string]>([
    ["a simulated run", "store.other-campaign", () => written({ ...ON_SITE, world: "virtual" }, started)],
    ["a rehearsal", "store.other-campaign", () => written({ ...ON_SITE, isRehearsal: true }, started)],
    ["another site", "store.other-campaign", () => written({ ...ON_SITE, siteHash: "other" }, started)],
    ["no campaign that was begun", "dose.unknown", () => written(ON_SITE, () => undefined)],
    ["events that cannot be read", "store.damaged", () => damagedIn("event")],
    ["rows that cannot be read", "store.damaged", () => damagedIn("ledger")],
    ["nothing that says whose it is", "store.damaged", () => damagedIn("meta")],
    ["nothing at all", "file.missing", newFolder],
  ])("is refused for a folder of %s: %s", (_, code, folder) => {
    expect(() => opened(folder())).toThrow(expect.objectContaining({ code }) as Error);
  });

  it("is refused where a campaign was begun and no plan stated, or a plan and no begin", () => {
    const both = openRecordEvents(sound);
    for (const left of ["campaign-started", "dose-plan"]) {
      const folder = written(ON_SITE, (store) => {
        for (const { type, dataText } of both) {
          if (type !== left) store.appendEvent({ atMs: 0, type, data: JSON.parse(dataText) as EventData });
        }
      });
      expect(() => opened(folder)).toThrow(expect.objectContaining({ code: "dose.unknown" }) as Error);
    }
  });
});

function openRecordEvents(folder: string): readonly { readonly type: string; readonly dataText: string }[] {
  const reader = openRecord(folder);
  try {
    return [...reader.events()].flatMap((scanned) => (scanned.kind === "damaged" ? [] : [scanned.row]));
  } finally {
    reader.close();
  }
}

describe("the beam on a cell", () => {
  it("passes the filters that are in, and no others", () => {
    const beam = createBeamOnCell(site, tables);
    const out = site.filters.map(() => false);
    const first = site.filters.map((_, index) => index === 0);
    const all = site.filters.map(() => true);
    const passed = [out, first, all].map((filtersIn) => beam(filtersIn).filterTransmission);
    expect(passed[0]).toBe(1);
    expect(passed[1]).toBeLessThan(1);
    expect(passed[2]).toBeLessThan(passed[1] ?? 0);
  });

  it("is worked out once for each set of filters", () => {
    const beam = createBeamOnCell(site, tables);
    const out = site.filters.map(() => false);
    expect(beam([...out])).toBe(beam(out));
  });
});

describe("the cells of the ledger", () => {
  it("are known by their barcodes: one that has come back has the names of all places it had before, in their order", () => {
    const [one, other] = campaign.cells;
    if (one === undefined || other === undefined) throw new Error("two cells are needed");
    const next = (place: typeof one, turn: number, cell: typeof one) => ({
      ...cell,
      position: inTurn(placeOf(place.position), turn),
    });
    const cells = [one, other, next(one, 2, other), next(one, 3, one), next(other, 2, one)];
    const plans = createLedgerCells({ ...campaign, cells }, site, tables).map(({ plan }) => plan);
    expect(plans.map(({ earlier }) => earlier)).toEqual([
      ...[undefined, undefined],
      ...[[other.position], [one.position], [one.position, cells[3]?.position]],
    ]);
  });

  it("of one stack share what is worked out for it", () => {
    const layers = CELLS.map(({ plan }) => plan.layers);
    expect(new Set(layers).size).toBe(new Set(campaign.cells.map((cell) => cell.layers)).size);
    expect(layers.length).toBeGreaterThan(1);
  });
});
