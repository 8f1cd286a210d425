/**
 * Nobody is exposed unasked: each opening that lit a cell is the answer to one request of its own, in that request's
 * window. So what was cut short is not begun again by default: a repeat is a request too.
 * Only a trigger whose gate comes twice lights a cell again in the same exposure: what it gave is charged with that.
 */
import type { AskedRequest } from "./request-truth.ts";
import { isOnDisc, type Opening } from "./shutter-truth.ts";
import type { Ledger } from "./world-truth.ts";

/** Clocks of controller and world differ by the links' latency. */
const EARLY_MS = 1000;
/** The window is looked at with the permit in hand: settling, the last look at the levels and the shutter's way come after. */
const LATE_MS = 2000;
/** By then software has heard that the shutter closed, or ceased to wait for it, and no gate opens it any more. */
const REPEATS_WITHIN_MS = 300;
/** Sums of instants are rounded. */
const SAME_INSTANT_MS = 0.01;

/** A gate that a faulty trigger gives a second time. */
export interface GateRepeat {
  /** Of the gate that was asked for. */
  readonly endMs: number;
  readonly againMs: number;
}

/**
 * Counts `exposed-as-asked` once for each opening that lit a cell. The openings of a shutter that failed are judged
 * elsewhere: nobody asked for those.
 */
export function judgeAsking(
  requests: readonly AskedRequest[],
  openings: readonly Opening[],
  ledger: Ledger,
  gateRepeats: readonly GateRepeat[] = [],
): void {
  const open = new Map<number, AskedRequest[]>();
  for (const request of requests) {
    const list = open.get(request.positionIndex);
    if (list === undefined) open.set(request.positionIndex, [request]);
    else list.push(request);
  }
  for (const list of open.values()) list.sort((a, b) => a.latestMs - b.latestMs);
  const inOrder = [...openings].sort((a, b) => a.startMs - b.startMs);
  for (const [place, opening] of inOrder.entries()) {
    const positionIndex = litCell(opening);
    if (positionIndex === undefined || opening.excessPhotons > 0) continue;
    const before = inOrder[place - 1];
    if (before !== undefined && litCell(before) === positionIndex && isRepeat(opening, before, gateRepeats)) {
      ledger.count("exposed-as-asked", 1);
      continue;
    }
    const own = open.get(positionIndex) ?? [];
    // Of those that it may answer, the one that ends first: then no other could have answered more of them.
    const index = own.findIndex(
      ({ earliestMs, latestMs }) => earliestMs - EARLY_MS <= opening.startMs && opening.startMs <= latestMs + LATE_MS,
    );
    ledger.check(
      "exposed-as-asked",
      index >= 0,
      opening.startMs,
      () => `cell ${positionIndex} was exposed, and no request was open for it that had not been answered`,
    );
    if (index >= 0) own.splice(index, 1);
  }
}

function litCell(opening: Opening): number | undefined {
  return opening.deposits.find(isOnDisc)?.positionIndex;
}

/** Whether nothing but the second coming of the gate that ended the one before opened the shutter, at once. */
function isRepeat(opening: Opening, before: Opening, gateRepeats: readonly GateRepeat[]): boolean {
  return gateRepeats.some(
    ({ endMs, againMs }) =>
      againMs - endMs <= REPEATS_WITHIN_MS &&
      Math.abs(opening.startMs - againMs) <= SAME_INSTANT_MS &&
      before.startMs <= endMs &&
      endMs <= before.endMs,
  );
}
