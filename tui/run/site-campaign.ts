/** One campaign on real links and the wall's clock: what `run` runs, on a bench or at a beamline. */
import { stepIntervalMinS } from "../../controller/cells/step-interval.ts";
import { createCampaignRun, type CampaignRun, type CampaignRunDeps } from "../../controller/run/campaign-run.ts";
import type { CampaignRoles } from "../../controller/run/roles.ts";
import type { FolderHolder } from "../../controller/record/folder-lock.ts";
import { lockedRoles } from "../../controller/rehearsal/locked-shutter.ts";
import { readLeftRun } from "../../controller/resume/read-run.ts";
import { openStore, type RecordStore } from "../../controller/record/store.ts";
import type { WaitForThread } from "../../controller/record/threaded-scribe.ts";
import type { BootTime } from "../../protocols/base/boot-time.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { LatticeTables } from "../../protocols/diffraction/lattice-tables.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import { siteCables } from "../../protocols/site/site-cables.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { isBench } from "../bench/bench-address.ts";
import { connectRoles } from "../rig/campaign-roles.ts";
import type { DriverDeps } from "../rig/drivers.ts";
import type { WatchedCustody } from "../custody/campaign-evidence.ts";
import { beganAgo } from "./began-ago.ts";
import { createCampaignClock } from "./campaign-clock.ts";
import { sweepBoundOf } from "./run-figures.ts";
import type { LeftFolder } from "./left-folder.ts";

export interface SiteCampaignInputs {
  readonly campaign: Campaign;
  readonly campaignHash: string;
  readonly site: Site;
  readonly siteHash: string;
  readonly folder: string;
  readonly endAtMs: number;
  readonly tables: AttenuationTables;
  /** The machine's. */
  readonly clock: Clock;
  readonly holder: FolderHolder;
  /** To the site's instruments; of this machine's clock or the campaign's, they only need its intervals. */
  readonly links: DriverDeps;
  readonly softwareVersion: string;
  /** Needed where patterns are read. */
  readonly lattice?: LatticeTables;
  /** What a run before left in the folder; undefined in a new one. */
  readonly left: LeftFolder | undefined;
  /** Of this computer; null where it does not say. */
  readonly boot?: BootTime | null;
  /** Who says that what was held or waited to be re-armed may go on. */
  readonly resumedBy?: string;
  /** What each cell is held against before its first current, where the campaign names a custody. */
  readonly identity?: WatchedCustody;
  /** Takes what is found where the run aligns its rack. */
  readonly keepAlignment?: CampaignRunDeps["keepAlignment"];
  /** With the shutter locked shut; the campaign is called so already. */
  readonly isRehearsal?: true;
  /** Lets a thread of its own write the record. */
  readonly waitForThread?: WaitForThread;
  /** Put between the run and its record, for whoever listens there. */
  readonly hearing?: (store: RecordStore) => RecordStore;
}

export interface SiteCampaign {
  /** Campaign time. */
  readonly clock: Clock;
  /** By how much the computer's clock was set on since the campaign began; 0 where it was not, or nothing tells. */
  readonly clockSetOnMs: number;
  /** What the clock alone says of the break before it, and nobody would believe; 0 for nothing. */
  readonly doubtfulBreakMs: number;
  /** With the time at which this one began; amended in place. */
  readonly campaign: Campaign;
  readonly world: "bench" | "site";
  readonly run: CampaignRun;
  readonly roles: CampaignRoles;
  readonly store: RecordStore;
  /**
   * Closes every link and lets nothing more happen; sends nothing. Cells go on within their instruments' limits.
   */
  disconnect(): void;
}

/** What a crash can cost at most of samples that decided nothing. */
const FRAME_MS = 10_000;

/** A bench when every cable leads to one. */
export function siteWorld(site: Site, campaign: Pick<Campaign, "cells">): "bench" | "site" {
  const positions = campaign.cells.map((cell) => cell.position);
  return siteCables(site, positions).every(({ link }) => isBench(link)) ? "bench" : "site";
}

/**
 * Opens the record, makes the drivers; nothing is opened or sent before `run.start`. Throws Faults of `openStore` and of
 * `readLeftRun`, and `run.begun` where somebody else began in the folder since it was looked at.
 */
export function createSiteCampaign(inputs: SiteCampaignInputs): SiteCampaign {
  const { site, folder, left } = inputs;
  const positions = inputs.campaign.cells.map((cell) => cell.position);
  const world = siteWorld(site, inputs.campaign);
  const wallMs = inputs.clock.wallMs();
  const startMs = left?.startMs ?? wallMs;
  const began = left === undefined ? undefined : beganAgo(left, { wallMs, boot: inputs.boot ?? null });
  const clock = createCampaignClock(inputs.clock, began?.agoMs ?? 0);
  const campaign: Campaign = { ...inputs.campaign, startMs };
  const opened = openStore({
    folder,
    clock,
    durability: "power-loss",
    commitLatencyMs: 0,
    header: {
      campaign: campaign.name,
      campaignHash: inputs.campaignHash,
      siteHash: inputs.siteHash,
      seed: null,
      world,
      ...(inputs.isRehearsal === true ? { isRehearsal: true } : {}),
      softwareVersion: inputs.softwareVersion,
    },
    channelCount: campaign.cells.length,
    holder: inputs.holder,
    frameMs: FRAME_MS,
    ...(inputs.waitForThread === undefined ? {} : { ownThread: inputs.waitForThread }),
  });
  const store = inputs.hearing?.(opened) ?? opened;
  try {
    // Between the first look at the folder and its lock somebody may have begun there, or amended what was begun.
    if (store.head.seq > 0 && left === undefined) {
      throw new Fault("run.begun", folder, `another run has begun here and left ${store.head.seq} events`);
    }
    if (left !== undefined && store.head.seq > left.events) {
      const more = store.head.seq - left.events;
      throw new Fault("run.begun", folder, `its record went on by ${more} events since it was looked at`);
    }
    const connected = connectRoles(site, positions, { ...inputs.links, clock });
    const roles = inputs.isRehearsal === true ? lockedRoles(connected) : connected;
    const { endAtMs, tables } = inputs;
    const chance = createChance(inputs.holder.pid);
    const jitter = (): number => chance.uniform();
    const intervalOf = (cellIndex: number): number =>
      stepIntervalMinS(site, campaign.cells[cellIndex], roles.channels[cellIndex]?.capabilities);
    const run = createCampaignRun({
      ...{ campaign, campaignHash: inputs.campaignHash, site, clock, store, roles, tables, endAtMs, jitter },
      ...{ waitsForDisk: true, sweepBoundS: sweepBoundOf(site) },
      ...(inputs.lattice === undefined ? {} : { lattice: inputs.lattice }),
      ...(left === undefined ? {} : { left: readLeftRun(folder, campaign, intervalOf) }),
      ...(inputs.resumedBy === undefined ? {} : { resumedBy: inputs.resumedBy }),
      ...(inputs.identity === undefined ? {} : { identity: inputs.identity }),
      ...(inputs.keepAlignment === undefined ? {} : { keepAlignment: inputs.keepAlignment }),
    });
    inputs.identity?.watch(clock, run.alarms);
    return {
      clock,
      campaign: run.campaign,
      world,
      run,
      roles,
      store,
      clockSetOnMs: began?.setOnMs ?? 0,
      doubtfulBreakMs: began?.doubtfulBreakMs ?? 0,
      disconnect() {
        for (const instrument of roles.instruments) instrument.disconnect();
        clock.end();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
}
