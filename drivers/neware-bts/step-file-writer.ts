/** Puts a step, as a file, where the instrument's computer reads it. */
import { within } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { ChannelStep } from "../../protocols/roles/channel.ts";
import { addressKey, type NewareAddress } from "../../protocols/wire/neware/channel-address.ts";
import {
  channelStepFile,
  type ChannelRange,
  type HoldApproach,
} from "../../protocols/wire/neware/channel-step-file.ts";
import { encodeStepFile } from "../../protocols/wire/neware/step-xml.ts";
import type { CabinetPort } from "./neware-cabinet.ts";

/** What ran before, and the last voltage seen; NaN when none was. */
export interface StepBefore {
  readonly step: ChannelStep | null;
  readonly voltageV: number;
}

/** Gives the file's path as the instrument's computer sees it. Rejects with `protocol.invalid` or `channel.step-file`. */
export type StepFileWriter = (step: ChannelStep, before: StepBefore) => Promise<string>;

export interface StepFileWriterDeps {
  readonly name: string;
  readonly cabinet: Pick<CabinetPort, "clock" | "stepFileFolder" | "writeFolder" | "writeFile">;
  readonly address: NewareAddress;
  readonly range: ChannelRange;
  readonly remark: string;
}

const WRITE_MS = 5000;
/** A hold whose approach is not known stays this far below the limit, so that it does not trip it. */
const CEILING_SHARE = 0.9;

export function createStepFileWriter({ name, cabinet, address, range, remark }: StepFileWriterDeps): StepFileWriter {
  const { clock } = cabinet;
  let writtenCount = 0;

  return async (step, before) => {
    writtenCount += 1;
    const wallMs = clock.wallMs();
    const date = new Date(wallMs).toISOString().replace(/\D/g, "").slice(0, 14);
    // A name is never used twice: a share may serve an old file under a known name.
    const fileName = `${addressKey(address)}-${date}-${writtenCount}.xml`;
    const guid = guidOf(address, wallMs, writtenCount);
    const file = channelStepFile(step, holdApproach(step, before, range), range, {
      creator: "beamrack",
      remark,
      date,
      guid,
    });
    if (!file.ok) throw new Fault("protocol.invalid", name, file.reason);
    try {
      const writing = cabinet.writeFile(joined(cabinet.writeFolder, fileName), encodeStepFile(file.value));
      await within(clock, WRITE_MS, writing, () => new Error(`not written within ${WRITE_MS} ms`));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Fault("channel.step-file", name, `${fileName} could not be written: ${why}`, { fileName }, error);
    }
    return joined(cabinet.stepFileFolder, fileName);
  };
}

function holdApproach(step: ChannelStep, before: StepBefore, range: ChannelRange): HoldApproach {
  if (step.kind !== "constant-voltage") return { direction: "charge", currentMaxA: range.currentMaxA };
  const previous = before.step;
  if (previous?.kind === "constant-current" && previous.untilVoltageV === step.voltageV)
    return {
      direction: previous.currentA > 0 ? "charge" : "discharge",
      currentMaxA: Math.abs(previous.currentA),
    };
  const direction = before.voltageV > step.voltageV ? "discharge" : "charge";
  const limitA = direction === "charge" ? step.limits.currentMaxA : -step.limits.currentMinA;
  return { direction, currentMaxA: Math.min(range.currentMaxA, CEILING_SHARE * limitA) };
}

/** The separator of the computer that reads the path. */
function joined(folder: string, fileName: string): string {
  const separator = folder.includes("\\") || /^[A-Za-z]:/.test(folder) ? "\\" : "/";
  return folder.endsWith(separator) ? `${folder}${fileName}` : `${folder}${separator}${fileName}`;
}

/** Unique by channel, time and count; the form is all that the reader asks for. */
function guidOf({ deviceId, subdeviceId, channelId }: NewareAddress, wallMs: number, count: number): string {
  const hex = (value: number, digits: number): string =>
    Math.floor(value).toString(16).padStart(digits, "0").slice(-digits);
  return `${hex(wallMs / 1000, 8)}-${hex(wallMs % 1000, 4)}-${hex(deviceId, 4)}-${hex(subdeviceId * 256 + channelId, 4)}-${hex(count, 12)}`;
}
