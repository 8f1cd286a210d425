/**
 * The virtual world wired up: simulated instruments on one end of in-memory cables, the production drivers on the
 * other, and the simulated world behind them.
 */
import type { CampaignRoles } from "../../controller/run/roles.ts";
import { assert } from "../../protocols/base/assert.ts";
import { positionIndex } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { siteCables } from "../../protocols/site/site-cables.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { VirtualClock } from "../../simulator/clock/virtual-clock.ts";
import { createMemoryLink, isMethodScriptData, type MemoryLink } from "../../simulator/links/memory-link.ts";
import { createMqttSource } from "../../simulator/mqtt-source/mqtt-source.ts";
import type { Chance } from "../../simulator/plant/plant.ts";
import type { FaultTargets } from "../../simulator/world/fault-schedule.ts";
import type { World } from "../../simulator/world/world.ts";
import { connectRoles } from "../rig/drivers.ts";
import { localStepFile } from "../rig/step-files.ts";
import { createTwins } from "../rig/twins.ts";

export interface VirtualRig {
  readonly roles: CampaignRoles;
  readonly faultTargets: FaultTargets;
  /** Data packages the instruments made, whether or not anybody listened. */
  packageCount(): number;
  /** The publishers stop: nothing keeps the clock busy for ever. */
  stop(): void;
}

/** `flaws` seeds what the channels' readings get wrong; without it they are exact but for their rounding. */
export function createVirtualRig(
  campaign: Campaign,
  site: Site,
  world: World,
  clock: VirtualClock,
  flaws?: Chance,
): VirtualRig {
  const positions = campaign.cells.map((cell) => cell.position);
  const links = new Map<string, MemoryLink>();
  const positionOfLink = new Map<string, number>();
  for (const cable of siteCables(site, positions)) {
    const isSerial = cable.link.kind === "serial" || cable.link.kind === "modbus-rtu";
    const roundTripMs = isSerial ? site.latencies.serialRoundTripMs : site.latencies.tcpRoundTripMs;
    const quiet = cable.driver === "palmsens-methodscript" ? { isQuiet: isMethodScriptData } : {};
    links.set(cable.name, createMemoryLink(clock, { name: cable.name, latencyMs: roundTripMs / 2, ...quiet }));
    const [position, ...others] = cable.positions;
    if (position !== undefined && others.length === 0) positionOfLink.set(cable.name, positionIndex(position));
  }
  function linkOf(cable: string): MemoryLink {
    const link = links.get(cable);
    assert(link !== undefined, `no cable named ${cable}`);
    return link;
  }

  /** The share of step files: this computer's path to the text. */
  const share = new Map<string, string>();
  const cabinets = new Map(
    site.channels.flatMap((channel) =>
      channel.driver === "neware-bts" ? [[channel.cabinet.name, channel.cabinet] as const] : [],
    ),
  );
  const twins = createTwins(site, positions, {
    world,
    clock,
    endOf: (cable) => linkOf(cable).end,
    publish: (source, topics) => createMqttSource({ end: linkOf(source.name).end, clock, topics }),
    readStepFile(name, path) {
      const cabinet = cabinets.get(name);
      const local = cabinet === undefined ? undefined : localStepFile(cabinet, path);
      return local === undefined ? undefined : share.get(local);
    },
    startWallMs: campaign.startMs,
    ...(flaws === undefined ? {} : { flaws }),
  });
  const roles = connectRoles(site, positions, {
    clock,
    openLinkOf: (cable) => linkOf(cable).openLink,
    writeFile(path, text) {
      share.set(path, text);
      return Promise.resolve();
    },
  });

  return {
    roles,
    faultTargets: { links, positionOfLink, positions: positions.map(positionIndex) },
    packageCount: () => twins.packageCount(),
    stop: () => {
      twins.stop();
    },
  };
}
