/** A table of a damaged file is walked to its end, whatever SQLite gives. */
import { expect, it } from "vitest";
import { scanRows } from "../../../controller/record/damage-scan.ts";
import { isLedgerRow } from "../../../controller/record/ledger-row.ts";
import type { FetchRows } from "../../../controller/record/record-rows.ts";
import { booking } from "./record-fixture.ts";

it("Rows of another place in a file that was cut do not lead a scan round and round", () => {
  // After row 5 the tree goes on with a page of the table's begin; from row 8 on it is right again.
  const keysAfter = (after: number): readonly number[] =>
    [1, 2, 3, 4, 5, 2, 3, 8, 9].filter((key, place) => (place < 5 || place > 6 ? key > after : after < 7));
  const fetch: FetchRows = (after, limit) =>
    keysAfter(after)
      .slice(0, limit)
      .map((key) => ({ key }));
  const found: string[] = [];
  for (const scanned of scanRows(fetch, (row) => Number(row["key"]), 9)) {
    found.push(scanned.kind === "row" ? String(scanned.key) : `${scanned.from}-${scanned.to}`);
    if (found.length > 20) break;
  }
  expect(found).toEqual(["1", "2", "3", "4", "5", "6-7", "8", "9"]);
});

it("A row whose number became one beyond all others is skipped alone, and those behind it are read", () => {
  // SQLite looks for a number among rows that it takes for ordered: asked for one behind the fifth, it passes by that.
  const keysAfter = (after: number): readonly number[] =>
    [1, 2, 3, 4, 8430, 6, 7, 8, 9].filter((key, place) => (place === 4 ? after < 5 : key > after));
  const fetch: FetchRows = (after, limit) =>
    keysAfter(after)
      .slice(0, limit)
      .map((key) => ({ key }));
  const found = [...scanRows(fetch, (row) => Number(row["key"]), 9)].map((scanned) =>
    scanned.kind === "row" ? String(scanned.key) : `${scanned.from}-${scanned.to}`,
  );
  expect(found).toEqual(["1", "2", "3", "4", "5-5", "6", "7", "8", "9"]);
});

it("A ledger row that a changed bit made state what cannot be is told from one that can, before it is copied", () => {
  expect(isLedgerRow(booking("e1"))).toBe(true);
  expect(isLedgerRow(booking("e1", { filterTransmission: 1.426 }))).toBe(false);
});
