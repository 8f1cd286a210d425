/**
 * One request at a time over one link: bytes out, lines in, every wait with a deadline on the clock. Lines that
 * nobody asked for go to the owner. Knows nothing of what the lines mean.
 */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link } from "../../protocols/roles/link.ts";
import { createLineSplitter, lineText } from "../../protocols/wire/methodscript/line-splitter.ts";

/** Looks at one line of the reply: a value ends the wait, undefined waits on. Runs inside the byte stream; must not throw. */
export type Accept<T> = (line: string) => T | undefined;

export interface LineConversation {
  readonly isOpen: boolean;
  /** Rejects with `link.timeout` when `accept` found nothing in time, or with `link.closed`. */
  ask<T>(what: string, bytes: Uint8Array, waitMs: number, accept: Accept<T>): Promise<T>;
  /** Closes the link; a pending request rejects with `link.closed`. */
  close(why: string): void;
  /** Lines too long to be any reply, since the link opened. */
  readonly droppedLines: number;
}

export interface ConversationDeps {
  readonly name: string;
  readonly link: Link;
  readonly clock: Clock;
  /** Offered each data package first, in place; true takes it. No string is made of a line taken here. */
  readonly onPackage: (bytes: Uint8Array, start: number, end: number) => boolean;
  /** Sees every other line in order, before the pending request does; `awaited` tells whether there is one. */
  readonly onLine: (line: string, awaited: boolean) => void;
  /** The link closed by itself. */
  readonly onLost: (why: string) => void;
}

interface Pending {
  take(line: string): void;
  fail(fault: Fault): void;
}

const PACKAGE = 0x50;

export function createLineConversation(deps: ConversationDeps): LineConversation {
  const { name, link, clock } = deps;
  let pending: Pending | null = null;
  let closedBecause: string | null = null;

  const splitter = createLineSplitter((bytes, start, end) => {
    if (bytes[start] === PACKAGE && end > start && deps.onPackage(bytes, start, end)) return;
    const line = lineText(bytes, start, end);
    const request = pending;
    deps.onLine(line, request !== null);
    request?.take(line);
  });

  const stopListening = link.onData((chunk) => {
    splitter.push(chunk);
  });

  function shut(why: string): void {
    closedBecause = why;
    stopListening();
    pending?.fail(new Fault("link.closed", name, `the link closed: ${why}`));
  }

  link.onClose((why) => {
    if (closedBecause !== null) return;
    shut(why);
    deps.onLost(why);
  });

  return {
    get isOpen() {
      return closedBecause === null && link.isOpen;
    },
    ask(what, bytes, waitMs, accept) {
      return new Promise((resolve, reject) => {
        if (closedBecause !== null) {
          reject(new Fault("link.closed", name, `the link closed: ${closedBecause}`));
          return;
        }
        if (pending !== null) {
          reject(new Error(`${name}: asked for ${what} while another answer is awaited`));
          return;
        }
        const settle = (): void => {
          clock.clearTimeout(timer);
          pending = null;
        };
        const timer: TimerHandle = clock.setTimeout(() => {
          pending = null;
          reject(new Fault("link.timeout", name, `no answer to ${what} within ${waitMs} ms`, { what, waitMs }));
        }, waitMs);
        pending = {
          take(line) {
            const value = accept(line);
            if (value === undefined) return;
            settle();
            resolve(value);
          },
          fail(fault) {
            settle();
            reject(fault);
          },
        };
        try {
          link.write(bytes);
        } catch (error) {
          settle();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    },
    close(why) {
      if (closedBecause !== null) return;
      shut(why);
      link.close();
    },
    get droppedLines() {
      return splitter.droppedLines;
    },
  };
}
