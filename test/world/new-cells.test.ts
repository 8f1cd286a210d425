/** Cells that come while a campaign goes on: brought by a person, proven whole, and each with its own record. */
import { afterAll, expect, it } from "vitest";
import { verifyRecord } from "../../controller/record/verify.ts";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import { assert } from "../../protocols/base/assert.ts";
import { parseOccupant, parsePosition, positionIndex } from "../../protocols/base/position.ts";
import type { AmendOutcome } from "../../controller/amendments/amend-desk.ts";
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import { createPersonHands } from "../../simulator/world/person-hands.ts";
import { worldIndexOf, type VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import { belongsThere } from "../support/replaced-cells.ts";
import { expectSound, field, numeric, removeFolders, runWorld, SIX, THREE } from "../support/world-campaign.ts";

afterAll(removeFolders);

const BY = { author: "anna", reason: "a late cell" };

function indexOf(position: string): number {
  const parsed = parsePosition(position);
  assert(parsed !== undefined, position);
  return positionIndex(parsed);
}

function begin(virtual: VirtualCampaign, position: string): string | null {
  const { access } = virtual.run;
  const why = access.refusal("begin", position, BY);
  if (why === null) access.begin(position, BY);
  return why;
}

function end(virtual: VirtualCampaign, position: string, code: string): string | null {
  const { access } = virtual.run;
  const why = access.refusal("end", position, BY, { code });
  if (why === null) access.end(position, BY, { code });
  return why;
}

it("a cell joins while the others cycle: nothing flows before a person has brought it, and a kill forgets nothing of it", async () => {
  const position = "A2";
  const without = { ...SIX, cells: SIX.cells.filter((cell) => cell.position !== position) };
  const barcode = SIX.cells.find((cell) => cell.position === position)?.barcode ?? "";
  const said: (string | null)[] = [];
  const run = await runWorld({
    ...{ hours: 0.25, campaign: SIX, beginsWith: without, kills: [{ atS: 200, downS: 20 }] },
    absentUntilMs: new Map([[indexOf(position), 300_000]]),
    amendedLive: [{ atS: 100, propose: () => SIX, judged: ({ kind }) => said.push(kind) }],
    at: [
      [150, ({ run: { views } }) => said.push(views.stateOf(5), views.cell(5)?.waitingFor?.reason ?? null)],
      [240, (virtual) => said.push(begin(virtual, position))],
      [310, (virtual) => said.push(end(virtual, position, "LNO-A3"), end(virtual, position, barcode))],
    ],
  });
  const bring = `a person to bring ${barcode}: beamrack swap begin A2, and once it lies there swap end A2 --cell ${barcode}`;
  const wrong = expect.stringMatching(/the code read at A2 is LNO-A3, .*Bring/) as unknown;
  expect(said).toEqual(["amended", "away", bring, null, wrong, null]);
  expectSound(run);
  const closedMs = run.of("access-closed")[0]?.atMs ?? Infinity;
  const of = (type: string) => run.of(type).filter((event) => field(event, "position") === position);
  expect(of("cell-joined").length).toBe(1);
  // Proven whole, once, and before its first step.
  const proofs = of("cell-proof");
  expect(proofs.map((event) => event.atMs < closedMs)).toEqual([true]);
  expect(of("step-started").every(({ atMs }) => atMs >= (proofs[0]?.atMs ?? Infinity))).toBe(true);
  expect(of("step-started").length).toBeGreaterThan(0);
  expect(of("exposure-ended").filter((event) => numeric(event, "open_asked_at_ms") > closedMs).length).toBeGreaterThan(
    0,
  );
  expect(of("exposure-ended").every(({ atMs }) => atMs > closedMs)).toBe(true);
  expect(run.of("cell-isolated")).toEqual([]);
  const report = verifyRecord(run.folder, replayDecisions);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
});

/** By the code that was read at A3. */
function rackEnd({ run: { access } }: VirtualCampaign, code: string): string | null {
  const codes = new Map([["A3", code]]);
  const why = access.rack.refusal("end", BY, codes);
  if (why === null) access.rack.end(BY, codes);
  return why;
}

function named(cell: CampaignCell, name: string, barcode = cell.barcode): CampaignCell {
  const position = parseOccupant(name);
  assert(position !== undefined, name);
  return { ...cell, position, barcode };
}

function cellAt(position: string, of = SIX): CampaignCell {
  const cell = of.cells.find((one) => one.position === position);
  assert(cell !== undefined, position);
  return cell;
}

it("another cell follows in a slot, and the first comes back elsewhere with what it was given: each has its own record, over kills too", async () => {
  const old = cellAt("A3");
  const gone: CampaignCell = { ...old, isWithdrawn: true, role: "dark-control" };
  const withdrawn = { ...SIX, cells: SIX.cells.map((cell) => (cell === old ? gone : cell)) };
  const followed = { ...SIX, cells: [...withdrawn.cells, named(old, "A3.2", "N-1")] };
  const returned = { ...SIX, cells: [...followed.cells, named(old, "A4")] };
  const hands = createPersonHands();
  const said: (string | null)[] = [];
  const told = (outcome: AmendOutcome): void => {
    said.push(outcome.kind === "refused" ? outcome.refusals.map(({ what }) => what).join() : outcome.kind);
  };
  /** Put where it belongs by then. */
  const bring = (position: string, barcode: string): void => {
    for (const where of [hands.homes, hands.cells]) where.set(indexOf(position), worldIndexOf(returned, barcode));
  };
  const fractions: number[] = [];
  const look = ({ run }: VirtualCampaign): void => {
    fractions.push(run.limitFractionOf(6), run.limitFractionOf(7));
  };
  const run = await runWorld({
    ...{ hours: 0.27, campaign: returned, beginsWith: SIX, hands },
    kills: [
      { atS: 460, downS: 20 },
      { atS: 760, downS: 20 },
    ],
    amendedLive: [
      { atS: 350, propose: () => ({ ...followed, cells: [...SIX.cells, named(old, "A3.2", "N-1")] }), judged: told },
      { atS: 360, propose: () => withdrawn, judged: told },
      { atS: 380, propose: () => followed, judged: told },
      { atS: 680, propose: () => returned, judged: told },
    ],
    at: [
      // With the whole rack, in which it lies when that is back.
      [380.5, ({ run: { access } }) => said.push(access.rack.refusal("begin", BY, new Map()))],
      [
        381,
        ({ run: { access } }) => {
          access.rack.begin(BY);
        },
      ],
      [382, look],
      [400, (virtual) => said.push(rackEnd(virtual, old.barcode))],
      [
        401,
        (virtual) => {
          bring("A3", "N-1");
          said.push(rackEnd(virtual, "N-1"));
        },
      ],
      [681, (virtual) => said.push(begin(virtual, "A4"))],
      [682, look],
      [
        700,
        (virtual) => {
          bring("A4", old.barcode);
          said.push(end(virtual, "A4", old.barcode));
        },
      ],
    ],
  });
  expect(said).toEqual([
    expect.stringMatching(/R-A3 has this place, and is not over/),
    ...["amended", "amended", null],
    expect.stringMatching(/read at A3 is R-A3, which has no place in the rack now: N-1 belongs there/),
    ...[null, "amended", null, null],
  ]);
  // The truth holds what fell on each cell against its own limits, and against what it is charged with.
  expectSound(run);
  const count = (name: string, type: string) =>
    run.of(type).filter((event) => field(event, "position") === name).length;
  const counts = ["exposure-settled", "cell-proof", "step-started"].map((type) =>
    ["A3", "A3.2", "A4"].map((name) => count(name, type)),
  );
  expect(counts).toEqual([
    [1, 2, 1],
    [1, 1, 1],
    [2, 2, 1],
  ]);
  // What follows has had nothing; what comes back has had what it had.
  const [fresh, , , back = 0] = fractions;
  expect(fresh).toBe(0);
  expect(back).toBeGreaterThan(0);
  expect(run.virtual.run.limitFractionOf(7)).toBeGreaterThan(1.9 * back);
  const report = verifyRecord(run.folder, replayDecisions);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
});

it("a whole rack is exchanged for one of other cells in one run: by one amendment, one access, and all proven at once, over a kill too", async () => {
  const places = THREE.cells.map(({ position }) => position);
  const gone = THREE.cells.map((cell): CampaignCell => ({ ...cell, isWithdrawn: true, role: "dark-control" }));
  const fresh = THREE.cells.map((cell) => named(cell, `${cell.position}.2`, `N-${cell.position}`));
  const exchanged = { ...THREE, cells: [...gone, ...fresh] };
  const hands = createPersonHands();
  const said: unknown[] = [];
  const give = ({ run: { access } }: VirtualCampaign, codes: readonly (readonly [string, string])[]): void => {
    said.push(access.rack.refusal("end", BY, new Map(codes)));
    if (said.at(-1) === null) access.rack.end(BY, new Map(codes));
  };
  const run = await runWorld({
    ...{ hours: 0.2, campaign: exchanged, beginsWith: THREE, hands },
    // Before any of the old ones is confirmed off.
    kills: [{ atS: 350.005, downS: 20 }],
    amendedLive: [
      {
        atS: 350,
        propose() {
          belongsThere(hands, exchanged, exchanged);
          return exchanged;
        },
      },
    ],
    at: [
      [
        372,
        ({ run: { access } }) => {
          said.push(access.rack.refusal("begin", BY, new Map()));
          access.rack.begin(BY);
        },
      ],
      [
        440,
        (virtual) => {
          for (const place of places) {
            const lies = worldIndexOf(exchanged, `N-${place}`);
            for (const where of [hands.homes, hands.cells]) where.set(indexOf(place), lies);
          }
          give(virtual, [["A1", "R-A1"]]);
          give(virtual, [
            ["A1", "N-A1"],
            ["B4", "N-B4"],
          ]);
        },
      ],
      [500, (virtual) => said.push(begin(virtual, "B5.2"))],
      [520, (virtual) => said.push(end(virtual, "B5.2", "N-B5"))],
    ],
  });
  expect(said).toEqual([null, expect.stringMatching(/N-A1 belongs there/), null, null, null]);
  expectSound(run);
  const of = (type: string) => run.of(type).map((event) => field(event, "position"));
  expect(of("cell-stopped").slice(0, 3).sort()).toEqual(["A1", "B4", "B5"]);
  expect(run.of("cell-stopped").every(({ atMs }) => atMs > 370_000)).toBe(true);
  const names = ["A1.2", "B4.2", "B5.2"];
  // From the access on current and beam are for the new ones alone, once each is proven.
  const openedMs = run.of("access-opened")[0]?.atMs ?? 0;
  const since = (type: string) =>
    run.of(type).flatMap((event) => (event.atMs > openedMs ? [field(event, "position")] : []));
  expect(since("cell-proof")).toEqual(names);
  expect(new Set(since("step-started"))).toEqual(new Set(names));
  expect(new Set(since("exposure-settled"))).toEqual(new Set(names));
  expect(run.of("campaign-complete").every(({ atMs }) => atMs > 600_000)).toBe(true);
  const report = verifyRecord(run.folder, replayDecisions);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
});
