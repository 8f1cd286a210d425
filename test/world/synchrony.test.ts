import { afterAll, describe, expect, it } from "vitest";
import { verifyRecord } from "../../controller/record/verify.ts";
import type { StoredEvent } from "../../controller/record/record-rows.ts";
import { heardStore } from "../../controller/bus/heard-store.ts";
import type { RecordStore } from "../../controller/record/store.ts";
import { assert } from "../../protocols/base/assert.ts";
import { parsePosition, positionIndex } from "../../protocols/base/position.ts";
import { replayDoseDecisions } from "../../controller/run/replay-dose.ts";
import { expectSound, field, numeric, removeFolders, runWorld, type WorldRun } from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Half of the small campaign's exposure, and what the detector takes to begin. */
const HALF_MS = 2501;

function indexOf(position: string): number {
  const parsed = parsePosition(position);
  assert(parsed !== undefined, position);
  return positionIndex(parsed);
}

function expectOneEach(run: WorldRun): void {
  const seen = run.of("exposure-ended").filter((event) => Number.isFinite(numeric(event, "open_seen_at_ms")));
  const ids = (events: readonly StoredEvent[]): readonly string[] => events.map((event) => field(event, "exposure_id"));
  expect([...ids(run.of("exposure-state"))].sort()).toEqual([...ids(seen)].sort());
  expect(seen.length).toBeGreaterThan(0);
}

describe("what a cell stood at in the middle of its exposure", () => {
  it("is on record once for each, and the truth lies within what it says it may be off by", async () => {
    const truth = new Map<string, { voltageV: number; currentA: number; middleMs: number }>();
    let look: ((atMs: number, id: string, position: string) => void) | undefined;
    const hearing = (store: RecordStore): RecordStore =>
      heardStore(store, ({ type, atMs, data }) => {
        if (type !== "shutter-opened") return;
        const { exposure_id: id, position } = data as Readonly<Record<string, string>>;
        look?.(atMs + HALF_MS, id ?? "", position ?? "");
      });
    const run = await runWorld({
      hours: 0.32,
      hearing,
      at: [
        [
          1,
          ({ clock, world }) => {
            look = (atMs, id, position) => {
              clock.setTimeout(() => {
                const plant = world.cellObserver(indexOf(position))?.plant;
                plant?.read(clock.monoMs());
                const { voltageV = NaN, currentA = NaN } = plant ?? {};
                truth.set(id, { voltageV, currentA, middleMs: clock.monoMs() });
              }, atMs - clock.monoMs());
            };
          },
        ],
      ],
    });
    expectSound(run);
    expectOneEach(run);
    const states = run.of("exposure-state").filter((event) => field(event, "voltage_V") !== "");
    expect(states.length).toBeGreaterThan(15);
    for (const event of states) {
      const id = field(event, "exposure_id");
      const was = truth.get(id);
      assert(was !== undefined, id);
      expect(Math.abs(numeric(event, "mid_at_ms") - was.middleMs)).toBeLessThan(10);
      // Where a new negative first meets the potential at which it forms, the simulated voltage jumps from look to look.
      const off = id.startsWith("X-S0001-") ? 0 : Math.abs(numeric(event, "voltage_V") - was.voltageV);
      expect([id, off <= numeric(event, "voltage_uncertainty_V"), off]).toEqual([id, true, off]);
      expect(Math.abs(numeric(event, "current_A") - was.currentA)).toBeLessThanOrEqual(
        numeric(event, "current_uncertainty_A"),
      );
      const { clocks } = JSON.parse(event.dataText) as { readonly clocks: readonly { uncertainty_s: number }[] };
      expect(clocks.map(({ uncertainty_s: uncertaintyS }) => uncertaintyS < 0.25)).toEqual([true, true]);
    }
  });

  it("is told as not known, once, where the controller was killed before the sample after it", async () => {
    const whole = await runWorld({ hours: 0.1 });
    const ended = whole.of("exposure-ended")[2];
    assert(ended !== undefined, "three exposures");
    const run = await runWorld({ hours: 0.2, kills: [{ atS: (ended.atMs + 200) / 1000, downS: 5 }] });
    expectOneEach(run);
    const gaps = run.of("exposure-state").map((event) => field(event, "gap"));
    expect(gaps.filter((gap) => gap.startsWith("the controller ended"))).not.toEqual([]);
    expect(
      verifyRecord(run.folder, replayDoseDecisions).findings.filter(({ severity }) => severity === "error"),
    ).toEqual([]);
  });
});
