import { afterAll, expect, it } from "vitest";
import { undisturbedSweeps } from "../../tui/run/run-figures.ts";
import { expectSound, removeFolders, runWorld, site } from "../support/world-campaign.ts";

afterAll(removeFolders);

it("an exposure costs one durable commit, and the sweep takes no more than two per cent above what motion alone takes", async () => {
  const commitsAtMs: number[] = [];
  const run = await runWorld({
    hours: 0.4,
    at: [
      [
        310,
        ({ store, clock }) => {
          const commit = store.commit.bind(store);
          Object.assign(store, {
            commit() {
              commitsAtMs.push(clock.monoMs());
              return commit();
            },
          });
        },
      ],
    ],
  });
  expectSound(run);
  // From the second sweep on; whatever else is kept on time is counted against them.
  const booked = run.of("exposure-booked").filter(({ atMs }) => atMs >= 600_000);
  expect(booked).toHaveLength(30);
  for (const { atMs } of booked) {
    const until = run.of("exposure-ended").find((ended) => ended.atMs > atMs)?.atMs ?? NaN;
    expect(commitsAtMs.filter((at) => at >= atMs && at < until)).toHaveLength(1);
  }
  const during = (fromMs: number): number => commitsAtMs.filter((at) => at >= fromMs && at < fromMs + 75_000).length;
  expect(during(600_000) + during(900_000) + during(1_200_000)).toBeLessThanOrEqual(booked.length + 3);
  // In the first the filters and the shutter upstream move too.
  const [, ...later] = undisturbedSweeps(run.virtual.run, site);
  expect(later.length).toBeGreaterThan(1);
  for (const { durationS, boundS } of later) expect(durationS).toBeLessThanOrEqual(1.02 * boundS);
});
