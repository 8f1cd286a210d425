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
import { createAttempts, type Attempt } from "../link/attempts.ts";
import { createOneAtATime } from "../link/one-at-a-time.ts";
import { openWithin } from "../link/open-within.ts";

export interface CatsSocket {
  readonly isOpen: boolean;
  /** Opens a fresh link, whatever was open before. Rejects with `link.closed` when it was closed meanwhile. */
  open(): Promise<void>;
  /**
   * Sends a line and resolves with the line that answers it. Rejects with `link.timeout` (the socket is closed then,
   * and whether the line arrived is unknown), `link.closed`, `link.open-failed`, what `needGo` throws (nothing was sent).
   *
   * @param answers which lines may be the answer; others that come meanwhile are not
   */
  ask(line: string, answers: (received: string) => boolean, options?: CatsAskOptions): Promise<string>;
  /** Lets the next question open it. */
  wake(): void;
  /** No question opens it any more. */
  close(): void;
}

export interface CatsAskOptions {
  /** Goes out now, whatever waits for its answer: stops. */
  readonly urgent?: boolean;
  /** Called right before the line is written, however long it waited: throws where it is not to be sent any more. */
  readonly needGo?: () => void;
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
  /** A port that is being opened refuses to be opened beside that. */
  const oneOpening = createOneAtATime(name);
  const attempts = createAttempts(name);
  let link: Link | undefined;
  /** For all who need it until it is there. */
  let opening: Promise<Link> | undefined;
  let waiting: Waiting[] = [];
  let isWanted = false;

  function open(): Promise<Link> {
    drop();
    const attempt = attempts.begin();
    const mine = oneOpening(() => listen(attempt)).finally(() => {
      if (opening === mine) opening = undefined;
    });
    opening = mine;
    return mine;
  }

  async function listen(attempt: Attempt): Promise<Link> {
    const opened = await attempt.open(() => openWithin(clock, deps.openLink, name));
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

  function drop(): void {
    const closing = link;
    link = undefined;
    opening = undefined;
    attempts.end();
    const reason = new Fault("link.closed", name, "The link was closed.");
    for (const waiter of waiting.splice(0)) waiter.reject(reason);
    closing?.close();
  }

  async function ask(
    line: string,
    answers: (received: string) => boolean,
    { needGo }: CatsAskOptions,
  ): Promise<string> {
    if (!isWanted) throw new Fault("link.closed", name, "The link is not open.");
    const on = link?.isOpen === true ? link : await (opening ?? open());
    if (link !== on) throw new Fault("link.closed", name, "The link was closed.");
    needGo?.();
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
      if (error instanceof Fault && error.code === "link.timeout" && link === on) drop();
      throw error;
    }
  }

  return {
    get isOpen() {
      return link?.isOpen === true;
    },
    wake() {
      isWanted = true;
    },
    async open() {
      isWanted = true;
      await open();
    },
    ask: (line, answers, options = {}) =>
      options.urgent === true ? ask(line, answers, options) : oneAtATime(() => ask(line, answers, options)),
    close() {
      isWanted = false;
      drop();
    },
  };
}
