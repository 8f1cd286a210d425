/**
 * One opened link to the command port of a PandABox: one request at a time, each with its whole answer, and orders that
 * wait for nobody. Nothing in an answer says which request it belongs to, so after a lost one the owner closes the link.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link } from "../../protocols/roles/link.ts";
import { createLineSplitter, lineText } from "../../protocols/wire/methodscript/line-splitter.ts";
import { assign, query } from "../../protocols/wire/pandabox/panda-commands.ts";
import { decodePandaLine, type PandaLine } from "../../protocols/wire/pandabox/panda-replies.ts";

export interface PandaConversation {
  readonly isOpen: boolean;
  /** Value of `OK =value`. Rejects with `device.refused` on `ERR`, `link.timeout`, `link.closed`, `link.garbled`. */
  read(target: string): Promise<string>;
  /** All `!` values. */
  readList(target: string): Promise<readonly string[]>;
  write(target: string, value: string | number): Promise<void>;
  /**
   * Writes at once, beside a request whose answer is awaited: each line is answered in its turn. What is answered to these
   * tells nothing; read them back. Throws `link.closed`.
   */
  tell(assignments: readonly (readonly [target: string, value: string | number])[]): void;
  /** A request as it is, answered by `OK`. */
  send(request: string): Promise<void>;
  /** Silent: `onLost` is not called. */
  close(why: string): void;
}

const LINE_BYTES_MAX = 1000;
/** No list that is asked for here is nearly as long. */
const ITEMS_MAX = 20_000;

type Answer = { readonly value: string | null; readonly items: readonly string[] };

interface Pending {
  take(line: PandaLine): void;
  fail(fault: Fault): void;
}

export function createPandaConversation(
  name: string,
  link: Link,
  clock: Clock,
  replyMs: number,
  onLost: (why: string) => void,
): PandaConversation {
  /** In the order of their answers. */
  const awaited: Pending[] = [];
  let isAsking = false;
  let closedBecause: string | null = null;
  const splitter = createLineSplitter((bytes, start, end) => {
    awaited[0]?.take(decodePandaLine(lineText(bytes, start, end)));
  }, LINE_BYTES_MAX);
  const stopListening = link.onData((chunk) => {
    splitter.push(chunk);
  });

  function shut(why: string): void {
    closedBecause = why;
    stopListening();
    for (const each of awaited.splice(0)) each.fail(new Fault("link.closed", name, `the link closed: ${why}`));
  }

  link.onClose((why) => {
    if (closedBecause !== null) return;
    shut(why);
    onLost(why);
  });

  function put(text: string): void {
    if (closedBecause !== null) throw new Fault("link.closed", name, `the link closed: ${closedBecause}`);
    link.write(new TextEncoder().encode(text));
  }

  function remove(pending: Pending): void {
    const at = awaited.indexOf(pending);
    if (at >= 0) awaited.splice(at, 1);
  }

  function tell(assignments: readonly (readonly [target: string, value: string | number])[]): void {
    put(assignments.map(([target, value]) => assign(target, value)).join(""));
    for (let count = 0; count < assignments.length; count += 1) {
      const told: Pending = {
        fail: () => undefined,
        take() {
          remove(told);
        },
      };
      awaited.push(told);
    }
  }

  function ask(request: string): Promise<Answer> {
    const what = (request.split("\n")[0] ?? "").slice(0, 80);
    return new Promise((resolve, reject) => {
      if (isAsking) throw new Error(`${name}: ${what} asked while another answer is awaited`);
      const items: string[] = [];
      const settle = (): void => {
        clock.clearTimeout(timer);
        isAsking = false;
        remove(pending);
      };
      const fail = (fault: Fault): void => {
        settle();
        reject(fault);
      };
      const garbled = (why: string): void => {
        fail(new Fault("link.garbled", name, `the answer to ${what} could not be read: ${why}`, { request: what }));
      };
      const timer = clock.setTimeout(() => {
        fail(new Fault("link.timeout", name, `no answer to ${what} within ${replyMs} ms`, { request: what }));
      }, replyMs);
      const pending: Pending = {
        fail,
        take(line) {
          switch (line.kind) {
            case "item":
              if (items.length < ITEMS_MAX) items.push(line.value);
              else garbled(`more than ${ITEMS_MAX} values`);
              return;
            case "refused":
              fail(
                new Fault("device.refused", name, `the PandABox turned ${what} down: ${line.text}`, {
                  request: what,
                  text: line.text,
                }),
              );
              return;
            case "unreadable":
              garbled(`\`${line.text}\``);
              return;
            case "end":
            case "done":
            case "value":
              settle();
              resolve({ value: line.kind === "value" ? line.value : null, items });
          }
        },
      };
      isAsking = true;
      awaited.push(pending);
      try {
        put(request);
      } catch (error) {
        settle();
        throw error;
      }
    });
  }

  function unexpected(request: string): Fault {
    return new Fault("link.garbled", name, `the answer to ${request} is of another kind`, { request });
  }

  async function send(request: string, what: string): Promise<void> {
    const { value, items } = await ask(request);
    if (value !== null || items.length > 0) throw unexpected(what);
  }

  return {
    get isOpen() {
      return closedBecause === null && link.isOpen;
    },
    async read(target) {
      const { value } = await ask(query(target));
      if (value === null) throw unexpected(target);
      return value;
    },
    async readList(target) {
      const { value, items } = await ask(query(target));
      if (value !== null) throw unexpected(target);
      return items;
    },
    tell,
    write: (target, value) => send(assign(target, value), target),
    send: (request) => send(request, (request.split("\n")[0] ?? "").slice(0, 80)),
    close(why) {
      if (closedBecause !== null) return;
      shut(why);
      link.close();
    },
  };
}
