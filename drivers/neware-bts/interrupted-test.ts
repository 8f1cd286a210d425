/** A test whose rows may still lie in the store although the link was lost: they are fetched when it is back. */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { BtsTest } from "../../protocols/wire/neware/bts-replies.ts";
import type { RunningTest } from "./running-test.ts";

export interface InterruptedTest {
  /** The run that a lost link, or silence, parted from whoever follows it. Null: nothing new. */
  keep(run: RunningTest | null): void;
  /**
   * Hands on its rows. Null, or Fault `device.unknown-outcome` where they are lost for good. Rejects as `latestTest` and
   * the fetching of rows do, and may then be tried again: an answer lost over it must not lose the rows.
   */
  recover(latestTest: () => Promise<BtsTest | null>): Promise<Fault | null>;
}

/**
 * How often in a row rows may come unreadable, or not at all, before they are given up: one garbled answer may be the
 * cable's, and a busy client answers late. What it never answers keeps nobody from the channel.
 */
const TRIES_MAX: Readonly<Record<string, number>> = { "link.garbled": 2, "link.timeout": 5 };

export function createInterruptedTest(name: string): InterruptedTest {
  let interrupted: RunningTest | null = null;
  let failed: { readonly run: RunningTest; readonly rowCount: number; readonly count: number } | null = null;

  /** Tries without a further row, this one among them. */
  function triesOf(run: RunningTest): number {
    const isSame = failed?.run === run && failed.rowCount === run.rowCount;
    failed = { run, rowCount: run.rowCount, count: isSame && failed !== null ? failed.count + 1 : 1 };
    return failed.count;
  }

  async function recovered(run: RunningTest, test: BtsTest | null): Promise<Fault | null> {
    try {
      if (test !== null && run.isLatest(test)) await run.drain(test.rowCount);
      return null;
    } catch (error) {
      if (!isFault(error)) throw error;
      if (error.code === "device.unknown-outcome") return error;
      const triesMax = TRIES_MAX[error.code];
      if (triesMax === undefined || triesOf(run) < triesMax) throw error;
      const what = `rows of a step that the link was lost over cannot be read: ${error.message}`;
      return new Fault("device.unknown-outcome", name, what, {}, error);
    }
  }

  return {
    keep(run) {
      interrupted = run ?? interrupted;
    },
    async recover(latestTest) {
      const run = interrupted;
      if (run === null) return null;
      const fault = await recovered(run, await latestTest());
      interrupted = null;
      return fault;
    },
  };
}
