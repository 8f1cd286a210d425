/**
 * What Zaber devices say: one reply to each command, alerts and infos at any time. Decoding never throws; a line
 * that fits no message, or whose checksum is wrong, comes back as `garbled` with the reason.
 */
import { zaberChecksum } from "./zaber-commands.ts";

interface FromDevice {
  readonly device: number;
  readonly axis: number;
}

export interface ZaberReply extends FromDevice {
  readonly kind: "reply";
  /** Null when the command had none. */
  readonly id: number | null;
  readonly isAccepted: boolean;
  readonly isBusy: boolean;
  /** The warning flag of highest priority; `--` when there is none. */
  readonly flag: string;
  /** `0` when there is nothing to tell; after a refusal its reason. */
  readonly data: string;
  /** The rest of the data follows in infos. */
  readonly continues: boolean;
}

export interface ZaberAlert extends FromDevice {
  readonly kind: "alert";
  readonly isBusy: boolean;
  readonly flag: string;
}

export interface ZaberInfo extends FromDevice {
  readonly kind: "info";
  readonly id: number | null;
  /** For a continuation: what is to be appended, after a space. */
  readonly text: string;
  readonly isContinuation: boolean;
  readonly continues: boolean;
}

export type ZaberMessage =
  | ZaberReply
  | ZaberAlert
  | ZaberInfo
  | { readonly kind: "garbled"; readonly line: string; readonly why: string };

/** Longest line kept. Packets of public devices end at 80 characters; the limit is a setting of the device. */
export const ZABER_LINE_LENGTH_MAX = 512;

const REPLY = /^@(\d\d) (\d)(?: (\d\d))? (OK|RJ) (BUSY|IDLE) ([A-Z]{2}|--) ([\x20-\x7e]+)$/;
const ALERT = /^!(\d\d) (\d) (BUSY|IDLE) ([A-Z]{2}|--)$/;
const INFO = /^#(\d\d) (\d)(?: (\d\d))? ([\x20-\x7e]*)$/;
/** Read as an info only because its first byte, which no checksum covers, was changed. */
const DISGUISED = /^(?:(?:OK|RJ) )?(?:BUSY|IDLE) (?:[A-Z]{2}|--)/;

/**
 * One line without its end. With `checksums` `"required"` a line without one is garbled; otherwise one is checked
 * where it is there.
 */
export function decodeZaberLine(line: string, checksums: "required" | "optional"): ZaberMessage {
  const colon = line.length - 3;
  let text = line;
  if (/:[0-9A-F]{2}$/.test(line)) {
    text = line.slice(0, colon);
    const right = zaberChecksum(text.slice(1));
    if (right !== line.slice(colon + 1)) return garbled(line, `the checksum should be ${right}`);
  } else if (checksums === "required") {
    return garbled(line, "no checksum");
  }
  switch (text.charAt(0)) {
    case "@":
      return decodeReply(text) ?? garbled(line, "not a reply");
    case "!":
      return decodeAlert(text) ?? garbled(line, "not an alert");
    case "#":
      return decodeInfo(text) ?? garbled(line, "not an info");
    default:
      return garbled(line, "begins like no message of a Zaber device");
  }
}

function decodeReply(text: string): ZaberReply | undefined {
  const match = REPLY.exec(text);
  if (match === null) return undefined;
  const [, device, axis, id, verdict, state, flag = "--", data = ""] = match;
  const { words, continues } = withoutMark(data);
  return {
    kind: "reply",
    device: Number(device),
    axis: Number(axis),
    id: id === undefined ? null : Number(id),
    isAccepted: verdict === "OK",
    isBusy: state === "BUSY",
    flag,
    data: words,
    continues,
  };
}

function decodeAlert(text: string): ZaberAlert | undefined {
  const match = ALERT.exec(text);
  if (match === null) return undefined;
  const [, device, axis, state, flag = "--"] = match;
  return { kind: "alert", device: Number(device), axis: Number(axis), isBusy: state === "BUSY", flag };
}

function decodeInfo(text: string): ZaberInfo | undefined {
  const match = INFO.exec(text);
  if (match === null) return undefined;
  const [, device, axis, id, words = ""] = match;
  if (DISGUISED.test(words)) return undefined;
  const continuation = /^cont(?: \d{1,3})? (.*)$/.exec(words);
  const { words: said, continues } = withoutMark(continuation?.[1] ?? words);
  return {
    kind: "info",
    device: Number(device),
    axis: Number(axis),
    id: id === undefined ? null : Number(id),
    isContinuation: continuation !== null,
    text: said,
    continues,
  };
}

/** A packet that is to be continued ends in a backslash. */
function withoutMark(words: string): { readonly words: string; readonly continues: boolean } {
  const continues = words.endsWith("\\");
  return { words: continues ? words.slice(0, -1) : words, continues };
}

function garbled(line: string, why: string): ZaberMessage {
  return { kind: "garbled", line: line.slice(0, 120), why };
}
