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

export function createInterruptedTest(name: string): InterruptedTest {
  let interrupted: RunningTest | null = null;
  let unreadable: RunningTest | null = null;

  async function recovered(run: RunningTest, test: BtsTest | null): Promise<Fault | null> {
    try {
      if (test !== null && run.isLatest(test)) await run.drain(test.rowCount);
      return null;
    } catch (error) {
      if (!isFault(error)) throw error;
      if (error.code === "device.unknown-outcome") return error;
      if (error.code === "link.garbled" && run === unreadable) {
        const what = `rows of a step that the link was lost over cannot be read: ${error.message}`;
        return new Fault("device.unknown-outcome", name, what, {}, error);
      }
      // One garbled answer may be the cable's; rows that come so again keep nobody from the channel.
      if (error.code === "link.garbled") unreadable = run;
      throw error;
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
