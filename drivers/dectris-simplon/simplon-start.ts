/** From a bare HTTP port to an identified SIMPLON detector at rest. */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { HttpPort } from "../../protocols/roles/http.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import { decodeValue } from "../../protocols/wire/simplon/simplon-replies.ts";
import { SIMPLON_VERSION, versionPath } from "../../protocols/wire/simplon/simplon-requests.ts";
import { createSimplonSession, VALUE_MS, type SimplonSession } from "./simplon-session.ts";
import { setPhotonEnergy } from "./simplon-settings.ts";

/** By the maker's client. */
export const INITIALIZE_MS = 240_000;
export const DISARM_MS = 10_000;
export const ABORT_MS = 5000;
/** Asking for the state more often can hang the detector. */
export const STATE_EVERY_MS = 100;
/** Versions whose paths and answers are known. */
const KNOWN_VERSION = /^1\.[5-9]\./;

export interface SimplonStartOptions {
  readonly expectedSerialNumber?: string | undefined;
  readonly photonEnergyEv?: number | undefined;
  /** Default `end`. */
  readonly whatRuns?: "end" | "leave" | undefined;
}

/** Rejects with `device.wrong`, `detector.refused` and as a session does. `ended` is told what was found running. */
export async function startSimplon(
  name: string,
  http: HttpPort,
  clock: Clock,
  options: SimplonStartOptions,
  ended: (state: string) => void,
): Promise<{ readonly session: SimplonSession; readonly identity: Identity }> {
  const session = createSimplonSession(name, http, await readVersion(name, http));
  const identity = await identify(name, session, options.expectedSerialNumber);
  if (options.whatRuns !== "leave") {
    await bringToRest(name, session, clock, ended);
    if (options.photonEnergyEv !== undefined) await setPhotonEnergy(name, session, options.photonEnergyEv);
  }
  return { session, identity };
}

async function readVersion(name: string, http: HttpPort): Promise<string> {
  const path = versionPath("detector");
  const reply = await http.request("GET", path, null, VALUE_MS);
  const decoded = reply.status === 200 ? decodeValue(reply.body) : undefined;
  const version = decoded?.isRead === true ? decoded.value.value : undefined;
  if (typeof version !== "string" || !SIMPLON_VERSION.test(version)) {
    const what = `no SIMPLON detector answers here: ${path} gives status ${reply.status} and no version`;
    throw new Fault("device.wrong", name, what, { status: reply.status });
  }
  if (!KNOWN_VERSION.test(version)) {
    const what = `the detector speaks SIMPLON ${version}; known are 1.5 to 1.9`;
    throw new Fault("device.firmware", name, what, { version });
  }
  return version;
}

async function identify(name: string, session: SimplonSession, expected: string | undefined): Promise<Identity> {
  const text = async (key: string): Promise<string | null> => {
    const value = await session.configIfKnown("detector", key);
    return value === null ? null : readableText(String(value.value));
  };
  const model = await text("description");
  if (model === null) throw new Fault("device.wrong", name, "the detector does not describe itself");
  const serialNumber = await text("detector_number");
  if (expected !== undefined && serialNumber !== expected) {
    const what = `detector ${serialNumber ?? "without a number"} answers, ${expected} was expected`;
    throw new Fault("device.wrong", name, what, { expected, serialNumber });
  }
  const firmware = (await text("eiger_fw_version")) ?? (await text("software_version"));
  return { model, serialNumber, firmware };
}

/** What an earlier connection left armed or running would end in the middle of the next exposure. */
async function bringToRest(
  name: string,
  session: SimplonSession,
  clock: Clock,
  ended: (state: string) => void,
): Promise<void> {
  const state = await session.state();
  switch (state) {
    case "idle":
      return;
    case "na":
      await session.command("initialize", INITIALIZE_MS);
      break;
    case "ready":
      await session.command("disarm", DISARM_MS);
      ended(state);
      break;
    case "acquire":
      await session.command("abort", ABORT_MS);
      await session.command("disarm", DISARM_MS);
      ended(state);
      break;
    case "error":
      throw new Fault("detector.refused", name, `the detector is in error: ${await errorText(session)}`);
    case "configure":
    case "initialize":
    case "test":
      throw new Fault("detector.refused", name, `the detector is still busy: ${state}`, { state });
  }
  await awaitState(name, session, clock, "idle", ABORT_MS);
}

/** Asks until the state is reached. Rejects with `detector.refused` after `deadlineMs`. */
export async function awaitState(
  name: string,
  session: SimplonSession,
  clock: Clock,
  wanted: string,
  deadlineMs: number,
): Promise<void> {
  const untilMs = clock.monoMs() + deadlineMs;
  for (;;) {
    const state = await session.state();
    if (state === wanted) return;
    if (clock.monoMs() >= untilMs) {
      throw new Fault("detector.refused", name, `the detector stays in ${state}; ${wanted} was expected`, { state });
    }
    await sleep(clock, STATE_EVERY_MS);
  }
}

async function errorText(session: SimplonSession): Promise<string> {
  try {
    return readableText(await session.statusText("error"));
  } catch (error) {
    if (!isFault(error)) throw error;
    return "it does not say which";
  }
}

function readableText(text: string): string {
  return text.slice(0, 200).replaceAll(/[^ -~]/g, "?");
}
