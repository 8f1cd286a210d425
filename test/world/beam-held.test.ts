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
  expect(run.of("request-missed")).toHaveLength(20);
  expect(run.of("cell-isolated")).toEqual([]);
  const [resumed] = run.of("exposing-resumed");
  const cleared = run.of("alarm-cleared").find((event) => field(event, "code") === "beam.held");
  expect(cleared?.atMs).toBeGreaterThan(resumed?.atMs ?? Infinity);
  expect(run.summary.alarms.open).toBe(0);
});
