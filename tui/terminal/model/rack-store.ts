/**
 * Keeps what the bus says, and makes of it the view that is drawn. Messages are only put down as they come; they are read
 * when somebody looks, so that a topic that speaks ten times a second is read as often as it is drawn.
 */
import { POSITION_COUNT, parsePosition, positionIndex } from "../../../protocols/base/position.ts";
import { readMessage, type BusMessage } from "../../../protocols/bus/messages.ts";
import { parseTopic, STREAM_TOPICS } from "../../../protocols/bus/topics.ts";
import { emptyRack, timeMs, type Liveness, type LogLine, type RackView } from "./rack-view.ts";

/** Lines of the log that are kept to be looked through. */
const LOG_LINES_MAX = 1000;
/** Stream messages that may wait between two looks. */
const STREAM_WAITING_MAX = 2000;
/** As the heartbeat's own: so many periods without one, and what is shown is no longer live. */
const BEATS_MISSED_MAX = 3;
const PERIOD_DEFAULT_S = 1;

/** The session with the broker, as whoever keeps it tells. Times are the day's. */
export type Session =
  | { readonly kind: "opening"; readonly sinceMs: number; readonly trouble: string | null }
  | { readonly kind: "open"; readonly sinceMs: number }
  | { readonly kind: "lost"; readonly sinceMs: number; readonly trouble: string | null };

export interface RackStore {
  /** @param isRetained the broker's memory, and not said just now */
  hear(topic: string, payload: Uint8Array, isRetained: boolean, atMs: number): void;
  session(session: Session): void;
  /** @param atMs the day's time now. The same object while nothing is new. */
  look(atMs: number): RackView;
}

export function createRackStore(startMs: number): RackStore {
  let view = emptyRack(startMs);
  let session: Session = { kind: "opening", sinceMs: startMs, trouble: null };
  /** The last message of each topic that was not read yet. */
  const unread = new Map<string, Uint8Array>();
  const stream: { topic: string; payload: Uint8Array }[] = [];
  /** When the controller last said something itself; null since the session was opened. */
  let spokeAtMs: number | null = null;
  let wasOpen = false;

  function livenessAt(atMs: number): Liveness {
    const { controller, heartbeat } = view;
    // Its own broker ends with it: that is no other news.
    if (controller?.state === "ended" && wasOpen) {
      return { kind: "controller-ended", sinceMs: timeMs(controller.said_at) ?? session.sinceMs, why: controller.how };
    }
    const lastMs = timeMs(heartbeat?.said_at) ?? spokeAtMs ?? session.sinceMs;
    // The broker told of it, and may since be gone as well.
    if (controller?.state === "gone" && wasOpen) {
      return { kind: "controller-gone", sinceMs: lastMs, why: controller.how };
    }
    if (session.kind === "opening") {
      const { sinceMs, trouble } = session;
      return wasOpen ? { kind: "broker-gone", sinceMs, trouble } : { kind: "connecting", sinceMs, trouble };
    }
    if (session.kind === "lost") return { kind: "broker-gone", sinceMs: session.sinceMs, trouble: session.trouble };
    const patienceMs = (heartbeat?.period_s ?? PERIOD_DEFAULT_S) * BEATS_MISSED_MAX * 1000;
    // Somebody is there, but has not told of the rack yet.
    const isEmpty = view.campaign === null && view.cells.every((cell) => cell === null);
    if (spokeAtMs !== null && isEmpty && atMs - spokeAtMs <= patienceMs) {
      return { kind: "attaching", sinceMs: session.sinceMs, isAnyoneThere: true };
    }
    if (spokeAtMs === null) {
      if (controller !== null && atMs - session.sinceMs > patienceMs) return { kind: "silent", sinceMs: lastMs };
      return { kind: "attaching", sinceMs: session.sinceMs, isAnyoneThere: controller !== null };
    }
    return atMs - spokeAtMs > patienceMs ? { kind: "silent", sinceMs: spokeAtMs } : { kind: "live" };
  }

  function readAll(): void {
    if (unread.size === 0 && stream.length === 0) return;
    const draft = openDraft(view);
    for (const [topic, payload] of unread) take(draft, topic, payload);
    unread.clear();
    for (const { topic, payload } of stream) take(draft, topic, payload);
    stream.length = 0;
    view = closeDraft(draft);
  }

  return {
    hear(topic, payload, isRetained, atMs) {
      if (!isRetained) spokeAtMs = atMs;
      const kind = parseTopic(topic)?.topic.kind;
      if (STREAM_TOPICS.some((name) => name === kind)) {
        stream.push({ topic, payload });
        if (stream.length > STREAM_WAITING_MAX) stream.splice(0, stream.length - STREAM_WAITING_MAX);
      } else if (kind !== "command" && kind !== "reply") unread.set(topic, payload);
    },
    session(next) {
      if (next.kind === "open") {
        wasOpen = true;
        spokeAtMs = null;
      }
      session = next;
    },
    look(atMs) {
      readAll();
      const liveness = livenessAt(atMs);
      if (!isSame(liveness, view.liveness)) view = { ...view, liveness };
      return view;
    },
  };
}

function isSame(left: Liveness, right: Liveness): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

interface Draft {
  view: RackView;
  cells: RackView["cells"][number][] | null;
  doses: RackView["doses"][number][] | null;
  traces: RackView["traces"][number][] | null;
  instruments: Map<string, RackView["instruments"][number]> | null;
  lines: LogLine[];
}

function openDraft(view: RackView): Draft {
  return { view, cells: null, doses: null, traces: null, instruments: null, lines: [] };
}

function take(draft: Draft, topic: string, payload: Uint8Array): void {
  const read = readMessage(topic, payload);
  if (read.kind === "unread") {
    draft.view = { ...draft.view, unreadableCount: draft.view.unreadableCount + 1 };
    return;
  }
  if (read.kind === "emptied") {
    empty(draft, topic);
    return;
  }
  const { rack, message } = read;
  const said = "at" in message.value ? timeMs(message.value.at) : null;
  const nowMs = said === null ? draft.view.nowMs : Math.max(draft.view.nowMs ?? said, said);
  draft.view = { ...draft.view, rack, nowMs };
  takeMessage(draft, message);
}

function takeMessage(draft: Draft, message: BusMessage): void {
  const { view } = draft;
  switch (message.kind) {
    case "controller":
      // Another run: nothing of the one before may stand beside it.
      if (
        view.controller !== null &&
        view.controller.instance !== message.value.instance &&
        message.value.state === "present"
      ) {
        draft.view = { ...view, log: [], handover: null, nowMs: null };
      }
      draft.view = { ...draft.view, controller: message.value };
      break;
    case "heartbeat":
      draft.view = { ...view, heartbeat: message.value };
      break;
    case "campaign":
      draft.view = { ...view, campaign: message.value };
      break;
    case "beam":
      draft.view = { ...view, beam: message.value };
      break;
    case "exposure":
      draft.view = { ...view, exposure: message.value };
      break;
    case "schedule":
      draft.view = { ...view, schedule: message.value };
      break;
    case "alarm":
      draft.view = {
        ...view,
        areAlarmsKnown: true,
        alarms: message.value.open,
        alarmsUnnamedCount: message.value.unnamed,
      };
      break;
    case "group-alarm": {
      // Who sees the whole list needs no part of it; whoever belongs to several groups hears of each.
      if (view.campaign !== null) break;
      const { group, open } = message.value;
      const others = view.alarms.filter((alarm) => (alarm.group ?? group) !== group);
      const alarms = [...open, ...others].sort((left, right) => right.id - left.id);
      draft.view = { ...view, areAlarmsKnown: true, alarms };
      break;
    }
    case "control":
      draft.view = { ...view, control: message.value };
      break;
    case "handover":
      draft.view = { ...view, handover: message.value };
      break;
    case "cell":
      put((draft.cells ??= [...view.cells]), message.of, message.value);
      break;
    case "dose":
      put((draft.doses ??= [...view.doses]), message.of, message.value);
      break;
    case "trace":
      put((draft.traces ??= [...view.traces]), message.of, message.value);
      break;
    case "instrument":
      instrumentsOf(draft).set(message.value.name, message.value);
      break;
    case "recent":
      draft.lines.push(...message.value.lines);
      break;
    case "log":
      draft.lines.push(message.value);
      break;
    case "exposed":
    case "notice":
    case "command":
    case "reply":
      break;
  }
}

function put<T>(list: (T | null)[], of: string | null, value: T | null): void {
  const position = parsePosition(of ?? "");
  if (position === undefined) return;
  const index = positionIndex(position);
  if (index < POSITION_COUNT) list[index] = value;
}

function instrumentsOf(draft: Draft): Map<string, RackView["instruments"][number]> {
  draft.instruments ??= new Map(draft.view.instruments.map((instrument) => [instrument.name, instrument]));
  return draft.instruments;
}

/** A retained topic was emptied: what it was about is no more. */
function empty(draft: Draft, topicText: string): void {
  const topic = parseTopic(topicText)?.topic;
  if (topic === undefined || !("of" in topic)) return;
  if (topic.kind === "cell") put((draft.cells ??= [...draft.view.cells]), topic.of, null);
  if (topic.kind === "dose") put((draft.doses ??= [...draft.view.doses]), topic.of, null);
  if (topic.kind === "trace") put((draft.traces ??= [...draft.view.traces]), topic.of, null);
  if (topic.kind === "instrument") instrumentsOf(draft).delete(topic.of);
}

function closeDraft({ view, cells, doses, traces, instruments, lines }: Draft): RackView {
  const sorted =
    instruments === null
      ? view.instruments
      : [...instruments.values()].sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
  return {
    ...view,
    cells: cells ?? view.cells,
    doses: doses ?? view.doses,
    traces: traces ?? view.traces,
    instruments: sorted,
    log: lines.length === 0 ? view.log : merged(view.log, lines),
  };
}

/** By number, each once: `recent` tells again what the stream has told. */
function merged(old: readonly LogLine[], lines: readonly LogLine[]): readonly LogLine[] {
  const bySeq = new Map(old.map((line) => [line.seq, line]));
  for (const line of lines) bySeq.set(line.seq, line);
  return [...bySeq.values()].sort((left, right) => left.seq - right.seq).slice(-LOG_LINES_MAX);
}
