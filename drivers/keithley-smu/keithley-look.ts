/**
 * A look at a Keithley source-measure unit that changes nothing: who it is, and whether its output is on. `connect` of
 * the channel switches the output off, as a controller must; whoever only wants to know must not.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import { IDENTIFY, OUTPUT_STATE } from "../../protocols/wire/keithley-smu/scpi-commands.ts";
import {
  decodeOutputState,
  decodeSmuIdentity,
  FIRMWARE_MAJORS,
} from "../../protocols/wire/keithley-smu/scpi-replies.ts";
import { refuseOtherFirmware } from "../link/known-firmware.ts";
import { openWithin } from "../link/open-within.ts";
import { createScpiConversation } from "../link/scpi-conversation.ts";
import { wrongAnswer } from "../link/scpi-identity.ts";

export interface KeithleyLook {
  readonly identity: Identity;
  readonly isOutputOn: boolean;
}

export interface KeithleyLookDeps {
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  /** Another serial number at this address is the wrong device. */
  readonly expectedSerialNumber?: string;
  readonly replyMs?: number;
}

const REPLY_MS = 2000;

/** Rejects with `link.*`, or `device.wrong` where something else answers. The link is closed in the end. */
export async function lookAtKeithley(deps: KeithleyLookDeps): Promise<KeithleyLook> {
  const { name, clock, expectedSerialNumber: expected } = deps;
  const link = await openWithin(clock, deps.openLink, name);
  const talk = createScpiConversation(name, link, clock, deps.replyMs ?? REPLY_MS, () => undefined);
  try {
    const line = await talk.ask(IDENTIFY, (text) => text);
    const found = decodeSmuIdentity(line);
    if (found === undefined) throw wrongAnswer(name, "a Keithley source-measure unit", line);
    const { model, serialNumber, firmware } = found;
    refuseOtherFirmware(name, firmware, FIRMWARE_MAJORS);
    if (expected !== undefined && expected !== serialNumber) {
      throw new Fault("device.wrong", name, `serial number ${serialNumber} answers, ${expected} was expected`, {
        expected,
        serialNumber,
      });
    }
    const isOutputOn = await talk.ask(OUTPUT_STATE, decodeOutputState);
    return { identity: { model: `Keithley ${model}`, serialNumber, firmware }, isOutputOn };
  } finally {
    talk.close("looked");
  }
}
