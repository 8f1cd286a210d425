/** What cells have come to, as levels, for those whose steps end with it. */
import type { Campaign } from "../../protocols/campaign/campaign.ts";

/** `A1 3`: A1 has ended the third step of its file at least once; `A1 over`: nothing more is done with it. */
export function signalOf(position: string, stepIndex: number | null): string {
  return `${position} ${stepIndex === null ? "over" : String(stepIndex + 1)}`;
}

export interface CellSignals {
  /** Somebody waits for it: only then a cell has to tell. */
  isWatched(signal: string): boolean;
  has(signal: string): boolean;
  /** Positions of the cells to tell, in order; none where it is known already. */
  note(signal: string): readonly string[];
  /** The campaign has other rules from here on. */
  amended(): void;
}

export function createCellSignals(campaign: Campaign): CellSignals {
  let waiters = waitersOf(campaign);
  const come = new Set<string>();
  return {
    isWatched: (signal) => waiters.has(signal),
    has: (signal) => come.has(signal),
    note(signal) {
      if (come.has(signal)) return [];
      come.add(signal);
      return waiters.get(signal) ?? [];
    },
    amended() {
      waiters = waitersOf(campaign);
    },
  };
}

function waitersOf({ cells }: Campaign): ReadonlyMap<string, readonly string[]> {
  const waiters = new Map<string, string[]>();
  for (const { position, stepRules } of cells) {
    for (const rule of stepRules) {
      if (rule.kind !== "end-on-cell") continue;
      const signal = signalOf(rule.position, rule.otherStepIndex);
      waiters.set(signal, [...(waiters.get(signal) ?? []), position]);
    }
  }
  return waiters;
}
