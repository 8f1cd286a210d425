/** A simulated instrument on an HTTP port: requests side by side, each answered when the instrument says so. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Fault } from "../../protocols/base/fault.ts";
import type { HttpAnswer, HttpEnd, HttpRequest } from "../../simulator/plant/http-end.ts";
import type { Chance, WorldClock } from "../../simulator/plant/plant.ts";
import type { BenchListener } from "./listener.ts";
import type { CableFlaws } from "./served-cable.ts";
import type { TcpPlace } from "./tcp-listener.ts";

/** A longer request is none of this instrument's. */
const BODY_MAX = 1024 * 1024;

export interface HttpListener extends BenchListener, CableFlaws {
  /** For the instrument. */
  readonly end: HttpEnd;
}

export function createHttpListener(place: TcpPlace, clock: WorldClock, chance: Chance): HttpListener {
  const flaws = { isHung: false, isGarbled: false, lateMs: 0 };
  let handler: ((request: HttpRequest, answer: HttpAnswer) => void) | undefined;
  let server: Server | undefined;
  let portNumber = place.port;

  function later(fn: () => void): void {
    if (flaws.lateMs === 0) fn();
    else clock.at(clock.nowMs() + flaws.lateMs, fn);
  }

  function answerTo(response: ServerResponse): HttpAnswer {
    let isAnswered = false;
    return (status, body) => {
      if (isAnswered) return;
      isAnswered = true;
      later(() => {
        if (flaws.isHung || response.destroyed) return;
        response.writeHead(status, { "content-type": "application/json", connection: "close" });
        response.end(flaws.isGarbled ? bent(body, chance) : body);
      });
    };
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > BODY_MAX) request.destroy();
      else chunks.push(chunk);
    });
    request.on("error", () => undefined);
    request.on("end", () => {
      if (flaws.isHung) return;
      const body = Buffer.concat(chunks).toString("utf8");
      later(() => {
        handler?.({ method: request.method ?? "GET", path: request.url ?? "/", body }, answerTo(response));
      });
    });
  }

  const text = (): string => `${place.host.includes(":") ? `[${place.host}]` : place.host}:${portNumber}`;

  function unplug(): Promise<void> {
    const closing = server;
    server = undefined;
    if (closing === undefined) return Promise.resolve();
    closing.closeAllConnections();
    return new Promise((resolve) => {
      closing.close(() => {
        resolve();
      });
    });
  }

  return {
    get where() {
      return text();
    },
    hang(isHung) {
      flaws.isHung = isHung;
    },
    slow(byMs) {
      flaws.lateMs = byMs;
    },
    garble(isGarbled) {
      flaws.isGarbled = isGarbled;
    },
    end: {
      onRequest(next) {
        handler = next;
      },
    },
    plug() {
      if (server !== undefined) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const opening = createServer({ keepAlive: false }, serve);
        opening.once("error", (error) => {
          reject(new Fault("bench.listen", text(), error.message, {}, error));
        });
        opening.listen(portNumber, place.host, () => {
          server = opening;
          const address = opening.address();
          if (typeof address === "object" && address !== null) portNumber = address.port;
          resolve();
        });
      });
    },
    unplug,
    close: unplug,
  };
}

/** One character is another. */
function bent(body: string, chance: Chance): string {
  const at = Math.floor(chance.uniform() * body.length);
  return `${body.slice(0, at)}~${body.slice(at + 1)}`;
}
