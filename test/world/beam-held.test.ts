import { afterAll, expect, it } from "vitest";
import { field, removeFolders, runWorld } from "../support/world-campaign.ts";

afterAll(removeFolders);

it("a shutter that never opens ends the tries after a while: exposing is held, the cells go on, and somebody is called until it works again", async () => {
  const run = await runWorld({
    hours: 0.3,
    faults: [{ kind: "shutter-stuck", fromMs: 300_000, toMs: 850_000, at: "closed" }],
    at: [
      [
        900,
        ({ run: { actor } }) => {
          actor.send({ type: "RESUME_EXPOSING", author: "anna" });
        },
      ],
    ],
  });
  expect(run.alarms).toEqual(["shutter.stuck-closed io", "beam.held beam"]);
  expect(run.of("exposing-held")).toHaveLength(1);
  const failed = run.of("exposure-ended").filter((event) => field(event, "outcome") !== "made");
  expect(failed).toHaveLength(8);
  // Each takes a request with it: the longer trouble lasts, the longer it is waited for.
  const gapsMs = failed.slice(1).map(({ atMs }, index) => atMs - (failed[index]?.atMs ?? NaN));
  expect(Math.min(...gapsMs.slice(3))).toBeGreaterThan(40_000);
  expect(gapsMs[0]).toBeLessThan(10_000);
  expect(run.of("cell-isolated")).toEqual([]);
  const [resumed] = run.of("exposing-resumed");
  const cleared = run.of("alarm-cleared").find((event) => field(event, "code") === "beam.held");
  expect(cleared?.atMs).toBeGreaterThan(resumed?.atMs ?? Infinity);
  expect(run.summary.alarms.open).toBe(0);
});
