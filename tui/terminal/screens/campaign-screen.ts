/** The campaign: how far it is, when it is over, what was asked and what became of it, whose cells they are. Pure. */
import { diskText } from "../../progress/disk-text.ts";
import { stateSign } from "../model/measures.ts";
import type { Model } from "../model/model.ts";
import { timeMs, type RackView } from "../model/rack-view.ts";
import { beside, BLANK, row, span, type Row, type Span } from "../text/rows.ts";
import { barText, countText, dayText, longSpanText, percentText, shareText, UNKNOWN, wordsOf } from "../text/values.ts";
import {
  flow,
  heading,
  labelled,
  labelledLines,
  nothingSaid,
  relativeText,
  scrolled,
  scrollMaxOf,
  table,
  waitLines,
  type Drawn,
} from "./parts.ts";

const GAP = 3;
const LABEL = 13;

export function campaignScreen(model: Model, width: number, height: number): Drawn {
  const { campaign } = model.rack;
  if (campaign === null)
    return { title: row(span("Campaign", "strong")), rows: [row(span(nothingSaid(model.rack), "dim"))] };
  const leftWidth = Math.floor((width - GAP) * 0.5);
  const rightWidth = width - leftWidth - GAP;
  const title = row(
    span("Campaign", "strong"),
    span(`  ${campaign.title === "" ? campaign.campaign : campaign.title}`, "dim"),
  );
  const left = progressRows(model.rack, leftWidth);
  const right = countRows(model.rack, rightWidth);
  const top = model.state.scroll.campaign;
  return {
    title,
    rows: beside(
      [
        { rows: scrolled(left, top, height), width: leftWidth },
        { rows: scrolled(right, top, height), width: rightWidth },
      ],
      GAP,
    ),
    scrollMax: Math.max(scrollMaxOf(left, height), scrollMaxOf(right, height)),
  };
}

function progressRows(rack: RackView, width: number): readonly Row[] {
  const { campaign, nowMs, control, heartbeat, controller } = rack;
  if (campaign === null) return [];
  const share = campaign.duration_s === null ? null : campaign.elapsed_s / campaign.duration_s;
  const barWidth = Math.max(8, width - 8);
  const holder = control?.holder ?? null;
  return [
    heading("Progress", width),
    ...(share === null
      ? []
      : [row(span(barText(share, barWidth), "accent"), span(` ${percentText(Math.min(1, share))}`))]),
    labelled(
      "state",
      wordsOf(campaign.state),
      LABEL,
      campaign.state === "failed" ? "alarm" : campaign.state === "held" ? "warn" : "plain",
    ),
    labelled("begun", dayText(timeMs(campaign.started_at)), LABEL),
    labelled(
      "gone by",
      `${longSpanText(campaign.elapsed_s)}${campaign.duration_s === null ? "" : ` of ${longSpanText(campaign.duration_s)}`}`,
      LABEL,
    ),
    labelled(
      "ends",
      campaign.ends_at === null
        ? "when the last cell has ended"
        : `${dayText(timeMs(campaign.ends_at))}, ${relativeText(campaign.ends_at, nowMs)}`,
      LABEL,
    ),
    labelled("pace", campaign.pace === 1 ? "real time" : `${countText(campaign.pace)} x real time`, LABEL),
    ...labelledLines(
      "world",
      `${campaign.world}${campaign.seed === null ? "" : `, seed ${campaign.seed}`}${campaign.faults === null ? "" : `, faults ${campaign.faults}`}`,
      width,
      LABEL,
    ),
    labelled("site", campaign.site, LABEL),
    BLANK,
    heading("Beam", width),
    labelled("part", wordsOf(campaign.beam_state), LABEL),
    ...(campaign.note === null || campaign.waiting_for !== null
      ? []
      : labelledLines("now", campaign.note, width, LABEL, "accent")),
    ...(campaign.waiting_for === null ? [] : waitLines(campaign.waiting_for, nowMs, width)),
    BLANK,
    heading("Control", width),
    labelled(
      "holder",
      holder === null
        ? "nobody: c takes it"
        : `${holder.author} (${holder.role}), lapses ${holder.until.slice(11, 19)}`,
      LABEL,
    ),
    ...(control?.taking_over == null
      ? []
      : [
          labelled(
            "passes to",
            `${control.taking_over.author} at ${control.taking_over.at.slice(11, 19)}`,
            LABEL,
            "warn",
          ),
        ]),
    ...(control?.last_commands ?? [])
      .slice(0, 4)
      .map(({ author, command, outcome, said_at: at }) =>
        row(
          span(`${at.slice(11, 19)} `, "dim"),
          span(`${author}: ${command}`),
          span(` ${outcome}`, outcome === "done" ? "dim" : "warn"),
        ),
      ),
    BLANK,
    heading("Controller", width),
    labelled(
      "process",
      controller === null ? UNKNOWN : `${controller.pid} on ${controller.host}, beamrack ${controller.version}`,
      LABEL,
    ),
    labelled(
      "loop delay",
      heartbeat?.loop_delay_ms == null ? UNKNOWN : `${heartbeat.loop_delay_ms.toFixed(1)} ms`,
      LABEL,
    ),
    labelled(
      "refused",
      `${countText(heartbeat?.refused ?? 0)} messages, dropped ${countText(heartbeat?.dropped ?? 0)}`,
      LABEL,
    ),
  ];
}

/** Of the cells of a group that are not over, the last one's end; null where one cannot be forecast. */
function groupEndMs({ cells, nowMs }: RackView, group: string): number | "over" | null {
  const ends = cells.flatMap((cell) => {
    if (cell === null || cell.group !== group || OVER.has(cell.state)) return [];
    const endsMs = timeMs(cell.forecast?.ends_at);
    // What is paused has all of it still before it.
    const pausedMs = timeMs(cell.forecast?.paused_since);
    return [endsMs === null || pausedMs === null || nowMs === null ? endsMs : endsMs + Math.max(0, nowMs - pausedMs)];
  });
  if (ends.length === 0) return "over";
  return ends.reduce<number | null>((last, ms) => (last === null || ms === null ? null : Math.max(last, ms)), 0);
}

const OVER: ReadonlySet<string> = new Set(["complete", "isolated", "stopped", "finishing", "stopping", "opening"]);

function groupEndText(rack: RackView, group: string): string {
  const endMs = groupEndMs(rack, group);
  if (endMs === "over") return "over";
  return endMs === null ? UNKNOWN : dayText(endMs);
}

function countRows(rack: RackView, width: number): readonly Row[] {
  const { campaign, schedule } = rack;
  if (campaign === null) return [];
  const { requests, exposures, cells, dose } = campaign;
  const met = requests.asked === 0 ? null : requests.met / requests.asked;
  const reasons = new Map<string, number>();
  for (const { reason } of schedule?.misses ?? []) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const why = [...reasons].map(([reason, count]) => `${reason} ${count}`).join(", ");
  return [
    heading("Measured", width),
    labelled("sweep", `${countText(campaign.sweep.number)} of ${countText(campaign.sweep.of)}`, LABEL),
    labelled("met", `${countText(requests.met)} of ${countText(requests.asked)} (${percentText(met ?? NaN)})`, LABEL),
    labelled(
      "missed",
      `${countText(requests.missed)}, late ${countText(requests.late)}`,
      LABEL,
      requests.missed > 0 ? "warn" : "plain",
    ),
    ...(why === "" ? [] : [labelled("", `of late: ${why}`, LABEL, "dim")]),
    ...labelledLines(
      "exposures",
      `${countText(exposures.made)} made, ${countText(exposures.partial)} partial, ${countText(exposures.aborted)} aborted`,
      width,
      LABEL,
    ),
    labelled("dose", `at most ${shareText(dose.limit_fraction_max)}, refused ${countText(dose.refused)}`, LABEL),
    labelled("samples", countText(campaign.samples), LABEL),
    ...(campaign.disk === undefined ? [] : [labelled("disk", diskText(campaign.disk), LABEL)]),
    BLANK,
    heading(`Cells: ${countText(cells.total)}`, width),
    ...flow(
      Object.entries(cells.by_state)
        .filter(([, count]) => count > 0)
        .sort(([, left], [, right]) => right - left)
        .map(([state, count]) => {
          const { letter, tone } = stateSign(state);
          return row(span(`${letter} `, tone), span(`${wordsOf(state)} `), span(countText(count), "strong"));
        }),
      width,
    ),
    BLANK,
    heading("Groups", width),
    ...table(
      [
        { title: "group", width: Math.min(24, Math.max(8, width - 29)) },
        { title: "cells", width: 5, align: "right" },
        { title: "made", width: 6, align: "right" },
        { title: "ends", width: 12 },
      ],
      campaign.groups.map(({ group, cells: count, exposures: made }): readonly Span[] => [
        span(group),
        span(countText(count)),
        span(countText(made)),
        span(groupEndText(rack, group), "dim"),
      ]),
      width,
    ),
  ];
}
