/** How the simulated camserver reads what it is sent: lines, shortened names, arguments. */

const LINE_LENGTH_MAX = 4096;
const LINE_FEED = 0x0a;
/** Some clients end their commands with this instead. */
const CANCEL = 0x18;

/** Commands that set or tell a parameter. */
const SETTINGS = [
  "delay",
  "expperiod",
  "exptime",
  "gapfill",
  "imgpath",
  "nexpframe",
  "nimages",
  "setackint",
  "setthreshold",
] as const;
export type SettingName = (typeof SETTINGS)[number];

const ACTIONS = ["camcmd", "exposure", "extenable", "extmtrigger", "exttrigger", "thread", "version"] as const;
export type ActionName = (typeof ACTIONS)[number];

/** Names may be shortened as long as they stay unique, to two letters at least. */
const COMMANDS = [...SETTINGS, ...ACTIONS] as const;
export type CommandName = SettingName | ActionName | "k" | "K";

export function isSetting(command: CommandName): command is SettingName {
  return SETTINGS.some((name) => name === command);
}

export interface CommandLine {
  /** As it was typed. */
  readonly word: string;
  /** Undefined when no command is meant, or more than one. */
  readonly command: CommandName | undefined;
  readonly argument: string;
}

/** Undefined for an empty line. */
export function readCommandLine(line: string): CommandLine | undefined {
  const trimmed = line.trim();
  if (trimmed === "") return undefined;
  const blank = trimmed.search(/\s/);
  const word = blank < 0 ? trimmed : trimmed.slice(0, blank);
  const argument = blank < 0 ? "" : trimmed.slice(blank).trim();
  return { word, command: commandOf(word), argument };
}

function commandOf(word: string): CommandName | undefined {
  if (word === "k" || word === "K") return word;
  const lower = word.toLowerCase();
  const exact = COMMANDS.find((name) => name === lower);
  if (exact !== undefined) return exact;
  if (lower.length < 2) return undefined;
  const meant = COMMANDS.filter((name) => name.startsWith(lower));
  return meant.length === 1 ? meant[0] : undefined;
}

export interface LineReader {
  push(chunk: Uint8Array): string[];
}

/** One for each connection. Lines beyond 4096 bytes are dropped up to their end. */
export function createLineReader(): LineReader {
  let codes: number[] = [];
  let isOverlong = false;
  return {
    push(chunk) {
      const lines: string[] = [];
      for (const byte of chunk) {
        if (byte === LINE_FEED || byte === CANCEL) {
          if (!isOverlong) lines.push(String.fromCharCode(...codes));
          codes = [];
          isOverlong = false;
        } else if (codes.length < LINE_LENGTH_MAX) {
          codes.push(byte);
        } else {
          isOverlong = true;
        }
      }
      return lines;
    },
  };
}
