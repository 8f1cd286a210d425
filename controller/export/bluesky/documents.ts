/** Documents of the Bluesky event model (1.24), as they are written: one run, its descriptors, events and its end. */
import { hash } from "node:crypto";
import type { Json } from "../../../protocols/base/canonical-json.ts";

export type Data = { readonly [key: string]: Json };

export type DocumentName = "start" | "descriptor" | "event" | "stop";

export interface DataKey {
  readonly dtype: "string" | "number" | "integer" | "boolean";
  readonly source: string;
  readonly units?: string;
}

export interface Stream {
  readonly name: string;
  readonly keys: Readonly<Record<string, DataKey>>;
}

/** Writes one run. Its identifiers follow from `seed`, so that the same record gives the same documents. */
export interface RunWriter {
  /** `timeS`: UNIX seconds. Begins the stream with its first event. */
  event(stream: Stream, timeS: number, data: Data): void;
  stop(timeS: number, status: "success" | "abort" | "fail", more: Data): void;
  readonly events: number;
}

export function createRunWriter(
  seed: string,
  start: { readonly timeS: number } & { readonly more: Data },
  write: (name: DocumentName, document: Data) => void,
): RunWriter {
  const runUid = runUidOf(seed);
  const streams = new Map<string, { readonly descriptor: string; count: number }>();
  let events = 0;
  write("start", { ...plainKeys(start.more), uid: runUid, time: start.timeS });

  function begin({ name, keys }: Stream, timeS: number): { readonly descriptor: string; count: number } {
    const begun = { descriptor: uuidOf(`${seed}\n${name}`), count: 0 };
    streams.set(name, begun);
    const dataKeys = Object.entries(keys).map(([key, dataKey]) => [key, { ...dataKey, shape: [], object_name: name }]);
    write("descriptor", {
      uid: begun.descriptor,
      time: timeS,
      run_start: runUid,
      name,
      data_keys: Object.fromEntries(dataKeys) as Data,
      object_keys: { [name]: Object.keys(keys) },
      hints: { [name]: { fields: Object.keys(keys) } },
      configuration: {},
    });
    return begun;
  }

  return {
    event(stream, timeS, data) {
      const begun = streams.get(stream.name) ?? begin(stream, timeS);
      begun.count += 1;
      events += 1;
      const keys = Object.keys(stream.keys);
      write("event", {
        uid: uuidOf(`${seed}\n${stream.name}\n${begun.count}`),
        time: timeS,
        descriptor: begun.descriptor,
        seq_num: begun.count,
        data: Object.fromEntries(keys.map((key) => [key, data[key] ?? null])),
        timestamps: Object.fromEntries(keys.map((key) => [key, timeS])),
        filled: {},
      });
    },
    stop(timeS, status, more) {
      write("stop", {
        ...plainKeys(more),
        uid: uuidOf(`${seed}\nstop`),
        time: timeS,
        run_start: runUid,
        exit_status: status,
        num_events: Object.fromEntries([...streams].map(([name, { count }]) => [name, count])),
      });
    },
    get events() {
      return events;
    },
  };
}

export function runUidOf(seed: string): string {
  return uuidOf(`${seed}\nstart`);
}

/** RFC 9562, version 8: of the text's SHA-256. */
function uuidOf(text: string): string {
  const digits = hash("sha256", text, "hex");
  const variant = "89ab"[Number.parseInt(digits[16] ?? "0", 16) % 4] ?? "8";
  const groups = [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`];
  return [...groups, `${variant}${digits.slice(17, 20)}`, digits.slice(20, 32)].join("-");
}

/** The model takes no dot and no slash in a key, however deep. */
function plainKeys(data: Data): Data {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key.replaceAll(/[./]/g, "_"), plain(value)]));
}

function plain(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  return isList(value) ? value.map(plain) : plainKeys(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
