/**
 * Replies of a camserver: `<n> OK|ERR text`, each ended by 0x18 without a line end. Several may come in one read,
 * one may come in pieces, and line feeds inside a text belong to it.
 */

/** Ends each reply. */
export const REPLY_END = 0x18;
/** A reply longer than this is not a reply; its bytes are dropped up to the next end mark. */
export const REPLY_LENGTH_MAX = 16_384;

/** First number of a reply: which kind of command it answers. */
export const REPLY_NUMBER = {
  unknownCommand: 1,
  exposureEnd: 7,
  imagePath: 10,
  kill: 13,
  setting: 15,
  version: 24,
} as const;

export interface CamserverReply {
  readonly number: number;
  readonly isOk: boolean;
  /** Without the blanks around it. */
  readonly text: string;
}

export type DecodedReply =
  | { readonly kind: "reply"; readonly reply: CamserverReply }
  | { readonly kind: "unreadable"; readonly why: string; readonly text: string };

const REPLY = /^(\d{1,4}) (OK|ERR)(?![^\s])([^]*)$/;
const EXCERPT_LENGTH = 120;

/** Reads one reply, given without its end mark. */
export function decodeReply(frame: string): DecodedReply {
  const match = REPLY.exec(frame.trim());
  if (match === null) {
    return { kind: "unreadable", why: "not of the form `<n> OK|ERR text`", text: printable(frame) };
  }
  return {
    kind: "reply",
    reply: { number: Number(match[1]), isOk: match[2] === "OK", text: (match[3] ?? "").trim() },
  };
}

/** As the camserver said it, on one line: for faults. */
export function replyText(reply: CamserverReply): string {
  return printable(`${reply.number} ${reply.isOk ? "OK" : "ERR"} ${reply.text}`);
}

/** The beginning of it, on one line and fit for a terminal. */
function printable(text: string): string {
  return text
    .slice(0, EXCERPT_LENGTH)
    .replaceAll("\n", " | ")
    .replaceAll(/[^ -~]/g, "?");
}

export interface ReplySplitter {
  /** All replies completed by this chunk, in order. */
  push(chunk: Uint8Array): DecodedReply[];
}

/** One splitter per opened link: what an old link left unfinished must not begin the first reply of the next. */
export function createReplySplitter(): ReplySplitter {
  let partial = "";
  let isOverlong = false;

  function take(decoded: DecodedReply[]): void {
    if (isOverlong) {
      decoded.push({
        kind: "unreadable",
        why: `longer than ${REPLY_LENGTH_MAX} bytes`,
        text: printable(partial),
      });
    } else if (partial.trim() !== "") {
      decoded.push(decodeReply(partial));
    }
    partial = "";
    isOverlong = false;
  }

  return {
    push(chunk) {
      const decoded: DecodedReply[] = [];
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(REPLY_END, start);
        const stop = end < 0 ? chunk.length : end;
        if (partial.length + stop - start > REPLY_LENGTH_MAX) isOverlong = true;
        if (partial.length < REPLY_LENGTH_MAX) {
          partial += latin1(chunk.subarray(start, Math.min(stop, start + REPLY_LENGTH_MAX - partial.length)));
        }
        if (end < 0) return decoded;
        take(decoded);
        start = end + 1;
      }
    },
  };
}

/** One character per byte, so that a cut inside a character does no harm. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** `Exposure time set to: 0.9970000 sec`; undefined when the text is another. */
export function confirmedExposureS(text: string): number | undefined {
  return numberIn(/^Exposure time set to:\s*(\d+(?:\.\d*)?)\s*sec/, text);
}

/** `Exposure period set to: 0.2000000 sec`. */
export function confirmedPeriodS(text: string): number | undefined {
  return numberIn(/^Exposure period set to:\s*(\d+(?:\.\d*)?)\s*sec/, text);
}

/** `N images set to: 10`. */
export function confirmedImageCount(text: string): number | undefined {
  return numberIn(/^N images set to:\s*(\d+)/, text);
}

/** `Starting 0.1970000 second background: 2011-Aug-04T15:27:22.593`. */
export function startedExposureS(text: string): number | undefined {
  return numberIn(/^Starting\s+(\d+(?:\.\d*)?)\s+second background/, text);
}

function numberIn(pattern: RegExp, text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const value = Number(match[1]);
  return Number.isFinite(value) ? value : undefined;
}
