/** After a restart nothing is exposed before each cell was found again, or given up, or long enough sought for. */
import type { Clock } from "../../protocols/base/clock.ts";

export interface ReunionDeps {
  readonly clock: Clock;
  /** 0 where there was no restart. */
  readonly cellCount: number;
  readonly stateOf: (cellIndex: number) => string;
  readonly longestMs: number;
  /** Called once, when the search is over. */
  readonly over: () => void;
}

export interface Reunion {
  begin(): void;
  /** What keeps the beam from being used, or null. */
  obstacle(): { readonly reason: string; readonly who: string } | null;
  /** Nothing can be said of the cell yet; while this is so there is an obstacle. */
  isSought(cellIndex: number): boolean;
}

const SOUGHT: ReadonlySet<string> = new Set(["beginning", "awaitingChannel", "finding", "proving"]);
const LOOK_MS = 500;

export function createReunion({ clock, cellCount, stateOf, longestMs, over }: ReunionDeps): Reunion {
  let untilMs: number | null = null;

  function soughtCount(): number {
    let count = 0;
    for (let cellIndex = 0; cellIndex < cellCount; cellIndex += 1) if (SOUGHT.has(stateOf(cellIndex))) count += 1;
    return count;
  }

  function look(): void {
    if (soughtCount() > 0 && clock.monoMs() < (untilMs ?? 0)) {
      clock.setTimeout(look, LOOK_MS);
      return;
    }
    untilMs = null;
    over();
  }

  return {
    begin() {
      if (cellCount === 0) return;
      untilMs = clock.monoMs() + longestMs;
      clock.setTimeout(look, LOOK_MS);
    },
    obstacle() {
      if (untilMs === null) return null;
      return { reason: `${soughtCount()} cells to be found again after the restart`, who: "channels" };
    },
    isSought: (cellIndex) => untilMs !== null && SOUGHT.has(stateOf(cellIndex)),
  };
}
