/**
 * The output watchdog of WAGO's 750 series. It listens to no function code: only a change of its trigger register
 * renews it, and only a heartbeat writes that register. Whatever else goes on, polling included, cannot keep the
 * shutter open. When it expires every output drops and writes are refused until it is restarted.
 */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import {
  WAGO,
  WATCHDOG_SIMPLE_STOP,
  WATCHDOG_UNIT_MS,
  watchdogStatusText,
} from "../../protocols/wire/modbus-io/modbus-io-map.ts";
import { refuseUnlessKnown } from "../link/known-firmware.ts";
import type { ModbusBus } from "../link/modbus-bus.ts";
import type { PermitGuard, PointCounts } from "./permit-guard.ts";

const ACTIVE = 1;
const EXPIRED = 2;
const WAGO_SERIES = 750;
/** Counts the releases of one item. */
const FIRMWARE_INDEX_MAX = 40;

/** `needed`: the points that the map uses. */
export function createWagoGuard(name: string, needed: PointCounts, watchdogMs: number): PermitGuard {
  let triggerValue = 0;

  async function status(bus: ModbusBus): Promise<number> {
    return (await bus.readRegisters(WAGO.watchdogStatus, 1))[0] ?? -1;
  }

  return {
    inputBits: WAGO.inputBits,
    outputBits: WAGO.outputBits,
    lateAfterMs: watchdogMs,
    identify: (bus) => identifyUnit(bus, name, needed),
    async prepare(bus, isShutterClosed) {
      const wanted = [watchdogMs / WATCHDOG_UNIT_MS, 0, 0];
      const before = await status(bus);
      // One that runs closes the shutter upstream when it runs out: it is not stopped before something is seen closed.
      const runsOn = before === ACTIVE && !(await isShutterClosed());
      // Its set-up can only be written while it rests.
      if (before !== 0 && !runsOn) await bus.writeRegister(WAGO.watchdogSimpleStop, WATCHDOG_SIMPLE_STOP);
      if (!runsOn) {
        for (const [index, value] of wanted.entries()) await bus.writeRegister(WAGO.watchdogTime + index, value);
      }
      const registers = await bus.readRegisters(WAGO.watchdogTime, 4);
      if (!wanted.every((value, index) => registers[index] === value)) {
        throw new Fault(
          "device.wrong",
          name,
          `The watchdog reads back ${registers.slice(0, 3).join(", ")} instead of ${wanted.join(", ")} (${watchdogStatusText(before)}).`,
        );
      }
      triggerValue = registers[3] ?? 0;
      return { hadTripped: before === EXPIRED, runsOn };
    },
    async beat(bus, withdrawn) {
      triggerValue = (triggerValue % 0xffff) + 1;
      await bus.writeRegister(WAGO.watchdogTrigger, triggerValue, { isUrgent: true, withdrawn });
    },
    async proveRunning(bus) {
      const found = await status(bus);
      if (found === ACTIVE) return "running";
      if (found === EXPIRED) return "tripped";
      throw new Fault("io.watchdog", name, `The output watchdog does not run (${watchdogStatusText(found)}).`);
    },
    hasTripped: async (bus) => (await status(bus)) === EXPIRED,
    stop: (bus, options) => bus.writeRegister(WAGO.watchdogSimpleStop, WATCHDOG_SIMPLE_STOP, options),
    clearOutputs: () => Promise.resolve(),
    async restart(bus) {
      if ((await status(bus)) !== EXPIRED) return;
      await bus.writeRegister(WAGO.watchdogRestart, 1);
      if ((await status(bus)) === EXPIRED) throw new Fault("io.watchdog", name, "The watchdog did not restart.");
      // It runs again at once, and without a permit nobody renews it: the next heartbeat starts it.
      await bus.writeRegister(WAGO.watchdogSimpleStop, WATCHDOG_SIMPLE_STOP);
    },
  };
}

async function identifyUnit(bus: ModbusBus, name: string, needed: PointCounts): Promise<Identity> {
  const [, , outputCount = 0, inputCount = 0] = await bus.readRegisters(WAGO.processImage, 4);
  if (inputCount < needed.inputCount || outputCount < needed.outputCount) {
    throw new Fault(
      "device.wrong",
      name,
      `The unit has ${inputCount} digital inputs and ${outputCount} outputs; the site file uses ${needed.inputCount} and ${needed.outputCount}.`,
      { inputCount, outputCount },
    );
  }
  const plate = await namePlate(bus);
  const points = `${inputCount} inputs, ${outputCount} outputs`;
  if (plate === undefined) return { model: `Modbus unit, ${points}`, serialNumber: null, firmware: null };
  const [firmware = 0, series = 0, item = 0] = plate;
  if (series !== WAGO_SERIES) {
    const what = `The unit says that it is of series ${series}, not ${WAGO_SERIES}.`;
    throw new Fault("device.wrong", name, what, { series, item });
  }
  const isKnown = firmware >= 1 && firmware <= FIRMWARE_INDEX_MAX;
  refuseUnlessKnown(name, String(firmware), isKnown, `index 1 to ${FIRMWARE_INDEX_MAX}`);
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
