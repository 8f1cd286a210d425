/** Whether what answers is a source-measure unit that this driver knows, the one that is meant, and one that speaks SCPI. */
import { Fault } from "../../protocols/base/fault.ts";
import { IDENTIFY, LANGUAGE } from "../../protocols/wire/keithley-smu/scpi-commands.ts";
import { decodeSmuIdentity, FIRMWARE_MAJORS } from "../../protocols/wire/keithley-smu/scpi-replies.ts";
import { refuseOtherFirmware } from "../link/known-firmware.ts";
import type { ScpiConversation } from "../link/scpi-conversation.ts";
import { wrongAnswer } from "../link/scpi-identity.ts";

const MODELS: ReadonlySet<string> = new Set(["2450", "2460", "2461"]);

/** Rejects with `device.wrong` where it is not. */
export async function identifySmu(name: string, talk: ScpiConversation, expectedSerialNumber?: string) {
  const line = await talk.ask(IDENTIFY, (text) => text);
  const found = decodeSmuIdentity(line);
  if (found === undefined || !MODELS.has(found.model)) {
    throw wrongAnswer(name, "a Keithley 2450, 2460 or 2461", line);
  }
  refuseOtherFirmware(name, found.firmware, FIRMWARE_MAJORS);
  if (expectedSerialNumber !== undefined && expectedSerialNumber !== found.serialNumber)
    throw new Fault(
      "device.wrong",
      name,
      `serial number ${found.serialNumber} answers, ${expectedSerialNumber} was expected`,
      { expected: expectedSerialNumber, serialNumber: found.serialNumber },
    );
  const language = await talk.ask(LANGUAGE, (text) => text.trim());
  if (language !== "SCPI")
    throw new Fault("device.wrong", name, `the unit speaks ${language}; choose SCPI in its menu and restart it`, {
      language,
    });
  return found;
}
