/**
 * How a CATS counts what an ISARA counts by pucks: three cassettes stand under each lid, and their samples are numbered
 * through from the first cassette to the last. In orders and in `state` a CATS names the lid, in its inputs the cassette.
 */
import type { CatsSlot } from "./cats-replies.ts";

export const CATS_CASSETTES_PER_LID = 3;

/** Lid and sample of a slot of a cassette. */
export function inLid({ tray, slot }: CatsSlot, slotsPerTray: number): CatsSlot {
  const before = (tray - 1) % CATS_CASSETTES_PER_LID;
  return { tray: Math.floor((tray - 1) / CATS_CASSETTES_PER_LID) + 1, slot: before * slotsPerTray + slot };
}

/** Cassette and slot of a sample under a lid; undefined where the lid has no such sample. */
export function inCassette({ tray: lid, slot: sample }: CatsSlot, slotsPerTray: number): CatsSlot | undefined {
  const before = Math.floor((sample - 1) / slotsPerTray);
  if (before >= CATS_CASSETTES_PER_LID) return undefined;
  return { tray: (lid - 1) * CATS_CASSETTES_PER_LID + before + 1, slot: ((sample - 1) % slotsPerTray) + 1 };
}
