/** Reads messages of the bus: from topic and bytes to a value, or a reason why not. */
import * as z from "zod";
import { cellViewSchema, doseViewSchema, traceViewSchema } from "./cell-views.ts";
import { envelopeSchema, replySchema } from "./commands.ts";
import {
  controllerViewSchema,
  controlViewSchema,
  heartbeatSchema,
  logSchema,
  noticeSchema,
  recentSchema,
} from "./controller-views.ts";
import { handoverViewSchema } from "./handover-view.ts";
import {
  alarmViewSchema,
  beamViewSchema,
  campaignViewSchema,
  exposedSchema,
  exposureViewSchema,
  groupAlarmViewSchema,
  instrumentViewSchema,
  scheduleViewSchema,
} from "./rack-views.ts";
import { parseTopic } from "./topics.ts";

/** The schema of each kind of topic. */
export const BUS_SCHEMAS = {
  controller: controllerViewSchema,
  heartbeat: heartbeatSchema,
  campaign: campaignViewSchema,
  beam: beamViewSchema,
  exposure: exposureViewSchema,
  schedule: scheduleViewSchema,
  alarm: alarmViewSchema,
  control: controlViewSchema,
  recent: recentSchema,
  handover: handoverViewSchema,
  cell: cellViewSchema,
  dose: doseViewSchema,
  trace: traceViewSchema,
  instrument: instrumentViewSchema,
  "group-alarm": groupAlarmViewSchema,
  log: logSchema,
  exposed: exposedSchema,
  notice: noticeSchema,
  command: envelopeSchema,
  reply: replySchema,
} as const;
export type BusKind = keyof typeof BUS_SCHEMAS;

/** A message with the kind of its topic; `of`: position, name of the instrument, or user. */
export type BusMessage = {
  readonly [Kind in BusKind]: {
    readonly kind: Kind;
    readonly of: string | null;
    readonly value: z.output<(typeof BUS_SCHEMAS)[Kind]>;
  };
}[BusKind];

export type ReadMessage =
  | { readonly kind: "read"; readonly rack: string; readonly message: BusMessage }
  /** A retained topic was emptied: what it was about is no more. */
  | { readonly kind: "emptied"; readonly rack: string; readonly topic: string }
  | { readonly kind: "unread"; readonly why: string };

/** Of views: a trace is the longest. */
export const MESSAGE_BYTES_MAX = 256 * 1024;

/** Never throws. */
export function readMessage(topicText: string, payload: Uint8Array): ReadMessage {
  const parsed = parseTopic(topicText);
  if (parsed === undefined) return { kind: "unread", why: "no topic of beamrack's" };
  const { rack, topic } = parsed;
  if (payload.length === 0) return { kind: "emptied", rack, topic: topicText };
  if (payload.length > MESSAGE_BYTES_MAX) return { kind: "unread", why: `${payload.length} bytes are too many` };
  const document = parseJson(payload);
  if (document === undefined) return { kind: "unread", why: "no JSON" };
  const result = BUS_SCHEMAS[topic.kind].safeParse(document.value);
  if (!result.success) return { kind: "unread", why: firstIssue(result.error) };
  const of = "of" in topic ? topic.of : "user" in topic ? topic.user : null;
  // The schema of this very kind has read it.
  const message = { kind: topic.kind, of, value: result.data } as BusMessage;
  return { kind: "read", rack, message };
}

/** The first thing that is wrong, with its path. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "not as its schema has it";
  return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`;
}

function parseJson(payload: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload)) as unknown };
  } catch {
    return undefined;
  }
}
