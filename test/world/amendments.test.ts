/** A campaign that is amended while its cells cycle: the record holds, nothing is violated, what is refused changes nothing. */
import { afterAll, expect, it } from "vitest";
import type { AmendOutcome } from "../../controller/amendments/amend-desk.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import type { BusCommand } from "../../protocols/bus/commands.ts";
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";
import type { PutOnRecord } from "../support/amendments.ts";
import { createBusBench } from "../support/bus-bench.ts";
import { campaign, expectSound, field, numeric, removeFolders, runWorld, site } from "../support/world-campaign.ts";

afterAll(removeFolders);

function withCell(campaign: Campaign, position: string, change: Partial<CampaignCell>): Campaign {
  return {
    ...campaign,
    cells: campaign.cells.map((cell) => (cell.position === position ? { ...cell, ...change } : cell)),
  };
}

/** With two spots a cell, so that the short leash of B5 is soon at its end. */
const twoSpots: Campaign = withSpots(2);

function withSpots(count: number): Campaign {
  const presets = campaign.presets.map((preset) => ({ ...preset, spots: preset.spots.slice(0, count) }));
  const sweeps = campaign.sweeps.map((sweep) => ({ ...sweep, preset: presets[0] ?? sweep.preset }));
  return { ...campaign, presets, sweeps };
}

/** On a longer leash it is exposed again. */
function raised(campaign: Campaign): Campaign {
  const b5 = campaign.cells.find(({ position }) => position === "B5");
  const doseLimits = (b5?.doseLimits ?? []).map((limit) =>
    limit.doseGy === null || limit.doseGy > 2000 ? limit : { ...limit, doseGy: 6000, vouchedBy: "ada" },
  );
  const presets = campaign.presets.map((preset) => ({ ...preset, exposureS: 4 }));
  const sweeps = campaign.sweeps.map((sweep) => ({ ...sweep, preset: { ...sweep.preset, exposureS: 4 } }));
  return withCell({ ...campaign, presets, sweeps }, "B5", { doseLimits });
}

it("limits, presets and a cell that is withdrawn are amended under way; the audit and the observer agree with all of it", async () => {
  const judged: PutOnRecord[] = [];
  const run = await runWorld({
    ...{ hours: 0.75, campaign: twoSpots },
    amendments: [
      {
        atS: 1650,
        propose: (current) => raised(current),
        judged: (one) => judged.push(one),
      },
      {
        // In the middle of a sweep that has asked for both.
        atS: 1820,
        propose: (current) =>
          withCell(withCell(current, "A2", { isWithdrawn: true, role: "dark-control" }), "A4", {
            role: "dark-control",
          }),
        judged: (one) => judged.push(one),
      },
      {
        atS: 2250,
        propose: (current) => withCell(current, "A3", { barcode: "another" }),
        judged: (one) => judged.push(one),
      },
    ],
  });
  expectSound(run);
  expect(judged.map(({ refusals }) => refusals.length)).toEqual([0, 0, 1]);
  expect(judged[0]?.changes.filter(({ isRaised }) => isRaised === true).map(({ positions }) => positions)).toEqual([
    ["B5"],
  ]);
  const amended = run.of("campaign-amended");
  expect(amended.map((event) => [numeric(event, "number"), field(event, "author")])).toEqual([
    [1, "ada"],
    [2, "ada"],
  ]);
  const exposed = run.of("exposure-ended");
  const after = (event: { readonly atMs: number }, index: number): boolean =>
    event.atMs > (amended[index]?.atMs ?? Infinity);
  // Of the one that was cut by the second amendment nobody says how long it was meant to be.
  const lengths = exposed.filter((event) => after(event, 0)).map((event) => field(event, "exposure_s"));
  expect(new Set(lengths.filter((text) => text !== ""))).toEqual(new Set(["4"]));
  const ofB5 = exposed.filter((event) => field(event, "position") === "B5");
  expect(run.of("exposure-refused").map((event) => field(event, "position"))).toEqual(["B5"]);
  expect([ofB5.filter((event) => !after(event, 0)).length, ofB5.filter((event) => after(event, 0)).length]).toEqual([
    4, 3,
  ]);
  // Withdrawn: off, and never in the beam again; the others go on.
  expect(run.of("cell-stopped").map((event) => field(event, "position"))).toEqual(["A2"]);
  expect(exposed.filter((event) => after(event, 1) && field(event, "position") === "A2")).toEqual([]);
  expect(run.of("request-missed").filter((event) => field(event, "position") === "A4" && after(event, 1)).length).toBe(
    1,
  );
  expect(exposed.filter((event) => after(event, 1) && field(event, "position") === "A4")).toEqual([]);
  expect(exposed.filter((event) => after(event, 1) && field(event, "position") === "A1").length).toBeGreaterThan(0);

  const report = verifyRecord(run.folder, replayDecisions);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(report.replay).toBe("ok");
  const record = openRecord(run.folder);
  try {
    const exported = readCampaignRecord(record, null, run.folder);
    expect(exported.cells.find(({ position }) => position === "A1")?.exposures.length).toBe(
      exposed.filter((event) => field(event, "position") === "A1").length,
    );
    expect(exported.cells.find(({ position }) => position === "A1")?.steps.length).toBeGreaterThan(0);
  } finally {
    record.close();
  }
});

it("over the bus a campaign is amended while its cells go on; a controller that is killed then goes on by the amendment", async () => {
  const proposed = { shorter: withCell(raised(twoSpots), "A2", { isWithdrawn: true, role: "dark-control" }) };
  const hash = (digit: string): string => digit.repeat(64);
  const inForce: Campaign[] = [];
  const bench = createBusBench(twoSpots, site, {
    read(name) {
      if (name === hash("f")) return "there is none";
      const campaign = name === hash("b") ? withCell(twoSpots, "A3", { barcode: "another" }) : proposed.shorter;
      return { campaign, campaignHash: name, texts: new Map([["campaign.yaml", "..."]]) };
    },
    inForce: (one) => inForce.push(one),
  });
  const amend = (proposal: string, basedOn: string): BusCommand => ({
    ...{ command: "amend", args: { proposal, based_on: basedOn, name: "Ada" } },
  });
  const replies: (readonly [string, string])[] = [];
  let begunWith = "";
  const say = (atS: number, order: () => BusCommand, reason?: string) =>
    [
      ...([[atS, () => bench.order("anna", order(), reason)]] as const),
      ...([
        [
          atS + 20,
          () => {
            const reply = bench.last("reply", "anna");
            replies.push([reply?.outcome ?? "", reply?.what ?? ""]);
          },
        ],
      ] as const),
    ] as const;
  const run = await runWorld({
    ...{ hours: 0.25, campaign: twoSpots, kills: [{ atS: 400, downS: 20 }] },
    hearing: (store) => bench.bus.hearing(store),
    at: [
      [
        0.001,
        (virtual) => {
          begunWith = virtual.run.amendments.inForce.campaignHash;
          bench.show(virtual);
        },
      ],
      [1, () => bench.order("anna", { command: "take-control", args: {} })],
      ...say(60, () => amend(hash("b"), begunWith)),
      ...say(90, () => amend(hash("f"), begunWith)),
      ...say(120, () => amend(hash("a"), hash("0"))),
      ...say(150, () => amend(hash("a"), begunWith), ""),
      ...say(180, () => amend(hash("a"), begunWith)),
      ...say(210, () => amend(hash("a"), begunWith)),
      ...say(240, () => amend(hash("a"), hash("a"))),
    ],
  });
  expectSound(run);
  expect(replies.map(([outcome]) => outcome)).toEqual([
    ...["refused", "refused", "refused", "refused", "done", "refused", "done"],
  ]);
  expect(replies[0]?.[1]).toMatch(/cells A3 barcode: what a cell is cannot be amended/);
  expect(replies[2]?.[1]).toMatch(/it was amended since that was previewed/);
  expect(replies[4]?.[1]).toMatch(/amendment 1 is in force: \d+ changes, 1 of them a dose limit raised/);
  expect(replies[6]?.[1]).toMatch(/nothing would change/);
  expect(inForce).toEqual([proposed.shorter]);
  const amended = run.of("campaign-amended");
  expect(amended.map((event) => [field(event, "author"), field(event, "reason")])).toEqual([["Ada", "a test"]]);
  expect(run.of("amendment-refused").length).toBe(3);
  const atMs = amended[0]?.atMs ?? Infinity;
  expect(atMs).toBeGreaterThanOrEqual(180_000);
  // Also after the kill.
  expect(run.of("campaign-resumed").length).toBe(1);
  const exposed = run.of("exposure-ended").filter((event) => event.atMs > atMs);
  expect(new Set(exposed.map((event) => field(event, "exposure_s")).filter((text) => text !== ""))).toEqual(
    new Set(["4"]),
  );
  expect(exposed.some((event) => event.atMs > 420_000)).toBe(true);
  expect(exposed.filter((event) => field(event, "position") === "A2")).toEqual([]);
  expect(run.of("cell-stopped").map((event) => field(event, "position"))).toEqual(["A2"]);
  // Nobody else was interrupted by it.
  expect(
    run.of("step-interrupted").filter((event) => event.atMs < 400_000 && field(event, "position") !== "A2"),
  ).toEqual([]);
  const report = verifyRecord(run.folder, replayDecisions);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
});

it("cells join a campaign under way: proven, cycled and exposed from then on, and those that were there lose nothing", async () => {
  const late = ["A2", "B1"];
  const without: Campaign = { ...campaign, cells: campaign.cells.filter(({ position }) => !late.includes(position)) };
  const judged: PutOnRecord[] = [];
  const run = await runWorld({
    ...{ hours: 0.3, beginsWith: without },
    amendments: [{ atS: 320, propose: () => campaign, judged: (one) => judged.push(one) }],
  });
  expectSound(run);
  expect(
    judged.map(({ refusals, changes }) => [refusals, changes.map(({ path, positions }) => [path, positions])]),
  ).toEqual([[[], [["cells", late]]]]);
  const joinedMs = run.of("campaign-amended")[0]?.atMs ?? Infinity;
  const of = (type: string, position: string) => run.of(type).filter((event) => field(event, "position") === position);
  for (const position of late) {
    expect(of("cell-proof", position).length).toBe(1);
    expect(of("step-started", position).every(({ atMs }) => atMs > joinedMs)).toBe(true);
    expect(of("step-started", position).length).toBeGreaterThan(0);
    expect(of("exposure-ended", position).length).toBeGreaterThan(0);
    expect(of("exposure-ended", position).every(({ atMs }) => atMs > joinedMs)).toBe(true);
  }
  expect(of("step-started", "A1").length).toBe(of("step-started", "A3").length);
  expect(run.of("cell-isolated")).toEqual([]);
  const report = verifyRecord(run.folder, replayDecisions);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  const record = openRecord(run.folder);
  try {
    const { cells } = readCampaignRecord(record, null, run.folder);
    expect(cells.map(({ position }) => position).slice(-2)).toEqual(late);
    expect(cells.every(({ steps }) => steps.length > 0)).toBe(true);
  } finally {
    record.close();
  }
});

it("the cadence of the sweeps is amended under way, longer and shorter, and stays so over a crash", async () => {
  const every = (minutes: number) => (current: Campaign) => ({
    ...current,
    sweeps: current.sweeps.map((sweep) => ({ ...sweep, cadenceS: 60 * minutes })),
  });
  const refusals: number[] = [];
  const judged = (outcome: AmendOutcome): void => {
    refusals.push(outcome.kind === "refused" ? outcome.refusals.length : 0);
  };
  const run = await runWorld({
    ...{ hours: 0.55, campaign: { ...campaign, cells: campaign.cells.filter(({ position }) => position === "A1") } },
    amendedLive: [
      { atS: 700, propose: every(10), judged },
      { atS: 1650, propose: every(2), judged },
    ],
    kills: [
      { atS: 900, downS: 20 },
      { atS: 1700, downS: 20 },
    ],
  });
  expectSound(run);
  expect(refusals).toEqual([0, 0]);
  const begun = run.of("sweep-begun").map((event) => Math.round(event.atMs / 1000));
  expect(begun.filter((atS) => atS < 1650)).toEqual([300, 600, 1200]);
  // The next was long due by the new cadence: at once.
  expect(begun.filter((atS) => atS >= 1650).map((atS) => Math.floor((atS - 1650) / 120))).toEqual([0, 1, 2]);
  expect(verifyRecord(run.folder, replayDecisions).findings.filter(({ severity }) => severity === "error")).toEqual([]);
});
