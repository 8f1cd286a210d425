/** The answer to `*IDN?` on a link that may still carry an answer to an earlier connection. */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { ScpiConversation } from "./scpi-conversation.ts";

const IDENTIFY = "*IDN?";
/** What is still on its way has come by then. */
const STRAY_MS = 300;
const TRIES = 3;

/** Rejects with `device.wrong` when no answer is one that `decode` knows; `wanted` is `a DG645`. */
export async function askIdentity<T>(
  name: string,
  talk: ScpiConversation,
  clock: Clock,
  wanted: string,
  decode: (line: string) => T | undefined,
): Promise<T> {
  // The line end closes whatever an earlier connection left half said.
  talk.tell([""]);
  let line = "";
  for (let count = 0; count < TRIES; count += 1) {
    line = await talk.ask(IDENTIFY, (text) => text);
    const found = decode(line);
    if (found !== undefined) return found;
    await sleep(clock, STRAY_MS);
  }
  throw wrongAnswer(name, wanted, line);
}

/** Fault `device.wrong` with what answered instead of `wanted`. */
export function wrongAnswer(name: string, wanted: string, line: string): Fault {
  const answer = line.slice(0, 200).replaceAll(/[^ -~]/g, "?");
  return new Fault("device.wrong", name, `not ${wanted}: \`${answer}\` answers here`, { answer });
}

/** Throws `device.wrong` when another serial number is expected. */
export function refuseOtherSerial(name: string, found: string, expected: string | undefined): void {
  if (expected === undefined || expected === found) return;
  const what = `serial number ${found} answers, ${expected} was expected`;
  throw new Fault("device.wrong", name, what, { expected, serialNumber: found });
}
