/**
 * The virtual world wired up: simulated instruments on one end of in-memory cables, the production drivers on the
 * other, and the simulated world behind them.
 */
import type { CampaignRoles } from "../../controller/run/roles.ts";
import { placeOf, positionIndex } from "../../protocols/base/position.ts";
import type { Campaign, SweepTrigger } from "../../protocols/campaign/campaign.ts";
import { planSweep } from "../../protocols/campaign/sweep-plan.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { VirtualClock } from "../../simulator/clock/virtual-clock.ts";
import type { Chance } from "../../simulator/plant/plant.ts";
import type { FaultTargets, FaultyLink } from "../../simulator/world/fault-schedule.ts";
import type { SweepTimes } from "../../simulator/world/heavy-faults.ts";
import type { World } from "../../simulator/world/world.ts";
import { connectRoles } from "../rig/campaign-roles.ts";
import type { DriverDeps } from "../rig/drivers.ts";
import { createMemorySite } from "./memory-site.ts";

export interface VirtualRig {
  readonly roles: CampaignRoles;
  /** New drivers on the same cables, for a controller of its own; `hold` is put between. */
  connect(hold: (deps: DriverDeps) => DriverDeps, of?: Pick<Campaign, "cells">): CampaignRoles;
  readonly faultTargets: FaultTargets;
  /** Of a campaign that sweeps its cells: when, and how long each sweep is planned to take. */
  readonly sweeps?: SweepTimes;
  /** Data packages the instruments made, whether or not anybody listened. */
  packageCount(): number;
  /** The publishers stop: nothing keeps the clock busy for ever. */
  stop(): void;
}

/**
 * `flaws` seeds what the channels' readings get wrong; without it they are exact but for their rounding. `watched` is put
 * between cables and drivers.
 */
export function createVirtualRig(
  campaign: Campaign,
  site: Site,
  world: World,
  clock: VirtualClock,
  flaws?: Chance,
  watched: (deps: DriverDeps) => DriverDeps = (deps) => deps,
): VirtualRig {
  const positions = [...new Set(campaign.cells.map((cell) => placeOf(cell.position)))];
  const codes = new Map(campaign.cells.map((cell) => [cell.position, cell.barcode]));
  const memory = createMemorySite({
    site,
    positions,
    world,
    clock,
    codeOf: (position) => codes.get(position),
    startWallMs: campaign.startMs,
    ...(flaws === undefined ? {} : { flaws }),
  });
  const driverDeps = watched(memory.driverDeps);
  const roles = connectRoles(
    site,
    campaign.cells.map((cell) => cell.position),
    driverDeps,
  );

  const [sweep] = campaign.sweeps;
  return {
    roles,
    ...(sweep === undefined ? {} : { sweeps: timesOf(sweep, campaign, site) }),
    connect(hold, of = campaign) {
      const wired = of.cells.map((cell) => cell.position);
      return connectRoles(site, wired, hold(driverDeps));
    },
    faultTargets: {
      links: new Map<string, FaultyLink>([...memory.links, ...memory.https]),
      positionOfLink: memory.positionOfLink,
      positionsOfLink: memory.positionsOfLink,
      positions: positions.map(positionIndex),
      reboots: memory.powerCycles,
      troubles: memory.troubles,
      stopsHeard: memory.stopsHeard,
      safetyInputs: (site.safetyInputs ?? []).flatMap(({ name, source, response }) =>
        source.kind === "input" && response.every((stop) => stop === "exposing" || stop === "motion") ? [name] : [],
      ),
    },
    packageCount: () => memory.packageCount(),
    stop: () => {
      memory.stop();
    },
  };
}

function timesOf(sweep: SweepTrigger, campaign: Campaign, site: Site): SweepTimes {
  const { cadenceS, firstAfterS, preset } = sweep;
  const exposed = campaign.cells.filter(({ role }) => role === "exposed").map(({ position }) => position);
  return { firstAfterS, cadenceS, lengthS: planSweep(site, exposed, preset.exposureS, cadenceS).expectedS };
}
