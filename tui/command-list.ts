/** The commands of `beamrack`, as `--help` shows them. Each is loaded only when it is called. */
import type { Command } from "./command-context.ts";

export interface CommandEntry {
  readonly name: string;
  /** What follows the name. */
  readonly usage: string;
  /** One line for the overview. */
  readonly summary: string;
  /** What `beamrack NAME --help` says beside the usage. */
  readonly details: readonly string[];
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "verify",
    usage: "DIR",
    summary: "audit a data folder: hash chain, ledger against exposures, gaps, limits, replay",
    details: ["Only reads. Exit 3 when anything does not hold; what is damaged is named, the rest is still audited."],
    load: async () => (await import("./commands/verify.ts")).verifyCommand,
  },
];
