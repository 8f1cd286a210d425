/**
 * Where what stands on the bus. All topics begin with `beamrack/<rack>/`, the rack being the name of the site. Whatever is
 * of one cell ends with its position, so that a broker can let a group see its own cells only.
 */

/** Of every message; one of another version is not read. */
export const BUS_VERSION = 1;

/** Retained: the last message of each says how it is now. */
export const SINGLE_TOPICS = [
  "controller",
  "heartbeat",
  "campaign",
  "beam",
  "exposure",
  "schedule",
  "alarm",
  "control",
  "recent",
  "handover",
] as const;
export type SingleTopic = (typeof SINGLE_TOPICS)[number];

/** Retained, one topic for each cell, instrument or group: `cell/B7`, `instrument/stage`, `group-alarm/lno-study`. */
export const EACH_TOPICS = ["cell", "dose", "trace", "instrument", "group-alarm"] as const;
export type EachTopic = (typeof EACH_TOPICS)[number];

/** Not retained: who was not there has missed them. */
export const STREAM_TOPICS = ["log", "exposed", "notice"] as const;
export type StreamTopic = (typeof STREAM_TOPICS)[number];

/** A topic, read. `of` is the position or the name of the instrument. */
export type BusTopic =
  | { readonly kind: SingleTopic | StreamTopic }
  | { readonly kind: EachTopic; readonly of: string }
  /** Orders of one user, who alone may write there. */
  | { readonly kind: "command"; readonly user: string }
  /** Answers to one user, who alone may read there. `client` is whatever the asking program calls itself. */
  | { readonly kind: "reply"; readonly user: string; readonly client: string };

/** Names of racks, users, instruments and clients as they stand in topics. */
export const TOPIC_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

export function isTopicName(name: string): boolean {
  return TOPIC_NAME.test(name);
}

/** A name with what a topic cannot hold replaced by `-`. */
export function topicName(name: string): string {
  const text = name.replaceAll(/[^A-Za-z0-9._@-]/g, "-").slice(0, 64);
  return isTopicName(text) ? text : `x${text}`.slice(0, 64);
}

/** Of two groups no two share one, whatever stands in their names: what a topic cannot hold is told apart by a number. */
export function groupTopicName(group: string): string {
  // An `@` is of these names alone.
  return isTopicName(group) && !group.includes("@") ? group : `${topicName(group).slice(0, 48)}@${numberOf(group)}`;
}

/** 53 bits of a text, in base 36 (two rounds of multiply and shift, after Bryc's cyrb53). */
function numberOf(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}

export function topicText(rack: string, topic: BusTopic): string {
  return `beamrack/${rack}/${pathOf(topic)}`;
}

function pathOf(topic: BusTopic): string {
  if (topic.kind === "command") return `command/${topic.user}`;
  if (topic.kind === "reply") return `reply/${topic.user}/${topic.client}`;
  if (topic.kind === "group-alarm") return `${topic.kind}/${groupTopicName(topic.of)}`;
  return "of" in topic ? `${topic.kind}/${topicName(topic.of)}` : topic.kind;
}

/** Undefined for what is no topic of beamrack's. */
export function parseTopic(text: string): { readonly rack: string; readonly topic: BusTopic } | undefined {
  const [root, rack = "", kind = "", of = "", client = "", ...more] = text.split("/");
  if (root !== "beamrack" || !isTopicName(rack) || more.length > 0) return undefined;
  const parts = text.split("/").length - 2;
  const single = [...SINGLE_TOPICS, ...STREAM_TOPICS].find((name) => name === kind);
  if (single !== undefined) return parts === 1 ? { rack, topic: { kind: single } } : undefined;
  if (!isTopicName(of)) return undefined;
  const each = EACH_TOPICS.find((name) => name === kind);
  if (each !== undefined) return parts === 2 ? { rack, topic: { kind: each, of } } : undefined;
  if (kind === "command" && parts === 2) return { rack, topic: { kind, user: of } };
  if (kind === "reply" && parts === 3 && isTopicName(client)) return { rack, topic: { kind, user: of, client } };
  return undefined;
}
