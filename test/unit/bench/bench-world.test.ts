import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../../protocols/base/clock.ts";
import { parseDocument, valueAt } from "../../../protocols/input/document.ts";
import { positionAt } from "../../../protocols/base/position.ts";
import type { LinkAddress } from "../../../protocols/site/site.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createWorld } from "../../../simulator/world/world.ts";
import { benchAddress, isBench } from "../../../tui/bench/bench-address.ts";
import { BENCH_DESIGN, plainCells } from "../../../tui/bench/bench-cells.ts";
import { createLyingWorld } from "../../../tui/bench/lying-world.ts";
import { servedSiteText } from "../../../tui/bench/served-site.ts";
import { createWallWorldClock } from "../../../tui/bench/wall-world-clock.ts";
import { loadWorldData } from "../../../tui/virtual/load-world-data.ts";
import { repositoryText } from "../../support/campaign-files.ts";
import { shippedSite } from "../../support/shipped-sites.ts";

const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function world() {
  const clock = createVirtualClock(0, { drain });
  const site = shippedSite("bench");
  const data = loadWorldData({ readPackageText: repositoryText }, [BENCH_DESIGN]);
  const made = createWorld({
    clock,
    chance: createChance(1),
    site,
    cells: plainCells(site).slice(0, 2),
    uncertainty: { ...site.beam.uncertainty, stack: 0.05 },
    designs: data.designs,
    models: data.models,
    attenuation: data.attenuation,
  });
  return { clock, made };
}

describe("cells on the bench", () => {
  it("live as many times faster as they are told to, and by the same physics", () => {
    const fast = createLyingWorld(world().made, 0, 100).world.cellPlant(0);
    const slow = world().made.cellPlant(0);
    fast.applyCurrent(0, 0.001);
    slow.applyCurrent(0, 0.001);
    fast.read(6000);
    slow.read(600_000);
    expect(fast.voltageV).toBeCloseTo(slow.voltageV, 6);
    expect(fast.currentA).toBe(0.001);
  });

  it("are read wrongly by a channel that lies, and are what they are", () => {
    const { made } = world();
    const { world: seen, lie } = createLyingWorld(made, 0, 1);
    const cell = seen.cellPlant(1);
    cell.read(1000);
    const honestV = cell.voltageV;
    lie({ kind: "cell", positionIndex: 1 }, true);
    expect(cell.voltageV).toBeCloseTo(honestV + 0.3, 9);
    expect(seen.cellPlant(0).voltageV).toBe(made.cellPlant(0).voltageV);
    lie({ kind: "cell", positionIndex: 1 }, false);
    expect(cell.voltageV).toBe(honestV);
  });

  it("stand on a stage and behind a shutter that can lie as well", () => {
    const { made } = world();
    const { world: seen, lie } = createLyingWorld(made, 0, 1);
    const [xMm, isClosed] = [seen.stage.xMm(0), seen.beam.shutterClosedSwitch(0)];
    expect(isClosed).toBe(true);
    lie({ kind: "stage" }, true);
    lie({ kind: "shutter" }, true);
    expect(seen.stage.xMm(0)).toBeCloseTo(xMm + 0.5, 9);
    made.beam.driveShutter(0, true);
    expect(made.beam.shutterOpenSwitch(5000)).toBe(true);
    expect(seen.beam.shutterOpenSwitch(5000)).toBe(false);
    expect(seen.beam.shutterClosedSwitch(5000)).toBe(true);
  });
});

describe("places on the bench", () => {
  it("are the site's own where these are of this computer", () => {
    const links: readonly LinkAddress[] = [
      { kind: "tcp", host: "127.0.0.1", port: 47_101 },
      { kind: "http", host: "[::1]", port: 80 },
      { kind: "mqtt", url: "mqtt://localhost:1883" },
      { kind: "serial", path: "/tmp/beamrack-bench/A1", baud: 9600 },
    ];
    for (const link of links) {
      expect(benchAddress(link, "/tmp/x")).toEqual(link);
      expect(isBench(link)).toBe(true);
    }
  });

  it("are beside the site's own where these are of another, and never on another interface", () => {
    expect(benchAddress({ kind: "tcp", host: "detector", port: 80 }, "/tmp/x")).toMatchObject({
      host: "127.0.0.1",
      port: 0,
    });
    expect(benchAddress({ kind: "mqtt", url: "mqtt://0.0.0.0:1883" }, "/tmp/x")).toEqual({
      kind: "mqtt",
      url: "mqtt://127.0.0.1:0",
    });
    expect(benchAddress({ kind: "serial", path: "/dev/serial/by-id/usb-stage", baud: 1200 }, "/tmp/x")).toMatchObject({
      path: "/tmp/x/usb-stage",
    });
    expect(isBench({ kind: "serial", path: "/dev/ttyUSB0", baud: 1200 })).toBe(false);
    expect(isBench({ kind: "tcp", host: "detector", port: 80 })).toBe(false);
  });

  it("are a bench's by what their links lead to, and not by their names", () => {
    for (const place of [tmpdir(), "/dev/shm"]) expectByLinks(mkdtempSync(join(place, "beamrack-places-")));
  });

  function expectByLinks(folder: string): void {
    const isBenchAt = (path: string): boolean => isBench({ kind: "serial", path: join(folder, path), baud: 9600 });
    try {
      symlinkSync("/dev/null", join(folder, "stage"));
      symlinkSync("stage", join(folder, "my-stage"));
      symlinkSync("/dev/ttyUSB-that-is-unplugged", join(folder, "unplugged"));
      symlinkSync("/dev", join(folder, "devices"));
      symlinkSync("/dev/pts/999999", join(folder, "killed-bench"));
      const others = ["stage", "my-stage", "unplugged", "devices/null", "devices/ttyUSB-that-is-unplugged"];
      for (const path of others) expect(isBenchAt(path), path).toBe(false);
      expect(isBenchAt("killed-bench")).toBe(true);
      expect(isBenchAt("not-begun")).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it("are written into the site that is served, which is otherwise the same", () => {
    const text = repositoryText("protocols/sites/reference.yaml");
    const places = [
      {
        name: "stage",
        driver: "grbl",
        link: { kind: "serial", path: "/tmp/x/usb-rack-stage", baud: 115_200 } as const,
      },
      { name: "io", driver: "modbus-io", link: { kind: "tcp", host: "127.0.0.1", port: 4711 } as const },
    ].map((place) => ({ ...place, where: "" }));
    const served = parseDocument(servedSiteText(text, "reference.yaml", places, "/tmp/x"), "served.yaml").value;
    const original = parseDocument(text, "reference.yaml").value;
    expect(valueAt(served, ["stage", "link"])).toEqual({ serial: "/tmp/x/usb-rack-stage", baud: 115_200 });
    expect(valueAt(served, ["io", "link"])).toEqual({ tcp: "127.0.0.1:4711" });
    expect(valueAt(served, ["channels", 0, "link"])).toEqual({ serial: "/tmp/x/usb-mes4-{position}", baud: 921_600 });
    expect(valueAt(served, ["beam"])).toEqual(valueAt(original, ["beam"]));
    expect(valueAt(served, ["channels", 0, "positions"])).toBe(`${positionAt(0)}..${positionAt(95)}`);
  });
});

describe("the world's clock on the wall's", () => {
  it("lets nothing happen before its time, though the system's timers come early", () => {
    let nowMs = 1000;
    const timers: { readonly atMs: number; readonly fn: () => void }[] = [];
    const clock: Clock = {
      wallMs: () => 0,
      monoMs: () => nowMs,
      setTimeout: (fn, ms) => timers.push({ atMs: nowMs + Math.floor(ms), fn }),
      clearTimeout: () => undefined,
    };
    const errors: Error[] = [];
    const world = createWallWorldClock(clock, (error) => errors.push(error));
    const seen: number[] = [];
    world.at(10.7, () => {
      seen.push(world.nowMs());
      throw new Error("one instrument breaks");
    });
    for (let turns = 0; turns < 50 && timers.length > 0; turns += 1) {
      const timer = timers.shift();
      nowMs = Math.max(nowMs + 0.1, timer?.atMs ?? 0);
      timer?.fn();
    }
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeGreaterThanOrEqual(10.7);
    expect(errors.map((error) => error.message)).toEqual(["one instrument breaks"]);
  });

  it("keeps the order of what comes within one millisecond, so that a device's answers never change places", () => {
    let nowMs = 0;
    let timers: { readonly handle: number; readonly atMs: number; readonly fn: () => void }[] = [];
    let last = 0;
    const clock: Clock = {
      wallMs: () => 0,
      monoMs: () => nowMs,
      setTimeout(fn, ms) {
        last += 1;
        timers.push({ handle: last, atMs: nowMs + Math.max(1, Math.floor(ms)), fn });
        return last;
      },
      clearTimeout(handle) {
        timers = timers.filter((timer) => timer.handle !== handle);
      },
    };
    const world = createWallWorldClock(clock, (error) => {
      throw error;
    });
    const seen: number[] = [];
    for (let answer = 0; answer < 50; answer += 1) {
      nowMs += 0.037;
      world.at(nowMs + 2, () => void seen.push(answer));
    }
    world.cancel(world.at(nowMs + 1, () => void seen.push(-1)));
    while (timers.length > 0) {
      // The system takes whatever is due, in no order that could be relied on.
      const timer = timers.pop();
      nowMs = Math.max(nowMs + 0.01, timer?.atMs ?? 0);
      timer?.fn();
    }
    expect(seen).toEqual(Array.from({ length: 50 }, (_, answer) => answer));
  });
});
