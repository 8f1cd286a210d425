/** One thing that `beamrack device` can do with an instrument, before it is done. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { RecordedLedger } from "../../controller/dose/recorded-ledger.ts";
import type { DriverDeps, SiteDrivers } from "../rig/drivers.ts";

/** What an act is done with: real links and the machine's clock, or simulated ones for a dry run. */
export interface ActBench {
  readonly site: Site;
  readonly drivers: SiteDrivers;
  readonly deps: DriverDeps;
  readonly clock: Clock;
  /** Aborted by Ctrl-C and at the deadline: the act ends in order and makes safe what it had begun. */
  readonly signal: AbortSignal;
  /** Where photons are booked; undefined in a dry run, which opens nothing. */
  readonly ledger: RecordedLedger | undefined;
  /** Names this process to brokers, which throw out the elder of two of one name. */
  readonly clientId: string;
  /** What a person at the terminal wants to know before the act is done. */
  readonly say: (line: string) => void;
}

export interface Act {
  /** As a person types it, with its arguments. */
  readonly command: string;
  /** What will happen, one sentence each. */
  readonly words: readonly string[];
  /** It moves, energises or ends something: asked before, unless `--yes`. */
  readonly needsConfirmation: boolean;
  /** Photons may pass: needs a booking in a campaign's data folder. */
  readonly admitsBeam: boolean;
  /** Why it may not be done beside a controller that holds the site; null when it may. */
  readonly notBeside: string | null;
  /** Until the whole act is given up. */
  readonly timeoutMs: number;
  /** Rejects with a Fault. Leaves no link open. */
  perform(bench: ActBench): Promise<Json>;
}

/** How a command is typed after the instrument's name, and what it does: for lists and help. */
export interface ActUsage {
  readonly usage: string;
  readonly summary: string;
}
