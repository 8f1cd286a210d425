/**
 * An HTTP instrument that answers as it was captured, when everything that came before it was asked again. Any other
 * request is a deviation and fails.
 */
import { Buffer } from "node:buffer";
import type { CaptureRecord } from "../../drivers/link/capture-link.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { HttpPort, HttpReply } from "../../protocols/roles/http.ts";
import type { VirtualClock } from "../../simulator/clock/virtual-clock.ts";

export interface ReplayHttp {
  readonly port: HttpPort;
  /** What differed from the capture first, and where. */
  deviation(): string | undefined;
  /** Lines of the capture that were not reached. */
  remaining(): readonly CaptureRecord[];
}

interface Waiting {
  /** `PUT /path` */
  readonly what: string;
  resolve(reply: HttpReply): void;
  reject(fault: Fault): void;
}

export function replayHttp(records: readonly CaptureRecord[], clock: VirtualClock, name: string): ReplayHttp {
  let next = 0;
  let deviation: string | undefined;
  let scheduled: number | undefined;
  const waiting: Waiting[] = [];

  function deviate(what: string): Fault {
    deviation ??= `line ${next + 1}: ${what}`;
    const fault = new Fault("link.closed", name, deviation);
    for (const each of waiting.splice(0)) each.reject(fault);
    return fault;
  }

  /** The instrument's part, as far as it goes without another request. */
  function goOn(): void {
    const record = records[next];
    if (scheduled !== undefined || deviation !== undefined || record === undefined || record.dir === "out") return;
    const waitMs = Math.max(0, record.t_ms - (records[next - 1]?.t_ms ?? 0));
    scheduled = clock.at(clock.nowMs() + waitMs, () => {
      say(record);
      goOn();
    });
  }

  function say(record: CaptureRecord): void {
    scheduled = undefined;
    const [what = "", answer = ""] = textOf(record).split(/ -> ([^]*)/);
    const index = waiting.findIndex((each) => each.what === what);
    const [asked] = index < 0 ? [] : waiting.splice(index, 1);
    if (asked === undefined) {
      deviate(`${what} was answered and had not been asked`);
      return;
    }
    next += 1;
    clock.touch();
    if (record.dir === "lost") asked.reject(new Fault("link.closed", name, answer));
    else asked.resolve(replyOf(answer));
  }

  /** Answers that are still on their way arrive before the next request leaves, as they did. */
  function nextOut(): CaptureRecord | undefined {
    for (;;) {
      const record = records[next];
      if (record === undefined || record.dir === "out" || deviation !== undefined) return record;
      if (scheduled !== undefined) clock.cancel(scheduled);
      say(record);
    }
  }

  return {
    port: {
      name,
      request: (method, path, body) =>
        new Promise((resolve, reject) => {
          const what = `${method} ${path}`;
          const said = body === null ? what : `${what} ${body}`;
          const record = nextOut();
          const wanted = record === undefined ? "nothing" : textOf(record);
          if (wanted !== said) {
            reject(deviate(`${said} was written where the capture has ${wanted}`));
            return;
          }
          next += 1;
          clock.touch();
          waiting.push({ what, resolve, reject });
          goOn();
        }),
      abandon(why) {
        for (const each of waiting.splice(0)) each.reject(new Fault("link.closed", name, why));
      },
    },
    deviation: () => deviation,
    remaining: () => records.slice(next),
  };
}

/** The hexadecimal form is what was said: the text beside it is for people. */
function textOf(record: CaptureRecord): string {
  return Buffer.from(record.hex ?? "", "hex").toString("utf8");
}

/** `200 body` */
function replyOf(answer: string): HttpReply {
  const blank = answer.indexOf(" ");
  return { status: Number(answer.slice(0, blank)), body: answer.slice(blank + 1) };
}
