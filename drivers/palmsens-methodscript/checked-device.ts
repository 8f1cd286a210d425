/** Whether the instrument that answers is the one that is wired, and fit for the cells of this channel. */
import { Fault } from "../../protocols/base/fault.ts";
import {
  deviceModel,
  FIRMWARE_MAJORS,
  unfitReason,
  type DeviceModel,
  type DeviceVersion,
} from "../../protocols/wire/methodscript/device-models.ts";
import { refuseOtherFirmware } from "../link/known-firmware.ts";

/** What the cells of a channel need. */
export interface ChannelNeeds {
  readonly voltageMaxV: number;
  readonly currentMaxA: number;
}

/** Throws `device.wrong`; `expectedSerialNumber` undefined takes any. */
export function checkedDevice(
  name: string,
  { typeCode, firmware, serialNumber }: DeviceVersion & { readonly serialNumber: string },
  needs: ChannelNeeds,
  expectedSerialNumber: string | undefined,
): DeviceModel {
  const found = deviceModel(typeCode);
  if (found === undefined) throw new Fault("device.wrong", name, `unknown device type ${typeCode}`, { typeCode });
  refuseOtherFirmware(name, firmware, FIRMWARE_MAJORS);
  const unfit = unfitReason(found, needs.voltageMaxV, needs.currentMaxA);
  if (unfit !== null) throw new Fault("device.wrong", name, unfit, { typeCode });
  if (expectedSerialNumber !== undefined && expectedSerialNumber !== serialNumber)
    throw new Fault(
      "device.wrong",
      name,
      `serial number ${serialNumber} answers, ${expectedSerialNumber} was expected`,
      { expected: expectedSerialNumber, serialNumber },
    );
  return found;
}
