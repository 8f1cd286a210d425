/**
 * A look at a MethodSCRIPT instrument that changes nothing: who it is and whether a script runs. `connect` of the
 * channel ends what runs, as a controller must; whoever only wants to know must not.
 */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import { decodeVersion, deviceModel, FIRMWARE_MAJORS } from "../../protocols/wire/methodscript/device-models.ts";
import { encodeCommand } from "../../protocols/wire/methodscript/script-lines.ts";
import { refuseOtherFirmware } from "../link/known-firmware.ts";
import { openWithin } from "../link/open-within.ts";
import { wrongAnswer } from "../link/scpi-identity.ts";
import { createLineConversation } from "./line-conversation.ts";

export interface MethodScriptLook {
  /** Null while a script runs: the instrument then answers no such question. */
  readonly identity: Identity | null;
  readonly isScriptRunning: boolean;
}

export interface MethodScriptLookDeps {
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  /** Another serial number on this port is the wrong device. */
  readonly expectedSerialNumber?: string;
  readonly replyMs?: number;
}

const REPLY_MS = 1000;
/** Data of a script that runs are waited for this long before the instrument is asked anything. */
const LISTEN_MS = 250;

/** Rejects with `link.*`, or `device.wrong` where something else answers. The link is closed in the end. */
export async function lookAtMethodScript(deps: MethodScriptLookDeps): Promise<MethodScriptLook> {
  const { name, clock } = deps;
  const replyMs = deps.replyMs ?? REPLY_MS;
  let packageCount = 0;
  const link = await openWithin(clock, deps.openLink, name);
  const talk = createLineConversation({
    name,
    link,
    clock,
    onPackage() {
      packageCount += 1;
      return true;
    },
    onLine: () => undefined,
    onLost: () => undefined,
  });
  const isBusy = (line: string): boolean => /^[ti]!0006/.test(line);
  try {
    await sleep(clock, LISTEN_MS);
    if (packageCount > 0) return { identity: null, isScriptRunning: true };
    let text = "";
    const version = await talk.ask("t", encodeCommand("t"), replyMs, (line) => {
      if (text === "" && !line.startsWith("t")) return undefined;
      text += line;
      return line.endsWith("*") || line.startsWith("t!") ? text : undefined;
    });
    if (isBusy(version)) return { identity: null, isScriptRunning: true };
    const serial = await talk.ask("i", encodeCommand("i"), replyMs, (line) =>
      line.startsWith("i") ? line : undefined,
    );
    return { identity: identityOf(deps, version, serial), isScriptRunning: false };
  } catch (error) {
    // A script between two samples says nothing, and answers nothing but a stop.
    if (isFault(error) && error.code === "link.timeout" && packageCount > 0)
      return { identity: null, isScriptRunning: true };
    throw error;
  } finally {
    talk.close("looked");
  }
}

function identityOf({ name, expectedSerialNumber }: MethodScriptLookDeps, version: string, serial: string): Identity {
  const found = decodeVersion(version);
  const model = found === undefined ? undefined : deviceModel(found.typeCode);
  if (found === undefined || model === undefined) {
    throw wrongAnswer(name, "a MethodSCRIPT device", version);
  }
  refuseOtherFirmware(name, found.firmware, FIRMWARE_MAJORS);
  const serialNumber = serial.slice(1);
  if (serialNumber.startsWith("!")) {
    throw new Fault("device.refused", name, `the instrument does not tell its serial number: ${serial}`, {
      reply: serial,
    });
  }
  if (expectedSerialNumber !== undefined && expectedSerialNumber !== serialNumber) {
    throw new Fault(
      "device.wrong",
      name,
      `serial number ${serialNumber} answers, ${expectedSerialNumber} was expected`,
      {
        expected: expectedSerialNumber,
        serialNumber,
      },
    );
  }
  return { model: model.product, serialNumber, firmware: found.firmware };
}
