/** Whether what answers is a unit of this register map, and the one that is meant. Nothing is written. */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { CyclerMap } from "../../protocols/wire/modbus-cycler/register-map.ts";
import { refuseUnlessKnown } from "../link/known-firmware.ts";
import type { CyclerUnit } from "./cycler-unit.ts";

/** Rejects with `device.wrong` or `device.firmware` where it is not. */
export async function identifyCycler(
  name: string,
  unit: CyclerUnit,
  map: CyclerMap,
  expectedSerialNumber?: string,
): Promise<Identity> {
  const { beginsWith, knownFirmware } = map.identity;
  const model = await unit.model().catch((error: unknown) => {
    if (!isFault(error) || error.code !== "io.exception") throw error;
    throw new Fault("device.wrong", name, `What answers has no model where ${map.title} has it.`, {}, error);
  });
  if (!model.startsWith(beginsWith))
    throw new Fault("device.wrong", name, `"${model}" answers; ${map.title} begins with ${beginsWith}.`, { model });
  const serialNumber = await unit.serialNumber();
  if (expectedSerialNumber !== undefined && expectedSerialNumber !== serialNumber)
    throw new Fault(
      "device.wrong",
      name,
      `Serial number ${serialNumber ?? "unknown"} answers, ${expectedSerialNumber} was expected.`,
      { expected: expectedSerialNumber, serialNumber },
    );
  const firmware = await unit.firmware();
  const isKnown = knownFirmware.length === 0 || knownFirmware.some((begin) => firmware?.startsWith(begin) === true);
  refuseUnlessKnown(name, firmware ?? "unknown", isKnown, `what begins with ${knownFirmware.join(" or ")}`);
  return { model, serialNumber, firmware };
}
