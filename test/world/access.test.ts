/** A person at one cell of a running rack: the others lose nothing by it, and nothing moves meanwhile. */
import { afterAll, expect, it } from "vitest";
import { openRecord } from "../../controller/record/record-reader.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import type { GivenBack } from "../../controller/access/whose-access.ts";
import { assert } from "../../protocols/base/assert.ts";
import { parsePosition, positionIndex } from "../../protocols/base/position.ts";
import { createPersonHands } from "../../simulator/world/person-hands.ts";
import { campaign, expectSound, field, numeric, removeFolders, runWorld, site } from "../support/world-campaign.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";

afterAll(removeFolders);

const AS_MEASURED = { shiftXMm: 0, shiftYMm: 0, rotationDeg: 0, cells: new Map() };
const BY = { author: "anna", reason: "the contact of A3" };

function swap(virtual: VirtualCampaign, act: "begin" | "end", position = "A3"): void {
  const { access } = virtual.run;
  assert(access.refusal(act, position) === null, `${act} ${position}: ${String(access.refusal(act, position))}`);
  virtual.world.personOrders(2);
  if (act === "begin") access.begin(position, BY);
  else access.end(position, BY);
}

it("one cell is off for a person and comes back; the others cycle on, and the beam goes on when the access is given back", async () => {
  const said: (string | null)[] = [];
  const run = await runWorld({
    hours: 0.2,
    at: [
      [
        330,
        (virtual) => {
          swap(virtual, "begin");
          said.push(virtual.run.access.refusal("begin", "A3"));
        },
      ],
      [
        420,
        (virtual) => {
          said.push(virtual.run.views.stateOf(2), virtual.run.note(), virtual.run.access.refusal("end", "A1"));
          swap(virtual, "end");
        },
      ],
    ],
  });
  expectSound(run);
  const [opened] = run.of("access-opened");
  const [closed] = run.of("access-closed");
  assert(opened !== undefined && closed !== undefined, "it was not opened and closed");
  expect(numeric(opened, "open_circuit_V")).toBeGreaterThan(2);
  expect(field(closed, "cell_is")).toMatch(/choosing|starting|cycling/);
  expect(said[0]).toMatch(/somebody has access/);
  expect(said.slice(1, 3)).toEqual(["away", expect.stringMatching(/anna to give back the access to A3: the contact/)]);
  expect(said[3]).toBe("nobody has access to A1");
  // No exposure while it is open; those that were due come after.
  const lit = run.of("exposure-ended").map((event) => numeric(event, "open_asked_at_ms"));
  expect(lit.filter((atMs) => atMs > opened.atMs && atMs < closed.atMs)).toEqual([]);
  expect(lit.some((atMs) => atMs > closed.atMs)).toBe(true);
  const whole = await runWorld({ hours: 0.2 });
  expect(run.summary.exposures.made).toBe(whole.summary.exposures.made);
  expect(run.summary.requests.missed).toBe(whole.summary.requests.missed);
  // No step of any other cell was interrupted, and no sample of theirs is missing.
  const ended = (of: typeof run, type: string) =>
    of
      .of(type)
      .flatMap((event) => (field(event, "position") === "A3" ? [] : [field(event, "position")]))
      .sort();
  for (const type of ["step-interrupted", "cell-taken-out", "cell-isolated", "step-ended"]) {
    expect(ended(run, type)).toEqual(ended(whole, type));
  }
  const counts = ({ folder }: typeof run): readonly number[] => {
    const reader = openRecord(folder);
    const all = campaign.cells.map((_, cellIndex) => [...reader.samples(cellIndex)].length);
    reader.close();
    return all.filter((_, cellIndex) => cellIndex !== 2);
  };
  expect(counts(run)).toEqual(counts(whole));
  // But for the cell itself, while it was off.
  expect(run.summary.samples.gaps).toBe(whole.summary.samples.gaps + 1);
  expect(run.of("cell-put-back").map((event) => field(event, "position"))).toEqual(["A3"]);
  const report = verifyRecord(run.folder, replayDecisions);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
});

it("what is open stays open when the controller is killed: nothing moves until the person gives it back", async () => {
  const said: (string | null)[] = [];
  const run = await runWorld({
    hours: 0.2,
    kills: [{ atS: 400, downS: 20 }],
    at: [
      [
        330,
        (virtual) => {
          swap(virtual, "begin");
        },
      ],
      [
        620,
        (virtual) => {
          said.push([...virtual.run.access.open.keys()].join(), virtual.run.note());
          swap(virtual, "end");
        },
      ],
    ],
  });
  expectSound(run);
  expect(said).toEqual(["A3", expect.stringMatching(/anna to give back the access to A3/)]);
  const openedMs = run.of("access-opened")[0]?.atMs ?? 0;
  const closedMs = run.of("access-closed")[0]?.atMs ?? Infinity;
  expect(openedMs).toBeLessThan(400_000);
  const lit = run.of("exposure-ended").map((event) => numeric(event, "open_asked_at_ms"));
  expect(lit.filter((atMs) => atMs > openedMs && atMs < closedMs)).toEqual([]);
  expect(lit.some((atMs) => atMs > closedMs)).toBe(true);
  expect(campaign.cells[2]?.position).toBe("A3");
});

it("an access that was asked for when the controller was killed is proven anew before it is given", async () => {
  const said: (string | null)[] = [];
  const run = await runWorld({
    hours: 0.2,
    kills: [{ atS: 331.5, downS: 20 }],
    at: [
      [
        330,
        (virtual) => {
          swap(virtual, "begin");
        },
      ],
      [
        620,
        (virtual) => {
          said.push(virtual.run.views.stateOf(2), virtual.run.note());
          swap(virtual, "end");
        },
      ],
    ],
  });
  expectSound(run);
  const [resumed] = run.of("campaign-resumed");
  const [opened] = run.of("access-opened");
  const [closed] = run.of("access-closed");
  assert(resumed !== undefined && opened !== undefined && closed !== undefined, "it was not opened and closed");
  expect(opened.atMs).toBeGreaterThan(resumed.atMs);
  expect(said).toEqual(["away", expect.stringMatching(/anna to give back the access to A3/)]);
  const lit = run.of("exposure-ended").map((event) => numeric(event, "open_asked_at_ms"));
  expect(lit.filter((atMs) => atMs > opened.atMs && atMs < closed.atMs)).toEqual([]);
  expect(lit.some((atMs) => atMs > closed.atMs)).toBe(true);
});

function indexOf(text: string): number {
  const position = parsePosition(text);
  assert(position !== undefined, `${text} is no position`);
  return positionIndex(position);
}

function begin({ run, world }: VirtualCampaign, position: string): void {
  assert(run.access.refusal("begin", position) === null, `no access to ${position}`);
  world.personOrders(indexOf(position));
  run.access.begin(position, BY);
}

/** What was against it, or null. */
function end({ run, world }: VirtualCampaign, position: string, given: GivenBack = {}): string | null {
  const refusal = run.access.refusal("end", position, BY, given);
  world.personOrders(indexOf(position));
  if (refusal === null) run.access.end(position, BY, given);
  return refusal;
}

it("leads crossed, a cell turned and two cells exchanged get neither current nor beam until a person has mended them", async () => {
  const hands = createPersonHands();
  const [a2, a3, b4] = [indexOf("A2"), indexOf("A3"), indexOf("B4")];
  const said: (string | null)[] = [];
  const run = await runWorld({
    hours: 0.17,
    hands,
    at: [
      [
        300,
        (virtual) => {
          for (const position of ["A2", "A3", "B4", "B5"]) begin(virtual, position);
        },
      ],
      [
        360,
        (virtual) => {
          // Exchanged, and told apart by their codes alone: they are of one batch and one charge.
          hands.cells.set(a2, a3).set(a3, a2);
          said.push(end(virtual, "A2"), end(virtual, "A2", { code: "R-A3" }));
          hands.cells.clear();
          hands.leads.set(a2, a3).set(b4, "current-turned");
          said.push(end(virtual, "A2", { code: "R-A2" }), end(virtual, "B4", { code: "S-B4" }));
        },
      ],
      [
        430,
        (virtual) => {
          said.push(virtual.run.views.stateOf(1), virtual.run.views.stateOf(8));
          said.push(...virtual.run.alarms.open.map(({ code, where }) => `${code} ${where}`));
          hands.leads.clear();
          hands.shifts.set(a2, { xMm: 0.4, yMm: -0.3 });
          // Nothing lies in its contacts.
          hands.cells.set(a3, null);
          for (const position of ["A2", "A3", "B4"])
            end(virtual, position, { code: `${position === "B4" ? "S" : "R"}-${position}` });
          end(virtual, "B5", { isLeftOut: true });
        },
      ],
      [
        500,
        (virtual) => {
          said.push([...virtual.run.access.open.keys()].join());
          hands.cells.clear();
          end(virtual, "A3", { code: "R-A3" });
        },
      ],
    ],
  });
  expect(said.slice(0, 4)).toEqual([
    expect.stringMatching(/A3, B4, B5 were out at the same time/),
    expect.stringMatching(/R-A3, whose place is A3/),
    null,
    null,
  ]);
  expect(said.slice(4)).toEqual(["away", "away", "cell.unproven A2", "cell.unproven B4", "A3"]);
  const why = (position: string): string =>
    run
      .of("access-refused")
      .flatMap((event) => (field(event, "position") === position ? [field(event, "what")] : []))
      .join("; ");
  expect(why("A2")).toMatch(/was not seen at the cell's voltage|answers to the current of/);
  expect(why("B4")).toMatch(/was seen reversed/);
  expect(why("A3")).toMatch(/is outside|back in its place it has/);
  expect(run.summary.violations).toEqual([]);
  expect(run.summary.cells.by_state["isolated"] ?? 0).toBe(0);
  // Off until proven; then on with the time that was left.
  for (const position of ["A2", "A3", "B4"]) {
    const [back, ...more] = run.of("cell-put-back").filter((event) => field(event, "position") === position);
    assert(back !== undefined && more.length === 0, `${position} was not put back once`);
    expect(numeric(back, "resistance_ohm")).toBeGreaterThan(5);
    const started = run.of("step-started").filter((event) => field(event, "position") === position);
    expect(started.filter(({ atMs }) => atMs > 300_000 && atMs < back.atMs)).toEqual([]);
    expect(started.some(({ atMs }) => atMs >= back.atMs)).toBe(true);
  }
  const beamAt = (position: string): readonly number[] =>
    run.of("exposure-booked").flatMap((event) => (field(event, "position") === position ? [event.atMs] : []));
  expect(beamAt("B5").filter((atMs) => atMs > 300_000)).toEqual([]);
  expect(beamAt("B3").some((atMs) => atMs > 500_000)).toBe(true);
  const stopped = run.of("cell-stopped").map((event) => field(event, "position"));
  expect(stopped).toEqual(["B5"]);
  expect(run.virtual.run.alarms.open).toEqual([]);
  const report = verifyRecord(run.folder, replayDecisions);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
});

it("a whole rack is taken out and put back: turned round it is told before any current, then all cells are proven at once, and exposed once its place is vouched for", async () => {
  const hands = createPersonHands();
  const indices = campaign.cells.map(({ position }) => positionIndex(position));
  const said: (string | null)[] = [];
  const rackEnd = ({ run, world }: VirtualCampaign, codes: readonly (readonly [string, string])[]): string | null => {
    const refusal = run.access.rack.refusal("end", BY, new Map(codes));
    indices.forEach((index) => {
      world.personOrders(index);
    });
    if (refusal === null) run.access.rack.end(BY, new Map(codes));
    return refusal;
  };
  const run = await runWorld({
    hours: 0.25,
    hands,
    // Where it stands was measured: out and back, it is to be vouched for.
    site: { ...site, rack: { ...site.rack, placement: AS_MEASURED } },
    at: [
      [
        300,
        ({ run: { access }, world }) => {
          indices.forEach((index) => {
            world.personOrders(index);
          });
          said.push(access.rack.refusal("begin", BY, new Map()));
          access.rack.begin(BY);
        },
      ],
      [
        380,
        (virtual) => {
          said.push(String(virtual.run.access.open.size));
          said.push(rackEnd(virtual, [["A1", "R-H12"]]));
          // The places that held cells are under no channel of the campaign now.
          for (const index of indices) hands.cells.set(index, null);
          said.push(rackEnd(virtual, []));
        },
      ],
      [
        400,
        (virtual) => {
          said.push(...virtual.run.alarms.open.map(({ code, where }) => `${code} ${where}`));
          hands.cells.clear();
          said.push(rackEnd(virtual, [["A1", "R-A1"]]));
        },
      ],
      [
        700,
        ({ run }) => {
          said.push(run.note()?.split(":")[0] ?? null, run.access.aim.refusal(""));
          run.access.aim.vouch(BY);
        },
      ],
    ],
  });
  expect(said).toEqual([
    null,
    "10",
    "the code read at A1 is R-H12, which has no place in the rack now: R-A1 belongs there. Put each cell where it belongs",
    null,
    "rack.not-as-before rack",
    null,
    "the rack to be aligned anew, or vouched for",
    "who answers for the rack's place says by a reason how it is known",
  ]);
  const [refused] = run.of("access-refused");
  assert(refused !== undefined, "nothing was refused");
  expect(field(refused, "what")).toMatch(/not in its contacts, or lies the wrong way round/);
  expect(run.of("cell-put-back")).toHaveLength(10);
  expect(run.of("access-closed")).toHaveLength(10);
  expect(run.of("cell-isolated")).toEqual([]);
  expect(run.summary.violations).toEqual([]);
  const driven = run.of("step-started").map(({ atMs }) => atMs);
  expect(driven.filter((atMs) => atMs > 340_000 && atMs < 400_000)).toEqual([]);
  const lit = run.of("exposure-ended").map((event) => numeric(event, "open_asked_at_ms"));
  expect(lit.filter((atMs) => atMs > 380_000 && atMs < 700_000)).toEqual([]);
  expect(lit.some((atMs) => atMs > 700_000)).toBe(true);
  expect(run.virtual.run.alarms.open).toEqual([]);
});
