/** One opened link to a reader: lines, never glued together from two half ones, judged as codes. */
import type { Clock } from "../../protocols/base/clock.ts";
import type { Link } from "../../protocols/roles/link.ts";
import {
  CODE_LINE_LENGTH_MAX,
  type CodeLine,
  type CodeRules,
  decodeCodeLine,
} from "../../protocols/wire/serial-line/code-lines.ts";
import { createTextLines } from "../../protocols/wire/text-lines.ts";

/** A reader prints a code at one go; what comes after such a pause begins a new line. */
const PAUSE_MS = 250;

export interface CodeListener {
  readonly isOpen: boolean;
  say(text: string): void;
  close(): void;
}

export function listenForCodes(
  link: Link,
  clock: Clock,
  rules: CodeRules,
  on: { line(line: string, judged: CodeLine): void; closed(why: string): void },
): CodeListener {
  const lines = createTextLines(CODE_LINE_LENGTH_MAX);
  let lastMs = -Infinity;
  link.onData((chunk) => {
    const nowMs = clock.monoMs();
    if (nowMs - lastMs > PAUSE_MS) lines.clear();
    lastMs = nowMs;
    lines.push(chunk, (line) => {
      on.line(line, decodeCodeLine(line, rules));
    });
  });
  link.onClose((why) => {
    on.closed(why);
  });
  return {
    get isOpen() {
      return link.isOpen;
    },
    say(text) {
      link.write(Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff));
    },
    close() {
      link.close();
    },
  };
}
