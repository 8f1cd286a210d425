/** What has flowed of a cell by an instant, from what its observer noted as its channel switched. */
import type { CellObserver } from "./cell-observer.ts";

/** What a channel truly passed. */
export type PassedCharge = Pick<CellObserver, "switches" | "chargeC" | "missedC">;

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

/** The most that did not flow within the time for a contact that went for a moment: as it began to be driven before, up to when it was let go. */
export function missedBetweenC({ switches, missedC }: PassedCharge, fromMs: number, toMs: number): number {
  const before = switches.atMs.findLastIndex((atMs) => atMs <= fromMs);
  const after = switches.atMs.findIndex((atMs) => atMs >= toMs);
  return (switches.missedC[after] ?? missedC) - (switches.missedC[before] ?? 0);
}
