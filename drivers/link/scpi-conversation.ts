/**
 * One opened link that speaks SCPI: commands out, one line back for each query, one query at a time, with a
 * deadline. The dialect numbers nothing: after a lost answer the owner closes the link, or a late line would be
 * taken for the next answer.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link } from "../../protocols/roles/link.ts";
import { createLineSplitter, lineText } from "../../protocols/wire/methodscript/line-splitter.ts";

export interface ScpiConversation {
  readonly isOpen: boolean;
  /** Throws `link.closed`. */
  tell(lines: readonly string[]): void;
  /**
   * Rejects with `link.timeout` after `waitMs` (default the conversation's), `link.closed`, or `link.garbled` when
   * `decode` gives undefined.
   */
  ask<T>(query: string, decode: (line: string) => T | undefined, waitMs?: number): Promise<T>;
  /** Several queries in one write, for a device that answers each in turn; `waitMs` is for all of them together. */
  askAll(queries: readonly string[], waitMs?: number): Promise<readonly string[]>;
  /** Closes the link; a pending query rejects with `link.closed`. `onLost` is not called. */
  close(why: string): void;
}

interface Pending {
  take(line: string): void;
  fail(fault: Fault): void;
}

const encoder = new TextEncoder();

export function createScpiConversation(
  name: string,
  link: Link,
  clock: Clock,
  replyMs: number,
  onLost: (why: string) => void,
  /** A line that no query waits for. */
  onStray?: (line: string) => void,
): ScpiConversation {
  let pending: Pending | null = null;
  let closedBecause: string | null = null;
  const splitter = createLineSplitter((bytes, start, end) => {
    const line = lineText(bytes, start, end);
    if (pending !== null) pending.take(line);
    else onStray?.(line);
  });
  const stopListening = link.onData((chunk) => {
    splitter.push(chunk);
  });

  function shut(why: string): void {
    closedBecause = why;
    stopListening();
    pending?.fail(new Fault("link.closed", name, `the link closed: ${why}`));
  }

  function tell(lines: readonly string[]): void {
    if (closedBecause !== null) throw new Fault("link.closed", name, `the link closed: ${closedBecause}`);
    link.write(encoder.encode(lines.map((line) => `${line}\n`).join("")));
  }

  link.onClose((why) => {
    if (closedBecause !== null) return;
    shut(why);
    onLost(why);
  });

  function askAll(queries: readonly string[], waitMs = replyMs): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const lines: string[] = [];
      const query = queries.join(", ");
      if (pending !== null) {
        reject(new Error(`${name}: ${query} asked while another answer is awaited`));
        return;
      }
      const settle = (): void => {
        clock.clearTimeout(timer);
        pending = null;
      };
      const timer = clock.setTimeout(() => {
        pending = null;
        reject(new Fault("link.timeout", name, `no answer to ${query} within ${waitMs} ms`, { query, waitMs }));
      }, waitMs);
      pending = {
        take(line) {
          if (lines.push(line) < queries.length) return;
          settle();
          resolve(lines);
        },
        fail(fault) {
          settle();
          reject(fault);
        },
      };
      try {
        tell(queries);
      } catch (error) {
        settle();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  return {
    get isOpen() {
      return closedBecause === null && link.isOpen;
    },
    tell,
    askAll,
    async ask(query, decode, waitMs) {
      const [line = ""] = await askAll([query], waitMs);
      const value = decode(line);
      if (value !== undefined) return value;
      const answer = line.slice(0, 200);
      throw new Fault("link.garbled", name, `the answer to ${query} could not be read`, { query, answer });
    },
    close(why) {
      if (closedBecause !== null) return;
      shut(why);
      link.close();
    },
  };
}
