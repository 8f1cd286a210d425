/**
 * TCP and TLS. Every opening is a fresh socket with a deadline on the injected clock, without Nagle's delay and with
 * keep-alive, so that a peer that vanished without a word is missed within twenty seconds even when nobody speaks.
 */
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { within, type Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link, OpenLink } from "../../protocols/roles/link.ts";
import { createStreamLink, type StreamLinkLimits } from "./stream-link.ts";

export interface TcpLinkOptions extends StreamLinkLimits {
  /** As the site file names it. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** Longest wait for the connection. Default 5000 ms. */
  readonly connectMs?: number;
  /** TLS, the server's certificate checked against the system's authorities. Default no. */
  readonly tls?: boolean;
}

const CONNECT_MS = 5000;
/** An idle connection is probed after this; the system's own rhythm then gives it up within some ten seconds. */
const KEEP_ALIVE_MS = 10_000;

/**
 * The links reject with `link.refused` when nothing listens at a host that is there, and with `link.open-failed` when
 * the host is not known or does not answer in time.
 */
export function createTcpOpenLink(options: TcpLinkOptions): OpenLink {
  const { name, host, port, clock } = options;
  const connectMs = options.connectMs ?? CONNECT_MS;
  const place = `${host}:${port}`;

  function opened(socket: Socket, readyEvent: "connect" | "secureConnect"): Promise<Link> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => {
        socket.destroy();
        reject(openFault(name, place, error));
      };
      socket.once("error", failed);
      socket.once(readyEvent, () => {
        socket.off("error", failed);
        socket.setNoDelay(true);
        socket.setKeepAlive(true, KEEP_ALIVE_MS);
        resolve(
          createStreamLink({
            ...options,
            stream: socket,
            shut(isAnswered) {
              // The system would go on delivering an unanswered command when the network is back, long after it was
              // given up. A reset drops it; a connection at peace is closed in the ordinary way.
              if (!isAnswered && options.tls !== true) resetOnClose(socket);
              socket.destroy();
            },
            whyEnded: (error) => (error === undefined ? `${place} closed the connection` : socketText(error)),
          }),
        );
      });
    });
  }

  return async () => {
    const target = { host, port };
    const socket = options.tls === true ? connectTls({ ...target, servername: host }) : connect(target);
    return within(clock, connectMs, opened(socket, options.tls === true ? "secureConnect" : "connect"), () => {
      socket.destroy();
      return new Fault("link.open-failed", name, `${place} did not answer within ${connectMs} ms`, {
        waitMs: connectMs,
      });
    });
  };
}

/**
 * What `resetAndDestroy` sets before it ends the socket in good order, which waits for a peer that takes nothing. A
 * runtime that does not know this flag closes in the ordinary way.
 */
function resetOnClose(socket: Socket): void {
  Reflect.set(socket, "resetAndClosing", true);
}

function openFault(name: string, place: string, error: Error): Fault {
  const detail = codeDetail(error);
  const what = `${place}: ${socketText(error)}`;
  return detail.code === "ECONNREFUSED"
    ? new Fault("link.refused", name, what, detail, error)
    : new Fault("link.open-failed", name, what, detail, error);
}

function codeDetail(error: Error): { readonly code?: string } {
  return "code" in error && typeof error.code === "string" ? { code: error.code } : {};
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the other end reset the connection",
  EPIPE: "the other end has closed the connection",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name could not be looked up now",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ETIMEDOUT: "the other end does not answer any more",
};

function socketText(error: Error): string {
  const code = codeDetail(error).code;
  const words = code === undefined ? undefined : WORDS[code];
  return words === undefined ? error.message : `${words} (${code ?? ""})`;
}
