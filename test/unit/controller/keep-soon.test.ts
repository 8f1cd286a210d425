import { describe, expect, it } from "vitest";
import { createKeepSoon } from "../../../controller/run/keep-soon.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";

const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("what a restart goes on from", () => {
  it.each(["cell-proof", "cell-taken-out", "cell-put-back"])(
    "holds for %s: where a cell is, and whose it is",
    async (type) => {
      const clock = createVirtualClock(0, { drain });
      const commits: number[] = [];
      createKeepSoon(clock, () => commits.push(clock.monoMs()))(type);
      await clock.run(5000);
      expect(commits).toEqual([1000]);
    },
  );

  it("is durable within a second, an ordered stop as soon as its devices are told, and nothing else by itself", async () => {
    const clock = createVirtualClock(0, { drain });
    const commits: number[] = [];
    const keepSoon = createKeepSoon(clock, () => commits.push(clock.monoMs()));
    keepSoon("sensor-reading");
    await clock.run(5000);
    expect(commits).toEqual([]);
    keepSoon("cell-act");
    keepSoon("cell-act");
    await clock.run(5100);
    keepSoon("stop-ordered");
    // Devices first.
    expect(commits).toEqual([]);
    await clock.run(5101);
    expect(commits).toEqual([5100]);
    await clock.run(9000);
    expect(commits).toEqual([5100, 6000]);
  });
});
