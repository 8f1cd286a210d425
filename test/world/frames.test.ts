import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Site } from "../../protocols/site/site.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { createVirtualClock } from "../../simulator/clock/virtual-clock.ts";
import type { FrameWorld, WorldFrame } from "../../simulator/world/frame-world.ts";
import { createPersonHands, type PersonHands } from "../../simulator/world/person-hands.ts";
import type { WorldCell } from "../../simulator/world/world-site.ts";
import { createWorld, type World } from "../../simulator/world/world.ts";
import { frameFileName } from "../../tui/virtual/frame-files.ts";
import { loadFrameTables } from "../../tui/virtual/load-world-data.ts";
import { preparePhysicsLook } from "../../tui/virtual/physics-report.ts";
import { repositoryText } from "../support/campaign-files.ts";
import { fitOxide } from "../support/pattern-fit/layered-oxide.ts";
import { NMC811_LATTICE } from "../support/pattern-fit/tables.ts";
import {
  campaign,
  expectSound,
  newFolder,
  numeric,
  removeFolders,
  runWorld,
  site,
  SIX,
  type WorldRun,
} from "../support/world-campaign.ts";
import { design, DESIGN_IDS, MODELS } from "../unit/cell/designs.ts";
import { attenuation, CERTAIN, cell, drain, expose, ready, SITE, type TestWorld } from "../unit/world/worlds.ts";

afterAll(removeFolders);

/** Two runs on a busy machine. */
const SLOW_MS = 120_000;

const TABLES = loadFrameTables({ readPackageText: repositoryText });
const A1 = [12.5, 12.5] as const;

interface FramedWorld extends TestWorld {
  readonly world: World;
  readonly frames: FrameWorld;
}

function framedWorld(cells: readonly WorldCell[], fluxPhS = 1e11, hands?: PersonHands): FramedWorld {
  const clock = createVirtualClock(0, { drain });
  const world = createWorld({
    clock,
    chance: createChance(1),
    site: { ...SITE, beam: { ...SITE.beam, fluxReferencePhS: fluxPhS } },
    cells,
    uncertainty: CERTAIN,
    designs: new Map(DESIGN_IDS.map((id) => [id, design(id)])),
    models: MODELS,
    attenuation: attenuation(),
    frameTables: TABLES,
    options: { ringLifetimeH: 1e9, ...(hands === undefined ? {} : { hands }) },
  });
  const { frameWorld } = world;
  if (frameWorld === undefined) throw new Error("no frames in this world");
  return { clock, world, frames: frameWorld };
}

/** A frame of the last `seconds`. */
function frame(test: FramedWorld, seconds: number): WorldFrame {
  const nowMs = test.clock.nowMs();
  test.world.frames.frameTaken(nowMs - seconds * 1000, nowMs, "/frames/test_00000.cbf");
  const taken = test.frames.frames.at(-1);
  if (taken === undefined) throw new Error("no frame");
  return taken;
}

function total(counts: Int32Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

describe("a frame", () => {
  const NMC = cell(0, { designId: "nmc811-graphite-siox", initial: { soc: 0.3 } });

  it("holds what fell on the cell while it was taken, and the lithium of the cell", async () => {
    const test = framedWorld([NMC]);
    await ready(test, ...A1);
    await expose(test, 1);
    const taken = frame(test, 2);
    expect(taken.photons).toBeCloseTo(1e11, -9);
    expect(taken.spots).toHaveLength(1);
    const observed = test.world.cellObserver(0)?.cell.state;
    const fit = fitOxide(
      { twoThetaDeg: test.frames.twoThetaDeg, counts: test.frames.counts(taken), wavelengthA: test.frames.wavelengthA },
      NMC811_LATTICE,
    );
    expect(fit.lithium).toBeCloseTo(observed?.positiveMean ?? NaN, 2);
  });

  it("is dark with the shutter shut, and beside the rack", async () => {
    const test = framedWorld([NMC]);
    await ready(test, ...A1);
    expect(total(test.frames.counts(frame(test, 1)))).toBe(0);
    await ready(test, 300, 200);
    await expose(test, 1);
    const beside = frame(test, 2);
    expect(beside.photons).toBeGreaterThan(0);
    expect(total(test.frames.counts(beside))).toBe(0);
  });

  it("counts with time and filters", async () => {
    const test = framedWorld([NMC]);
    await ready(test, ...A1);
    const counted = async (seconds: number): Promise<number> => {
      await expose(test, seconds);
      return total(test.frames.counts(frame(test, seconds + 0.11)));
    };
    const one = await counted(1);
    expect((await counted(3)) / one).toBeCloseTo(3, 2);
    test.world.beam.driveFilter(test.clock.nowMs(), 0, true);
    await test.clock.run(test.clock.nowMs() + 2000);
    // A millimetre of aluminium at 60 keV.
    expect((await counted(1)) / one).toBeCloseTo(0.928, 2);
  });

  it("has its part only of an exposure that it does not cover", async () => {
    const test = framedWorld([NMC]);
    await ready(test, ...A1);
    test.world.beam.driveShutter(test.clock.nowMs(), true);
    await test.clock.run(test.clock.nowMs() + 4000);
    const [first, second] = [frame(test, 1), frame(test, 2)];
    expect(first.photons / 1e11).toBeCloseTo(1, 4);
    expect(second.photons / 1e11).toBeCloseTo(2, 4);
  });

  it("shows the cell that lies in the place, as it lies there, whosever place it is", async () => {
    const hands = createPersonHands();
    const test = framedWorld([NMC, cell(1, { ...NMC, positionIndex: 1, initial: { soc: 0.8 } })], 1e11, hands);
    await ready(test, ...A1);
    const seen = async (): Promise<WorldFrame> => {
      await test.clock.run(test.clock.nowMs() + 5000);
      await expose(test, 1);
      return frame(test, 2);
    };
    const [own] = (await seen()).spots;
    hands.cells.set(0, 1).set(1, null);
    const [other] = (await seen()).spots;
    const full = test.frames.lithium(test.clock.nowMs(), 1, 0, 0)?.local.positive ?? NaN;
    expect([own?.positionIndex, other?.positionIndex]).toEqual([0, 1]);
    expect(other?.local?.positive).toBeCloseTo(full, 9);
    expect(Math.abs((own?.local?.positive ?? NaN) - full)).toBeGreaterThan(0.2);
    hands.shifts.set(0, { xMm: 8, yMm: 0 });
    expect((await seen()).spots[0]?.local).toBeUndefined();
    hands.cells.set(0, null);
    expect(total(test.frames.counts(await seen()))).toBe(0);
  });

  it("shows the casing alone beside the electrode", async () => {
    const test = framedWorld([NMC]);
    await ready(test, A1[0] + 8, A1[1]);
    await expose(test, 1);
    const taken = frame(test, 2);
    expect(taken.spots[0]?.local).toBeUndefined();
    const counts = test.frames.counts(taken);
    // Steel (111) at 2.077 A stands, NMC (003) at 4.75 A does not.
    expect(lineOver(test.frames, counts, 2.077)).toBeGreaterThan(10);
    expect(lineOver(test.frames, counts, 4.75)).toBeLessThan(1.2);
  });

  it("is the same whenever and in whatever order it is counted", async () => {
    const test = framedWorld([NMC]);
    await ready(test, ...A1);
    await expose(test, 1);
    const [first, second] = [frame(test, 2), frame(test, 2)];
    const [a, b] = [test.frames.counts(first), test.frames.counts(second)];
    expect(test.frames.counts(second)).toEqual(b);
    expect(test.frames.counts(first)).toEqual(a);
    expect(a).not.toEqual(b);
  });
});

/** Counts at a line's place over those a little beside it. */
function lineOver(frames: FrameWorld, counts: Int32Array, dA: number): number {
  const atDeg = (2 * Math.asin(frames.wavelengthA / (2 * dA)) * 180) / Math.PI;
  const near = (fromDeg: number, toDeg: number): number => {
    let most = 0;
    for (const [bin, deg] of frames.twoThetaDeg.entries()) {
      if (deg > atDeg + fromDeg && deg < atDeg + toDeg) most = Math.max(most, counts[bin] ?? 0);
    }
    return most;
  };
  return near(-0.03, 0.03) / near(0.12, 0.15);
}

describe("a careless plan: a strong beam on one spot all along a charge", () => {
  const CHARGE_H = 4;
  const FLUX_PH_S = 1e12;
  const CELL = cell(0, {
    designId: "nmc811-graphite-siox",
    nominalCapacityMah: 5,
    initial: { soc: 0.1 },
  });

  /** Charges at C/10 with looks every ten minutes; returns the voltages. */
  async function charge(test: FramedWorld, exposureS: number): Promise<readonly number[]> {
    await ready(test, ...A1);
    const plant = test.world.cellPlant(0);
    plant.applyCurrent(test.clock.nowMs(), 0.0005);
    const startMs = test.clock.nowMs();
    const voltages: number[] = [];
    for (let look = 1; look <= CHARGE_H * 6; look += 1) {
      if (exposureS > 0) await expose(test, exposureS);
      await test.clock.run(startMs + look * 600_000);
      plant.read(test.clock.nowMs());
      voltages.push(plant.voltageV);
    }
    return voltages;
  }

  it("leaves the spot behind the cell; a control spot is level with it, and its frames show both", async () => {
    const test = framedWorld([CELL], FLUX_PH_S);
    await charge(test, 300);
    await expose(test, 1);
    const exposed = frame(test, 2);
    const control = await (async () => {
      await ready(test, A1[0] + 3, A1[1]);
      await expose(test, 1);
      return frame(test, 2);
    })();
    const [hit, fresh] = [exposed.spots[0], control.spots[0]];
    const lag = (hit?.local?.positive ?? NaN) - (hit?.mean?.positive ?? NaN);
    expect(lag).toBeGreaterThan(0.1);
    expect(Math.abs((fresh?.local?.positive ?? NaN) - (fresh?.mean?.positive ?? NaN))).toBeLessThan(1e-3);
    const fitted = [exposed, control].map((taken) => {
      const counts = test.frames.counts(taken);
      const { twoThetaDeg, wavelengthA } = test.frames;
      return fitOxide({ twoThetaDeg, counts, wavelengthA }, NMC811_LATTICE).lithium;
    });
    expect((fitted[0] ?? NaN) - (fitted[1] ?? NaN)).toBeCloseTo(lag, 1);
  });

  it("is not noticed by the cell's voltage", async () => {
    const spared = await charge(framedWorld([CELL], FLUX_PH_S), 0);
    const exposed = await charge(framedWorld([CELL], FLUX_PH_S), 300);
    const apart = exposed.map((voltageV, look) => Math.abs(voltageV - (spared[look] ?? NaN)));
    expect(Math.max(...apart)).toBeLessThan(0.001);
    expect(spared.at(-1)).toBeGreaterThan((spared[0] ?? NaN) + 0.1);
  });

  it("does far less harm when the same looks are short", async () => {
    const test = framedWorld([CELL], 1e11);
    await charge(test, 1);
    const found = test.frames.lithium(test.clock.nowMs(), 0, 0, 0);
    expect((found?.local.positive ?? NaN) - (found?.mean.positive ?? NaN)).toBeLessThan(0.005);
  });
});

describe("a campaign whose frames have contents", () => {
  /** Three sweeps of six cells. */
  const FRAMED_HOURS = 0.3;
  const FRAMES = 18;
  let plain: WorldRun;
  let framed: WorldRun;
  beforeAll(async () => {
    plain = await runWorld({ hours: FRAMED_HOURS, campaign: SIX });
    framed = await runWorld({ hours: FRAMED_HOURS, campaign: SIX, frames: true });
  }, SLOW_MS);

  it("runs exactly as it does without: looking changes nothing", () => {
    expectSound(framed);
    expect(framed.summary).toEqual(plain.summary);
  });

  it("has a frame for every exposure, on the cell and with the photons of the record", () => {
    const { frameWorld } = framed.virtual.world;
    const settled = framed.of("exposure-settled");
    expect(settled.length).toBe(FRAMES);
    expect(frameWorld?.frames.length).toBe(FRAMES);
    const openings = framed.virtual.world.openings;
    for (const [index, taken] of (frameWorld?.frames ?? []).entries()) {
      const opening = openings[index];
      expect(taken.spots.map((spot) => spot.positionIndex)).toEqual(
        opening?.deposits.map((deposit) => deposit.positionIndex),
      );
      expect(taken.photons).toBeLessThanOrEqual((opening?.photons ?? 0) * (1 + 1e-9));
      expect(taken.photons).toBeGreaterThan(0.9 * (opening?.photons ?? Infinity));
      expect(numeric(settled[index], "open_s")).not.toBe(0);
    }
  });
});

describe("what a run leaves to look at", () => {
  const context = { readPackageText: repositoryText };

  it("is every frame as a file with its counts, and figures of the chosen cells", async () => {
    const [framesFolder, reportPath] = [newFolder(), newFolder()];
    const look = await preparePhysicsLook(context, SIX, 0.3, { framesFolder, reportPath, cells: "A1,B3" });
    const run = await runWorld({
      hours: 0.3,
      campaign: SIX,
      frames: true,
      at: [
        [
          0,
          (virtual) => {
            look.attach(virtual.world);
          },
        ],
      ],
    });
    const written = look.finish({ seed: 1 });
    const page = join(reportPath, "index.html");
    expect(written.lines).toEqual([`physics: ${page}`, `frames: 18 in ${framesFolder}`]);
    expect(written.paths.physics_report?.page).toBe(page);
    expect(written.paths.physics_report?.figures).toHaveLength(6);
    expect(written.paths.frames?.files).toHaveLength(18);
    const named = [...(written.paths.frames?.files ?? []), ...(written.paths.physics_report?.figures ?? [])];
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
    expect(readdirSync(reportPath).sort()).toEqual([
      "dose-maps.svg",
      "index.html",
      "lithium-A1.svg",
      "lithium-B3.svg",
      "patterns-A1.svg",
      "patterns-B3.svg",
      "voltage.svg",
    ]);
    const frames = run.virtual.world.frameWorld;
    const [first] = frames?.frames ?? [];
    if (frames === undefined || first === undefined) throw new Error("no frame");
    expect(readdirSync(framesFolder)).toHaveLength(18);
    const file = await openHdf5(readFileSync(join(framesFolder, frameFileName(first.path))));
    expect(file.value("entry/instrument/detector/data")).toEqual(frames.counts(first));
    expect(file.value("entry/sample/name")).toBe("R-A1");
    expect(file.value("entry/control/preset")).toBeCloseTo(5, 1);
    expect(file.value("entry/instrument/detector/distance")).toBe(1200);
    file.close();
  });

  it("has the bins, the distance and the widths that the site gives its detector", async () => {
    const pattern = {
      distanceMm: 800,
      twoThetaDeg: [2, 8] as const,
      points: 1000,
      caglioti: { U: 0, V: 0, W: 0.01 },
    };
    const wide: Site = { ...site, detector: { ...site.detector, pattern } };
    const run = await runWorld({ hours: 0.1, campaign: SIX, frames: true, site: wide });
    const usual = await runWorld({ hours: 0.1, campaign: SIX, frames: true });
    const frames = run.virtual.world.frameWorld;
    const usualFrames = usual.virtual.world.frameWorld;
    const [first] = frames?.frames ?? [];
    const [usualFirst] = usualFrames?.frames ?? [];
    if (frames === undefined || first === undefined || usualFrames === undefined || usualFirst === undefined) {
      throw new Error("no frame");
    }
    expect(frames.distanceMm).toBe(800);
    expect(frames.twoThetaDeg).toHaveLength(1000);
    expect(frames.twoThetaDeg[0]).toBe(2);
    expect(frames.twoThetaDeg[999]).toBeCloseTo(8, 9);
    // Of the strongest line of steel: a tenth of a degree of instrument, and no longer four hundredths.
    expect(halfWidthDeg(frames.twoThetaDeg, frames.counts(first))).toBeGreaterThan(0.09);
    expect(halfWidthDeg(usualFrames.twoThetaDeg, usualFrames.counts(usualFirst))).toBeLessThan(0.07);
  });

  it("is the same page in one file when asked for a file", async () => {
    const path = join(newFolder(), "page.html");
    const look = await preparePhysicsLook(context, SIX, 0.2, {
      framesFolder: undefined,
      reportPath: path,
      cells: undefined,
    });
    await runWorld({
      hours: 0.2,
      campaign: SIX,
      frames: true,
      at: [
        [
          0,
          (virtual) => {
            look.attach(virtual.world);
          },
        ],
      ],
    });
    const written = look.finish({ seed: 1 });
    expect(written).toEqual({ lines: [`physics: ${path}`], paths: { physics_report: { page: path, figures: [] } } });
    expect(readFileSync(path, "utf8")).toContain("Patterns of A1 (R-A1, lno-graphite)");
  });

  it.each([
    [{ cells: "A1" }, "--physics-report, which is not given"],
    [{ reportPath: "report", cells: "Z9" }, '"Z9" is no position'],
    [{ reportPath: "report", cells: "A1,H12" }, "no cell at H12"],
    [{ framesFolder: "/dev/null/frames" }, "cannot be written"],
  ])("is refused beforehand: %j", async (wanted, why) => {
    const options = { framesFolder: undefined, reportPath: undefined, cells: undefined, ...wanted };
    await expect(preparePhysicsLook(context, campaign, 1, options)).rejects.toThrow(why);
  });

  it("is nothing when nothing is asked for, and the world then has no frames", async () => {
    const nothing = { framesFolder: undefined, reportPath: undefined, cells: undefined };
    const look = await preparePhysicsLook(context, campaign, 1, nothing);
    expect(look.frameTables).toBeUndefined();
    expect(look.finish({ seed: 1 })).toEqual({ lines: [], paths: {} });
  });
});

/** Full width at half maximum of the strongest line. */
function halfWidthDeg(twoThetaDeg: Float64Array, counts: Int32Array): number {
  const top = counts.reduce((best, count, index) => (count > (counts[best] ?? 0) ? index : best), 0);
  const half = (counts[top] ?? 0) / 2;
  let low = top;
  let high = top;
  while ((counts[low] ?? 0) > half) low -= 1;
  while ((counts[high] ?? 0) > half) high += 1;
  return (twoThetaDeg[high] ?? NaN) - (twoThetaDeg[low] ?? NaN);
}

async function openHdf5(bytes: Uint8Array) {
  const hdf5 = await import("h5wasm");
  const { FS: files } = await hdf5.ready;
  files.writeFile("read-back.nxs", bytes);
  const file = new hdf5.File("read-back.nxs", "r");
  return {
    value(path: string): unknown {
      const found = file.get(path);
      return found instanceof hdf5.Dataset ? found.value : undefined;
    },
    close() {
      file.close();
      files.unlink("read-back.nxs");
    },
  };
}
