/** What a record says of the computer's clock against UTC, over all its comparisons. */
import type { ClockComparisons } from "./exported-campaign.ts";
import { numberOrNull, textOrNull, type EventData } from "./event-fields.ts";

export interface ClockFold {
  event(data: EventData): void;
  /** Null where nobody ever said. */
  result(): ClockComparisons | null;
}

export function createClockFold(): ClockFold {
  const sources = new Set<string>();
  let count = 0;
  let leastS = Number.POSITIVE_INFINITY;
  let mostS = Number.NEGATIVE_INFINITY;
  let widestS = 0;
  return {
    event(data) {
      const offsetS = numberOrNull(data["utc_less_clock_s"]);
      const uncertaintyS = numberOrNull(data["uncertainty_s"]);
      if (offsetS === null || uncertaintyS === null) return;
      sources.add(textOrNull(data["source"]) ?? "unknown");
      count += 1;
      leastS = Math.min(leastS, offsetS);
      mostS = Math.max(mostS, offsetS);
      widestS = Math.max(widestS, uncertaintyS);
    },
    result: () => (count === 0 ? null : { sources: [...sources], count, leastS, mostS, uncertaintyS: widestS }),
  };
}
