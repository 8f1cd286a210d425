/** The rack aligned by the controller of a campaign that goes on: the beam is held for it, the cells are not. */
import { afterAll, expect, it } from "vitest";
import type { AlignOutcome } from "../../controller/align/align-desk.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import type { RackPlacement } from "../../protocols/align/placement.ts";
import { assert } from "../../protocols/base/assert.ts";
import { asBuiltSetup } from "../../tui/align/random-setup.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import { load } from "../support/campaign-files.ts";
import { ALIGNED_FILES } from "../support/rehearsed-alignment.ts";
import { expectSound, field, numeric, removeFolders, runWorld, type WorldRun } from "../support/world-campaign.ts";

afterAll(removeFolders);

const loaded = load(ALIGNED_FILES, "campaign.yaml");
assert(loaded.kind === "loaded", "the campaign is refused");
const { alignment } = loaded.site;
assert(alignment !== undefined, "the site has no section alignment");
/** Two openings are enough to tell, and few photons. */
const site = { ...loaded.site, alignment: { ...alignment, fiducials: alignment.fiducials.slice(0, 2), reachMm: 1 } };
const campaign = { ...loaded.campaign, cells: loaded.campaign.cells.slice(0, 1) };
const built = asBuiltSetup(site);
assert(built !== undefined, "the rack cannot be set up");
const BY = { author: "anna", reason: "the rack was out" };
const TRUTH = { shiftXMm: 0.6, shiftYMm: -0.4, rotationDeg: 0.2 };

/** Out and back, so that nobody knows where it stands. */
function outAndBack(said: unknown[]) {
  return [
    [
      18,
      ({ run: { access } }: VirtualCampaign) => {
        access.rack.begin(BY);
      },
    ],
    [
      24,
      ({ run: { access } }: VirtualCampaign) => {
        const codes = new Map(campaign.cells.map(({ position, barcode }) => [position, barcode] as const));
        said.push(access.rack.refusal("end", BY, codes));
        access.rack.end(BY, codes);
      },
    ],
  ] as const;
}

function align(said: unknown[]) {
  return ({ run }: VirtualCampaign): void => {
    void run.alignment.order(BY).then((outcome: AlignOutcome) => said.push(outcome));
  };
}

/** Edges are found by beam beside the cells: of a point that was booked the observer is to say no more than that. */
function expectSoundBut(run: WorldRun): void {
  const booked = run.of("beam-by-hand").map(({ atMs }) => atMs / 1000);
  const isPoint = ({ invariant, at_s: atS, what }: (typeof run.summary.violations)[number]): boolean =>
    invariant === "right-cell" && what.startsWith("the beam fell beside any cell") && isBooked(booked, atS ?? NaN);
  const violations = run.summary.violations.filter((one) => !isPoint(one));
  expectSound({ ...run, summary: { ...run.summary, violations } });
}

function isBooked(booked: readonly number[], atS: number): boolean {
  return booked.some((bookedS) => Math.abs(bookedS - atS) < 0.2);
}

it("finds where it stands, and lets the beam go on there; one that a kill cut off leaves all as it was, its photons booked", async () => {
  const said: unknown[] = [];
  const found: RackPlacement[] = [];
  const run = await runWorld({
    ...{ hours: 0.055, campaign, site, setup: { ...built, ...TRUTH } },
    keepAlignment({ aligned }) {
      found.push(aligned.placement);
      return { placement: aligned.placement, alignedAtMs: campaign.startMs + 1e9 };
    },
    kills: [{ atS: 48, downS: 3 }],
    at: [
      ...outAndBack(said),
      [43, align(said)],
      [45, ({ run: one }) => said.push(one.alignment.refusal(), one.note())],
      [60, ({ run: one }) => said.push(one.note())],
      [60.1, align(said)],
    ],
  });
  expect(said).toEqual([
    null,
    "anna has the rack aligned already",
    expect.stringMatching(/^exposure alignment-.* to end$|the rack to be aligned, for anna/),
    expect.stringMatching(/the rack to be aligned anew, or vouched for/),
    { kind: "aligned", what: expect.stringMatching(/^rack: A1 off by x /) as string },
  ]);
  const [placement] = found;
  assert(placement !== undefined && found.length === 1, "not found once");
  expect(Math.hypot(placement.shiftXMm - TRUTH.shiftXMm, placement.shiftYMm - TRUTH.shiftYMm)).toBeLessThan(0.05);
  expectSoundBut(run);
  const [lost] = run.of("aim-lost");
  const [known, ...more] = run.of("aim-known");
  assert(lost !== undefined && known !== undefined && more.length === 0, "the aim was not lost and known once");
  expect(field(known, "by")).toBe("alignment");
  expect(run.of("rack-placed").length).toBe(1);
  // Nothing of a cell while nobody knew where it stands, and cells where they are after.
  const lit = run
    .of("exposure-ended")
    .flatMap((event) => (field(event, "outcome") === "made" ? [numeric(event, "open_asked_at_ms")] : []));
  expect(lit.filter((atMs) => atMs > lost.atMs && atMs < known.atMs)).toEqual([]);
  expect(lit.some((atMs) => atMs > known.atMs)).toBe(true);
  // What the kill cut off is charged as the longest that it can have been.
  const unknown = run.of("exposure-ended").filter((event) => field(event, "outcome") === "unknown");
  expect(unknown.map((event) => field(event, "exposure_id").split("-")[0])).toEqual(["alignment"]);
  expect(run.of("alignment-begun").length).toBe(2);
  const cells = new Set(campaign.cells.map(({ position }) => position as string));
  expect(run.of("step-interrupted").filter((event) => cells.has(field(event, "position"))).length).toBe(0);
  const report = verifyRecord(run.folder, replayDecisions);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
});

it("a rack that is taken out meanwhile ends it: nothing is made of points from before and after", async () => {
  const said: unknown[] = [];
  const kept: unknown[] = [];
  const run = await runWorld({
    ...{ hours: 0.0125, campaign, site, setup: { ...built, ...TRUTH } },
    keepAlignment(found) {
      kept.push(found);
      return { placement: found.aligned.placement, alignedAtMs: campaign.startMs + 1e9 };
    },
    at: [[14, align(said)], ...outAndBack(said), [44, ({ run: one }) => said.push(one.note())]],
  });
  expect(said).toEqual([
    null,
    expect.objectContaining({ kind: "refused", what: "the rack was taken out meanwhile" }),
    expect.stringMatching(/the rack to be aligned anew, or vouched for/),
  ]);
  expect([kept, run.of("aim-known"), run.of("alignment-failed").length]).toEqual([[], [], 1]);
  expect(run.summary.truth).toMatchObject({ exposures_unaccounted: 0 });
});
