/**
 * Advantech ADAM-6050 and ADAM-6060. Their own communication safety drops the outputs when the master is silent, but
 * any request renews it, so a hung supervisor beside a busy poll would keep the shutter open. The permit therefore
 * hangs on a retriggerable off-delay relay: each heartbeat changes one output that nothing else writes, the relay's
 * contact lies in the shutter's drive line, and without a change it opens within its set time. Communication safety
 * stands behind it, for a master that is gone.
 *
 * The relay does not latch. A heartbeat that might come after it fell would close it again, so one that is late by
 * the controller's clock, less the time an answer may take, is not sent but counts as a trip.
 */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import { ADAM, ADAM_MODELS, type AdamModel } from "../../protocols/wire/modbus-io/adam-6000.ts";
import { refuseUnlessKnown } from "../link/known-firmware.ts";
import type { ModbusBus } from "../link/modbus-bus.ts";
import type { PermitGuard, PointCounts } from "./permit-guard.ts";

/** High byte of the first version register: A1.01 reads 0xa101. */
const VERSION_A1 = 0xa1;

export interface AdamGuardOptions {
  readonly name: string;
  readonly model: AdamModel;
  /** The points that the map uses. */
  readonly needed: PointCounts;
  /** Bit of the output that drives the relay. */
  readonly heartbeatBit: number;
  /** The time set at the relay. */
  readonly relayMs: number;
  readonly replyDeadlineMs: number;
  /** Address of the first output; 16 unless commissioning found otherwise. */
  readonly outputOffset: number;
  /** False when the module has no registers for it and the site vouches that it is enabled. */
  readonly hasSafetyRegisters: boolean;
}

export function createAdamGuard(options: AdamGuardOptions): PermitGuard {
  const { name, model, needed, heartbeatBit, outputOffset } = options;
  const points = ADAM_MODELS[model];
  const heartbeat = outputOffset + heartbeatBit;
  let isHigh = false;

  async function safety(bus: ModbusBus): Promise<{ readonly isEnabled: boolean; readonly hasOccurred: boolean }> {
    if (!options.hasSafetyRegisters) return { isEnabled: true, hasOccurred: false };
    const [enabled = 0, occurred = 0] = await bus.readRegisters(ADAM.communicationSafetyEnabled, 2);
    return { isEnabled: enabled !== 0, hasOccurred: occurred !== 0 };
  }

  /** Between exposures silence is no fault: the outputs it dropped were not the permit's. */
  async function forgetSilence(bus: ModbusBus): Promise<void> {
    await bus.writeRegister(ADAM.communicationSafetyOccurred, 0);
    if ((await safety(bus)).hasOccurred) {
      throw new Fault("io.watchdog", name, "The module still says that its communication safety has acted.");
    }
  }

  return {
    inputBits: ADAM.inputBits,
    outputBits: outputOffset,
    lateAfterMs: options.relayMs - options.replyDeadlineMs,
    async identify(bus) {
      if (needed.inputCount > points.inputCount || needed.outputCount > points.outputCount) {
        throw new Fault(
          "device.wrong",
          name,
          `An ${model.toUpperCase()} has ${points.inputCount} inputs and ${points.outputCount} outputs; the site file uses ${needed.inputCount} and ${needed.outputCount}.`,
        );
      }
      const identity = await identifyModule(bus, name, model);
      // A wrong offset runs over the end of the outputs.
      await bus.readCoils(outputOffset, points.outputCount);
      return identity;
    },
    async prepare(bus) {
      const { isEnabled, hasOccurred } = await safety(bus);
      if (!isEnabled) {
        throw new Fault(
          "device.wrong",
          name,
          "Communication safety is not enabled: outputs would stay as they are when the controller is gone. Enable it in the module's own set-up.",
        );
      }
      isHigh = (await bus.readCoils(heartbeat, 1))[0] === true;
      if (hasOccurred) await forgetSilence(bus);
      return { hadTripped: false, runsOn: false };
    },
    async beat(bus, withdrawn) {
      isHigh = !isHigh;
      await bus.writeCoil(heartbeat, isHigh, { isUrgent: true, withdrawn });
    },
    async proveRunning(bus) {
      if ((await safety(bus)).hasOccurred) {
        await forgetSilence(bus);
        // The silence switched this output off as well, and the first heartbeat may have changed nothing.
        isHigh = (await bus.readCoils(heartbeat, 1))[0] !== true;
        await bus.writeCoil(heartbeat, isHigh, { isUrgent: true });
      }
      return "running";
    },
    hasTripped: async (bus, isLate) => isLate || (await safety(bus)).hasOccurred,
    // The relay runs out by itself, and opens the shutter's drive line alone.
    stop: null,
    async clearOutputs(bus, outputCount) {
      await bus.writeCoils(
        outputOffset,
        Array.from({ length: outputCount }, () => false),
        { isUrgent: true },
      );
      isHigh = false;
    },
    async restart(bus) {
      if ((await safety(bus)).hasOccurred) await forgetSilence(bus);
    },
  };
}

/** A module without name registers is known by its points alone. */
async function identifyModule(bus: ModbusBus, name: string, model: AdamModel): Promise<Identity> {
  const points = ADAM_MODELS[model];
  const registers = await bus.readRegisters(ADAM.name, 4).catch((error: unknown) => {
    if (isFault(error) && error.code === "io.exception") return undefined;
    throw error;
  });
  if (registers === undefined) {
    return {
      model: `Modbus unit, taken for an ${model.toUpperCase()}, ${points.inputCount} inputs, ${points.outputCount} outputs`,
      serialNumber: null,
      firmware: null,
    };
  }
  const [nameWord = 0, , versionHigh = 0, versionLow = 0] = registers;
  if (nameWord !== points.nameWord) {
    throw new Fault("device.wrong", name, `The module calls itself ${hex(nameWord)}, not ${hex(points.nameWord)}.`);
  }
  const firmware = `${hex(versionHigh)}.${hex(versionLow)}`;
  refuseUnlessKnown(name, firmware, versionHigh >> 8 === VERSION_A1, "a100 to a1ff");
  return {
    model: `Advantech ${model.toUpperCase()}, ${points.inputCount} inputs, ${points.outputCount} outputs`,
    serialNumber: null,
    firmware,
  };
}

function hex(word: number): string {
  return word.toString(16).padStart(4, "0");
}
