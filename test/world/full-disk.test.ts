import { afterAll, expect, it } from "vitest";
import { heardStore } from "../../controller/bus/heard-store.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { expectSound, field, removeFolders, runWorld } from "../support/world-campaign.ts";

afterAll(removeFolders);

const [FULL_FROM_S, FULL_TO_S] = [595, 700];

it("a disk that is full holds the beam alone: cells go on, an alarm says so, and sweeps go on when there is room", async () => {
  let isFull = false;
  let refused = 0;
  const run = await runWorld({
    hours: 0.25,
    hearing: (store) => {
      const heard = heardStore(store, () => undefined);
      return Object.defineProperty(heard, "commit", {
        value: () => {
          if (!isFull) return store.commit();
          refused += 1;
          return Promise.reject(new Fault("store.unwritable", "campaign.db", "the disk is full"));
        },
      });
    },
    at: [
      [FULL_FROM_S, () => (isFull = true)],
      [FULL_TO_S, () => (isFull = false)],
    ],
  });
  expectSound(run);
  expect(refused).toBeGreaterThan(10);
  const opened = run.of("shutter-opened").map(({ atMs }) => atMs / 1000);
  expect(opened.filter((atS) => atS > FULL_FROM_S && atS < FULL_TO_S)).toEqual([]);
  // The sweep that the outage fell into is made when it is over.
  expect(opened.filter((atS) => atS >= FULL_TO_S && atS < 899).length).toBeGreaterThanOrEqual(9);
  const alarms = ["alarm-raised", "alarm-cleared"].map((type) =>
    run.of(type).filter((event) => field(event, "code") === "store.refused"),
  );
  expect(alarms.map((events) => events.length)).toEqual([1, 1]);
  expect(alarms[1]?.[0]?.atMs).toBeLessThan(1000 * (FULL_TO_S + 6));
  expect(run.summary.samples.gaps).toBe(0);
  expect(run.summary.samples.stored).toBe(run.summary.samples.acknowledged);
  expect(verifyRecord(run.folder, replayDecisions)).toMatchObject({ ok: true, replay: "ok", ledger: "ok" });
});
