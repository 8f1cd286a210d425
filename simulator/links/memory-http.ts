/**
 * HTTP between a driver and a simulated instrument in one process and in virtual time: each request reaches the
 * device after the latency, each answer the host after the same again, side by side with any others.
 */
import { Fault } from "../../protocols/base/fault.ts";
import type { HttpPort, HttpReply } from "../../protocols/roles/http.ts";
import type { Felt } from "../plant/felt.ts";
import type { HttpAnswer, HttpEnd, HttpRequest } from "../plant/http-end.ts";
import type { LinkClock } from "./memory-link.ts";

export interface MemoryHttpOptions {
  /** As the site file names it. */
  readonly name: string;
  /** One way. */
  readonly latencyMs: number;
}

export interface MemoryHttp {
  readonly port: HttpPort;
  readonly end: HttpEnd;
  /** Requests under way break off now; the device is not told. */
  cut(why: string, felt?: Felt): void;
  /** While unplugged, connections are refused. Unplugging also cuts. */
  plug(isPlugged: boolean, felt?: Felt): void;
  /** While hung, requests connect and nothing passes in either direction; what is under way is lost. */
  hang(isHung: boolean, felt?: Felt): void;
  /** Answers for which this gives true are lost on their way; null loses none. */
  loseAnswers(isLost: ((request: HttpRequest) => boolean) | null): void;
}

interface UnderWay {
  fail(fault: Fault): void;
}

export function createMemoryHttp(clock: LinkClock, options: MemoryHttpOptions): MemoryHttp {
  const { name, latencyMs } = options;
  const underWay = new Set<UnderWay>();
  let handler: ((request: HttpRequest, answer: HttpAnswer) => void) | undefined;
  let isPlugged = true;
  let isHung = false;
  const felt: Partial<Record<"plug" | "hang", Felt | undefined>> = {};
  let isLost: ((request: HttpRequest) => boolean) | null = null;

  function later(fn: () => void): void {
    clock.at(clock.nowMs() + latencyMs, fn);
  }

  function breakOff(why: string): void {
    for (const each of [...underWay]) each.fail(new Fault("link.closed", name, `the connection closed: ${why}`));
  }

  const port: HttpPort = {
    name,
    request: (method, path, body, deadlineMs) =>
      new Promise<HttpReply>((resolve, reject) => {
        const settle = (): boolean => {
          if (!underWay.delete(present)) return false;
          clock.cancel(deadline);
          clock.touch();
          return true;
        };
        const present: UnderWay = {
          fail(fault) {
            if (settle()) reject(fault);
          },
        };
        const deadline = clock.at(clock.nowMs() + deadlineMs, () => {
          present.fail(new Fault("link.timeout", name, `no answer to ${method} ${path} within ${deadlineMs} ms`));
        });
        underWay.add(present);
        const request = { method, path, body: body ?? "" };
        let isAnswered = false;
        const answer: HttpAnswer = (status, text) => {
          if (isAnswered) return;
          isAnswered = true;
          if (isHung) felt.hang?.();
          if (isHung || isLost?.(request) === true) return;
          later(() => {
            if (!isHung && settle()) resolve({ status, body: method === "HEAD" ? "" : text });
          });
        };
        later(() => {
          if (!underWay.has(present)) return;
          if (!isPlugged) {
            felt.plug?.();
            present.fail(new Fault("link.open-failed", name, "the connection was refused"));
          } else if (isHung) felt.hang?.();
          else handler?.(request, answer);
        });
      }),
    abandon: breakOff,
  };

  return {
    port,
    end: {
      onRequest(next) {
        handler = next;
      },
    },
    cut(why, feltCut) {
      if (underWay.size > 0) feltCut?.();
      breakOff(why);
    },
    plug(plugged, feltPlug) {
      isPlugged = plugged;
      felt.plug = feltPlug;
      if (!plugged && underWay.size > 0) feltPlug?.();
      if (!plugged) breakOff("the host vanished");
    },
    hang(hung, feltHang) {
      isHung = hung;
      felt.hang = feltHang;
    },
    loseAnswers(predicate) {
      isLost = predicate;
    },
  };
}
