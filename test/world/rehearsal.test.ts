/** The whole campaign with the shutter locked shut: everything happens but the beam, and nobody can take it for a run. */
import { afterAll, expect, it } from "vitest";
import { verifyRecord } from "../../controller/record/verify.ts";
import { rehearsedCampaign } from "../../controller/rehearsal/locked-shutter.ts";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import {
  campaign,
  expectSound,
  field,
  newFolder,
  numeric,
  removeFolders,
  runWorld,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

it("a rehearsal moves, triggers and cycles, opens nothing, charges nothing, and its folder is its own", async () => {
  const folder = newFolder();
  const beamGone = { kind: "beam-dump", fromMs: 60_000, toMs: 3_000_000 } as const;
  const run = await runWorld({
    ...{ folder, hours: 0.25, isRehearsal: true, campaign: rehearsedCampaign(campaign) },
    // It needs no beam: it may be held while the machine stands.
    faults: [beamGone],
  });
  expectSound(run);
  const { truth, exposures, requests } = run.summary;
  expect([truth["exposures"], truth["dose_limit_fraction_max"]]).toEqual([0, 0]);
  expect(exposures.made).toBe(20);
  expect(requests.met).toBe(20);
  expect(run.of("shutter-opened")).toEqual([]);
  expect(run.of("beam-lost")).toEqual([]);

  const ended = run.of("exposure-ended");
  expect(new Set(ended.map((event) => field(event, "outcome")))).toEqual(new Set(["rehearsed"]));
  expect(ended.every((event) => numeric(event, "open_s") === 0)).toBe(true);
  expect(ended.every((event) => /rehearsal_[AB]\d_S0/.test(field(event, "frame")))).toBe(true);
  const settled = run.of("exposure-settled");
  expect(settled.length).toBe(20);
  expect(settled.every((event) => numeric(event, "fluence_ph_cm2") === 0)).toBe(true);

  const report = verifyRecord(folder, replayDecisions);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(report).toMatchObject({ replay: "ok", ledger: "ok", exposures: 0, header: { isRehearsal: true } });
  await expect(runWorld({ folder, hours: 0.25 })).rejects.toMatchObject({ code: "store.other-campaign" });
});
