/** The JSON Schema of every topic of the bus, from the schemas by which messages are read. */
import * as z from "zod";
import { BUS_SCHEMAS, type BusKind } from "../protocols/bus/messages.ts";
import { COMMAND_ARGS } from "../protocols/bus/commands.ts";
import { EACH_TOPICS, SINGLE_TOPICS, STREAM_TOPICS } from "../protocols/bus/topics.ts";

export const BUS_SCHEMA_FOLDER = "docs/bus";

const EACH_OF: Readonly<Partial<Record<BusKind, string>>> = { instrument: "name", "group-alarm": "group" };

function topicOf(kind: BusKind): string {
  if (kind === "command") return "beamrack/<rack>/command/<user>";
  if (kind === "reply") return "beamrack/<rack>/reply/<user>/<client>";
  const isEach = EACH_TOPICS.some((name) => name === kind);
  return `beamrack/<rack>/${kind}${isEach ? `/<${EACH_OF[kind] ?? "position"}>` : ""}`;
}

function isRetained(kind: BusKind): boolean {
  return [...SINGLE_TOPICS, ...EACH_TOPICS].some((name) => name === kind);
}

/** Text by path. */
export function busSchemaFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const kind of Object.keys(BUS_SCHEMAS) as BusKind[]) {
    const isStream = STREAM_TOPICS.some((name) => name === kind);
    const how = isRetained(kind) ? "retained" : isStream ? "stream" : "request and answer";
    const schema = { title: topicOf(kind), $comment: how, ...z.toJSONSchema(BUS_SCHEMAS[kind]) };
    files.set(`${BUS_SCHEMA_FOLDER}/${kind}.json`, `${JSON.stringify(schema, null, 2)}\n`);
  }
  const args = Object.fromEntries(
    Object.entries(COMMAND_ARGS).map(([name, schema]) => [name, z.toJSONSchema(schema, { io: "input" })]),
  );
  files.set(`${BUS_SCHEMA_FOLDER}/command-args.json`, `${JSON.stringify(args, null, 2)}\n`);
  return files;
}
