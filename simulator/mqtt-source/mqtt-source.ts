/**
 * The far end of a sensor's cable: a broker with one client's connection, and the publishers behind it, which say
 * their values at fixed times whether anybody listens or not. The last message of each topic is retained and told
 * at once to whoever subscribes, marked as such.
 */
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";
import { createPacketReader, type ClientPacket } from "./mqtt-packet-reader.ts";
import {
  CONNECT_ACCEPTED,
  CONNECT_BAD_CLIENT_ID,
  CONNECT_BAD_LEVEL,
  connectAcknowledgement,
  pingResponse,
  publishAcknowledgement,
  publishPacket,
  subscribeAcknowledgement,
  topicField,
  unsubscribeAcknowledgement,
} from "./mqtt-packets.ts";

export interface MqttSourceTopic {
  readonly topic: string;
  /** Messages come at whole multiples of it. */
  readonly periodMs: number;
  /** What is said at this time; undefined for nothing. Times only grow. */
  payload(atMs: number): string | undefined;
}

export interface MqttSourceDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  readonly topics: readonly MqttSourceTopic[];
  /** Told what the client publishes. */
  readonly heard?: (topic: string, payload: Uint8Array) => void;
}

export interface MqttSource {
  /** A publisher falls silent, or speaks again. The retained message stays. */
  setSilent(topic: string, isSilent: boolean): void;
  /** Says something out of turn; retained like any other message of the source. */
  publish(topic: string, payload: string): void;
  /** The same, and nobody remembers it. */
  say(topic: string, payload: string): void;
  /** The publishers stop for good: no event of the source is left in the world. */
  stop(): void;
  /** Messages sent to a subscriber so far, retained ones included. */
  readonly messageCount: number;
}

interface Publisher {
  readonly field: Uint8Array;
  retained: string | undefined;
  isSilent: boolean;
  isSubscribed: boolean;
  event: number | undefined;
}

/** 3.1.2.10: the broker hangs up after one and a half times the client's keep-alive. */
const KEEP_ALIVE_FACTOR = 1.5;

export function createMqttSource(deps: MqttSourceDeps): MqttSource {
  const { end, clock } = deps;
  const publishers = new Map<string, Publisher>();
  let reader = createPacketReader();
  let isConnected = false;
  let filters = new Set<string>();
  let keepAliveMs = 0;
  let keepAliveEvent: number | undefined;
  let messageCount = 0;

  function publisherOf(topic: string): Publisher {
    const known = publishers.get(topic);
    if (known !== undefined) return known;
    const made: Publisher = {
      field: topicField(topic),
      retained: undefined,
      isSilent: false,
      isSubscribed: isAnyMatch(topic),
      event: undefined,
    };
    publishers.set(topic, made);
    return made;
  }

  function isAnyMatch(topic: string): boolean {
    for (const filter of filters) if (matches(filter, topic)) return true;
    return false;
  }

  function say(publisher: Publisher, payload: string): void {
    publisher.retained = payload;
    send(publisher, payload);
  }

  function send(publisher: Publisher, payload: string): void {
    if (!publisher.isSubscribed) return;
    messageCount += 1;
    end.send(publishPacket(publisher.field, payload, false));
  }

  function schedule(publisher: Publisher, topic: MqttSourceTopic, count: number): void {
    const atMs = count * topic.periodMs;
    publisher.event = clock.at(atMs, () => {
      const payload = publisher.isSilent ? undefined : topic.payload(atMs);
      if (payload !== undefined) say(publisher, payload);
      schedule(publisher, topic, count + 1);
    });
  }

  function forgetClient(): void {
    isConnected = false;
    filters = new Set();
    for (const publisher of publishers.values()) publisher.isSubscribed = false;
    keepAliveMs = 0;
    if (keepAliveEvent !== undefined) clock.cancel(keepAliveEvent);
    keepAliveEvent = undefined;
  }

  function hangUp(why: string): void {
    forgetClient();
    end.hangUp(why);
  }

  function watchKeepAlive(): void {
    if (keepAliveEvent !== undefined) clock.cancel(keepAliveEvent);
    keepAliveEvent = undefined;
    if (!isConnected || keepAliveMs === 0) return;
    keepAliveEvent = clock.at(clock.nowMs() + keepAliveMs * KEEP_ALIVE_FACTOR, () => {
      keepAliveEvent = undefined;
      hangUp("the client was silent beyond its keep-alive");
    });
  }

  function connect(packet: Extract<ClientPacket, { kind: "connect" }>): void {
    const refusal =
      packet.protocolLevel !== 4
        ? CONNECT_BAD_LEVEL
        : packet.clientId === "" && !packet.isClean
          ? CONNECT_BAD_CLIENT_ID
          : CONNECT_ACCEPTED;
    end.send(connectAcknowledgement(refusal));
    if (refusal !== CONNECT_ACCEPTED) {
      hangUp("the broker refused the client");
      return;
    }
    isConnected = true;
    keepAliveMs = packet.keepAliveS * 1000;
  }

  function subscribe(packetId: number, asked: readonly string[]): void {
    for (const filter of asked) filters.add(filter);
    end.send(subscribeAcknowledgement(packetId, asked.length));
    for (const [topic, publisher] of publishers) {
      publisher.isSubscribed = isAnyMatch(topic);
      if (publisher.retained === undefined || !asked.some((filter) => matches(filter, topic))) continue;
      messageCount += 1;
      end.send(publishPacket(publisher.field, publisher.retained, true));
    }
  }

  function act(packet: ClientPacket): void {
    if (!isConnected) {
      // 3.1.0-1: the first packet of a connection is CONNECT, and 3.1.0-2: there is no second.
      if (packet.kind === "connect") connect(packet);
      else hangUp(`${packet.kind} before CONNECT`);
      return;
    }
    switch (packet.kind) {
      case "connect":
        hangUp("a second CONNECT");
        return;
      case "subscribe":
        subscribe(packet.packetId, packet.filters);
        return;
      case "unsubscribe":
        for (const filter of packet.filters) filters.delete(filter);
        for (const [topic, publisher] of publishers) publisher.isSubscribed = isAnyMatch(topic);
        end.send(unsubscribeAcknowledgement(packet.packetId));
        return;
      case "publish":
        deps.heard?.(packet.topic, packet.payload);
        if (packet.qos === 1) end.send(publishAcknowledgement(packet.packetId));
        return;
      case "ping":
        end.send(pingResponse());
        return;
      case "disconnect":
        hangUp("the client said good-bye");
    }
  }

  end.onOpen(() => {
    forgetClient();
    reader = createPacketReader();
  });
  end.onClose(forgetClient);
  end.onData((chunk) => {
    const present = reader;
    for (const packet of present.push(chunk)) {
      if (packet.kind === "violation") {
        hangUp(`a protocol violation: ${packet.why}`);
        return;
      }
      act(packet);
      // Hung up: what else came in the same chunk is of a connection that is gone.
      if (!isConnected) return;
    }
    watchKeepAlive();
  });
  for (const topic of deps.topics) {
    if (!(topic.periodMs > 0)) throw new RangeError(`${topic.topic}: a period of ${topic.periodMs} ms`);
    schedule(publisherOf(topic.topic), topic, Math.floor(clock.nowMs() / topic.periodMs) + 1);
  }

  return {
    setSilent(topic, isSilent) {
      publisherOf(topic).isSilent = isSilent;
    },
    publish(topic, payload) {
      say(publisherOf(topic), payload);
    },
    say(topic, payload) {
      send(publisherOf(topic), payload);
    },
    stop() {
      for (const publisher of publishers.values()) if (publisher.event !== undefined) clock.cancel(publisher.event);
    },
    get messageCount() {
      return messageCount;
    },
  };
}

/** 4.7: `+` for one level, `#` for all that follow, the parent included; neither for topics that begin with `$`. */
function matches(filter: string, topic: string): boolean {
  if (filter === topic) return true;
  if (topic.startsWith("$") && /^[#+]/.test(filter)) return false;
  const filterLevels = filter.split("/");
  const topicLevels = topic.split("/");
  for (const [index, level] of filterLevels.entries()) {
    if (level === "#") return true;
    if (index >= topicLevels.length || (level !== "+" && level !== topicLevels[index])) return false;
  }
  return filterLevels.length === topicLevels.length;
}
