/** One campaign on real links and the wall's clock: what `run` runs, on a bench or at a beamline. */
import { existsSync } from "node:fs";
import { createCampaignRun, type CampaignRun } from "../../controller/run/campaign-run.ts";
import type { CampaignRoles } from "../../controller/run/roles.ts";
import type { FolderHolder } from "../../controller/record/folder-lock.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { databasePath } from "../../controller/record/schema.ts";
import { openStore, type RecordStore } from "../../controller/record/store.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import { siteCables } from "../../protocols/site/site-cables.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { isBench } from "../bench/bench-address.ts";
import { connectRoles } from "../rig/campaign-roles.ts";
import type { DriverDeps } from "../rig/drivers.ts";
import { createCampaignClock } from "./campaign-clock.ts";

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
}

export interface SiteCampaign {
  /** Campaign time. */
  readonly clock: Clock;
  readonly world: "bench" | "site";
  readonly run: CampaignRun;
  readonly roles: CampaignRoles;
  readonly store: RecordStore;
  /**
   * Closes every link and lets nothing more happen; sends nothing. Cells go on within their instruments' limits.
   */
  disconnect(): void;
}

/**
 * Opens the record, makes the drivers; nothing is opened or sent before `run.start`. Throws Faults of `openStore`, and
 * `run.begun` for a folder in which a run has been.
 */
export function createSiteCampaign(inputs: SiteCampaignInputs): SiteCampaign {
  const { site, folder } = inputs;
  const positions = inputs.campaign.cells.map((cell) => cell.position);
  const world = siteCables(site, positions).every(({ link }) => isBench(link)) ? "bench" : "site";
  const clock = createCampaignClock(inputs.clock);
  const campaign: Campaign = { ...inputs.campaign, startMs: clock.wallMs() };
  const store = openStore({
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
      softwareVersion: inputs.softwareVersion,
    },
    channelCount: campaign.cells.length,
    holder: inputs.holder,
  });
  try {
    // Between the first look at the folder and its lock somebody may have begun there.
    if (store.head.seq > 0) throw begun(folder, store.head.seq);
    const roles = connectRoles(site, positions, { ...inputs.links, clock });
    const { endAtMs, tables } = inputs;
    const chance = createChance(inputs.holder.pid);
    const jitter = (): number => chance.uniform();
    const run = createCampaignRun({ campaign, site, clock, store, roles, tables, endAtMs, jitter });
    return {
      clock,
      world,
      run,
      roles,
      store,
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

/** Throws Fault `run.begun` for a folder in which a run has been, before any instrument is bothered. */
export function refuseBegunFolder(folder: string): void {
  if (!existsSync(databasePath(folder))) return;
  const record = openRecord(folder);
  try {
    const events = record.head?.events ?? 0;
    if (events > 0) throw begun(folder, events);
  } finally {
    record.close();
  }
}

function begun(folder: string, events: number): Fault {
  return new Fault("run.begun", folder, `a run has been here and left ${events} events`, { events });
}
