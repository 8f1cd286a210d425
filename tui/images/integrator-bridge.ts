/**
 * Questions of a controller, which asks in lines over TCP, carried to a program that is asked over MQTT, and its answers
 * back. One document a message: questions on `<topic>/ask`, answers on `<topic>/answer`; `client` says whose they are.
 */
import type { Socket } from "node:net";
import { createTextLines } from "../../protocols/wire/text-lines.ts";
import { createListeningServer, type ListeningServer, type TcpPlace } from "../bench/tcp-listener.ts";

export interface IntegratorBridge extends ListeningServer {
  /** A message on `<topic>/answer`. What is no answer to a question of this bridge is left alone. */
  heard(payload: Uint8Array): void;
}

export interface IntegratorBridgeDeps {
  readonly place: TcpPlace;
  /** Tells this bridge from others on the same topic. */
  readonly client: string;
  /** On `<topic>/ask`; false where no broker is there. */
  readonly publish: (payload: string) => boolean;
}

const LINE_LENGTH_MAX = 10_000;
/** Of questions that were never answered the oldest are forgotten: who asked has given them up. */
const WAITING_MAX = 1000;

interface Asked {
  readonly socket: Socket;
  readonly id: number;
}

export function createIntegratorBridge(deps: IntegratorBridgeDeps): IntegratorBridge {
  const asked = new Map<number, Asked>();
  const whoAsked = new Set<Socket>();
  let lastId = 0;

  function take(socket: Socket, line: string): void {
    const question = recordOf(line);
    if (question?.["ask"] === "who") {
      whoAsked.add(socket);
      deps.publish(JSON.stringify({ ask: "who", client: deps.client }));
      return;
    }
    const { ask, id, frame } = question ?? {};
    if (ask !== "pattern" || typeof id !== "number" || typeof frame !== "string") return;
    lastId += 1;
    asked.set(lastId, { socket, id });
    const [oldest] = asked.keys();
    if (asked.size > WAITING_MAX && oldest !== undefined) asked.delete(oldest);
    if (deps.publish(JSON.stringify({ ask, id: lastId, frame, client: deps.client }))) return;
    asked.delete(lastId);
    socket.write(lineOf({ id, none: "no broker is there that could carry the question" }));
  }

  const server = createListeningServer(deps.place, (socket) => {
    const lines = createTextLines(LINE_LENGTH_MAX);
    // What was asked for by somebody who has gone is no loss.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      whoAsked.delete(socket);
      for (const [id, one] of asked) if (one.socket === socket) asked.delete(id);
    });
    socket.on("data", (chunk: Uint8Array) => {
      lines.push(chunk, (line) => {
        take(socket, line);
      });
    });
  });

  return {
    open: () => server.open(),
    shut: () => server.shut(),
    get where() {
      return server.where;
    },
    heard(payload) {
      const answer = recordOf(Buffer.from(payload).toString("utf8"));
      if (answer === undefined || answer["client"] !== deps.client) return;
      const said = Object.fromEntries(Object.entries(answer).filter(([key]) => key !== "client"));
      if (said["who"] !== undefined) {
        for (const socket of whoAsked) socket.write(lineOf(said));
        whoAsked.clear();
        return;
      }
      const { id } = said;
      const one = typeof id === "number" ? asked.get(id) : undefined;
      if (typeof id !== "number" || one === undefined) return;
      asked.delete(id);
      if (!one.socket.destroyed) one.socket.write(lineOf({ ...said, id: one.id }));
    },
  };
}

/** Lines are ASCII, whatever a path holds. */
function lineOf(document: object): string {
  const text = JSON.stringify(document).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${text}\n`;
}

function recordOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
