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
import type { ModbusBus, RequestOptions } from "../link/modbus-bus.ts";
import type { PermitGuard, PointCounts } from "./permit-guard.ts";

const IDLE = 0;
const ACTIVE = 1;
const EXPIRED = 2;
const WAGO_SERIES = 750;
/** Counts the releases of one item. */
const FIRMWARE_INDEX_MAX = 40;

/** `needed`: the points that the map uses. */
export function createWagoGuard(name: string, needed: PointCounts, watchdogMs: number): PermitGuard {
  let triggerValue = 0;
  /** It was found running with another set-up, which can only be written while it rests. */
  let isOtherwiseSetUp = false;
  const wanted = [watchdogMs / WATCHDOG_UNIT_MS, 0, 0];

  async function status(bus: ModbusBus): Promise<number> {
    return (await bus.readRegisters(WAGO.watchdogStatus, 1))[0] ?? -1;
  }

  /** Returns what it is set up with. */
  async function readBack(bus: ModbusBus): Promise<readonly number[]> {
    const registers = await bus.readRegisters(WAGO.watchdogTime, 4);
    triggerValue = registers[3] ?? 0;
    isOtherwiseSetUp = !wanted.every((value, index) => registers[index] === value);
    return registers.slice(0, 3);
  }

  async function stop(bus: ModbusBus, options: RequestOptions = {}): Promise<void> {
    await bus.writeRegister(WAGO.watchdogSimpleStop, WATCHDOG_SIMPLE_STOP, options);
    if (isOtherwiseSetUp) await setUp(bus);
  }

  /** While it rests. */
  async function setUp(bus: ModbusBus): Promise<void> {
    for (const [index, value] of wanted.entries()) await bus.writeRegister(WAGO.watchdogTime + index, value);
    const found = await readBack(bus);
    if (!isOtherwiseSetUp) return;
    const what = `The watchdog reads back ${found.join(", ")} instead of ${wanted.join(", ")}.`;
    throw new Fault("device.wrong", name, what);
  }

  return {
    inputBits: WAGO.inputBits,
    outputBits: WAGO.outputBits,
    lateAfterMs: watchdogMs,
    identify: (bus) => identifyUnit(bus, name, needed),
    async prepare(bus, isShutterClosed) {
      const before = await status(bus);
      // One that runs closes the shutter upstream when it runs out: it is not stopped before something is seen closed.
      const runsOn = before === ACTIVE && !(await isShutterClosed());
      if (runsOn) {
        await readBack(bus);
        return { hadTripped: false, runsOn };
      }
      // It may have run out while the inputs were read.
      const hadTripped = (before === ACTIVE ? await status(bus) : before) === EXPIRED;
      if (before !== IDLE) await bus.writeRegister(WAGO.watchdogSimpleStop, WATCHDOG_SIMPLE_STOP);
      await setUp(bus);
      return { hadTripped, runsOn };
    },
    async beat(bus, withdrawn) {
      triggerValue = (triggerValue % 0xffff) + 1;
      await bus.writeRegister(WAGO.watchdogTrigger, triggerValue, { isUrgent: true, withdrawn });
    },
    async proveRunning(bus) {
      const found = await status(bus);
      if (found === EXPIRED) return "tripped";
      if (isOtherwiseSetUp) throw new Fault("io.watchdog", name, "The output watchdog still runs with another set-up.");
      if (found === ACTIVE) return "running";
      throw new Fault("io.watchdog", name, `The output watchdog does not run (${watchdogStatusText(found)}).`);
    },
    hasTripped: async (bus) => (await status(bus)) === EXPIRED,
    stop,
    clearOutputs: () => Promise.resolve(),
    async restart(bus) {
      if ((await status(bus)) !== EXPIRED) return;
      await bus.writeRegister(WAGO.watchdogRestart, 1);
      if ((await status(bus)) === EXPIRED) throw new Fault("io.watchdog", name, "The watchdog did not restart.");
      // It runs again at once, and without a permit nobody renews it: the next heartbeat starts it.
      await stop(bus);
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
