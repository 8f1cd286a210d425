/**
 * Walks a table of a file that may be damaged: gives every row that can be read, and says which stretches cannot.
 */
import type { FetchRows, RawRow } from "./record-rows.ts";

export const ROWS_PER_PAGE = 512;

const OUT_OF_ORDER = "its rows are not in their order";

export type Scanned<Row> =
  | { readonly kind: "row"; readonly key: number; readonly row: Row }
  /** Keys from..to cannot be read; some of them may never have been there. */
  | { readonly kind: "damaged"; readonly from: number; readonly to: number; readonly reason: string };

/**
 * From `fromKey` on. `lastKey` is the highest key that the table may hold: where the search past damage ends. Large
 * rows want small pages.
 */
export function* scanRows<Row>(
  fetch: FetchRows,
  parse: (row: RawRow) => Row | undefined,
  lastKey: number,
  rowsPerPage = ROWS_PER_PAGE,
  fromKey = 1,
): Generator<Scanned<Row>> {
  let after = fromKey - 1;
  let limit = rowsPerPage;
  // Among rows out of their order one may have a number beyond all others: whoever went on behind it would miss the rest.
  let keyMax = Infinity;
  for (;;) {
    const page = tryFetch(fetch, after, limit, keyMax);
    if (typeof page !== "string") {
      for (const raw of page) {
        const key = Number(raw["key"]);
        const row = parse(raw);
        yield row === undefined
          ? { kind: "damaged", from: key, to: key, reason: "the row does not hold what its table says" }
          : { kind: "row", key, row };
        after = key;
      }
      if (page.length < limit && limit === rowsPerPage) return;
      if (page.length === 0) return;
      continue;
    }
    if (page === OUT_OF_ORDER) keyMax = Math.max(lastKey, after + 1);
    // Row by row up to the damage, then past it.
    if (limit > 1) {
      limit = 1;
      continue;
    }
    const next = nextReadable(fetch, after, lastKey, keyMax);
    yield {
      kind: "damaged",
      from: after + 1,
      to: next === undefined ? Math.max(lastKey, after + 1) : next - 1,
      reason: page,
    };
    if (next === undefined) return;
    after = next - 1;
    limit = rowsPerPage;
  }
}

/** The first key that can be read beyond the damage that follows `after`, to within what the pages allow. */
function nextReadable(fetch: FetchRows, after: number, lastKey: number, keyMax: number): number | undefined {
  let unreadable = after;
  for (let step = 1; after + step <= lastKey; step *= 2) {
    if (canFetch(fetch, after + step, keyMax)) return narrow(fetch, unreadable, after + step, keyMax) + 1;
    unreadable = after + step;
  }
  // The last step may have jumped over a short readable tail.
  return lastKey > unreadable + 1 && canFetch(fetch, lastKey - 1, keyMax)
    ? narrow(fetch, unreadable, lastKey - 1, keyMax) + 1
    : undefined;
}

/** Between a place that cannot be read from and one that can: the smallest that can, where damage is one stretch. */
function narrow(fetch: FetchRows, unreadableAt: number, readableAt: number, keyMax: number): number {
  let low = unreadableAt;
  let high = readableAt;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (canFetch(fetch, middle, keyMax)) high = middle;
    else low = middle;
  }
  return high;
}

/** True when there is a row after this key and it can be read: the end of the table is not the end of the damage. */
function canFetch(fetch: FetchRows, after: number, keyMax: number): boolean {
  const page = tryFetch(fetch, after, 1, keyMax);
  return typeof page !== "string" && page.length > 0;
}

/** Of a file that was cut, SQLite may give rows of another place: whoever followed them would come by here again. */
function tryFetch(fetch: FetchRows, after: number, limit: number, keyMax: number): RawRow[] | string {
  try {
    const page = fetch(after, limit);
    let last = after;
    for (const raw of page) {
      const key = Number(raw["key"]);
      if (!(key > last) || key > keyMax) return OUT_OF_ORDER;
      last = key;
    }
    return page;
  } catch (error) {
    if (error instanceof Error && "code" in error) return error.message;
    throw error;
  }
}
