/**
 * One opened link to a camserver: sends commands, matches each reply to what it answers, and hands on the two kinds
 * of reply that no command waits for: the end of an exposure and the acknowledgement of a kill. It lives as long as
 * its link; after a loss a new one is made, so nothing of an old link is ever taken for an answer.
 */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link } from "../../protocols/roles/link.ts";
import {
  createReplySplitter,
  REPLY_NUMBER,
  replyText,
  type CamserverReply,
  type DecodedReply,
} from "../../protocols/wire/camserver/camserver-reply.ts";

export interface ConversationListener {
  /** `7 OK path` or `7 ERR text`. */
  exposureEnded(reply: CamserverReply): void;
  /** `13 ERR kill`. */
  killAcknowledged(): void;
  /** A refusal that no command waits for. True when it was meant for the running exposure. */
  refusedUnasked(reply: CamserverReply): boolean;
  /** Something nobody asked for, in the camserver's words. */
  unexpected(text: string, why: string): void;
  closed(why: string): void;
}

export interface Conversation {
  readonly isOpen: boolean;
  /** Sends without waiting for an answer. Throws Fault `link.closed`. */
  send(command: Uint8Array): void;
  /**
   * Sends and waits for the reply that `reads` (its text gives a value). Rejects with `detector.refused` on an
   * `ERR`, `link.closed`, or `link.timeout`; after a timeout the link is closed, since a late answer could be
   * taken for that of the next command.
   */
  ask<T>(command: Uint8Array, question: Question<T>): Promise<T>;
  /** Silent: the listener is not told. */
  close(): void;
}

export interface Question<T> {
  /** In the operator's words: `exposure time`. */
  readonly what: string;
  readonly number: number;
  /** The value in the text of an `OK` reply, or undefined when the text answers something else. */
  reads(text: string): T | undefined;
  readonly timeoutMs: number;
}

interface Waiting {
  /** False when the reply answers something else. */
  offer(reply: CamserverReply): boolean;
  fail(fault: Fault): void;
}

export function createConversation(
  name: string,
  link: Link,
  clock: Clock,
  listener: ConversationListener,
): Conversation {
  const splitter = createReplySplitter();
  let waiting: Waiting | undefined;
  let isSilenced = false;

  function route(decoded: DecodedReply): void {
    if (decoded.kind === "unreadable") {
      listener.unexpected(decoded.text, decoded.why);
      return;
    }
    const { reply } = decoded;
    if (reply.number === REPLY_NUMBER.exposureEnd) listener.exposureEnded(reply);
    else if (reply.number === REPLY_NUMBER.kill && !reply.isOk) listener.killAcknowledged();
    else if (waiting?.offer(reply) === true) return;
    else if (!reply.isOk && listener.refusedUnasked(reply)) return;
    else listener.unexpected(replyText(reply), "no command waits for it");
  }

  link.onData((chunk) => {
    for (const decoded of splitter.push(chunk)) {
      if (isSilenced) return;
      route(decoded);
    }
  });
  link.onClose((why) => {
    waiting?.fail(new Fault("link.closed", name, `the link closed: ${why}`));
    if (isSilenced) return;
    isSilenced = true;
    listener.closed(why);
  });

  return {
    get isOpen() {
      return link.isOpen && !isSilenced;
    },
    send(command) {
      link.write(command);
    },
    ask(command, question) {
      return new Promise((resolve, reject) => {
        if (waiting !== undefined) throw new Error(`${name}: asked for ${question.what} while another question waits`);
        const settled = (): void => {
          waiting = undefined;
          clock.clearTimeout(timer);
        };
        const fail = (fault: Fault): void => {
          settled();
          reject(fault);
        };
        const timer: TimerHandle = clock.setTimeout(() => {
          fail(
            new Fault("link.timeout", name, `no answer on the ${question.what} within ${question.timeoutMs / 1000} s`),
          );
          link.close();
        }, question.timeoutMs);
        waiting = {
          fail,
          offer(reply) {
            if (!reply.isOk) {
              fail(refusal(name, question.what, reply));
              return true;
            }
            const value = reply.number === question.number ? question.reads(reply.text) : undefined;
            if (value === undefined) return false;
            settled();
            resolve(value);
            return true;
          },
        };
        try {
          link.write(command);
        } catch (error) {
          settled();
          throw error;
        }
      });
    },
    close() {
      isSilenced = true;
      link.close();
    },
  };
}

/** The camserver's `ERR`, as a Fault with its words. */
export function refusal(name: string, what: string, reply: CamserverReply): Fault {
  return new Fault("detector.refused", name, `the detector turned the ${what} down: ${replyText(reply)}`, {
    number: reply.number,
    text: replyText(reply),
  });
}
