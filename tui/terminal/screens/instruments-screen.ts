/** Instruments: who answers and how soon, who does not; those in trouble first. Pure. */
import type { BusInstrument } from "../../../protocols/bus/rack-views.ts";
import { positionIndexOf } from "../keys/orders.ts";
import type { Model } from "../model/model.ts";
import { BLANK, row, span, textWidth, wrapWords, type Span, type Tone } from "../text/rows.ts";
import { countText, spanText, UNKNOWN } from "../text/values.ts";
import { nothingSaid, relativeText, scrolled, scrollMaxOf, table, type Drawn } from "./parts.ts";

/** From here on there is room for the driver. */
const WIDE_FROM = 120;

const INSTRUMENT_TONES: Readonly<Record<BusInstrument["state"], Tone>> = {
  ready: "good",
  connecting: "accent",
  pausing: "warn",
  failed: "alarm",
  isolated: "alarm",
};

/** Older than this, what a channel said last is told. */
const OLD_S = 60;

export function instrumentsScreen(model: Model, width: number, height: number): Drawn {
  const { instruments, beam, nowMs } = model.rack;
  const wellCount = instruments.filter(({ state }) => state === "ready").length;
  if (instruments.length === 0) {
    const name = row(span("Instruments", "strong"), ...watchdogSpans(beam?.watchdog_tripped));
    return { title: name, rows: [row(span(nothingSaid(model.rack, "them"), "dim"))] };
  }
  const title = row(
    span("Instruments", "strong"),
    span(`  ${countText(wellCount)} of ${countText(instruments.length)} ready`, "dim"),
    ...watchdogSpans(beam?.watchdog_tripped),
  );
  // Those that do not answer stand first; then those that all need; channels last.
  const rank = (one: BusInstrument): number => (one.state !== "ready" ? 0 : one.position === null ? 1 : 2);
  const order = (one: BusInstrument): number => positionIndexOf(one.position ?? "") ?? -1;
  const ordered = [...instruments].sort((left, right) => rank(left) - rank(right) || order(left) - order(right));
  const isWide = width >= WIDE_FROM;
  const count = (many: number): Span => span(many === 0 ? "-" : countText(many), many === 0 ? "dim" : "warn");
  const lines = ordered.map((one): readonly Span[] => [
    span(one.name, "strong"),
    span(one.state, INSTRUMENT_TONES[one.state]),
    span(one.answer_ms === null ? UNKNOWN : millisecondText(one.answer_ms), "dim"),
    count(one.losses),
    count(one.errors),
    ...(isWide ? [span(one.driver, "dim")] : []),
    span(one.firmware ?? UNKNOWN, "dim"),
    aboutSpan(one, nowMs, isWide),
  ]);
  const nameWidth = Math.min(18, Math.max(8, ...instruments.map(({ name }) => name.length)));
  const columns = [
    { title: "name", width: nameWidth },
    { title: "state", width: 10 },
    { title: "answers", width: 7, align: "right" as const },
    { title: "lost", width: 4, align: "right" as const },
    { title: "errors", width: 6, align: "right" as const },
    ...(isWide ? [{ title: "driver", width: 20 }] : []),
    { title: "firmware", width: isWide ? 22 : 8 },
    { title: "", width: 20 },
  ];
  const aboutWidth = width - columns.slice(0, -1).reduce((sum, column) => sum + column.width + 2, 0);
  const [head = BLANK, ...rows] = table(
    columns,
    lines.map((line, index) => {
      const { fault } = ordered[index] ?? {};
      const isTold = fault != null && textWidth(line.at(-1)?.text ?? "") > aboutWidth;
      return isTold ? [...line.slice(0, -1), span(fault.code, "warn")] : line;
    }),
    width,
  );
  // What is wrong, and what to do, is told whole: under its line where there is no room in it.
  const rest = rows.flatMap((cells, index) => {
    const about = lines[index]?.at(-1);
    const isCut = ordered[index]?.fault != null && about !== undefined && textWidth(about.text) > aboutWidth;
    const told = isCut ? wrapWords(about.text, width - 2).map((text) => row(span(`  ${text}`, about.tone))) : [];
    return [cells, ...told];
  });
  return {
    title,
    rows: [head, ...scrolled(rest, model.state.scroll.instruments, height - 1)],
    scrollMax: scrollMaxOf(rest, height - 1),
  };
}

/** The one that closes the shutter when the controller falls silent. */
function watchdogSpans(isTripped: boolean | null | undefined): readonly Span[] {
  if (isTripped === undefined || isTripped === null) return [span("   watchdog not read yet", "dim")];
  return isTripped ? [span("   WATCHDOG TRIPPED", "alarm")] : [span("   watchdog in order", "dim")];
}

/** What is wrong, or else what it is and whose. */
function aboutSpan(one: BusInstrument, nowMs: number | null, isWide: boolean): Span {
  const { fault, waiting_for: waiting, last_answer_age_s: ageS } = one;
  if (fault !== null) {
    return span(`${fault.what}${/[.!?]$/.test(fault.what) ? "" : "."} ${fault.advice}`, "warn");
  }
  if (waiting !== null) {
    const until = waiting.until === null ? "a person decides" : relativeText(waiting.until, nowMs);
    return span(`waits for ${waiting.reason}, until ${until}`, "accent");
  }
  if (ageS !== null && ageS >= OLD_S) return span(`silent for ${spanText(ageS)}`, "warn");
  const isNamedSo = one.position === null || positionIndexOf(one.name) === positionIndexOf(one.position);
  const what = [one.model ?? (isWide ? "" : one.driver), isNamedSo ? "" : `cell ${one.position ?? ""}`];
  return span(what.filter((part) => part !== "").join(", "), "dim");
}

function millisecondText(ms: number): string {
  return ms >= 10_000 ? spanText(ms / 1000) : `${String(Math.round(ms))} ms`;
}
