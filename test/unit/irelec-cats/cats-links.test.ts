/** What is asked of the robot while its sockets open, close or are refused. */
import { describe, expect, it } from "vitest";
import { sleep } from "../../../protocols/base/clock.ts";
import type { OpenLink } from "../../../protocols/roles/link.ts";
import { createCatsBench, PATH_WORDS, type CatsBench } from "./bench.ts";

const first = { tray: 1, slot: 1 };
const OPENING_MS = 500;

/** Both sockets take a while to open. */
function slowBench(): CatsBench {
  const slowly =
    (which: "operate" | "monitor"): OpenLink =>
    async () => {
      const link = await bench[which].openLink();
      await sleep(bench.clock, OPENING_MS);
      return link;
    };
  const bench: CatsBench = createCatsBench({
    changer: { openOperate: slowly("operate"), openMonitor: slowly("monitor") },
  });
  return bench;
}

async function connected(bench: CatsBench = createCatsBench()): Promise<CatsBench> {
  await bench.finish(bench.changer.connect());
  return bench;
}

function areClosed({ operate, monitor }: CatsBench): boolean {
  return [operate, monitor].every(({ counters: { opens, closes } }) => opens === closes);
}

describe("a CATS robot's sockets", () => {
  it.each(["its signal", "a stop"])("send no path after %s, though the socket for it was still opening", async (by) => {
    const bench = await connected(slowBench());
    bench.operate.cut("pulled");
    const { opens } = bench.operate.counters;
    const told = new AbortController();
    const loading = bench.changer.load(first, told.signal);
    loading.catch(() => undefined);
    // The socket is open to the robot and the driver does not have it yet.
    while (bench.operate.counters.opens === opens) await bench.pass(1);
    if (by === "its signal") told.abort(new Error("search was broken"));
    else await bench.finish(bench.changer.abort());
    await expect(bench.finish(loading)).rejects.toMatchObject({ code: "changer.not-ready" });
    await bench.pass(30_000);
    expect(bench.twin.orders.filter((order) => PATH_WORDS.test(order))).toEqual([]);
    expect(bench.twin.orders).toContain("abort");
    expect(bench.operate.counters.opens).toBe(opens + 1);
    expect(bench.whereIs(1)).toEqual(first);
    await bench.finish(bench.changer.load(first));
  });

  it("send no order to switch the drives on after a stop", async () => {
    const bench = slowBench();
    await connected(bench);
    bench.twin.openDoors(true);
    bench.twin.openDoors(false);
    bench.operate.cut("pulled");
    const { opens } = bench.operate.counters;
    const powering = bench.changer.powerOn();
    powering.catch(() => undefined);
    while (bench.operate.counters.opens === opens) await bench.pass(1);
    await bench.finish(bench.changer.abort());
    await expect(bench.finish(powering)).rejects.toMatchObject({ code: "changer.not-ready" });
    expect(bench.twin.orders).not.toContain("on");
  });

  it("send no bookkeeping after a stop", async () => {
    const bench = await connected(slowBench());
    await bench.finish(bench.changer.load(first));
    bench.moveRackOn();
    bench.operate.cut("pulled");
    const orders = bench.twin.orders.length;
    const { opens } = bench.operate.counters;
    const loading = bench.changer.load({ tray: 1, slot: 2 });
    loading.catch(() => undefined);
    while (bench.operate.counters.opens === opens) await bench.pass(1);
    await bench.finish(bench.changer.abort());
    await expect(bench.finish(loading)).rejects.toMatchObject({ code: "changer.not-ready" });
    expect(bench.twin.orders.slice(orders).filter((order) => order !== "abort")).toEqual([]);
  });

  it("are opened again for a stop until the robot has heard it", async () => {
    const bench = await connected();
    const loading = bench.changer.load(first);
    loading.catch(() => undefined);
    await bench.pass(2500);
    bench.operate.plug(false);
    const stopping = bench.changer.abort();
    stopping.catch(() => undefined);
    await bench.pass(1000);
    expect(bench.twin.orders).not.toContain("abort");
    bench.operate.plug(true);
    await bench.finish(stopping);
    expect(bench.twin.orders).toContain("abort");
    expect(bench.twin.isRunning).toBe(false);
    await expect(bench.finish(loading)).rejects.toMatchObject({ code: "changer.lost" });
  });

  it("are given up for a stop after its time, and say that it was not heard", async () => {
    const bench = await connected();
    bench.operate.plug(false);
    const startMs = bench.nowMs();
    await expect(bench.finish(bench.changer.abort())).rejects.toMatchObject({
      code: "link.timeout",
      message: expect.stringContaining("did not say that it heard the stop") as string,
    });
    expect(bench.nowMs() - startMs).toBeGreaterThan(14_000);
    expect(bench.nowMs() - startMs).toBeLessThan(25_000);
  });

  it("are looked through again for a stop that was heard, until the arm is seen to rest", async () => {
    const bench = await connected();
    const loading = bench.changer.load(first);
    loading.catch(() => undefined);
    await bench.pass(2500);
    bench.monitor.plug(false);
    const stopping = bench.changer.abort();
    stopping.catch(() => undefined);
    await bench.pass(2000);
    expect(bench.twin.orders).toContain("abort");
    bench.monitor.plug(true);
    await bench.finish(stopping);
    bench.monitor.plug(false);
    await expect(bench.finish(bench.changer.abort())).rejects.toMatchObject({
      code: "link.timeout",
      message: expect.stringContaining("could not be seen to rest") as string,
    });
  });

  it.each([
    ["the first socket opens", (bench: CatsBench) => bench.monitor.counters.opens > 0],
    ["the second socket opens", (bench: CatsBench) => bench.operate.counters.opens > 0],
    ["the robot is asked who it is", (bench: CatsBench) => bench.monitor.counters.chunksToDevice > 0],
    ["the robot is asked where it is", (bench: CatsBench) => bench.monitor.counters.chunksToHost > 2],
  ])("stay closed after a disconnect while %s", async (_, isThere) => {
    const bench = slowBench();
    const connecting = bench.changer.connect();
    connecting.catch(() => undefined);
    while (!isThere(bench)) await bench.pass(0.5);
    bench.changer.disconnect();
    await expect(bench.finish(connecting)).rejects.toMatchObject({ code: "link.closed" });
    await bench.pass(10_000);
    expect(areClosed(bench)).toBe(true);
    await expect(bench.finish(bench.changer.read())).rejects.toMatchObject({ code: "link.closed" });
    expect(bench.faults).toEqual([]);
    await connected(bench);
    await bench.finish(bench.changer.load(first));
  });

  it("are not opened for a connect that was taken back while it waited its turn", async () => {
    const bench = await connected();
    const loading = bench.changer.load(first);
    loading.catch(() => undefined);
    const connecting = bench.changer.connect();
    connecting.catch(() => undefined);
    await bench.pass(1000);
    bench.changer.disconnect();
    await expect(bench.finish(connecting)).rejects.toMatchObject({ code: "link.closed" });
    await bench.pass(10_000);
    expect(areClosed(bench)).toBe(true);
  });

  it("stay closed after a disconnect on the way, which nobody sees any more then", async () => {
    const bench = await connected();
    const loading = bench.changer.load(first);
    loading.catch(() => undefined);
    await bench.pass(2500);
    bench.changer.disconnect();
    await expect(bench.finish(loading)).rejects.toMatchObject({ code: "changer.lost" });
    await bench.pass(10_000);
    expect(areClosed(bench)).toBe(true);
    expect(bench.twin.orders).not.toContain("abort");
  });

  it("take no path that was asked before a disconnect", async () => {
    const bench = await connected(slowBench());
    bench.operate.cut("pulled");
    const { opens } = bench.operate.counters;
    const loading = bench.changer.load(first);
    loading.catch(() => undefined);
    while (bench.operate.counters.opens === opens) await bench.pass(1);
    bench.changer.disconnect();
    await expect(bench.finish(loading)).rejects.toMatchObject({ code: "link.closed" });
    await connected(bench);
    await bench.pass(30_000);
    expect(bench.pathsBegun()).toBe(0);
  });

  it("are opened for a stop of a robot that nobody is connected to, and closed again", async () => {
    const bench = await connected();
    const loading = bench.changer.load(first);
    loading.catch(() => undefined);
    await bench.pass(2500);
    bench.changer.disconnect();
    await bench.finish(bench.changer.abort());
    expect(bench.twin.orders).toContain("abort");
    expect(bench.twin.isRunning).toBe(false);
    await bench.pass(1000);
    expect(areClosed(bench)).toBe(true);
  });

  it("are both closed again where one of them cannot be opened", async () => {
    const bench = createCatsBench();
    bench.operate.plug(false);
    await expect(bench.finish(bench.changer.connect())).rejects.toMatchObject({ code: "link.open-failed" });
    await bench.pass(10);
    expect(areClosed(bench)).toBe(true);
  });
});
