/**
 * A step that runs as a test of its own on a BTS channel: which test it is, how many of its rows were handed on,
 * and when it was last heard of. Rows come from the client's store, so a break of the link loses none.
 */
import { Fault } from "../../protocols/base/fault.ts";
import type { ChannelListener, ChannelStep } from "../../protocols/roles/channel.ts";
import type { BtsRow, BtsRows, BtsTest } from "../../protocols/wire/neware/bts-replies.ts";

export interface RunningTest {
  readonly step: ChannelStep;
  /** Null until the client names the test that began with our start. */
  readonly testId: number | null;
  readonly lastRow: BtsRow | null;
  readonly lastHeardMs: number;
  readonly rowCount: number;
  /**
   * Takes the client's word on the channel's latest test. False while that is still the test before ours. Throws
   * `device.unknown-outcome` when it is neither: somebody else started one.
   */
  isLatest(test: BtsTest | null): boolean;
  /** Fetches and hands on all rows up to `rowCount`. Rejects as `fetch` does, or with `link.garbled`. */
  drain(rowCount: number): Promise<void>;
}

export interface RunningTestDeps {
  readonly name: string;
  readonly step: ChannelStep;
  /** The channel's latest test before the start; null when there was none. */
  readonly previousTestId: number | null;
  /** Its first rows, which nobody asks for. Default none. */
  readonly rowsBefore?: number;
  readonly startedMs: number;
  readonly nowMs: () => number;
  readonly fetch: (testId: number, startPosition: number) => Promise<BtsRows>;
  readonly onSample: ChannelListener["sample"];
}

export function createRunningTest(deps: RunningTestDeps): RunningTest {
  const { name, step, previousTestId } = deps;
  let testId: number | null = null;
  let lastRow: BtsRow | null = null;
  let deliveredCount = deps.rowsBefore ?? 0;
  let lastHeardMs = deps.startedMs;
  /** One after the other, or rows would be fetched twice. */
  let draining: Promise<void> = Promise.resolve();

  return {
    step,
    get testId() {
      return testId;
    },
    get lastRow() {
      return lastRow;
    },
    get lastHeardMs() {
      return lastHeardMs;
    },
    get rowCount() {
      return deliveredCount;
    },
    isLatest(test) {
      const latest = test?.testId ?? null;
      if (testId === null && latest !== null && latest !== previousTestId) testId = latest;
      if (testId !== null && latest !== testId)
        throw new Fault("device.unknown-outcome", name, `test ${latest} is the latest, ${testId} was started`, {
          testId,
          latest,
        });
      return testId !== null;
    },
    drain(rowCount) {
      const turn = draining.then(() => drainNow(rowCount));
      draining = turn.catch(() => undefined);
      return turn;
    },
  };

  async function drainNow(rowCount: number): Promise<void> {
    if (testId === null) return;
    while (deliveredCount < rowCount) {
      const { testId: answered, rows } = await deps.fetch(testId, deliveredCount + 1);
      if (answered !== testId)
        throw new Fault("link.garbled", name, `rows of test ${answered} came, ${testId} was asked for`);
      const before = deliveredCount;
      for (const row of rows) {
        // Out of order or twice: only what continues the store counts.
        if (row.sequence !== deliveredCount + 1) continue;
        deliveredCount = row.sequence;
        lastRow = row;
        lastHeardMs = deps.nowMs();
        deps.onSample(row.stepTimeMs / 1000, row.voltageV, row.currentA, 0);
      }
      // Counted already but not yet to be had: the next round asks again.
      if (deliveredCount === before) return;
    }
  }
}
