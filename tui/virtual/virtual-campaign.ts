/** One campaign in the virtual world, from files already read to findings of the observer: what `simulate` runs. */
import { join } from "node:path";
import { createCampaignRun, type CampaignRun } from "../../controller/run/campaign-run.ts";
import type { FolderHolder } from "../../controller/record/folder-lock.ts";
import { openStore, type RecordStore } from "../../controller/record/store.ts";
import { positionIndex } from "../../protocols/base/position.ts";
import { parsePosition } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import type { CellDesign, CellModels } from "../../simulator/cell/cell-design.ts";
import { createVirtualClock, type Drain, type VirtualClock } from "../../simulator/clock/virtual-clock.ts";
import type { FrameTables } from "../../simulator/world/frame-world.ts";
import type { WorldAttenuation } from "../../simulator/world/world-attenuation.ts";
import type { WorldFault } from "../../simulator/world/world-faults.ts";
import { neverChecked, type WorldFindings } from "../../simulator/world/world-truth.ts";
import { createWorld, type World, type WorldOptions } from "../../simulator/world/world.ts";
import { worldOptionsOf } from "../rig/world-options.ts";
import { createVirtualRig, type VirtualRig } from "./virtual-rig.ts";

export interface VirtualCampaignInputs {
  readonly campaign: Campaign;
  readonly campaignHash: string;
  readonly site: Site;
  readonly siteHash: string;
  readonly seed: number;
  readonly folder: string;
  readonly endAtMs: number;
  readonly tables: AttenuationTables;
  readonly worldAttenuation: WorldAttenuation;
  readonly designs: ReadonlyMap<string, CellDesign>;
  readonly models: CellModels;
  /** Given: frames have contents and the beam does its harm to the spots. */
  readonly frameTables?: FrameTables;
  /** Seeded from the run's own chance. */
  readonly faults: (rig: VirtualRig, hours: number, seed: number) => readonly WorldFault[];
  /** By position: leads that lie elsewhere than they should. */
  readonly lyingLeads?: WorldOptions["lyingLeads"];
  /** False for channels that read what is true, rounded. Default true. */
  readonly noise?: boolean;
  readonly drain: Drain;
  /** What a run must have in common with the one that began its folder, besides files and seed. */
  readonly conditions?: string;
  readonly softwareVersion: string;
  /** Told to whoever is refused the folder meanwhile. */
  readonly holder?: FolderHolder;
}

export interface VirtualCampaign {
  readonly site: Site;
  readonly clock: VirtualClock;
  readonly run: CampaignRun;
  readonly store: RecordStore;
  readonly world: World;
  readonly rig: VirtualRig;
  /**
   * Ends the observation: what the world saw against what the controller claims. Of a run that was stopped on the
   * way, an exposure under way is claimed by its booking, which counts it in full.
   */
  finish(isInterrupted: boolean): WorldFindings;
}

export function createVirtualCampaign(inputs: VirtualCampaignInputs): VirtualCampaign {
  const { campaign, site, seed, endAtMs } = inputs;
  const clock = createVirtualClock(campaign.startMs, { drain: inputs.drain });
  const chance = createChance(seed);
  const world = createWorld({
    clock,
    chance: chance.stream("world"),
    site,
    cells: campaign.cells.map((cell) => ({
      positionIndex: positionIndex(cell.position),
      designId: cell.chemistry,
      nominalCapacityMah: cell.nominalCapacityMah,
      initial: { pristine: true },
      layers: cell.layers,
      doseLimits: cell.doseLimits,
      limits: cell.limits,
    })),
    uncertainty: campaign.doseUncertainty,
    designs: inputs.designs,
    models: inputs.models,
    attenuation: inputs.worldAttenuation,
    ...(inputs.frameTables === undefined ? {} : { frameTables: inputs.frameTables }),
    options: {
      ...worldOptionsOf(site),
      ...{ endAtMs, rackStop: rackStopOf(site) },
      ...(inputs.lyingLeads === undefined ? {} : { lyingLeads: inputs.lyingLeads }),
    },
  });
  const rig = createVirtualRig(
    campaign,
    site,
    world,
    clock,
    inputs.noise === false ? undefined : chance.stream("instruments"),
  );
  world.schedule(inputs.faults(rig, endAtMs / 3_600_000, seed), rig.faultTargets);
  const store = openStore({
    folder: inputs.folder,
    clock,
    durability: "process-death",
    commitLatencyMs: site.latencies.commitMs,
    header: {
      campaign: campaign.name,
      campaignHash: inputs.campaignHash,
      siteHash: inputs.siteHash,
      seed,
      world: "virtual",
      ...(inputs.conditions === undefined ? {} : { conditions: inputs.conditions }),
      softwareVersion: inputs.softwareVersion,
    },
    channelCount: campaign.cells.length,
    ...(inputs.holder === undefined ? {} : { holder: inputs.holder }),
  });
  const run = createCampaignRun({ campaign, site, clock, store, roles: rig.roles, tables: inputs.tables, endAtMs });

  return {
    site,
    clock,
    run,
    store,
    world,
    rig,
    finish(isInterrupted) {
      const { counters } = store;
      const underWay = (isInterrupted ? store.openBookings() : []).map(({ position, atMs }) => ({
        positionIndex: positionIndex(position),
        startMs: atMs,
        endMs: clock.monoMs(),
      }));
      const findings = world.finish({
        exposures: [...run.tally.accountedExposures, ...underWay],
        isolatedPositions: run.views.isolated().flatMap((cell) => {
          const position = parsePosition(cell.position);
          return position === undefined ? [] : [positionIndex(position)];
        }),
        samplesDelivered: run.sampleCount(),
        samplesStored: counters.samplesFramed,
        requests: run.tally.askedRequests,
      });
      const unchecked = neverChecked(findings.checks, findings.truth.exposures > 0, clock.monoMs());
      return { ...findings, violations: [...findings.violations, ...unchecked] };
    },
  };
}

/** Where the shipped designs stand, from the package root. */
export const CELL_DATA_FOLDER = join("protocols", "data", "cells");

/** Where the site stops the whole rack: the lowest level of each quantity. */
function rackStopOf(site: Site): { readonly temperatureC?: number; readonly gasPpm?: number } {
  const lowest = (quantity: "temperature" | "gas"): number =>
    site.sensorSources
      .flatMap((source) => source.sensors)
      .reduce(
        (least, sensor) => (sensor.quantity === quantity ? Math.min(least, sensor.stopAbove ?? Infinity) : least),
        Infinity,
      );
  return { temperatureC: lowest("temperature"), gasPpm: lowest("gas") };
}
