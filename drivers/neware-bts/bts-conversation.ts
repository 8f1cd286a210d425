/**
 * One opened link to a BTS client: one request at a time, its reply checked against the command it answers, every
 * wait with a deadline. The dialect numbers nothing, so after a lost reply the link must go: on the same link a late
 * reply could not be told from the next one.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link } from "../../protocols/roles/link.ts";
import { createBtsSplitter, encodeBtsRequest } from "../../protocols/wire/neware/bts-frame.ts";
import { decodeBtsReply, type BtsReply } from "../../protocols/wire/neware/bts-replies.ts";
import type { Decoded } from "../../protocols/wire/neware/decoded.ts";

export interface BtsQuestion<T> {
  /** The command as the reply names it. */
  readonly command: string;
  readonly body: string;
  readonly decode: (reply: BtsReply) => Decoded<T>;
}

export interface BtsConversation {
  readonly isOpen: boolean;
  /** Rejects with `link.timeout`, `link.garbled` or `link.closed`; after the first two the link is of no more use. */
  ask<T>(question: BtsQuestion<T>, waitMs: number): Promise<T>;
  /** Closes the link; a pending request rejects with `link.closed`. `onLost` is not called. */
  close(why: string): void;
}

interface Pending {
  take(text: string): void;
  fail(fault: Fault): void;
}

export interface BtsConversationDeps {
  readonly name: string;
  readonly link: Link;
  readonly clock: Clock;
  /** The link closed by itself. */
  readonly onLost: (why: string) => void;
}

/** How much of a reply goes into a fault. */
const EXCERPT_LENGTH = 200;

export function createBtsConversation({ name, link, clock, onLost }: BtsConversationDeps): BtsConversation {
  let pending: Pending | null = null;
  let closedBecause: string | null = null;

  const splitter = createBtsSplitter((text) => {
    pending?.take(text);
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
    onLost(why);
  });

  return {
    get isOpen() {
      return closedBecause === null && link.isOpen;
    },
    ask({ command, body, decode }, waitMs) {
      return new Promise((resolve, reject) => {
        if (closedBecause !== null) {
          reject(new Fault("link.closed", name, `the link closed: ${closedBecause}`));
          return;
        }
        if (pending !== null) {
          reject(new Error(`${name}: ${command} asked while another answer is awaited`));
          return;
        }
        const settle = (): void => {
          clock.clearTimeout(timer);
          pending = null;
        };
        const timer = clock.setTimeout(() => {
          pending = null;
          reject(
            new Fault("link.timeout", name, `no answer to ${command} within ${waitMs} ms`, { what: command, waitMs }),
          );
        }, waitMs);
        pending = {
          take(text) {
            settle();
            const value = valueOf(text, command, decode);
            if (value.ok) resolve(value.value);
            else
              reject(
                new Fault("link.garbled", name, `the answer to ${command} could not be read: ${value.reason}`, {
                  what: command,
                  answer: text.slice(0, EXCERPT_LENGTH),
                }),
              );
          },
          fail(fault) {
            settle();
            reject(fault);
          },
        };
        try {
          link.write(encodeBtsRequest(body));
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
  };
}

function valueOf<T>(text: string, command: string, decode: (reply: BtsReply) => Decoded<T>): Decoded<T> {
  const reply = decodeBtsReply(text);
  if (!reply.ok) return reply;
  if (reply.value.command !== command) return { ok: false, reason: `it answers ${reply.value.command}` };
  return decode(reply.value);
}
