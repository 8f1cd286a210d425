/** What has flowed of a cell by an instant, from what its observer noted as its channel switched. */
import type { CellObserver } from "./cell-observer.ts";

/** What a channel truly passed. */
export type PassedCharge = Pick<CellObserver, "switches" | "chargeC" | "lostContacts">;

/**
 * As it let go last. Where it drives the cell just then, by the mean current of that stretch: exact for a current that is
 * held, and whoever ends a step tells of it once the cell is off.
 */
export function passedAtC({ switches, chargeC }: PassedCharge, atMs: number): number {
  const { atMs: times, chargeC: charges } = switches;
  let last = times.length - 1;
  while (last >= 0 && (times[last] ?? 0) > atMs) last -= 1;
  const fromC = charges[last] ?? 0;
  const isDriven = last % 2 === 0;
  const [fromMs, toMs] = [times[last] ?? 0, times[last + 1] ?? atMs];
  if (!isDriven || toMs <= fromMs) return isDriven && last === times.length - 1 ? chargeC : fromC;
  return fromC + ((charges[last + 1] ?? chargeC) - fromC) * ((atMs - fromMs) / (toMs - fromMs));
}

/** Samples are no further apart: of a contact that is gone for longer they tell. */
const UNHEARD_MOST_MS = 60_000;

/** The most that did not flow within the time for contacts that went for a moment, as far as no sample need tell of it. */
export function missedBetweenC({ lostContacts }: PassedCharge, fromMs: number, toMs: number): number {
  return lostContacts.reduce((missedC, lostContact) => {
    const lastedMs = Math.min(toMs, lostContact.toMs) - Math.max(fromMs, lostContact.fromMs);
    return missedC + (lostContact.beforeA * Math.min(UNHEARD_MOST_MS, Math.max(0, lastedMs))) / 1000;
  }, 0);
}
