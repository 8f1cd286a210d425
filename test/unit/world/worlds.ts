import { readFileSync } from "node:fs";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createVirtualClock, type VirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { parseWorldAttenuation, type WorldAttenuation } from "../../../simulator/world/world-attenuation.ts";
import type { WorldCell, WorldLayer, WorldSite, WorldUncertainty } from "../../../simulator/world/world-site.ts";
import { createWorld, type World, type WorldOptions } from "../../../simulator/world/world.ts";
import { design, DESIGN_IDS, MODELS } from "../cell/designs.ts";

export const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function attenuation(): WorldAttenuation {
  const path = new URL("../../../protocols/data/xray/mass_attenuation.json", import.meta.url);
  return parseWorldAttenuation(JSON.parse(readFileSync(path, "utf8")));
}

interface Material {
  readonly density: number;
  readonly mass_fractions: Readonly<Record<string, number>>;
}

const MATERIALS = (
  JSON.parse(readFileSync(new URL("../../../protocols/data/xray/materials.json", import.meta.url), "utf8")) as {
    materials: Readonly<Record<string, Material>>;
  }
).materials;

export function layer(material: string, thicknessMm: number): WorldLayer {
  const found = MATERIALS[material];
  if (found === undefined) throw new Error(`no material ${material}`);
  return { name: material, thicknessMm, densityGCm3: found.density, massFractions: found.mass_fractions };
}

/** `coin2032_plain` of the tables; the electrode is layer 2. */
export const COIN: readonly WorldLayer[] = [
  layer("ss304", 0.25),
  layer("al", 0.015),
  layer("electrode_nmc811", 0.07),
  layer("glass_fibre_gfa", 0.2),
  layer("li", 0.45),
  layer("ss304", 0.5),
  layer("ss304", 0.25),
];

export const SITE: WorldSite = {
  rack: { pitchMm: 25, originXMm: 12.5, originYMm: 12.5 },
  stage: { travelXMm: 300, travelYMm: 200, speedMmS: 100, accelerationMmS2: 500, settleS: 0.1 },
  shutter: { travelS: 0.02, safetyShutterCloseS: 2 },
  detector: { readOutS: 0.001 },
  filters: [layer("al", 1)],
  beam: {
    energyKeV: 60,
    fluxReferencePhS: 1e11,
    ringCurrentReferenceMa: 200,
    profile: { profile: "tophat_rect", widthMm: 0.5, heightMm: 0.5 },
  },
};

export const CERTAIN: WorldUncertainty = { flux: 0, profile: 0, position: 0, stack: 0 };

export function cell(positionIndex: number, more: Partial<WorldCell> = {}): WorldCell {
  return {
    positionIndex,
    designId: "lno-graphite",
    nominalCapacityMah: 4.09,
    initial: { soc: 0.5 },
    layers: COIN,
    doseLimits: [],
    limits: { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 },
    ...more,
  };
}

export interface TestWorld {
  readonly clock: VirtualClock;
  readonly world: World;
}

export function testWorld(
  cells: readonly WorldCell[],
  more: { site?: WorldSite; uncertainty?: WorldUncertainty; seed?: number; options?: WorldOptions } = {},
): TestWorld {
  const clock = createVirtualClock(0, { drain });
  const world = createWorld({
    clock,
    chance: createChance(more.seed ?? 1),
    site: more.site ?? SITE,
    cells,
    uncertainty: more.uncertainty ?? CERTAIN,
    designs: new Map(DESIGN_IDS.map((id) => [id, design(id)])),
    models: MODELS,
    attenuation: attenuation(),
    options: { ringLifetimeH: 1e9, ...more.options },
  });
  return { clock, world };
}

/** Homes the stage, opens the safety shutter and goes to a place; returns when all is at rest. */
export async function ready(test: TestWorld, xMm: number, yMm: number): Promise<void> {
  const { clock, world } = test;
  world.beam.driveSafetyShutter(clock.nowMs(), true);
  world.stage.home(clock.nowMs());
  const restMs = world.stage.moveTo(clock.nowMs(), xMm, yMm);
  await clock.run(restMs + 2000);
}

/** Opens the fast shutter for a time counted between the two orders. */
export async function expose(test: TestWorld, seconds: number): Promise<{ startMs: number; endMs: number }> {
  const { clock, world } = test;
  const startMs = clock.nowMs();
  world.beam.driveShutter(startMs, true);
  await clock.run(startMs + seconds * 1000);
  world.beam.driveShutter(clock.nowMs(), false);
  await clock.run(clock.nowMs() + 100);
  return { startMs, endMs: clock.nowMs() };
}

export const NO_CLAIMS = {
  exposures: [],
  isolatedPositions: [],
  samplesDelivered: 0,
  samplesStored: 0,
};
