/** What the commands of all instruments are made of: asking, connecting, and letting go. */
import { Fault } from "../../protocols/base/fault.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { Act, ActBench, ActUsage } from "./act.ts";
import type { DeviceOptions } from "./device-options.ts";
import { identityJson } from "./device-json.ts";
import type { Look } from "./looks.ts";

/** Makes the act from what followed the command. Throws Fault `command.usage`. */
export type ActMaker = (args: readonly string[], options: DeviceOptions) => Act;

export interface ActEntry extends ActUsage {
  readonly name: string;
  readonly make: ActMaker;
}

/** For what only asks, and what is done at once. */
export const ASK_MS = 30_000;

export const TAKES_OVER = "its driver takes the instrument over when it connects";

/** An act that only asks. */
export function asking(command: string, words: string, notBeside: string | null, perform: Act["perform"]): Act {
  const quiet = { needsConfirmation: false, admitsBeam: false, timeoutMs: ASK_MS };
  return { command, words: [words], notBeside, ...quiet, perform };
}

export const IDENTIFY: ActUsage = { usage: "identify", summary: "who answers: model, serial number, firmware" };
export const STATUS: ActUsage = { usage: "status", summary: "what it is doing" };
export const READ: ActUsage = { usage: "read", summary: "what it measures or where it is" };

/** identify, status and read of what can be looked at without being taken over. */
export function lookActs(look: Look): readonly ActEntry[] {
  const { notBeside } = look;
  return [
    entry("identify", IDENTIFY, () =>
      asking("identify", "Asks who it is.", notBeside, (bench) => look.identify(bench)),
    ),
    entry("status", STATUS, () => asking("status", "Asks what it is doing.", notBeside, (bench) => look.status(bench))),
    entry("read", READ, () => asking("read", "Reads what it shows.", notBeside, (bench) => look.status(bench))),
  ];
}

/** An entry whose command takes no arguments. */
export function entry(name: string, usage: ActUsage, make: (options: DeviceOptions) => Act): ActEntry {
  return {
    name,
    ...usage,
    make(args, options) {
      if (args.length > 0) throw new Fault("command.usage", name, `takes nothing after it, not ${args.join(" ")}`);
      return make(options);
    },
  };
}

/** identify and status by `connect`, for families that know no other way. */
export function driverActs(instrument: Instrument): readonly ActEntry[] {
  const connected = (bench: ActBench) => withConnected(bench, instrument, () => Promise.resolve({}));
  return [
    entry("identify", IDENTIFY, () => asking("identify", "Connects and asks who it is.", TAKES_OVER, identified)),
    entry("status", STATUS, () =>
      asking("status", "Connects, which proves that it answers.", TAKES_OVER, async (bench) => ({
        state: "answers",
        ...(await connected(bench)),
      })),
    ),
  ];

  async function identified(): Promise<Json> {
    try {
      return identityJson(await instrument.connect());
    } finally {
      instrument.disconnect();
    }
  }
}

/** Connects, does it, lets go, whatever happens. */
export async function withConnected<T extends object>(
  { signal }: ActBench,
  instrument: Instrument,
  work: () => Promise<T>,
): Promise<T & { readonly identity: Json }> {
  try {
    const identity = identityJson(await instrument.connect());
    signal.throwIfAborted();
    return { ...(await work()), identity };
  } finally {
    instrument.disconnect();
  }
}
