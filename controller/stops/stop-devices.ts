/** Which devices a stop is for, how each is told, and what a person does where one does not answer. */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { StopClass } from "../../protocols/bus/commands.ts";
import { shutterState } from "../../protocols/roles/beam-io.ts";
import type { CampaignRoles } from "../run/roles.ts";

export interface StopDevice {
  readonly name: string;
  readonly position: string | null;
  readonly byHand: string;
  /** Calls `told` once the command is on its way; resolves when the device itself says that it obeys. */
  readonly stop: (told: () => void) => Promise<void>;
}

export interface StopDevicesDeps {
  readonly clock: Clock;
  readonly roles: Pick<CampaignRoles, "io" | "stage" | "changer" | "channels">;
  /** Of each channel, in the order of the campaign's cells; looked at as a stop is ordered. */
  readonly positions: readonly string[];
  /** The robot's own part: halts the arm, and begins nothing further. */
  readonly haltRobot?: () => void;
}

const SWITCH_LOOK_MS = 20;
/** After these nobody listens any more. */
const SWITCH_LOOKS_MAX = 500;

export const STOPS_BEAM: readonly StopClass[] = ["exposing", "motion", "emergency"];
export const STOPS_MOTION: readonly StopClass[] = ["motion", "emergency"];
export const STOPS_CELLS: readonly StopClass[] = ["step", "open-circuit", "emergency"];

/** `isMeant`: of the cells, by position. */
export function stopDevices(
  deps: StopDevicesDeps,
  stopClass: StopClass,
  isMeant: (position: string) => boolean,
): readonly StopDevice[] {
  return [
    ...(STOPS_CELLS.includes(stopClass) ? channelsOf(deps, isMeant) : []),
    ...(STOPS_BEAM.includes(stopClass) ? [shutterOf(deps)] : []),
    ...(STOPS_MOTION.includes(stopClass) ? movers(deps) : []),
  ];
}

function channelsOf({ roles, positions }: StopDevicesDeps, isMeant: (position: string) => boolean) {
  return roles.channels.flatMap((channel, index): readonly StopDevice[] => {
    const position = positions[index] ?? channel.name;
    // Where a cell has followed another the channel is told once, for the one that is there.
    if (!isMeant(position) || roles.channels.lastIndexOf(channel) !== index) return [];
    const byHand = "switch the channel off at the instrument or pull its cable";
    return [{ name: channel.name, position, byHand, stop: (told) => channel.abort(told) }];
  });
}

/** Off by our word, and seen closed by its switches: the fast shutter's, or the safety shutter's. */
function shutterOf({ clock, roles: { io } }: StopDevicesDeps): StopDevice {
  return {
    ...{ name: io.name, position: null },
    byHand: "close the safety shutter at the hutch; the fast shutter falls shut with its permit",
    async stop(told) {
      const asked = io.requestShutterClosed();
      told();
      await asked;
      for (let look = 0; look < SWITCH_LOOKS_MAX; look += 1) {
        const levels = await io.readInputs();
        const isShutUpstream = levels.safetyShutterClosedSwitch && !levels.safetyShutterOpenSwitch;
        if (isShutUpstream || shutterState(levels) === "closed") return;
        await sleep(clock, SWITCH_LOOK_MS);
      }
      throw new Fault("shutter.stuck-open", io.name, "no shutter reads closed");
    },
  };
}

function movers({ roles: { stage, changer }, haltRobot }: StopDevicesDeps): readonly StopDevice[] {
  const all: StopDevice[] = [
    {
      ...{ name: stage.name, position: null },
      byHand: "press the stage's own stop or cut its drives",
      async stop(told) {
        const halted = stage.halt();
        told();
        await halted;
      },
    },
  ];
  if (changer !== undefined) {
    all.push({
      ...{ name: changer.name, position: null },
      byHand: "press the robot's own stop",
      async stop(told) {
        haltRobot?.();
        const stopped = changer.abort();
        told();
        await stopped;
      },
    });
  }
  return all;
}
