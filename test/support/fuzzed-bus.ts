/** Messages that nobody should send to a controller: wrong types, sizes, authors, topics, replays, garbage. Seeded. */
import { createChance } from "../../simulator/chance/chance.ts";
import { COMMAND_NAMES, type BusEnvelope } from "../../protocols/bus/commands.ts";
import { EACH_TOPICS, SINGLE_TOPICS, STREAM_TOPICS } from "../../protocols/bus/topics.ts";
import { envelope, USERS } from "./bus-orders.ts";

export interface FuzzedMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1e308, 2 ** 53, "", " ", "A1", "Z99", "\u0000", "anna", [], [1], {}, { a: 1 }],
  "x".repeat(500),
];

/** Every topic to which somebody could write; most of them are nobody's to write to. */
export function fuzzedTopics(rack: string): readonly string[] {
  return [
    ...[...SINGLE_TOPICS, ...STREAM_TOPICS].map((name) => `beamrack/${rack}/${name}`),
    ...EACH_TOPICS.map((name) => `beamrack/${rack}/${name}/A1`),
    ...["viewer", "nobody", "guest", "boris", "planner"].map((user) => `beamrack/${rack}/command/${user}`),
    `beamrack/${rack}/reply/anna/test`,
    ...["beamrack/other-rack/command/anna", "beamrack", "beamrack//command/anna", `beamrack/${rack}/command/anna/more`],
  ];
}

/** What commands that need no control would take, but for one thing. */
const NEARLY = [
  { of: "notify mail", what: null },
  { of: "notify-mail", what: "" },
  { position: "A1", text: " " },
  { position: "A13", text: "warm" },
];

/**
 * `anna` is in control, so nothing here is in her topic: no message of these may be obeyed. Boris and the guest are users
 * who have no control; their envelopes are sound in part.
 */
export function* fuzzedMessages(topic: string, count: number, seed: number, nowMs: number): Generator<FuzzedMessage> {
  const chance = createChance(seed).stream(topic);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(chance.uniform() * list.length)];
  const author = topic.split("/").at(-1) ?? "";
  let before: Uint8Array = new Uint8Array();

  function broken(): Uint8Array {
    const sound: Record<string, unknown> = { ...soundEnvelope() };
    const keys = Object.keys(sound);
    for (let changes = 1 + Math.floor(chance.uniform() * 3); changes > 0; changes -= 1) {
      const key = pick(keys) ?? "v";
      // What is undefined is left out of the text.
      sound[key] = chance.uniform() < 0.2 ? undefined : pick(VALUES);
    }
    return Buffer.from(JSON.stringify(sound));
  }

  function soundEnvelope(): BusEnvelope {
    const command = pick(COMMAND_NAMES.filter((name) => name !== "take-control" && name !== "stop")) ?? "hold";
    const args =
      pick([
        {},
        { position: "A1" },
        { alarm: 7 },
        { class: "exposing" },
        { position: "A1", within_s: 60 },
        ...NEARLY,
      ]) ?? {};
    const name = chance.uniform() < 0.3 ? (pick(USERS)?.name ?? author) : author;
    return envelope(name, command, { args }, nowMs);
  }

  function garbage(): Uint8Array {
    const bytes = new Uint8Array(Math.floor(chance.uniform() ** 4 * 20_000));
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = Math.floor(chance.uniform() * 256);
    return bytes;
  }

  function cut(): Uint8Array {
    const text = JSON.stringify(soundEnvelope());
    return Buffer.from(text.slice(0, Math.floor(chance.uniform() * text.length)));
  }

  for (let index = 0; index < count; index += 1) {
    const kind = Math.floor(chance.uniform() * 6);
    const payload =
      kind === 0
        ? garbage()
        : kind === 1
          ? cut()
          : kind === 2
            ? broken()
            : kind === 3
              ? before
              : kind === 4
                ? Buffer.from(JSON.stringify(pick(VALUES)))
                : Buffer.from(JSON.stringify(soundEnvelope()));
    before = payload;
    yield { topic, payload };
  }
}
