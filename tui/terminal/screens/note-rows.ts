/** What must be known before anything below is read: that it is old, and what became of the last order. Pure. */
import type { Model } from "../model/model.ts";
import type { Liveness, RackView } from "../model/rack-view.ts";
import { BLANK, cutText, fit, row, span, wrapWords, type Row, type Tone } from "../text/rows.ts";
import { clockText, spanText } from "../text/values.ts";

export const LIVE_WORDS: Readonly<Record<Liveness["kind"], readonly [string, Tone]>> = {
  live: ["● live", "good"],
  connecting: ["○ connecting", "warn"],
  attaching: ["○ not live yet", "warn"],
  silent: ["✗ silent", "alarm"],
  "controller-ended": ["○ ended", "warn"],
  "controller-gone": ["✗ controller gone", "alarm"],
  "broker-gone": ["✗ broker gone", "alarm"],
};

/** What came of an order may be long, and its end says what to do: it is not cut before that. */
const NOTICE_ROWS_MAX = 4;
const LIVENESS_ROWS_MAX = 2;

/** At least one row, blank where there is nothing to say. */
export function noteRows(model: Pick<Model, "rack" | "state" | "wallMs">, width: number): readonly Row[] {
  const { rack, state, wallMs } = model;
  const why = notLiveText(rack, wallMs);
  const { notice } = state;
  const tone = LIVE_WORDS[rack.liveness.kind][1] === "alarm" ? "alarmBar" : "warn";
  // An answer does not hide that the controller is gone; what is no alarm gives way to it.
  const isWhyTold = why !== null && (notice === null || tone === "alarmBar");
  const rows = [
    ...(isWhyTold ? wrapped(why, width, tone, LIVENESS_ROWS_MAX) : []),
    ...(notice === null ? [] : wrapped(notice.text, width, notice.tone, NOTICE_ROWS_MAX)),
  ];
  return rows.length === 0 ? [BLANK] : rows;
}

function wrapped(text: string, width: number, tone: Tone, rowsMax: number): readonly Row[] {
  const lines = wrapWords(text, width - 1);
  const kept = lines.slice(0, rowsMax);
  if (lines.length > rowsMax) kept.splice(-1, 1, cutText(lines.slice(rowsMax - 1).join(" "), width - 1));
  return kept.map((line) => fit(row(span(tone === "alarmBar" ? ` ${line}`.padEnd(width) : ` ${line}`, tone)), width));
}

/** Null while live. */
function notLiveText({ liveness, campaign, controller }: RackView, wallMs: number): string | null {
  if (liveness.kind === "live") return null;
  const since = `since ${clockText(liveness.sinceMs)} (${spanText((wallMs - liveness.sinceMs) / 1000)})`;
  switch (liveness.kind) {
    case "connecting":
      return `Connecting to the broker ${since}${liveness.trouble === null ? "" : `: ${liveness.trouble}`}`;
    case "attaching":
      return liveness.isAnyoneThere
        ? "Reading: nothing is taken as true before the controller itself has spoken of it."
        : `No controller has spoken on this broker ${since}. Does one run?`;
    case "silent": {
      const look = controller === null ? "" : ` Does process ${controller.pid} on ${controller.host} still run?`;
      return `CONTROLLER SILENT ${since}: cells go on by their own limits.${look}`;
    }
    case "controller-ended":
      return `The controller ended ${since}${liveness.why === null ? "" : `: ${liveness.why}`}. This is how it was then; q leaves.`;
    case "controller-gone": {
      const why = liveness.why === null ? "" : `, ${liveness.why}`;
      const on = controller === null ? "" : ` on ${controller.host}`;
      return `CONTROLLER GONE ${since}${why}: cells go on by their own limits. Its command, given again${on}, goes on from the record.`;
    }
    case "broker-gone":
      if (campaign?.state === "complete") return `The campaign was complete; broker and controller are gone ${since}.`;
      return `BROKER GONE ${since}: the rack may well go on; trying again${liveness.trouble === null ? "" : ` (${liveness.trouble})`}`;
  }
}
