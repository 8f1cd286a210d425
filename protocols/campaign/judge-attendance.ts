/**
 * Which cells may be left alone. An instrument that holds a step and its limits by itself may; what only answers
 * command by command may not: with the controller gone its limits still hold, but the step goes on without an end.
 * Such cells need a person, or a rack contactor with a watchdog of its own.
 */
import type { Occupant } from "../base/position.ts";
import type { SiteChannel } from "../site/site.ts";
import { positionsText } from "./rack-text.ts";

export type ChannelDriver = SiteChannel["driver"];

/** As the drivers' capability sheets say: runsProgrammeAlone. A driver that is not among them is taken not to. */
export const RUN_PROGRAMMES_ALONE: ReadonlySet<string> = new Set<ChannelDriver>([
  "palmsens-methodscript",
  "neware-bts",
]);

/** Who or what opens the circuit when nobody commands it any more. */
export interface AttendanceGuard {
  /** Who stays with the rack while it runs; null when nobody does. */
  readonly attendedBy: string | null;
  /** The rack has a contactor that opens by a watchdog of its own. */
  readonly hasContactor: boolean;
}

export interface AttendanceVerdict {
  readonly what: string;
  readonly advice: string;
}

/** Undefined where all of these cells may run as planned. */
export function judgeAttendance(
  cells: readonly { readonly position: Occupant; readonly driver: ChannelDriver }[],
  guard: AttendanceGuard,
): AttendanceVerdict | undefined {
  if (guard.hasContactor || guard.attendedBy !== null) return undefined;
  const alone = cells.filter((cell) => !RUN_PROGRAMMES_ALONE.has(cell.driver));
  if (alone.length === 0) return undefined;
  const drivers = [...new Set(alone.map((cell) => cell.driver))].join(", ");
  return {
    what: `nothing would end the step of ${positionsText(alone.map((cell) => cell.position))} if the controller stopped: ${drivers} runs no programme by itself`,
    advice:
      "Wire these cells to channels that do, put a contactor with its own watchdog into the rack, or say with attended_by who stays with it.",
  };
}
