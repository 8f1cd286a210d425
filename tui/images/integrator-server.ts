/** Answers a controller's questions for patterns, in lines of JSON: one client at a time is enough, more are welcome. */
import { basename, join } from "node:path";
import type { Clock } from "../../protocols/base/clock.ts";
import { sleep } from "../../protocols/base/clock.ts";
import {
  decodeIntegratorQuestion,
  encodeIAm,
  encodeNoPattern,
  encodePattern,
} from "../../protocols/wire/json-integrator/integrator-lines.ts";
import { createTextLines } from "../../protocols/wire/text-lines.ts";
import { createListeningServer, type ListeningServer, type TcpPlace } from "../bench/tcp-listener.ts";
import type { PatternOfFile } from "./image-patterns.ts";

export interface QuestionDeps {
  readonly clock: Clock;
  readonly read: PatternOfFile;
  /** Images are looked for there by their names; undefined: under the path that is asked for. */
  readonly folder: string | undefined;
  readonly version: string;
  readonly onAnswered: (framePath: string, problem: string | null) => void;
}

export interface IntegratorServerDeps extends QuestionDeps {
  readonly place: TcpPlace;
}

/** Whoever asked, on whatever way. */
export interface Asker {
  readonly isGone: () => boolean;
  readonly say: (line: string) => void;
}

const PROGRAM = "beamrack integrate";
const LINE_LENGTH_MAX = 10_000;
/** A file may come a moment after the question, and less than all of it. */
const WAIT_MS = 10_000;
const LOOK_EVERY_MS = 100;

/** Answers one question at a time, several at once. What is no question gets no answer. */
export function createQuestionDesk(deps: QuestionDeps): (asker: Asker, question: string) => void {
  const { clock, read, folder } = deps;

  async function answer(asker: Asker, id: number, framePath: string): Promise<void> {
    const path = folder === undefined ? framePath : join(folder, basename(framePath));
    const untilMs = clock.monoMs() + WAIT_MS;
    let found = read(path);
    while (found.kind === "unfinished" && clock.monoMs() < untilMs && !asker.isGone()) {
      await sleep(clock, LOOK_EVERY_MS);
      found = read(path);
    }
    if (asker.isGone()) return;
    asker.say(found.kind === "pattern" ? encodePattern(id, found.pattern) : encodeNoPattern(id, found.reason));
    deps.onAnswered(framePath, found.kind === "pattern" ? null : found.reason);
  }

  return (asker, question) => {
    const asked = decodeIntegratorQuestion(question);
    if (asked.kind === "who") asker.say(encodeIAm(PROGRAM, deps.version));
    else if (asked.kind === "pattern") void answer(asker, asked.id, asked.framePath);
  };
}

export function createIntegratorServer(deps: IntegratorServerDeps): ListeningServer {
  const take = createQuestionDesk(deps);
  return createListeningServer(deps.place, (socket) => {
    const lines = createTextLines(LINE_LENGTH_MAX);
    const asker: Asker = {
      isGone: () => socket.destroyed,
      say: (line) => {
        socket.write(line);
      },
    };
    // What is asked for by somebody who has gone is no loss.
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Uint8Array) => {
      lines.push(chunk, (line) => {
        take(asker, line);
      });
    });
  });
}

/** The same for questions that come as messages, each with the `client` whom its answer is for. */
export function createMessageDesk(
  deps: QuestionDeps,
  publish: (payload: string) => void,
): (payload: Uint8Array) => void {
  const take = createQuestionDesk(deps);
  return (payload) => {
    if (payload.length > LINE_LENGTH_MAX) return;
    const text = Buffer.from(payload).toString("utf8");
    const client = clientOf(text);
    if (client === undefined) return;
    take(
      {
        isGone: () => false,
        say: (line) => {
          publish(`{"client":${JSON.stringify(client)},${line.trim().slice(1)}`);
        },
      },
      text,
    );
  };
}

function clientOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const client: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "client") : undefined;
    return typeof client === "string" ? client : undefined;
  } catch {
    return undefined;
  }
}
