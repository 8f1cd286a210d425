/**
 * What the controller counts of each cell's charge, held against what its channel truly passed: from one count to the next they
 * may differ by what is stated for that time, and by no more.
 */
import type { ContactLog } from "./contact-log.ts";
import { missedBetweenC, passedAtC, type PassedCharge } from "./passed-charge.ts";
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

/** Where the clock of a channel ran wrong: charge is counted by it. */
export interface WrongClock {
  readonly positionIndex: number;
  readonly share: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Where a dendrite comes and goes: of what it takes of a held voltage between two samples nobody hears. */
export interface Surges {
  readonly positionIndex: number;
  readonly mostA: number;
  readonly fromMs: number;
}

/** What it ran failed behind a cable that was gone for good: nobody can hear that nothing ends what it drives. */
export interface Unended {
  readonly positionIndex: number;
  readonly unendedFromMs: number;
}

export type Uncounted = WrongClock | Surges | Unended;

/** No cell is held at more. */
const HELD_MOST_V = 4.5;
/** Samples are apart, and of a current that changes the mean counts. */
const CLOCK_MARGIN = 2;
/** What did not flow, and what flows more for it once the contact is back. */
const MISSED_MARGIN = 2;
/** Sums of many samples. */
const ROUNDING_AH = 1e-10;

/** Where a robot moves the cells. */
export interface Straying {
  readonly contacts: Pick<ContactLog, "passedC" | "astraySinceMs">;
  /** By the number of the cell: when the controller read a code that tells that it lies elsewhere, or another one in its place. */
  readonly foundOutMs: ReadonlyMap<number, number>;
}

/** Undefined where each cell stays in its place. */
export function strayingOf(
  robot: { readonly contactLog: Straying["contacts"] } | undefined,
  { foundOutMs = new Map<number, number>() }: Partial<Pick<Straying, "foundOutMs">>,
): Straying | undefined {
  return robot === undefined ? undefined : { contacts: robot.contactLog, foundOutMs };
}

/**
 * `counts` of each cell in the order of time; left out: nothing is said of it. What a wrong clock comes to is excused: a
 * controller that told of it would be better; as is what a held voltage did not drive through a contact that went between two
 * samples, and what a channel drives that failed where nobody could hear it. Of a cell that strayed is counted what its place passed, until the controller
 * can know: then what is stated is to cover what the cell itself has had since it left its place.
 */
export function judgeCounts(
  counts: readonly ClaimedCount[] | undefined,
  cells: ReadonlyMap<number, PassedCharge>,
  ledger: Ledger,
  uncounted: readonly Uncounted[],
  straying?: Straying,
): void {
  if (counts === undefined) return;
  const judged = new Map<number, ClaimedCount[]>();
  // A run in which nothing was held against anything counts as broken.
  ledger.count(COUNT_INVARIANT, 0);
  for (const count of counts) {
    const { positionIndex, atMs } = count;
    const cell = cells.get(positionIndex);
    if (cell === undefined) continue;
    const told = judged.get(positionIndex) ?? [];
    judged.set(positionIndex, told);
    const last = told.at(-1);
    const foundMs = straying?.foundOutMs.get(positionIndex) ?? Infinity;
    const isNews = foundMs <= atMs && (last?.atMs ?? -Infinity) < foundMs;
    const sinceMs = isNews ? (straying?.contacts.astraySinceMs(positionIndex, foundMs) ?? null) : null;
    const before = sinceMs === null ? last : told.findLast((one) => one.atMs <= sinceMs);
    told.push(count);
    const passedC = (untilMs: number): number =>
      straying === undefined || sinceMs !== null
        ? passedAtC(cell, untilMs)
        : straying.contacts.passedC(positionIndex, untilMs);
    const fromMs = before?.atMs ?? 0;
    const countedAh = count.chargeAh - (before?.chargeAh ?? 0);
    const statedAh = count.statedAh - (before?.statedAh ?? 0);
    const passedAh = (passedC(atMs) - (before === undefined ? 0 : passedC(fromMs))) / 3600;
    const excusedAh = uncountedAh(cell, passedC, count, fromMs, uncounted);
    const missedAh = (MISSED_MARGIN * missedBetweenC(cell, fromMs, atMs)) / 3600;
    const withinAh = statedAh + excusedAh + missedAh + ROUNDING_AH;
    ledger.check(COUNT_INVARIANT, Math.abs(countedAh - passedAh) <= withinAh, atMs, () => {
      const since = `since ${(fromMs / 1000).toFixed(1)} s`;
      const [passed, counted, stated] = [passedAh, countedAh, statedAh].map((ah) => (1e6 * ah).toFixed(3));
      return `cell ${positionIndex}: ${passed} uAh have flowed ${since}, ${counted} are counted, within ${stated}`;
    });
  }
}

/** What a clock that ran wrong within the time came to, by what flowed meanwhile, and what a dendrite may have taken. */
function uncountedAh(
  cell: PassedCharge,
  passedC: (untilMs: number) => number,
  { positionIndex, atMs }: ClaimedCount,
  fromMs: number,
  uncounted: readonly Uncounted[],
): number {
  let ampereHours = 0;
  for (const one of uncounted) {
    if ("unendedFromMs" in one) {
      const offMs = offAgainMs(cell, one.unendedFromMs);
      if (one.positionIndex === positionIndex && atMs > one.unendedFromMs && fromMs < offMs) return Infinity;
      continue;
    }
    const overMs = Math.min("toMs" in one ? one.toMs : Infinity, atMs);
    const sinceMs = Math.max(one.fromMs, fromMs);
    if (one.positionIndex !== positionIndex || sinceMs > overMs) continue;
    if ("mostA" in one) ampereHours += (one.mostA * (overMs - sinceMs)) / 3_600_000;
    else ampereHours += CLOCK_MARGIN * Math.abs((one.share * (passedC(overMs) - passedC(sinceMs))) / 3600);
  }
  return ampereHours;
}

/** When a cell that is driven at an instant is let go of; -Infinity where it is not driven then. */
function offAgainMs({ switches }: PassedCharge, drivenMs: number): number {
  const next = switches.atMs.findIndex((at) => at > drivenMs);
  const switchesBefore = next < 0 ? switches.atMs.length : next;
  return switchesBefore % 2 === 0 ? -Infinity : (switches.atMs[switchesBefore] ?? Infinity);
}

/** Of the faults that were drawn. */
export function uncountedOf(
  faults: readonly WorldFault[],
  positionOfLink: ReadonlyMap<string, number>,
): readonly Uncounted[] {
  return faults.flatMap((fault): readonly Uncounted[] => {
    if (fault.kind === "cell" && fault.fault.kind === "dendrite") {
      return [{ positionIndex: fault.positionIndex, mostA: HELD_MOST_V / fault.fault.ohm, fromMs: fault.fromMs }];
    }
    if (fault.kind === "instrument-fails") {
      const positionIndex = positionOfLink.get(fault.link);
      const isUnheard = faults.some((other) => isGoneForGood(other, fault.link, fault.fromMs));
      return positionIndex === undefined || !isUnheard ? [] : [{ positionIndex, unendedFromMs: fault.fromMs }];
    }
    if (fault.kind !== "instrument-clock") return [];
    const positionIndex = positionOfLink.get(fault.link);
    const { share, fromMs, toMs = Infinity } = fault;
    return positionIndex === undefined ? [] : [{ positionIndex, share, fromMs, toMs }];
  });
}

function isGoneForGood(fault: WorldFault, link: string, byMs: number): boolean {
  return fault.kind === "link-unplugged" && fault.link === link && fault.fromMs <= byMs && fault.toMs === undefined;
}
