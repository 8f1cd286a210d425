/** What a step says of its samples is held against those on record. */
import { describe, expect, it } from "vitest";
import { createFindingList } from "../../../controller/record/finding-list.ts";
import { createCounterAudit } from "../../../controller/record/verify-counters.ts";

interface Step {
  readonly received: number;
  readonly instrument?: number | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly number?: number;
}

/** Channel 2 is at A3; its steps end one after the other. */
function audit(steps: readonly Step[], atMs: readonly number[], gap?: readonly [number, number]) {
  const findings = createFindingList();
  const counters = createCounterAudit(findings);
  for (const { received, instrument = null, fromMs, toMs, number = 1 } of steps) {
    const samples = { channel: 2, received, instrument, from_ms: fromMs, to_ms: toMs };
    counters.event({ type: "step-ended", dataText: JSON.stringify({ position: "A3", step: number, samples }) });
  }
  counters.samples(2, Float64Array.from(atMs));
  if (gap !== undefined) counters.unknown(2, ...gap);
  return { counts: counters.finish(), findings: findings.all() };
}

function times(count: number, without: readonly number[] = []): readonly number[] {
  return Array.from({ length: count }, (_, index) => 1000 * (index + 1)).filter((at) => !without.includes(at));
}

describe("Samples held against the counts of their steps", () => {
  it("finds nothing where all that came are there and the instrument counted as many", () => {
    const { counts, findings } = audit(
      [
        { received: 4, instrument: 4, fromMs: 1000, toMs: 4000 },
        { received: 5, fromMs: 6000, toMs: 10_000, number: 2 },
      ],
      times(10),
    );
    expect(findings).toEqual([]);
    expect(counts).toEqual({ steps: 2, counted: 1 });
  });

  it("names cell, step and the longest time without a sample where some that came are gone", () => {
    const { findings } = audit([{ received: 10, fromMs: 1000, toMs: 10_000, number: 7 }], times(12, [4000, 5000]));
    expect(findings).toMatchObject([{ severity: "error", code: "samples.counted", where: "A3 step 7" }]);
    expect(findings[0]?.what).toContain("8 of the 10 samples");
    expect(findings[0]?.what).toContain("3000 to 6000 ms");
  });

  it("finds samples that nobody sent", () => {
    const { findings } = audit([{ received: 3, fromMs: 1000, toMs: 4000 }], times(4));
    expect(findings).toMatchObject([{ severity: "error", code: "samples.counted" }]);
  });

  it("warns where the instrument counted more than came", () => {
    const { findings } = audit([{ received: 9, instrument: 10, fromMs: 1000, toMs: 10_000 }], times(12, [6000]));
    expect(findings).toMatchObject([{ severity: "warning", code: "samples.counted", where: "A3 step 1" }]);
    expect(findings[0]?.what).toContain("5000 to 7000 ms");
  });

  it("is content where a gap on record tells of it", () => {
    const step = { received: 9, instrument: 10, fromMs: 1000, toMs: 10_000 };
    expect(audit([step], times(12, [6000]), [5000, 7000]).findings).toEqual([]);
    expect(audit([step], times(12, [6000, 8000]), [5000, 7000]).findings).toEqual([]);
    expect(audit([step], times(12, [6000]), [20_000, 21_000]).findings).toHaveLength(1);
  });

  it("takes the last samples of a channel for those that a run had still in memory", () => {
    const { findings, counts } = audit([{ received: 10, fromMs: 1000, toMs: 10_000 }], times(8));
    expect(findings).toMatchObject([{ severity: "note", where: "A3 step 1" }]);
    expect(counts.steps).toBe(0);
  });
});
