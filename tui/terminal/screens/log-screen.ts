/** The event log as it is written, by words, or stopped where it is. Pure. */
import type { Model } from "../model/model.ts";
import type { LogLine } from "../model/rack-view.ts";
import { row, span } from "../text/rows.ts";
import { countText } from "../text/values.ts";
import { logRows } from "./log-row.ts";
import { nothingSaid, type Drawn } from "./parts.ts";

/** Lines that have every word of the filter. */
export function filteredLog(lines: readonly LogLine[], filter: string): readonly LogLine[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return lines;
  return lines.filter((line) => {
    const text = `${line.type} ${line.where ?? ""} ${line.text}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function backText(back: number): string {
  return back === 0 ? "" : `  end: the newest`;
}

export function logScreen(model: Model, width: number, height: number): Drawn {
  const { rack, state } = model;
  const kept = state.logStopped ?? rack.log;
  const lines = filteredLog(kept, state.logFilter);
  const stopped =
    state.logStopped === null
      ? span("  running", "good")
      : span(
          `  stopped, ${countText(rack.log.length - kept.length + (rack.log[0]?.seq ?? 0) - (kept[0]?.seq ?? 0))} newer`,
          "warn",
        );
  const filter =
    state.logFilter === ""
      ? ""
      : `  with "${state.logFilter}": ${countText(lines.length)} of ${countText(kept.length)}`;
  const title = row(span("Log", "strong"), stopped, span(filter, "accent"), span(backText(state.scroll.log), "dim"));
  if (lines.length === 0)
    return {
      title,
      rows: [row(span(kept.length === 0 ? nothingSaid(rack) : "no line has these words; escape shows all", "dim"))],
    };
  // The newest at the foot, as logs are read; scrolling goes back from there.
  const rows = lines.flatMap((line) => logRows(line, width));
  const scrollMax = Math.max(0, rows.length - height);
  const back = Math.min(state.scroll.log, scrollMax);
  return { title, rows: rows.slice(Math.max(0, rows.length - height - back), rows.length - back), scrollMax };
}
