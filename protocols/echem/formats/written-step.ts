/** What the forms without tags have in common when they are written. */
import type { Protocol, ProtocolStep } from "../protocol.ts";

/** For each step, by its index: where the form without tags counts it, from 0. A tag stands for the step after it. */
export function loopStarts(protocol: Protocol): readonly number[] {
  let count = 0;
  return protocol.steps.map((step) => {
    const start = count;
    if (step.kind !== "tag") count += 1;
    return start;
  });
}

/** Says a rate, which means nothing without a capacity. */
export function needsCapacity(step: ProtocolStep): boolean {
  return (
    (step.kind === "constant-current" && step.rateC !== null) ||
    (step.kind === "constant-voltage" && step.untilRateC !== null)
  );
}

/** Upstream's own way of writing a number: always with a point. */
export function decimalText(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** The rate wins, as the format says; null without a current, or without the capacity that a rate needs. */
export function currentMaOf(rateC: number | null, currentMa: number | null, capacityMah: number | null): number | null {
  if (rateC === null) return currentMa;
  return capacityMah === null ? null : rateC * capacityMah;
}
