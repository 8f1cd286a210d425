import { afterAll, describe, expect, it } from "vitest";
import { createBegunFold } from "../../controller/amendments/campaign-progress.ts";
import { createFollowedCell } from "../../controller/forecast/followed-cell.ts";
import { parseJson } from "../../controller/record/record-header.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import { LEARNS_NOTHING_FROM, readLeftRun } from "../../controller/resume/read-run.ts";
import { recordOf, textOf } from "../../controller/resume/recorded-cell.ts";
import { createRunFold } from "../../controller/resume/recorded-run.ts";
import { assert } from "../../protocols/base/assert.ts";
import { positionIndex } from "../../protocols/base/position.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { lookAtFolder } from "../../tui/run/left-folder.ts";
import { load } from "../support/campaign-files.ts";
import { expectSound, field, FILES, removeFolders, runWorld, SIX, type WorldRun } from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Steps short enough to end while nobody is there. */
const SHORT = `
record: { time_s: 5 }
method:
  - { step: open_circuit_voltage, until_time_s: 60 }
  - { step: constant_current, id: charge, rate_C: C/4, until_voltage_V: 4.2, until_time_s: 120 }
  - { step: constant_current, id: discharge, rate_C: D/4, until_voltage_V: 2.8, until_time_s: 100 }
  - { step: loop, loop_to: 2, cycle_count: 3 }
`;
const loaded = load({ ...FILES, "cycle.yaml": SHORT }, "small.yaml");
assert(loaded.kind === "loaded", "the short campaign is refused");
const positions = new Set(SIX.cells.map(({ position }) => position));
const short = { ...loaded.campaign, cells: loaded.campaign.cells.filter((cell) => positions.has(cell.position)) };
const HOURS = 0.3;
/** A step of the protocol, each pass of the loop. */
const PATH = ["1", "2", "3", "2", "3", "2", "3"];

/** Steps of a cell in the order in which they were begun; one that goes on after a break counts once. */
function pathOf(run: WorldRun, position: string): readonly string[] {
  return run
    .of("step-started")
    .filter((event) => field(event, "position") === position)
    .map((event) => field(event, "step"))
    .filter((step, index, all) => step !== all[index - 1]);
}

/** What holds after any number of kills. */
function expectWhole(run: WorldRun): void {
  expectSound(run);
  expect(run.summary.truth["exposures_unaccounted"]).toBe(0);
  const ids = run.of("exposure-booked").map((event) => field(event, "exposure_id"));
  expect(new Set(ids).size).toBe(ids.length);
  for (const cell of short.cells) expect([cell.position, pathOf(run, cell.position)]).toEqual([cell.position, PATH]);
  expect(run.summary.cells.by_state).toEqual({ complete: short.cells.length });
  const audit = verifyRecord(run.folder);
  expect(audit.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(audit.openBookings).toBe(0);
}

/** Of events that it does not look into, a new controller would learn nothing. */
function expectPassesOverNothing({ folder }: WorldRun): void {
  const fold = createRunFold(short, () => 1);
  const begun = createBegunFold();
  const followed = new Map(short.cells.map((cell) => [cell.position as string, createFollowedCell(cell)]));
  const passedOver = new Set<string>();
  const reader = openRecord(folder);
  for (const scanned of reader.events()) {
    assert(scanned.kind === "row", "an event cannot be read");
    const { type, atMs, dataText } = scanned.row;
    const data = parseJson(dataText);
    fold.event(type, atMs, data);
    begun.event(type, atMs, data);
    const news = followed.get(textOf(recordOf(data)["position"]))?.event(type, atMs, recordOf(data)) ?? null;
    if (!LEARNS_NOTHING_FROM.has(type)) continue;
    expect([type, news]).toEqual([type, null]);
    passedOver.add(type);
  }
  reader.close();
  const left = readLeftRun(folder, short, () => 1);
  expect(left.recorded).toEqual(fold.finish());
  expect({ ...left.begun, event: undefined }).toEqual({ ...begun, event: undefined });
  expect([...passedOver]).toEqual(expect.arrayContaining(["cell-forecast", "exposure-booked", "exposure-settled"]));
}

function runShort(kills: readonly { readonly atS: number; readonly downS: number }[], seed = 1): Promise<WorldRun> {
  return runWorld({ hours: HOURS, campaign: short, kills, seed });
}

describe("a controller that is killed and started again on its folder", () => {
  it("leaves running cells alone: not one is set to anything, and only samples of the time between are missing", async () => {
    const changes: number[] = [];
    const run = await runWorld({
      hours: HOURS,
      campaign: short,
      kills: [{ atS: 150, downS: 20 }],
      at: [
        [
          149,
          ({ world }) => {
            for (const { position } of short.cells) {
              world.cellObserver(positionIndex(position))?.onSeen((atMs, isChange) => {
                if (isChange && atMs < 190_000) changes.push(atMs);
              });
            }
          },
        ],
      ],
    });
    expectWhole(run);
    expect(changes).toEqual([]);
    expect(run.of("cell-found").map((event) => field(event, "found"))).toEqual(short.cells.map(() => "running"));
    expect(run.summary.samples.gaps).toBe(short.cells.length);
    expect(run.of("cell-proof")).toHaveLength(short.cells.length);
    expect(run.of("campaign-resumed")).toHaveLength(1);
    expect(() => lookAtFolder(run.folder)).toThrow(expect.objectContaining({ code: "run.finished" }));
  });

  it("finds steps that ended while it was away, and goes on behind them", async () => {
    const run = await runShort([{ atS: 150, downS: 150 }]);
    expectWhole(run);
    expect(run.of("cell-found").every((event) => field(event, "found") === "off")).toBe(true);
    const unknown = run.of("step-ended").filter((event) => field(event, "ended_by") === "unknown");
    expect(unknown.map((event) => field(event, "step"))).toEqual(short.cells.map(() => "2"));
  });

  it("loses no exposure and repeats none, wherever in one it dies", async () => {
    const undisturbed = await runWorld({ hours: 0.12, campaign: short });
    const timeOf = (type: string, count: number): number => (undisturbed.of(type)[count]?.atMs ?? NaN) / 1000;
    const booked = timeOf("exposure-booked", 3);
    const opened = timeOf("shutter-opened", 3);
    const ended = timeOf("exposure-ended", 3);
    const places = { booked: booked + 0.001, open: opened + 2, closing: ended - 0.005, moving: ended + 0.05 };
    for (const [place, atS] of Object.entries(places)) {
      const run = await runShort([{ atS, downS: 15 }]);
      expectWhole(run);
      const unknown = run.of("exposure-ended").filter((event) => field(event, "outcome") === "unknown");
      expect([place, unknown.length, run.summary.requests.missed]).toEqual([place, 1, 1]);
      expect(field(unknown[0], "charged")).toBe("charge-in-full");
    }
  });

  it("may be killed again and again, also while it still looks for its cells", async () => {
    const chance = createChance(7);
    let atS = 60;
    const kills = Array.from({ length: 8 }, (_, index) => {
      // Every third one dies soon after it was started.
      atS += index % 3 === 2 ? 1.5 : 20 + chance.uniform() * 90;
      const kill = { atS, downS: chance.uniform() * 40 };
      atS += kill.downS;
      return kill;
    });
    const run = await runShort(kills, 3);
    expectWhole(run);
    expect(run.of("campaign-resumed")).toHaveLength(kills.length);
    expectPassesOverNothing(run);
  });

  it("keeps what a person held, and who is isolated", async () => {
    const run = await runWorld({
      hours: HOURS,
      campaign: short,
      kills: [{ atS: 400, downS: 10 }],
      at: [
        [
          380,
          ({ run: { actor } }) => {
            const by = { author: "operator", reason: "a look" };
            actor.send({ type: "CELL_ORDERED", position: "A2", event: { type: "HOLD_CELL", ...by } });
            actor.send({ type: "STOP_EXPOSING", ...by });
          },
        ],
        [
          700,
          ({ run: { actor, views } }) => {
            expect(views.cell(1)).toMatchObject({ state: "held", heldBy: "operator" });
            const by = { author: "operator", reason: "looked" };
            actor.send({ type: "CELL_ORDERED", position: "A2", event: { type: "RESUME_CELL", ...by } });
            actor.send({ type: "RESUME_EXPOSING", author: "operator" });
          },
        ],
      ],
    });
    expect(run.of("exposure-booked").filter((event) => event.atMs > 381_000 && event.atMs < 700_000)).toEqual([]);
    expect(run.of("exposure-booked").some((event) => event.atMs > 700_000)).toBe(true);
    expectSound(run);
  });
});
