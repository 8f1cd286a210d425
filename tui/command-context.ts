/**
 * What a command of `beamrack` may use of the machine it runs on. Commands get it as their first argument and touch
 * nothing else of process, disk or clock, so a test can hand them a context of its own.
 *
 * A command is `(context, args) => Promise<exit code>`, where `args` is what followed its name, `--json` and `--help`
 * already taken out. Exit codes: 0 done, 1 failed while running, 2 refused (bad input), 3 a check did not hold.
 * A Fault thrown out of a command is printed by the entry, exit 2 for severity `refuse` and 1 for any other.
 */
import type { WaitForThread } from "../controller/record/threaded-scribe.ts";
import type { Clock } from "../protocols/base/clock.ts";
import type { BootTime } from "../protocols/base/boot-time.ts";
import type { ClockOffset } from "../protocols/base/clock-offset.ts";
import type { AttenuationTables } from "../protocols/dose/attenuation.ts";
import type { Site } from "../protocols/site/site.ts";
import type { TerminalDevice } from "./terminal/terminal-device.ts";
import type { SiteLock } from "./site-lock/site-lock.ts";

export type Command = (context: CommandContext, args: readonly string[]) => Promise<number>;

/** Why a person or the system asked the program to end: Ctrl-C, an order to stop, a terminal that went away. */
export type InterruptReason = "SIGINT" | "SIGTERM" | "SIGHUP";

/** Where progress is shown: stdout, or stderr when stdout carries JSON. */
export interface ProgressOutput {
  /** A terminal that can redraw lines in place. */
  readonly isTerminal: boolean;
  /** Colour and bold may be used: a terminal, NO_COLOR not set, TERM not `dumb`. */
  readonly colour: boolean;
  /** Width in characters; 80 when not known. Asked anew each time: a window can be resized. */
  columns(): number;
  /** Writes the text as it is, without a line end. */
  draw(text: string): void;
}

/** One of both is null. */
export interface ProcessEnd {
  readonly code: number | null;
  /** Which ended it. */
  readonly signal: string | null;
}

export interface Processes {
  /** How many run side by side to advantage. */
  readonly count: number;
  /**
   * This program with other arguments. Resolves with how it ended, when all its lines on stdout were told. `next`: what it
   * is told on its standard input, a line at once and another after each of its own; null: that was all.
   */
  run(args: readonly string[], onLine: (line: string) => void, next: () => string | null): Promise<ProcessEnd>;
}

/** A process of beamrack's own that goes on beside this one. */
export interface ChildProcess {
  /** On its standard input, which stays open as long as this process lives. */
  say(text: string): void;
  /** Asks it to end. */
  stop(): void;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Starts this program with other arguments, deaf to the terminal's Ctrl-C; its lines on stdout are told one by one. */
export type StartProcess = (
  args: readonly string[],
  onLine: (line: string) => void,
  /** Told of its lines on stderr; without it they go where this process's go. */
  onErrorLine?: (line: string) => void,
) => ChildProcess;

/** Standard input of a process that another one of beamrack's started. */
export interface ProcessInput {
  /** The next line; null when there is none any more. */
  line(): Promise<string | null>;
  /** Whoever wrote there is gone. */
  readonly ended: Promise<void>;
  /** Nobody reads it any more. */
  close(): void;
}

export interface CommandContext {
  /** One JSON document or JSON lines on stdout, messages on stderr. */
  readonly json: boolean;
  /** stdout is a terminal. */
  readonly isTerminal: boolean;
  readonly progress: ProgressOutput;
  /** For a record that a thread of its own writes; without it the command's own thread does. */
  readonly waitForThread?: WaitForThread;
  /** One line on stdout. */
  print(line: string): void;
  /** One line on stderr. */
  printError(line: string): void;
  /** UTF-8 text of a file; Fault `file.missing` (no such file, a folder, not readable) or `file.too-large` (over 64 MB). */
  readText(path: string): string;
  /** Text of a file shipped with beamrack, named from the package root: `protocols/data/cells/lno-graphite.json`. */
  readPackageText(relativePath: string): string;
  /** Where a file shipped with beamrack lies, to be named on a command line: relative where one stands above it. */
  packagePath(relativePath: string): string;
  /** Mass attenuation and material tables of protocols/data/xray, read and parsed at the first call. */
  attenuationTables(): AttenuationTables;
  /** Bytes free on the disk where this path lies, or would lie; null where the system does not say. */
  freeBytes?(path: string): number | null;
  /** How far the machine's clock is off UTC; null where its time service does not say. */
  clockOffset?(): Promise<ClockOffset | null>;
  /** How long the computer is up; null where nobody says. */
  bootTime?(): BootTime | null;
  /** The machine's clock. */
  readonly clock: Clock;
  /** Resolves after every callback and promise that is ready now has run. */
  drain(): Promise<void>;
  /**
   * Told of the first SIGINT, SIGTERM or, where there is a terminal to lose, SIGHUP, which then does not end the process; a
   * second one of the first two does. Returns the way to stop listening.
   */
  onInterrupt(handler: (reason: InterruptReason) => void): () => void;
  /** Asks the person at the terminal, on stderr; null when nobody sits there. */
  ask(question: string): Promise<string | null>;
  /** The same, and what is typed is not shown. */
  askSecret(question: string): Promise<string | null>;
  /** This process, as it is told to others who would use what it uses. */
  readonly self: { readonly pid: number; readonly host: string };
  /** Holds the site's ports against every other controller until released. Throws Fault `site.in-use`. */
  takeSiteLock(site: Site, options: { readonly command: string }): SiteLock;
  /** Processes of its own, for work that is shared out; left out where there are none. */
  readonly processes?: Processes;
  readonly startProcess?: StartProcess;
  /** Standard input, read from when it is asked for. */
  readonly input?: ProcessInput;
  /** For a full-screen display. */
  readonly terminal?: () => TerminalDevice;
  /** Of the environment, what begins with BEAMRACK_, and who is logged in. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Version of beamrack, as in package.json. */
  readonly version: string;
}
