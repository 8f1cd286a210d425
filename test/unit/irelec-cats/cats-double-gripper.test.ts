import { describe, expect, it } from "vitest";
import type { DoubleGripper } from "../../../protocols/roles/sample-changer.ts";
import { createCatsBench, type CatsBench, type CatsBenchOptions } from "./bench.ts";

const first = { tray: 1, slot: 1 };
const second = { tray: 1, slot: 2 };

async function connected(options: CatsBenchOptions = {}): Promise<CatsBench> {
  const bench = createCatsBench({ ...options, changer: { readsCodes: true, ...options.changer } });
  await bench.finish(bench.changer.connect());
  return bench;
}

/** One cell at the handover place. */
async function loaded(options: CatsBenchOptions = {}): Promise<CatsBench> {
  const bench = await connected(options);
  await bench.finish(bench.changer.load(first));
  return bench;
}

function doubleOf({ changer: { double } }: CatsBench): DoubleGripper {
  if (double === undefined) throw new Error("one pair of jaws");
  return double;
}

describe("a CATS robot with a double gripper", () => {
  it("fetches the next cell and leaves alone what lies at the handover place", async () => {
    const bench = await loaded();
    await bench.finish(doubleOf(bench).fetch(second));
    expect(bench.whereIs(1)).toBe("handover");
    const reading = await bench.finish(bench.changer.read());
    expect(reading).toMatchObject({ held: second, heldToo: null, delivered: first, isPresent: true, path: null });
  });

  it("has fetched what lies in its gripper, when the way was over before its lost answer was given up", async () => {
    const bench = await connected({ changer: { replyDeadlineMs: 10_000 } });
    bench.loseNextAnswer("answer");
    await bench.finish(doubleOf(bench).fetch(second));
    expect((await bench.finish(bench.changer.read())).held).toEqual(second);
    expect(bench.pathsBegun()).toBe(1);
  });

  it("exchanges for what it has fetched, in less time than without, and puts the other away", async () => {
    const spans: number[] = [];
    for (const fetches of [true, false]) {
      const bench = await loaded();
      if (fetches) await bench.finish(doubleOf(bench).fetch(second));
      const startMs = bench.nowMs();
      const done = await bench.finish(doubleOf(bench).exchange(first, second));
      spans.push(bench.nowMs() - startMs);
      expect(done).toEqual({ slot: second, code: "R-0002" });
      expect([bench.whereIs(1), bench.whereIs(2)]).toEqual([first, "handover"]);
      expect(await bench.finish(bench.changer.read())).toMatchObject({ held: null, heldToo: null, delivered: second });
    }
    expect(spans[0]).toBeLessThan((spans[1] ?? 0) - 3000);
  });

  it("puts back what it has fetched for nothing", async () => {
    const bench = await loaded();
    const { fetch, stow } = doubleOf(bench);
    await bench.finish(fetch(second));
    await bench.finish(stow());
    expect(bench.whereIs(2)).toEqual(second);
    const begun = bench.pathsBegun();
    await bench.finish(stow());
    expect(bench.pathsBegun()).toBe(begun);
  });

  it("brings another than it has fetched only after that is put away", async () => {
    const bench = await loaded();
    const { fetch, exchange } = doubleOf(bench);
    await bench.finish(fetch(second));
    const begun = bench.pathsBegun();
    await expect(bench.finish(exchange(first, { tray: 1, slot: 3 }))).rejects.toMatchObject({
      code: "changer.not-ready",
    });
    await expect(bench.finish(bench.changer.unload(first))).rejects.toMatchObject({
      code: "changer.not-ready",
      message: expect.stringContaining("put it into its own place on the rack") as string,
    });
    expect(bench.pathsBegun()).toBe(begun);
  });

  it("does not believe an exchange in which the handover place was never empty", async () => {
    const bench = await loaded();
    await bench.finish(doubleOf(bench).fetch(second));
    bench.twin.missNextGet();
    await expect(bench.finish(doubleOf(bench).exchange(first, second))).rejects.toMatchObject({
      code: "changer.lost",
      detail: { isPresent: true },
    });
    // The new one slid off the one that was still there.
    expect([bench.whereIs(1), bench.whereIs(2)]).toEqual(["handover", "elsewhere"]);
  });

  it("loses sight of a cell that falls in the exchange, and says so", async () => {
    const bench = await loaded();
    await bench.finish(doubleOf(bench).fetch(second));
    bench.plant.dropNext();
    await expect(bench.finish(doubleOf(bench).exchange(first, second))).rejects.toMatchObject({ code: "changer.lost" });
    expect(bench.whereIs(2)).toBe("elsewhere");
  });

  it("has none of it with another tool", async () => {
    const bench = await connected({ changer: { tool: 2 } });
    expect(bench.changer.double).toBeUndefined();
  });
});
