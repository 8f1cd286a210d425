/**
 * HTTP to one device over node:http. Each request opens a connection of its own and closes it: nothing is kept
 * alive, pooled, redirected or tried again. Deadlines run on the injected clock; bodies are bounded.
 */
import { Buffer } from "node:buffer";
import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { HttpMethod, HttpPort, HttpReply } from "../../protocols/roles/http.ts";

export interface HttpPortDeps {
  /** As the site file names it. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** Longest wait for a connection. Default 3000 ms; a request's own deadline may end it sooner. */
  readonly connectMs?: number;
  /** A longer body is not read. Default 1 MiB. */
  readonly bodyBytesMax?: number;
  /** More requests at once are turned away with `device.refused`. Default 8. */
  readonly requestsMax?: number;
}

const CONNECT_MS = 3000;
const BODY_BYTES_MAX = 1 << 20;
const REQUESTS_MAX = 8;

interface UnderWay {
  fail(fault: Fault): void;
}

export function createHttpPort(deps: HttpPortDeps): HttpPort {
  const { name, host, port, clock } = deps;
  const connectMs = deps.connectMs ?? CONNECT_MS;
  const bodyBytesMax = deps.bodyBytesMax ?? BODY_BYTES_MAX;
  const requestsMax = deps.requestsMax ?? REQUESTS_MAX;
  const underWay = new Set<UnderWay>();

  function open(method: HttpMethod, path: string, body: string | null): ClientRequest {
    const bytes = body === null ? null : Buffer.from(body, "utf8");
    return httpRequest({
      host,
      port,
      method,
      path,
      // A socket of our own instead of an agent's: nothing is pooled. Trying addresses side by side would need timers.
      createConnection: () => connect({ host, port, autoSelectFamily: false }),
      headers: {
        Accept: "application/json",
        Connection: "close",
        ...(bytes === null ? {} : { "Content-Type": "application/json" }),
        ...(method === "PUT" ? { "Content-Length": bytes?.length ?? 0 } : {}),
      },
    }).end(bytes ?? undefined);
  }

  function send(method: HttpMethod, path: string, body: string | null, deadlineMs: number): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      if (underWay.size >= requestsMax) {
        reject(new Fault("device.refused", name, `${requestsMax} requests to this device are under way already`));
        return;
      }
      const what = `${method} ${path}`;
      const client = open(method, path, body);
      let isConnected = false;
      const settle = (): boolean => {
        if (!underWay.delete(present)) return false;
        clock.clearTimeout(deadline);
        clock.clearTimeout(connectDeadline);
        client.destroy();
        return true;
      };
      const present: UnderWay = {
        fail(fault) {
          if (settle()) reject(fault);
        },
      };
      underWay.add(present);
      const broke = (why: string, isRefused = false): void => {
        if (isConnected) {
          present.fail(new Fault("link.closed", name, `the connection broke before ${what} was answered: ${why}`));
        } else if (isRefused) present.fail(new Fault("link.refused", name, `${host}:${port}: nothing listens there`));
        else present.fail(new Fault("link.open-failed", name, `no connection to ${host}:${port}: ${why}`));
      };
      const late = (): void => {
        if (isConnected) {
          present.fail(new Fault("link.timeout", name, `no answer to ${what} within ${deadlineMs} ms`));
        } else broke("it did not come about in time");
      };
      const deadline = clock.setTimeout(late, deadlineMs);
      const connectDeadline = clock.setTimeout(() => {
        if (!isConnected) late();
      }, connectMs);

      client.on("socket", (socket) => {
        socket.setNoDelay(true);
        socket.once("connect", () => {
          isConnected = true;
        });
      });
      client.on("error", (error) => {
        if (isGarbled(error)) {
          present.fail(new Fault("link.garbled", name, `the answer to ${what} is not HTTP: ${error.message}`));
        } else broke(error.message, "code" in error && error.code === "ECONNREFUSED");
      });
      // Another protocol instead of an answer; node would hand the socket over.
      client.on("upgrade", () => {
        present.fail(new Fault("link.garbled", name, `the answer to ${what} changes the protocol`));
      });
      client.on("response", (response) => {
        readBody(response, bodyBytesMax, {
          whole(text) {
            if (settle()) resolve({ status: response.statusCode ?? 0, body: text });
          },
          tooLong() {
            const long = `the answer to ${what} is longer than ${bodyBytesMax} bytes`;
            present.fail(new Fault("link.garbled", name, long));
          },
          broke,
        });
      });
    });
  }

  return {
    name,
    request: send,
    abandon(why) {
      for (const each of [...underWay]) each.fail(new Fault("link.closed", name, `the connection was closed: ${why}`));
    },
  };
}

interface BodyReader {
  whole(text: string): void;
  tooLong(): void;
  broke(why: string): void;
}

function readBody(response: IncomingMessage, bytesMax: number, reader: BodyReader): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > bytesMax) reader.tooLong();
    else chunks.push(chunk);
  });
  response.on("end", () => {
    if (response.complete) reader.whole(Buffer.concat(chunks).toString("utf8"));
    else reader.broke("it ended in the middle");
  });
  response.on("error", (error) => {
    reader.broke(error.message);
  });
  response.on("close", () => {
    // Without effect after an end.
    reader.broke("it ended in the middle");
  });
}

/** Errors of node's own reader of HTTP. */
function isGarbled(error: Error): boolean {
  return "code" in error && typeof error.code === "string" && error.code.startsWith("HPE_");
}
