/** A person at one cell of a running rack: the others lose nothing by it, and nothing moves meanwhile. */
import { afterAll, expect, it } from "vitest";
import { verifyRecord } from "../../controller/record/verify.ts";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import { assert } from "../../protocols/base/assert.ts";
import { campaign, expectSound, field, numeric, removeFolders, runWorld } from "../support/world-campaign.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";

afterAll(removeFolders);

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
