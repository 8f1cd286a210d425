import { cpSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyRecord } from "../../controller/record/verify.ts";
import { waitForThread } from "../../tui/rim/wait-for-thread.ts";
import { newFolder, removeFolders, runWorld, THREE, type WorldRun } from "../support/world-campaign.ts";

afterAll(removeFolders);

const HOURS = 0.36;
const FAULTS = [
  { kind: "beam-dump", fromMs: 614_000, toMs: 700_000 },
  { kind: "link-cut", link: "channel B4", fromMs: 1_000_000 },
  { kind: "link-hang", link: "channel A1", fromMs: 1_200_000, toMs: 1_230_000 },
] as const;
const WHAT = { hours: HOURS, campaign: THREE, faults: FAULTS };

describe("a campaign run again", () => {
  let undisturbed: WorldRun;
  beforeAll(async () => {
    undisturbed = await runWorld(WHAT);
  });

  it("with the same seed ends with the same digest and the same summary, whichever thread writes", async () => {
    const again = await runWorld({ ...WHAT, waitForThread });
    expect(again.summary).toEqual(undisturbed.summary);
    expect(again.events.map((event) => event.hash)).toEqual(undisturbed.events.map((event) => event.hash));
  });

  it("with another seed ends with another digest", async () => {
    const other = await runWorld({ ...WHAT, seed: 2 });
    expect(other.summary.log.digest).not.toBe(undisturbed.summary.log.digest);
    expect(other.summary.truth["dose_limit_fraction_max"]).not.toBe(
      undisturbed.summary.truth["dose_limit_fraction_max"],
    );
  });

  it.each([
    ["before anything was exposed", 200, {}],
    ["with the shutter open", 603, { waitForThread }],
    ["while the stage moves", 611.3, {}],
    ["while the machine has no beam", 650, {}],
    ["while a channel is silent", 1210, {}],
    ["near its end", 1280, {}],
  ])("in the same folder, after it was stopped %s, ends as if it had not been stopped", async (_, stopAtS, more) => {
    const stopped = await runWorld({ ...WHAT, stopAtS, ...more });
    expect(stopped.summary.log.events).toBeLessThan(undisturbed.summary.log.events);
    expect(stopped.summary.violations).toEqual([]);
    // An exposure under way counts in full, for the run as for the audit.
    const { limitFractionMax } = verifyRecord(stopped.folder);
    expect(limitFractionMax ?? 0).toBeCloseTo(stopped.summary.dose.limit_fraction_max ?? 0, 9);
    const resumed = await runWorld({ ...WHAT, folder: stopped.folder });
    expect(resumed.summary).toEqual(undisturbed.summary);
    expect(verifyRecord(stopped.folder)).toMatchObject({ ok: true, digest: undisturbed.summary.log.digest });
  });

  it.each([333, 605.2, 1250])(
    "from what stood on disk when the process was gone at %s s ends as if nothing had happened",
    async (stopAtS) => {
      const gone = await runWorld({ ...WHAT, stopAtS, abandon: true });
      const folder = newFolder();
      cpSync(gone.folder, folder, { recursive: true });
      gone.virtual.store.close();
      const resumed = await runWorld({ ...WHAT, folder });
      expect(resumed.summary).toEqual(undisturbed.summary);
      expect(verifyRecord(folder)).toMatchObject({ ok: true, digest: undisturbed.summary.log.digest });
    },
  );
});
