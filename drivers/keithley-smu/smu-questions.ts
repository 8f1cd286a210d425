/** What a source-measure unit is asked while it sets up or runs a step. Rejects as `ask` does. */
import { Fault } from "../../protocols/base/fault.ts";
import { NEXT_ERROR, READ_SOURCE_AND_READING } from "../../protocols/wire/keithley-smu/scpi-commands.ts";
import { decodeNumbers, decodeScpiError } from "../../protocols/wire/keithley-smu/scpi-replies.ts";
import type { ScpiConversation } from "../link/scpi-conversation.ts";
import type { SmuSetting } from "./smu-step.ts";

const ERRORS_MAX = 10;

/** The first error since the last look, or null. Empties the unit's queue. */
export async function firstError(talk: ScpiConversation): Promise<string | null> {
  let first: string | null = null;
  for (let count = 0; count < ERRORS_MAX; count += 1) {
    const error = await talk.ask(NEXT_ERROR, decodeScpiError);
    if (error.code === 0) return first;
    first ??= `${error.code} ${error.text}`;
  }
  return first;
}

/** Source and reading as voltage and current; NaN for an overflow. */
export async function readVoltageAndCurrent(
  name: string,
  talk: ScpiConversation,
  setting: SmuSetting,
): Promise<readonly [number, number]> {
  const [source, reading] = await talk.ask(READ_SOURCE_AND_READING, (line) => {
    const numbers = decodeNumbers(line);
    return numbers?.length === 2 ? numbers : undefined;
  });
  if (source === undefined || reading === undefined) throw new Fault("link.garbled", name, "a reading is missing");
  return setting.kind === "voltage" ? [source, reading] : [reading, source];
}
