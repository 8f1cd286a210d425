/**
 * Nothing waits in silence: every waiting state of every machine carries one of these, and the screens, the status
 * command and the log read it from there.
 */
import { placeText } from "../../protocols/base/position.ts";

export interface Waiting {
  /** What is awaited, for a person: `the stage to come to rest at B7`. */
  readonly reason: string;
  /** The device or party that owes the answer. */
  readonly who: string;
  /** Monotonic milliseconds. */
  readonly sinceMs: number;
  /** When patience ends and the machine acts by itself; null only where the end is a person's decision. */
  readonly untilMs: number | null;
}

/** What a cell waits for, as its machine says it. */
export interface AwaitedParty {
  readonly reason: string;
  readonly who: "channel" | "operator" | "record";
  /** How long; null as `untilMs` above. */
  readonly ms: number | null;
}

export function waitingFor(reason: string, who: string, sinceMs: number, untilMs: number | null): Waiting {
  return { reason, who, sinceMs, untilMs };
}

/** Of a cell that is out of its place. */
export function backAwaited(
  cell: { readonly carriedBy?: "person"; readonly isNew: boolean; readonly cellId: string; readonly position: string },
  nowMs: number,
): Waiting {
  const { carriedBy, cellId, position } = cell;
  if (cell.isNew) {
    const place = placeText(position);
    const how = `beamrack swap begin ${place}, and once it lies there swap end ${place} --cell ${cellId}`;
    return waitingFor(`a person to bring ${cellId}: ${how}`, "operator", nowMs, null);
  }
  if (carriedBy === undefined) return waitingFor("the robot to bring it back from the beam", "robot", nowMs, null);
  return waitingFor("a person, who has access once the beam waits for its being given back", "operator", nowMs, null);
}
