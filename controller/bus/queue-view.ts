/** Which cells come next in the beam, and about when. Pure: from the state of the campaign's machine. */
import type { CampaignContext } from "../machines/campaign-news.ts";

export interface QueuedExposure {
  readonly position: string;
  /** Estimated; null while the beam waits for something of which nobody knows when it comes. */
  readonly atMs: number | null;
  readonly latestMs: number | null;
  readonly reason: string;
}

export interface QueueFacts {
  readonly context: Pick<CampaignContext, "sweep" | "wanted" | "act" | "waiting">;
  readonly positionOf: (cellIndex: number) => string;
  readonly nowMs: number;
  /** From one exposure to the next; null where none was measured. */
  readonly turnMs: number | null;
  /** The beam is at work. */
  readonly isExposing: boolean;
}

export function queueView({ context, positionOf, nowMs, turnMs, isExposing }: QueueFacts): readonly QueuedExposure[] {
  const { sweep, wanted } = context;
  const asked = [...wanted].sort((a, b) => a.latestMs - b.latestMs);
  const queue: QueuedExposure[] = asked.map(({ position, latestMs, reason }) => ({
    ...{ position, latestMs, reason },
    atMs: null,
  }));
  for (const cellIndex of sweep.remaining) {
    const reason = `sweep ${sweep.sweep}`;
    queue.push({ position: positionOf(cellIndex), atMs: null, latestMs: sweep.latestMs, reason });
  }
  if (!isExposing || turnMs === null) return queue;
  return queue.map((one, place) => ({ ...one, atMs: nowMs + (place + 1) * turnMs }));
}
