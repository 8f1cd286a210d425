/**
 * One of the robot's two sockets. Answers carry no number: one question at a time, an answer that begins like another
 * question's is thrown away, and after a lost one the socket is closed and the next question goes out on a fresh one,
 * where no late answer can arrive.
 */
import { type Clock, within } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link, OpenLink } from "../../protocols/roles/link.ts";
import { createTextLines } from "../../protocols/wire/text-lines.ts";
import { CATS_LINE_LENGTH_MAX } from "../../protocols/wire/irelec-cats/cats-replies.ts";
import { createOneAtATime } from "../link/one-at-a-time.ts";
import { openWithin } from "../link/open-within.ts";

export interface CatsSocket {
  readonly isOpen: boolean;
  /** Opens a fresh link, whatever was open before. */
  open(): Promise<void>;
  /**
   * Sends a line and resolves with the line that answers it. Rejects with `link.timeout` (the socket is closed then,
   * and whether the line arrived is unknown), `link.closed`, `link.open-failed`.
   *
   * @param answers which lines may be the answer; others that come meanwhile are not
   */
  ask(line: string, answers: (received: string) => boolean, options?: CatsAskOptions): Promise<string>;
  close(): void;
}

export interface CatsAskOptions {
  /** Goes out now, whatever waits for its answer: stops. */
  readonly urgent?: boolean;
}

export interface CatsSocketDeps {
  /** The device and which socket, in the operator's words: `changer (monitor)`. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** Closed by the robot or the network, not by this driver. */
  readonly onLoss: (why: string) => void;
}

interface Waiting {
  readonly answers: (received: string) => boolean;
  resolve(line: string): void;
  reject(reason: Error): void;
}

export function createCatsSocket(deps: CatsSocketDeps): CatsSocket {
  const { name, clock, deadlineMs } = deps;
  const encoder = new TextEncoder();
  const oneAtATime = createOneAtATime(name);
  let link: Link | undefined;
  let waiting: Waiting[] = [];

  async function open(): Promise<Link> {
    close();
    const opened = await openWithin(clock, deps.openLink, name);
    const lines = createTextLines(CATS_LINE_LENGTH_MAX, { keepsEmpty: true });
    link = opened;
    opened.onData((chunk) => {
      lines.push(chunk, (line) => {
        if (link !== opened) return;
        const index = waiting.findIndex(({ answers }) => answers(line));
        if (index >= 0) waiting.splice(index, 1)[0]?.resolve(line);
      });
    });
    opened.onClose((why) => {
      const isLoss = link === opened;
      if (isLoss) link = undefined;
      const reason = new Fault("link.closed", name, `The link closed: ${why}.`);
      if (!isLoss) return;
      for (const waiter of waiting.splice(0)) waiter.reject(reason);
      deps.onLoss(why);
    });
    return opened;
  }

  function close(): void {
    const closing = link;
    link = undefined;
    const reason = new Fault("link.closed", name, "The link was closed.");
    for (const waiter of waiting.splice(0)) waiter.reject(reason);
    closing?.close();
  }

  async function ask(line: string, answers: (received: string) => boolean): Promise<string> {
    const on = link?.isOpen === true ? link : await open();
    const answer = new Promise<string>((resolve, reject) => {
      on.write(encoder.encode(line));
      waiting = [...waiting, { answers, resolve, reject }];
    });
    try {
      return await within(
        clock,
        deadlineMs,
        answer,
        () => new Fault("link.timeout", name, `No answer to ${line.trim()} within ${deadlineMs} ms.`, { deadlineMs }),
      );
    } catch (error) {
      if (error instanceof Fault && error.code === "link.timeout" && link === on) close();
      throw error;
    }
  }

  return {
    get isOpen() {
      return link?.isOpen === true;
    },
    open: async () => {
      await open();
    },
    ask: (line, answers, options = {}) =>
      options.urgent === true ? ask(line, answers) : oneAtATime(() => ask(line, answers)),
    close,
  };
}
