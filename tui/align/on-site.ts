/** What every measurement at the rack needs: the site's lock, the ledger where each exposure is booked, Ctrl-C heard. */
import { openRecordedLedger, type RecordedLedger } from "../../controller/dose/recorded-ledger.ts";
import { Fault, faultText, isFault } from "../../protocols/base/fault.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createCaptureFolder } from "../capture/capture-folder.ts";
import type { CommandContext } from "../command-context.ts";
import type { ActBench } from "../device/act.ts";
import type { SiteLock } from "../site-lock/site-lock.ts";
import { hashOf } from "../load-campaign.ts";
import { createSiteDrivers } from "../rig/drivers.ts";
import { createRealLinks } from "../rig/real-links.ts";
import { placedSite, type LoadedCalibration } from "./load-calibration.ts";

export interface OnSiteOrder {
  /** As faults and the site's lock name it: beamrack align. */
  readonly command: string;
  readonly sitePath: string;
  readonly dataFolder: string;
  readonly captureFolder: string | undefined;
}

/** The bench's site has its rack where it was measured last. Rejects with `site.in-use`, `device.interrupted`, and what `use` does. */
export async function withSiteBench<T>(
  context: CommandContext,
  site: Site,
  before: LoadedCalibration | undefined,
  order: OnSiteOrder,
  use: (bench: ActBench, ledger: RecordedLedger) => Promise<T>,
): Promise<T> {
  const { command, sitePath, dataFolder, captureFolder } = order;
  const capture =
    captureFolder === undefined
      ? undefined
      : createCaptureFolder(captureFolder, context.clock, (fault) => {
          context.printError(faultText(fault));
        });
  const lock = takeLock(context, site, `${command} ${sitePath}`);
  const ending = new AbortController();
  const release = context.onInterrupt((reason) => {
    ending.abort(new Fault("device.interrupted", command, `the measurement was ended by ${reason}`, { reason }));
  });
  try {
    const ledger = openRecordedLedger({
      folder: dataFolder,
      siteHash: hashOf(site),
      clock: context.clock,
      holder: { ...context.self, sinceMs: context.clock.wallMs() },
    });
    try {
      const deps = createRealLinks(context.clock, capture);
      return await use(
        {
          ...{ site: placedSite(site, before, []), clock: context.clock, ledger, deps },
          ...{ drivers: createSiteDrivers(site, deps), signal: ending.signal },
          clientId: `${command.replaceAll(" ", "-")}-${context.self.pid}`,
          say: (line) => {
            context.printError(line);
          },
        },
        ledger,
      );
    } finally {
      ledger.close();
    }
  } finally {
    release();
    lock.release();
  }
}

/** Throws Fault `site.in-use`, with what to do where a campaign runs there. */
export function takeLock(context: Pick<CommandContext, "takeSiteLock">, site: Site, command: string): SiteLock {
  try {
    return context.takeSiteLock(site, { command });
  } catch (error) {
    if (!isFault(error) || error.code !== "site.in-use") throw error;
    const what = `${error.message}: stage, shutter and detector are its own while it runs. End it in order (Ctrl-C, or systemctl stop; cells go on with the step they are in, within their instruments' limits), measure, and give the same run again`;
    throw new Fault("site.in-use", error.where, what, error.detail, error);
  }
}

/** Rejects with Fault `device.unconfirmed` where nobody says yes. */
export async function confirmAct(
  context: CommandContext,
  { command, question, words, isConfirmed }: ConfirmOrder,
): Promise<void> {
  for (const word of words) context.printError(word);
  if (isConfirmed) return;
  const answer = await context.ask(`${question} [y/N]`);
  if (answer !== null && /^y(es)?$/i.test(answer.trim())) return;
  const why = answer === null ? "nobody at a terminal confirmed it" : "it was not confirmed";
  throw new Fault("device.unconfirmed", command, `nothing was measured: ${why}`);
}

interface ConfirmOrder {
  readonly command: string;
  readonly question: string;
  readonly words: readonly string[];
  readonly isConfirmed: boolean;
}
