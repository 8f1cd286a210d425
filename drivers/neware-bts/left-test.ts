/**
 * Looks for the test that a controller before this one started, by the last sample of it that is on record. An attempt
 * that is given up loses nothing: the next one goes on behind the rows that were fetched.
 */
import type { LeftRunning } from "../../protocols/roles/channel.ts";
import { DOWNLOAD_ROWS_MAX } from "../../protocols/wire/neware/bts-commands.ts";
import type { BtsTest } from "../../protocols/wire/neware/bts-replies.ts";
import { createLeftRows, type LeftRows } from "./left-rows.ts";
import type { RunningTest } from "./running-test.ts";

export interface LeftTest {
  /** Null when the channel's latest test is not the one that was left. Rejects as fetching rows does. */
  find(latest: BtsTest): Promise<RunningTest | null>;
}

/** A run whose first `rowsBefore` rows are not fetched. */
export type MakeRun = (rows: LeftRows, rowsBefore: number) => RunningTest;

export function createLeftTest(
  { step, lastSample }: LeftRunning & { readonly lastSample: NonNullable<LeftRunning["lastSample"]> },
  makeRun: MakeRun,
): LeftTest {
  /** A row for each interval: the one on record lies in the middle of what one request brings. */
  const likelyRow = Math.round(lastSample.stepTimeS / step.sampleIntervalS);
  let sought = soughtFrom(Math.max(0, likelyRow - DOWNLOAD_ROWS_MAX / 2));

  function soughtFrom(rowsBefore: number) {
    const rows = createLeftRows(lastSample);
    return { rows, rowsBefore, run: makeRun(rows, rowsBefore) };
  }

  async function isFoundIn(latest: BtsTest, rowCount: number): Promise<boolean> {
    const { run, rows } = sought;
    run.isLatest(latest);
    if (!rows.isProven) await run.drain(rowCount);
    return rows.isProven;
  }

  return {
    async find(latest) {
      if (sought.run.testId !== null && sought.run.testId !== latest.testId) return null;
      const oneRequestCount = Math.min(latest.rowCount, sought.rowsBefore + DOWNLOAD_ROWS_MAX);
      // Where rows do not lie as expected, all are looked through.
      if (sought.rowsBefore > 0 && !(await isFoundIn(latest, oneRequestCount))) sought = soughtFrom(0);
      if (!(await isFoundIn(latest, latest.rowCount))) return null;
      await sought.run.drain(latest.rowCount);
      return sought.run;
    },
  };
}
