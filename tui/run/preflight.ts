/** Before a run begins, every instrument is asked who it is: a slip of the wiring is told while a person is there. */
import { sleep, within, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Finding } from "../../protocols/base/finding.ts";
import type { Occupant } from "../../protocols/base/position.ts";
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { Site } from "../../protocols/site/site.ts";
import { connectRoles } from "../rig/campaign-roles.ts";
import type { DriverDeps } from "../rig/drivers.ts";

/** Longer than any driver needs for its own deadlines. */
const CONNECT_MS = 30_000;
/** A first answer lost while a hundred ports are opened is no reason to send a person home. */
const TRIES = 3;
const PAUSE_MS = 500;

/** One finding for each instrument that could not be identified. Nothing is moved, and every link is closed again. */
export async function preflight(
  site: Site,
  positions: readonly Occupant[],
  deps: DriverDeps,
): Promise<readonly Finding[]> {
  const { instruments } = connectRoles(site, positions, deps);
  return identifyAll(instruments, deps.clock);
}

/** Asks all at once; what may well succeed the next time is tried again before it is told. */
export async function identifyAll(instruments: readonly Instrument[], clock: Clock): Promise<readonly Finding[]> {
  const findings = await Promise.all(instruments.map((instrument) => identified(instrument, clock)));
  for (const instrument of instruments) instrument.disconnect();
  return findings.flatMap((finding) => finding ?? []);
}

async function identified(instrument: Instrument, clock: Clock): Promise<Finding | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const fault = await refusal(instrument, clock);
    if (fault === undefined) return undefined;
    if (fault.severity !== "retry" || attempt === TRIES) {
      const { code, message: what, advice } = fault;
      return { severity: "error", code, where: instrument.name, what, advice };
    }
    instrument.disconnect();
    await sleep(clock, PAUSE_MS);
  }
}

async function refusal(instrument: Instrument, clock: Clock): Promise<Fault | undefined> {
  const { name } = instrument;
  const late = (): Fault =>
    new Fault("link.timeout", name, `${name} did not say who it is within ${CONNECT_MS / 1000} s`);
  try {
    await within(clock, CONNECT_MS, instrument.connect(), late);
    return undefined;
  } catch (error) {
    if (!isFault(error)) throw error;
    return error;
  }
}
