/** Answers a controller's questions for patterns, in lines of JSON: one client at a time is enough, more are welcome. */
import type { Socket } from "node:net";
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

export interface IntegratorServerDeps {
  readonly place: TcpPlace;
  readonly clock: Clock;
  readonly read: PatternOfFile;
  /** Images are looked for there by their names; undefined: under the path that is asked for. */
  readonly folder: string | undefined;
  readonly version: string;
  readonly onAnswered: (framePath: string, problem: string | null) => void;
}

const PROGRAM = "beamrack integrate";
const LINE_LENGTH_MAX = 10_000;
/** A file may come a moment after the question, and less than all of it. */
const WAIT_MS = 10_000;
const LOOK_EVERY_MS = 100;

export function createIntegratorServer(deps: IntegratorServerDeps): ListeningServer {
  const { clock, read, folder } = deps;

  async function answer(socket: Socket, id: number, framePath: string): Promise<void> {
    const path = folder === undefined ? framePath : join(folder, basename(framePath));
    const untilMs = clock.monoMs() + WAIT_MS;
    let found = read(path);
    while (found.kind === "unfinished" && clock.monoMs() < untilMs && !socket.destroyed) {
      await sleep(clock, LOOK_EVERY_MS);
      found = read(path);
    }
    if (socket.destroyed) return;
    socket.write(found.kind === "pattern" ? encodePattern(id, found.pattern) : encodeNoPattern(id, found.reason));
    deps.onAnswered(framePath, found.kind === "pattern" ? null : found.reason);
  }

  return createListeningServer(deps.place, (socket) => {
    const lines = createTextLines(LINE_LENGTH_MAX);
    // What is asked for by somebody who has gone is no loss.
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Uint8Array) => {
      lines.push(chunk, (line) => {
        const asked = decodeIntegratorQuestion(line);
        if (asked.kind === "who") socket.write(encodeIAm(PROGRAM, deps.version));
        else if (asked.kind === "pattern") void answer(socket, asked.id, asked.framePath);
      });
    });
  });
}
