/**
 * What the controller counts of each cell's charge, held against what its channel truly passed: from one count to the next they
 * may differ by what is stated for that time, and by no more.
 */
import type { CellObserver } from "./cell-observer.ts";
import type { WorldFault } from "./world-faults.ts";
import type { Ledger } from "./world-truth.ts";

export const COUNT_INVARIANT = "charge-counted";

/** What has flowed of a cell since its first current, as it stands on record at an instant of the world. */
export interface ClaimedCount {
  /** Of the cell, by its number in the world. */
  readonly positionIndex: number;
  readonly atMs: number;
  /** Net, charging positive. */
  readonly chargeAh: number;
  /** By so much it may be off, it is said: what was in doubt, and the meter's share of all that flowed. It never falls. */
  readonly statedAh: number;
}

/** What a channel truly passed. */
export type PassedCharge = Pick<CellObserver, "switches" | "chargeC">;

/** Where the clock of a channel ran wrong: charge is counted by it. */
export interface WrongClock {
  readonly positionIndex: number;
  readonly share: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Samples are apart, and of a current that changes the mean counts. */
const CLOCK_MARGIN = 2;
/** Sums of many samples. */
const ROUNDING_AH = 1e-10;

/** `counts` of each cell in the order of time; left out: nothing is said of it. What a wrong clock comes to is excused: a controller that told of it would be better. */
export function judgeCounts(
  counts: readonly ClaimedCount[] | undefined,
  cells: ReadonlyMap<number, PassedCharge>,
  ledger: Ledger,
  wrongClocks: readonly WrongClock[],
): void {
  if (counts === undefined) return;
  const judged = new Map<number, { readonly count: ClaimedCount; readonly passedC: number }>();
  // A run in which nothing was held against anything counts as broken.
  ledger.count(COUNT_INVARIANT, 0);
  for (const count of counts) {
    const { positionIndex, atMs } = count;
    const cell = cells.get(positionIndex);
    if (cell === undefined) continue;
    const passedC = passedAtC(cell, atMs);
    const before = judged.get(positionIndex);
    judged.set(positionIndex, { count, passedC });
    const countedAh = count.chargeAh - (before?.count.chargeAh ?? 0);
    const statedAh = count.statedAh - (before?.count.statedAh ?? 0);
    const passedAh = (passedC - (before?.passedC ?? 0)) / 3600;
    const fromMs = before?.count.atMs ?? 0;
    const excusedAh = wrongAh(cell, count, fromMs, wrongClocks);
    const withinAh = statedAh + excusedAh + ROUNDING_AH;
    ledger.check(COUNT_INVARIANT, Math.abs(countedAh - passedAh) <= withinAh, atMs, () => {
      const since = `since ${(fromMs / 1000).toFixed(1)} s`;
      const [passed, counted, stated] = [passedAh, countedAh, statedAh].map((ah) => (1e6 * ah).toFixed(3));
      return `cell ${positionIndex}: ${passed} uAh have flowed ${since}, ${counted} are counted, within ${stated}`;
    });
  }
}

/** What a clock that ran wrong within the time came to, by what flowed meanwhile. */
function wrongAh(
  cell: PassedCharge,
  { positionIndex, atMs }: ClaimedCount,
  fromMs: number,
  wrongClocks: readonly WrongClock[],
): number {
  let ampereHours = 0;
  for (const clock of wrongClocks) {
    if (clock.positionIndex !== positionIndex || clock.fromMs > atMs || clock.toMs < fromMs) continue;
    const untilC = passedAtC(cell, Math.min(clock.toMs, atMs));
    const flowedAh = (untilC - passedAtC(cell, Math.max(clock.fromMs, fromMs))) / 3600;
    ampereHours += CLOCK_MARGIN * Math.abs(clock.share * flowedAh);
  }
  return ampereHours;
}

/**
 * As it let go last. Where it drives the cell just then, by the mean current of that stretch: exact for a current that is
 * held, and whoever ends a step tells of it once the cell is off.
 */
function passedAtC({ switches, chargeC }: PassedCharge, atMs: number): number {
  const { atMs: times, chargeC: charges } = switches;
  let last = times.length - 1;
  while (last >= 0 && (times[last] ?? 0) > atMs) last -= 1;
  const fromC = charges[last] ?? 0;
  const isDriven = last % 2 === 0;
  const [fromMs, toMs] = [times[last] ?? 0, times[last + 1] ?? atMs];
  if (!isDriven || toMs <= fromMs) return isDriven && last === times.length - 1 ? chargeC : fromC;
  return fromC + ((charges[last + 1] ?? chargeC) - fromC) * ((atMs - fromMs) / (toMs - fromMs));
}

/** Of the faults that were drawn. */
export function wrongClocksOf(
  faults: readonly WorldFault[],
  positionOfLink: ReadonlyMap<string, number>,
): readonly WrongClock[] {
  return faults.flatMap((fault) => {
    if (fault.kind !== "instrument-clock") return [];
    const positionIndex = positionOfLink.get(fault.link);
    const { share, fromMs, toMs = Infinity } = fault;
    return positionIndex === undefined ? [] : [{ positionIndex, share, fromMs, toMs }];
  });
}
