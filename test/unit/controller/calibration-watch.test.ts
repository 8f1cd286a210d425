import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { createAlarms } from "../../../controller/run/alarms.ts";
import { createCalibrationWatch } from "../../../controller/run/calibration-watch.ts";
import type { MeasuredKind } from "../../../protocols/calibration/calibration.ts";
import type { Writable } from "../../../protocols/base/writable.ts";
import type { Site } from "../../../protocols/site/site.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.parse("2026-03-02T08:00:00Z");
/** Measured a day before the start, and good for two. */
const FLUX: MeasuredKind = { kind: "flux", atMs: START_MS - 24 * HOUR_MS, untilMs: START_MS + 24 * HOUR_MS };

function watch(
  whenExpired: "tell" | "hold",
  more: { readonly measured?: MeasuredKind; readonly isRehearsal?: true } = {},
) {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  const told: string[] = [];
  const record = (type: string, data: object): void => {
    told.push(`${clock.nowMs() / HOUR_MS} h ${type} ${JSON.stringify(data)}`);
  };
  const alarms = createAlarms({ record }, () => clock.nowMs());
  let changes = 0;
  const site: Writable<Pick<Site, "measured" | "calibrations">> = {
    measured: [more.measured ?? FLUX],
    calibrations: { file: "m.yaml", required: ["flux"], driftMax: 0.05, whenExpired },
  };
  const made = createCalibrationWatch({
    site,
    ...{ campaign: { startMs: START_MS }, clock, alarms },
    roles: { io: more.isRehearsal === true ? { isLocked: true } : {} },
    changed: () => (changes += 1),
  });
  return { site, clock, alarms, told, made, changes: () => changes };
}

it("what a site requires is told before it expires and when it has, and exposures go on", async () => {
  const { clock, alarms, told, made } = watch("tell");
  made.start();
  await clock.run(19.9 * HOUR_MS);
  expect(told).toEqual([]);
  await clock.run(20.1 * HOUR_MS);
  expect(alarms.open.map(({ code, where }) => `${code} ${where}`)).toEqual(["calibration.expires-soon flux"]);
  expect(told[0]).toContain("20 h alarm-raised");
  expect(told[0]).toContain("holds until 2026-03-03 08:00 UTC, 4 h from now");
  await clock.run(30 * HOUR_MS);
  expect(alarms.open.map(({ code, where }) => `${code} ${where}`)).toEqual(["calibration.expired flux"]);
  expect(told.at(-1)).toContain("24 h alarm-raised");
  expect(told.at(-1)).toContain("exposures go on");
  expect(made.obstacle()).toBeNull();
});

it("where the site says so nothing is exposed from then on, and the beam says what it waits for", async () => {
  const { clock, made, changes } = watch("hold");
  made.start();
  await clock.run(23.9 * HOUR_MS);
  expect(made.obstacle()).toBeNull();
  const before = changes();
  await clock.run(24.1 * HOUR_MS);
  expect(changes()).toBe(before + 1);
  expect(made.obstacle()).toEqual({
    ...{ reason: "flux to be measured anew: what was measured has expired", who: "operator" },
  });
  const rehearsal = watch("hold", { isRehearsal: true });
  rehearsal.made.start();
  await rehearsal.clock.run(25 * HOUR_MS);
  expect(rehearsal.made.obstacle()).toBeNull();
});

it("what was measured anew is told no more after a restart", () => {
  const { alarms, made, told } = watch("hold", { measured: { ...FLUX, untilMs: START_MS + 1000 * HOUR_MS } });
  alarms.restore([{ id: 1, code: "calibration.expired", where: "flux", what: "old", advice: "", raisedAtMs: 0 }], 1);
  made.start();
  expect(alarms.open).toEqual([]);
  expect(told).toHaveLength(1);
  expect(made.obstacle()).toBeNull();
});

it("an alignment that has expired does not wait for itself, and one by the run ends hold and alarm", async () => {
  const measured = { ...FLUX, kind: "alignment" } as const;
  const { site, clock, alarms, made } = watch("hold", { measured });
  made.start();
  await clock.run(25 * HOUR_MS);
  expect([made.obstacle()?.reason, made.obstacle(true)]).toEqual([expect.stringMatching(/^alignment to be/), null]);
  site.measured = [{ ...measured, atMs: START_MS + 25 * HOUR_MS, untilMs: START_MS + 49 * HOUR_MS }];
  made.measured();
  expect([made.obstacle(), alarms.open]).toEqual([null, []]);
  await clock.run(50 * HOUR_MS);
  expect(alarms.open.map(({ code, where }) => `${code} ${where}`)).toEqual(["calibration.expired alignment"]);
});
