import { describe, expect, it } from "vitest";
import { createCatsBench, type CatsBench, type CatsBenchOptions } from "./bench.ts";

const first = { tray: 1, slot: 1 };

async function connected(options: CatsBenchOptions = {}): Promise<CatsBench> {
  const bench = createCatsBench(options);
  await bench.finish(bench.changer.connect());
  return bench;
}

describe("a CATS robot as sample changer", () => {
  it("tells the code that it read on the way", async () => {
    const bench = await connected({ changer: { readsCodes: true } });
    expect(await bench.finish(bench.changer.load(first))).toEqual({ slot: first, code: "R-0001" });
    await bench.finish(bench.changer.unload(first));
    bench.plant.smudge("one", true);
    expect(await bench.finish(bench.changer.load(first))).toEqual({ slot: first, code: null });
  });

  it.each([
    ["a lid and the samples under it on a CATS", "CATS", "2,23"],
    ["a puck on an ISARA", "ISARA", "5,7"],
  ] as const)("is told of %s", async (_, model, words) => {
    const place = { tray: 5, slot: 7 };
    const bench = await connected({ changer: { model, trayCount: 9 }, twin: { model, trayCount: 9 } });
    bench.plant.putByHand(0, "one", { kind: "tray", ...place });
    await bench.finish(bench.changer.load(place));
    expect(bench.twin.orders.at(-1)).toMatch(new RegExp(`^put\\(5,${words},`));
    expect(bench.whereIs(1)).toBe("handover");
    expect((await bench.finish(bench.changer.read())).delivered).toEqual(place);
    // Another place of the same rack: the bookkeeping is told of it in the same numbers.
    await bench.finish(bench.changer.unload({ tray: 9, slot: 16 }));
    expect(bench.whereIs(1)).toEqual({ tray: 9, slot: 16 });
  });

  it("does not believe in a sample that no lid has", async () => {
    const bench = createCatsBench({ alter: (said) => said.replace("Double,,,,,,", "Double,,,,1,49,") });
    await expect(bench.finish(bench.changer.connect())).rejects.toMatchObject({
      code: "device.wrong",
      message: expect.stringContaining("that no lid has") as string,
    });
  });

  it("is refused when it has fewer trays than the site, or is the other model", async () => {
    const few = createCatsBench({ changer: { trayCount: 12 } });
    await expect(few.finish(few.changer.connect())).rejects.toMatchObject({ code: "device.wrong" });
    const other = createCatsBench({ changer: { model: "ISARA" } });
    await expect(other.finish(other.changer.connect())).rejects.toMatchObject({ code: "device.wrong" });
  });

  it.each([
    [
      "its drives are off",
      (bench: CatsBench): void => {
        bench.twin.openDoors(true);
      },
      "doors opened",
    ],
    [
      "the pendant is taken",
      (bench: CatsBench): void => {
        bench.twin.takePendant(true);
      },
      "remote mode",
    ],
    [
      "the tray is away",
      (bench: CatsBench): void => {
        bench.twin.takeTray(1, false);
      },
      "tray 1 is not there",
    ],
    [
      "it has collided",
      (bench: CatsBench): void => {
        bench.twin.collide();
      },
      "collision",
    ],
  ])("moves nothing while %s, and says why", async (_, spoil, words) => {
    const bench = await connected();
    spoil(bench);
    await expect(bench.finish(bench.changer.load(first))).rejects.toMatchObject({
      code: "changer.not-ready",
      message: expect.stringContaining(words) as string,
    });
    expect(bench.pathsBegun()).toBe(0);
  });

  it("switches its drives on when told to, and never by itself", async () => {
    const bench = await connected({ twin: { isPowered: false } });
    await expect(bench.finish(bench.changer.load(first))).rejects.toMatchObject({ code: "changer.not-ready" });
    expect(bench.twin.orders).not.toContain("on");
    await bench.finish(bench.changer.powerOn());
    await bench.finish(bench.changer.powerOn());
    expect(bench.twin.orders.filter((order) => order === "on")).toHaveLength(1);
    await bench.finish(bench.changer.load(first));
  });

  it("stops the arm that went off without the cell, and leaves it in the books where it is", async () => {
    const bench = await connected();
    await bench.finish(bench.changer.load(first));
    bench.twin.missNextGet();
    await expect(bench.finish(bench.changer.unload(first))).rejects.toMatchObject({
      code: "changer.lost",
      detail: { isPresent: true, delivered: "tray 1, slot 1" },
    });
    expect(bench.whereIs(1)).toBe("handover");
    expect(bench.twin.orders).toContain("abort");
    await bench.pass(60_000);
    expect(bench.twin.isRunning).toBe(false);
  });

  it("says that a cell may be lost, when its stop cannot be seen", async () => {
    const bench = await connected({ changer: { replyDeadlineMs: 200 } });
    await bench.finish(bench.changer.load(first));
    bench.twin.missNextGet();
    const unloading = bench.changer.unload(first);
    unloading.catch(() => undefined);
    while (!bench.twin.orders.includes("abort")) await bench.pass(10);
    bench.hang(true);
    await expect(bench.finish(unloading)).rejects.toMatchObject({ code: "changer.lost" });
  });

  it("keeps between its jaws what it was to put back, where it is stopped before the arm is sent", async () => {
    const bench = await connected();
    const { double } = bench.changer;
    await bench.finish(double?.fetch(first) ?? Promise.reject(new Error("no double gripper")));
    const told = new AbortController();
    const stowing = double?.stow(told.signal);
    stowing?.catch(() => undefined);
    await bench.pass(1);
    told.abort(new Error("stopped by a person"));
    await expect(bench.finish(stowing ?? Promise.resolve())).rejects.toMatchObject({ code: "changer.not-ready" });
    await bench.pass(20_000);
    expect(bench.pathsBegun()).toBe(1);
    expect((await bench.finish(bench.changer.read())).held).toEqual(first);
  });

  it("names an order that was accepted and never begun", async () => {
    const bench = await connected();
    bench.twin.ignoreNextPath();
    await expect(bench.finish(bench.changer.load(first))).rejects.toMatchObject({
      code: "changer.not-ready",
      message: expect.stringContaining("did not begin") as string,
    });
    expect(bench.pathsBegun()).toBe(1);
  });

  it("calls off what was accepted and not begun in its time: it would meet a stage that moves", async () => {
    const bench = await connected({ twin: { beginMs: 12_000 } });
    await expect(bench.finish(bench.changer.load(first))).rejects.toMatchObject({ code: "changer.not-ready" });
    await bench.pass(60_000);
    expect(bench.whereIs(1)).toEqual(first);
    expect((await bench.finish(bench.changer.read())).held).toBeNull();
  });

  it("does not say that nothing moves, when what was not begun cannot be called off", async () => {
    const bench = await connected({ changer: { replyDeadlineMs: 200 }, twin: { beginMs: 12_000 } });
    const loading = bench.changer.load(first);
    loading.catch(() => undefined);
    while (!bench.twin.orders.includes("abort")) await bench.pass(10);
    bench.hang(true);
    await expect(bench.finish(loading)).rejects.toMatchObject({
      code: "changer.lost",
      message: expect.stringContaining("may yet") as string,
    });
  });

  it("does not say that it did not begin, when it began while nobody heard the stop", async () => {
    const bench = await connected({ changer: { replyDeadlineMs: 200 }, twin: { beginMs: 10_500 } });
    const loading = bench.changer.load(first);
    loading.catch(() => undefined);
    await bench.pass(10_000);
    bench.operate.hang(true);
    await bench.pass(1500);
    expect(bench.twin.orders).not.toContain("abort");
    bench.operate.hang(false);
    await expect(bench.finish(loading)).rejects.toMatchObject({ code: "changer.lost" });
    expect(bench.twin.orders).toContain("abort");
    expect(bench.whereIs(1)).toBe("elsewhere");
  });

  it("does not take an arm that is yet to begin for one that was stopped, while nobody heard the stop", async () => {
    const bench = await connected({ changer: { replyDeadlineMs: 200 }, twin: { beginMs: 3000 } });
    const loading = bench.changer.load(first);
    loading.catch(() => undefined);
    while (bench.pathsBegun() === 0) await bench.pass(10);
    bench.operate.hang(true);
    const stopping = bench.changer.abort();
    stopping.catch(() => undefined);
    await bench.pass(2000);
    expect(bench.twin.orders).not.toContain("abort");
    bench.operate.hang(false);
    await bench.finish(stopping);
    expect(bench.twin.orders).toContain("abort");
    await bench.pass(30_000);
    expect(bench.whereIs(1)).toEqual(first);
    await expect(bench.finish(loading)).rejects.toMatchObject({ code: "changer.lost" });
  });

  it("says when its stop was not heard at all", async () => {
    const bench = await connected({ changer: { replyDeadlineMs: 200 } });
    bench.operate.hang(true);
    await expect(bench.finish(bench.changer.abort())).rejects.toMatchObject({ code: "link.timeout" });
  });

  it("gives up a path that does not end, without another order to the arm", async () => {
    const bench = await connected({ changer: { pathDeadlineMs: 3000 } });
    const orders = bench.twin.orders.length;
    await expect(bench.finish(bench.changer.load(first))).rejects.toMatchObject({ code: "changer.alarm" });
    expect(bench.twin.orders.length - orders).toBe(1);
  });

  it("tells a collision on the way from the end of the path", async () => {
    const bench = await connected();
    const loading = bench.changer.load(first);
    loading.catch(() => undefined);
    await bench.pass(2500);
    bench.twin.collide();
    await expect(bench.finish(loading)).rejects.toMatchObject({
      code: "changer.alarm",
      detail: { message: "collision detection" },
    });
  });

  it("asks again when an answer cannot be right, and does not act on one that was bent once", async () => {
    let bends = 0;
    const bench = await connected({
      alter: (said) => {
        if (bends === 0 || !said.startsWith("state(")) return said;
        bends -= 1;
        return said.replace("state(1,1,0", "state(1,7,0");
      },
    });
    bends = 1;
    expect((await bench.finish(bench.changer.read())).isPowered).toBe(true);
    bends = 99;
    await expect(bench.finish(bench.changer.load(first))).rejects.toMatchObject({ code: "link.garbled" });
    expect(bench.pathsBegun()).toBe(0);
  });

  it("does not take an echo with a wrong bit for a refusal: the arm is off, and is followed", async () => {
    const bench = await connected({ alterAnswer: (said) => said.replace(/^put/, "pur") });
    expect(await bench.finish(bench.changer.load(first))).toMatchObject({ slot: first });
    expect(bench.pathsBegun()).toBe(1);
  });

  it("moves only after two readings that agree", async () => {
    let isBent = false;
    let count = 0;
    const bench = await connected({
      alter: (said) => {
        if (!isBent || !said.startsWith("di(")) return said;
        count += 1;
        const flipped = count % 2 === 0 ? "1" : "0";
        return `${said.slice(0, 3 + 11)}${flipped}${said.slice(3 + 12)}`;
      },
    });
    isBent = true;
    await expect(bench.finish(bench.changer.load(first))).rejects.toMatchObject({
      code: "changer.not-ready",
      message: expect.stringContaining("do not agree") as string,
    });
    expect(bench.pathsBegun()).toBe(0);
  });

  it("does not take a late answer for the answer to a later question", async () => {
    let holds = false;
    let held: string | undefined;
    const bench = await connected({
      alter: (said) => {
        if (!holds || !said.startsWith("state(")) return said;
        holds = false;
        held = said;
        return undefined;
      },
    });
    holds = true;
    const opens = bench.monitor.counters.opens;
    await bench.finish(bench.changer.read());
    expect(held).toBeDefined();
    expect(bench.monitor.counters.opens).toBe(opens + 1);
  });

  it("says that the robot went out of sight when its cable stays dead on the way", async () => {
    const bench = await connected();
    const loading = bench.changer.load(first);
    loading.catch(() => undefined);
    await bench.pass(2500);
    bench.hang(true);
    const startMs = bench.nowMs();
    await expect(bench.finish(loading)).rejects.toMatchObject({ code: "changer.lost" });
    expect(bench.nowMs() - startMs).toBeLessThan(60_000);
  });

  it("goes home empty-handed, and only then", async () => {
    const bench = await connected();
    await bench.finish(bench.changer.home());
    const loading = bench.changer.load(first);
    loading.catch(() => undefined);
    await bench.pass(5000);
    await bench.finish(bench.changer.abort());
    expect((await bench.finish(bench.changer.read())).held).toEqual(first);
    await expect(bench.finish(bench.changer.home())).rejects.toMatchObject({
      code: "changer.not-ready",
      message: expect.stringContaining("holds tray 1, slot 1") as string,
    });
  });
});
