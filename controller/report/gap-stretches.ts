/** When samples of a cell are missing: a gap may be on record more than once, for more than one reason. Pure. */
import type { ExportedGap } from "../export/exported-campaign.ts";

export type GapStretch = Pick<ExportedGap, "fromMs" | "toMs">;

/** In order of time; gaps that overlap or touch are one. */
export function gapStretches(gaps: readonly GapStretch[]): readonly GapStretch[] {
  const stretches: GapStretch[] = [];
  for (const { fromMs, toMs } of [...gaps].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = stretches.at(-1);
    if (last === undefined || fromMs > last.toMs) stretches.push({ fromMs, toMs });
    else stretches[stretches.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, toMs) };
  }
  return stretches;
}

export function secondsOf(stretches: readonly GapStretch[]): number {
  return stretches.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / 1000, 0);
}
