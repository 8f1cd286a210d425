/** The first words with a Modbus input/output unit: who it is, the shutter made safe, the watchdog set up and proven. */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import {
  WATCHDOG_SIMPLE_STOP,
  type ModbusIoMap,
  WAGO,
  WATCHDOG_UNIT_MS,
  watchdogStatusText,
} from "../../protocols/wire/modbus-io/modbus-io-map.ts";
import type { ModbusBus } from "../link/modbus-bus.ts";

export const WATCHDOG_ACTIVE = 1;
export const WATCHDOG_EXPIRED = 2;

/** Rejects with `device.wrong` when the unit has fewer digital points than the map uses. */
export async function identifyUnit(
  bus: ModbusBus,
  name: string,
  inputCountMin: number,
  outputCountMin: number,
): Promise<Identity> {
  const [, , outputCount = 0, inputCount = 0] = await bus.readRegisters(WAGO.processImage, 4);
  if (inputCount < inputCountMin || outputCount < outputCountMin) {
    throw new Fault(
      "device.wrong",
      name,
      `The unit has ${inputCount} digital inputs and ${outputCount} outputs; the site file uses ${inputCountMin} and ${outputCountMin}.`,
      { inputCount, outputCount },
    );
  }
  const plate = await namePlate(bus);
  const points = `${inputCount} inputs, ${outputCount} outputs`;
  if (plate === undefined) return { model: `Modbus unit, ${points}`, serialNumber: null, firmware: null };
  const [firmware = 0, series = 0, item = 0] = plate;
  return { model: `WAGO ${series}-${item}, ${points}`, serialNumber: null, firmware: String(firmware) };
}

/** Not every unit has one: an exception is no fault here. */
async function namePlate(bus: ModbusBus): Promise<readonly number[] | undefined> {
  try {
    return await bus.readRegisters(WAGO.namePlate, 3);
  } catch (error) {
    if (isFault(error) && error.code === "io.exception") return undefined;
    throw error;
  }
}

/** What an earlier session may have left open is closed before anything else. */
export async function makeShutterSafe(bus: ModbusBus, map: ModbusIoMap): Promise<void> {
  for (const bit of [map.outputs.shutterOpenRequest, map.outputs.shutterPermit]) {
    const [isOn] = await bus.readCoils(WAGO.outputBits + bit, 1);
    if (isOn === true) await bus.writeCoil(WAGO.outputBits + bit, false, { isUrgent: true });
  }
}

/**
 * Stops the watchdog, sets it up so that nothing but its trigger register renews it, and reads that back. The first
 * heartbeat starts it. Rejects with `device.wrong` when the unit does not keep the values.
 */
export async function prepareWatchdog(
  bus: ModbusBus,
  name: string,
  watchdogMs: number,
): Promise<{ readonly wasExpired: boolean; readonly triggerValue: number }> {
  const wanted = [watchdogMs / WATCHDOG_UNIT_MS, 0, 0];
  const status = (await bus.readRegisters(WAGO.watchdogStatus, 1))[0] ?? -1;
  // Its set-up can only be written while it rests; with the permit taken back nothing needs it to run.
  if (status !== 0) await bus.writeRegister(WAGO.watchdogSimpleStop, WATCHDOG_SIMPLE_STOP);
  for (const [index, value] of wanted.entries()) await bus.writeRegister(WAGO.watchdogTime + index, value);
  const registers = await bus.readRegisters(WAGO.watchdogTime, 4);
  if (!matches(registers, wanted)) {
    throw new Fault(
      "device.wrong",
      name,
      `The watchdog reads back ${registers.slice(0, 3).join(", ")} instead of ${wanted.join(", ")} (${watchdogStatusText(status)}).`,
    );
  }
  return { wasExpired: status === WATCHDOG_EXPIRED, triggerValue: registers[3] ?? 0 };
}

function matches(registers: readonly number[], wanted: readonly number[]): boolean {
  return wanted.every((value, index) => registers[index] === value);
}
