/**
 * Says how things stand: each retained topic when it has changed and is due, streams beside them. It never waits for
 * anybody: while the broker is slow or gone nothing is piled up but the newest of the streams, and what is retained is
 * said afresh once there is room.
 */
import { BUS_VERSION, topicText, type BusTopic } from "../../protocols/bus/topics.ts";

/** The way to a broker. Never throws. */
export interface BusPort {
  /** False while nobody listens. */
  readonly isOpen: () => boolean;
  /** Bytes handed over and not yet on their way. */
  readonly backlogBytes: () => number;
  readonly publish: (topic: string, payload: string, retain: boolean) => void;
}

export interface SaidTopic {
  readonly topic: BusTopic;
  /** Told so often at the most. */
  readonly periodMs: number;
  /** Undefined as long as there is nothing to tell. */
  readonly body: () => object | undefined;
}

export interface BusPublisher {
  /** Says these too from now on. */
  add(topics: readonly SaidTopic[]): void;
  /** Says what is due. Called every `TICK_MS`. */
  tick(): void;
  /** A session with a broker that may know nothing: everything is said again. */
  begin(): void;
  /** Says one topic now, if it has changed. */
  now(topic: SaidTopic): void;
  /** The body of `exposed` is stamped when it is said. */
  stream(kind: "log" | "exposed", body: object): void;
  /** Answers one client. */
  reply(topic: BusTopic, body: object): void;
  /** Stream messages that were given up. */
  readonly droppedCount: number;
  readonly publishedCount: number;
}

export interface BusPublisherDeps {
  readonly port: BusPort;
  readonly rack: string;
  readonly topics: readonly SaidTopic[];
  /** What a broker may still keep of a campaign before, and nobody says any more: it is emptied. */
  readonly former?: () => readonly BusTopic[];
  /** Monotonic, of the machine. */
  readonly nowMs: () => number;
  /** As it stands in `at`: by the campaign's clock. */
  readonly timeText: () => string;
  /** As it stands in `said_at`, of what persons do: by the machine's clock. */
  readonly dayText: () => string;
}

/** Ten times a second at the most. */
export const TICK_MS = 100;
/** Beyond it nothing is added before the network has taken it. */
export const BACKLOG_MAX_BYTES = 1_000_000;
export const STREAM_MAX = 1000;

interface KeptTopic extends SaidTopic {
  readonly text: string;
  dueAtMs: number;
  /** Empty where there was nothing to tell; null where the broker may have anything. */
  said: string | null;
}

export function createBusPublisher(deps: BusPublisherDeps): BusPublisher {
  const { port, rack, nowMs } = deps;
  // Spread out, so that no tick has to make them all.
  const kept = deps.topics.map(keep);
  const byTopic = new Map(deps.topics.map((one, index) => [one, kept[index]]));
  let queue: { readonly topic: string; readonly payload: string }[] = [];
  let isSwept = false;
  let droppedCount = 0;
  let publishedCount = 0;

  function keep(one: SaidTopic, index: number): KeptTopic {
    const dueAtMs = (index * TICK_MS) % Math.max(TICK_MS, one.periodMs);
    return { ...one, text: topicText(rack, one.topic), said: null, dueAtMs };
  }

  const hasRoom = (): boolean => port.isOpen() && port.backlogBytes() < BACKLOG_MAX_BYTES;

  function send(topic: string, payload: string, retain: boolean): void {
    publishedCount += 1;
    port.publish(topic, payload, retain);
  }

  function say(one: KeptTopic): void {
    const body = one.body();
    if (body === undefined) {
      // Of a cell of another campaign, maybe of another group's.
      if (one.said === null) send(one.text, "", true);
      one.said ??= "";
      return;
    }
    const said = JSON.stringify(body);
    if (said === one.said) return;
    one.said = said;
    const stamp = one.topic.kind === "control" ? `"said_at":"${deps.dayText()}"` : `"at":"${deps.timeText()}"`;
    send(one.text, `{"v":${BUS_VERSION},${stamp},${said.slice(1)}`, true);
  }

  function flush(): void {
    let sent = 0;
    while (sent < queue.length && hasRoom()) {
      const next = queue[sent];
      if (next !== undefined) send(next.topic, next.payload, false);
      sent += 1;
    }
    if (sent > 0) queue = queue.slice(sent);
  }

  function sweep(): void {
    for (const topic of deps.former?.() ?? []) send(topicText(rack, topic), "", true);
    isSwept = true;
  }

  return {
    add(topics) {
      kept.push(...topics.map(keep));
    },
    tick() {
      flush();
      if (!isSwept && hasRoom()) sweep();
      const atMs = nowMs();
      for (const one of kept) {
        if (atMs < one.dueAtMs || !hasRoom()) continue;
        one.dueAtMs = Math.max(one.dueAtMs + one.periodMs, atMs - one.periodMs);
        say(one);
      }
    },
    begin() {
      isSwept = false;
      for (const one of kept) {
        one.said = null;
        one.dueAtMs = -Infinity;
      }
    },
    now(topic) {
      const one = byTopic.get(topic);
      if (one !== undefined && hasRoom()) say(one);
    },
    stream(kind, body) {
      const stamp = kind === "exposed" ? `"at":"${deps.timeText()}",` : "";
      const payload = `{"v":${BUS_VERSION},${stamp}${JSON.stringify(body).slice(1)}`;
      queue.push({ topic: topicText(rack, { kind }), payload });
      while (queue.length > STREAM_MAX) {
        queue.shift();
        droppedCount += 1;
      }
    },
    reply(topic, body) {
      if (hasRoom()) send(topicText(rack, topic), JSON.stringify(body), false);
    },
    get droppedCount() {
      return droppedCount;
    },
    get publishedCount() {
      return publishedCount;
    },
  };
}
