/** Gaps in a channel's samples, as they go into the record. */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import type { PublicNews } from "../machines/campaign-news.ts";
import type { RecordStore } from "../record/store.ts";
import type { RecordedCell } from "../resume/recorded-cell.ts";

export interface GapNotesDeps {
  readonly campaign: Pick<Campaign, "cells">;
  readonly store: Pick<RecordStore, "gap">;
  readonly intake: Pick<SampleIntake, "lastAtMs">;
  readonly nowMs: () => number;
  readonly fail: (error: unknown) => void;
  /** After a restart. */
  readonly leftCells: readonly Pick<RecordedCell, "left" | "heardUntilMs">[] | undefined;
}

export interface GapNotes {
  /** From the channel's last sample, or from `sinceMs`, until now. */
  readonly note: (cellIndex: number, reason: string, sinceMs?: number) => void;
  /** A cell that is isolated has none from there on. */
  heard(news: PublicNews): void;
}

/** The last step's last sample came later than the last one on record. */
const UNWRITTEN = "the controller was killed before these samples were written";
/** Samples lie further apart; a time computed anew may differ in its last digit. */
const WRITTEN_ALREADY_MS = 1;

export function createGapNotes(deps: GapNotesDeps): GapNotes {
  const { campaign, store, intake, nowMs } = deps;

  function note(cellIndex: number, reason: string, sinceMs?: number): void {
    const fromMs = sinceMs ?? intake.lastAtMs[cellIndex] ?? -Infinity;
    if (!Number.isFinite(fromMs)) return;
    try {
      // A sample bears its instrument's time, which may run a little ahead.
      store.gap({ channelIndex: cellIndex, fromMs, toMs: Math.max(fromMs, nowMs()), reason });
    } catch (error) {
      deps.fail(error);
    }
  }

  deps.leftCells?.forEach(({ heardUntilMs }, cellIndex) => {
    const lastMs = intake.lastAtMs[cellIndex] ?? -Infinity;
    // Killed before anything of the channel was written: all that it said is missing.
    const writtenMs = Number.isFinite(lastMs) ? lastMs : 0;
    if (heardUntilMs !== null && heardUntilMs > writtenMs + WRITTEN_ALREADY_MS) note(cellIndex, UNWRITTEN, writtenMs);
  });

  return {
    note,
    heard(news) {
      if (news.type !== "CELL_ISOLATED") return;
      const cellIndex = campaign.cells.findIndex((cell) => cell.position === news.position);
      // Isolated since before a restart: its gap is on record.
      if (deps.leftCells?.[cellIndex]?.left.phase === "isolated") return;
      if (cellIndex >= 0) note(cellIndex, `the cell was isolated: ${news.fault.what}`);
    },
  };
}
