import { afterAll, describe, expect, it } from "vitest";
import { expectSound, removeFolders, runWorld, SIX } from "../support/world-campaign.ts";

afterAll(removeFolders);

describe("the durable commits of a sweep", () => {
  it("are one for each exposure, that of its booking, and one when the beam is free", async () => {
    const commits: number[] = [];
    // Sweep 2 begins at 600 s; no step of a cell begins or ends in it.
    const run = await runWorld({
      hours: 0.25,
      campaign: SIX,
      at: [599, 899].map((atS) => [atS, ({ store }) => commits.push(store.counters.commits)] as const),
    });
    expectSound(run);
    const booked = run.of("exposure-booked").filter(({ atMs }) => atMs > 599_000 && atMs < 899_000).length;
    const [before = NaN, after = NaN] = commits;
    expect(booked).toBe(6);
    expect(after - before).toBe(booked + 1);
  });
});
