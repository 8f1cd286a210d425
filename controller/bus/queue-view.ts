/** Which cells come next in the beam, and about when. Pure: from the state of the campaign's machine. */
import type { CampaignContext } from "../machines/campaign-news.ts";
import type { Decided } from "../schedule/wish-plan.ts";

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
  /** What the scheduler decided last; null where nothing has a window of its own. */
  readonly decided: Decided | null;
}

export function queueView(facts: QueueFacts): readonly QueuedExposure[] {
  const { context, positionOf, nowMs, turnMs, isExposing, decided } = facts;
  const { sweep, wanted } = context;
  const plannedAt = plannedTimes(decided, nowMs);
  // Counted as missed at the next planning; until then it is nothing that comes.
  const isAhead = ({ latestMs }: { readonly latestMs: number }): boolean => latestMs > nowMs;
  const asked = wanted.filter(isAhead).sort((a, b) => a.latestMs - b.latestMs);
  const queue: QueuedExposure[] = asked.map(({ number, position, latestMs, reason }) => ({
    ...{ position, latestMs, reason },
    atMs: plannedAt.get(number) ?? null,
  }));
  for (const cellIndex of isAhead(sweep) ? sweep.remaining : []) {
    const reason = `sweep ${sweep.sweep}`;
    queue.push({ position: positionOf(cellIndex), atMs: null, latestMs: sweep.latestMs, reason });
  }
  if (plannedAt.size > 0) return queue.sort((a, b) => (a.atMs ?? Infinity) - (b.atMs ?? Infinity));
  if (!isExposing || turnMs === null) return queue;
  return queue.map((one, place) => ({ ...one, atMs: nowMs + (place + 1) * turnMs }));
}

/** When the scheduler means to open the shutter, by the number of what was asked; what has passed is no plan any more. */
function plannedTimes(decided: Decided | null, nowMs: number): ReadonlyMap<number, number> {
  const times = new Map<number, number>();
  for (const { request, openAtMs } of decided?.decision.timetable ?? []) {
    const wanted = decided?.wantedById.get(request.id);
    if (wanted !== undefined && openAtMs >= nowMs) times.set(wanted.number, openAtMs);
  }
  return times;
}
