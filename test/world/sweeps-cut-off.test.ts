import { afterAll, expect, it } from "vitest";
import { removeFolders, runWorld, SIX, type WorldRun } from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Begin of a sweep, and end of its last exposure. */
function spanOf(run: WorldRun, sweep: number): readonly [beganS: number, endedS: number] {
  const begun = run.of("sweep-begun")[sweep - 1];
  const next = run.of("sweep-begun")[sweep];
  const ended = run.of("exposure-ended").findLast(({ atMs }) => atMs < (next?.atMs ?? Infinity));
  return [(begun?.atMs ?? NaN) / 1000, (ended?.atMs ?? NaN) / 1000];
}

it("a sweep that a stop or a kill cuts off is not told as a short one", async () => {
  const of = { campaign: SIX, hours: 0.5 };
  const whole = await runWorld(of);
  const [beganS, endedS] = spanOf(whole, 2);
  expect(endedS).toBeGreaterThan(beganS + 10);
  const { count, duration_s: durationS } = whole.summary.sweeps;
  expect(count).toBeGreaterThanOrEqual(2);
  const middleS = (beganS + endedS) / 2;

  const stopped = await runWorld({ ...of, stopAtS: middleS });
  expect(stopped.of("sweep-begun")).toHaveLength(2);
  expect(stopped.summary.sweeps).toMatchObject({ count: 1, duration_s: { min: durationS.max } });

  // Back so soon that what is left of it is made all the same.
  const killed = await runWorld({ ...of, kills: [{ atS: middleS, downS: 20 }] });
  expect(killed.summary.violations).toEqual([]);
  expect(killed.summary.sweeps.count).toBe(count);
  expect(killed.summary.sweeps.duration_s.min ?? 0).toBeGreaterThan(0.9 * (durationS.min ?? Infinity));
});
