/**
 * A look at an input/output unit that writes nothing, so that it may be taken beside the controller that holds the
 * shutter: who it is, the levels of its inputs, what its outputs are set to. `connect` of the driver takes the
 * shutter's request and permit back.
 */
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { InputLevels } from "../../protocols/roles/beam-io.ts";
import { createModbusBus } from "../link/modbus-bus.ts";
import { openWithin } from "../link/open-within.ts";
import { levelsOf, pointsOf } from "./modbus-io-levels.ts";
import { createGuard, REPLY_MS, type ModbusIoDeps } from "./modbus-io.ts";

export interface ModbusIoLook {
  readonly identity: Identity;
  readonly levels: InputLevels;
  readonly outputs: {
    readonly shutterOpenRequest: boolean;
    readonly shutterPermit: boolean;
    readonly safetyShutterRequest: boolean;
    readonly filters: readonly boolean[];
  };
}

/** Rejects with `link.*`, `io.exception`, or `device.wrong` where another unit answers. The link is closed in the end. */
export async function lookAtModbusIo(deps: ModbusIoDeps): Promise<ModbusIoLook> {
  const { name, clock, map } = deps;
  const replyDeadlineMs = deps.replyDeadlineMs ?? REPLY_MS;
  const { firstInput, inputCount, outputCount } = pointsOf(map);
  const guard = createGuard(deps, { inputCount: firstInput + inputCount, outputCount }, replyDeadlineMs);
  const bus = createModbusBus({
    name,
    link: await openWithin(clock, deps.openLink, name),
    clock,
    unitId: deps.unitId ?? 1,
    replyDeadlineMs,
    ...(deps.framing === undefined ? {} : { framing: deps.framing }),
    onLost: () => undefined,
  });
  try {
    const identity = await guard.identify(bus);
    const bits = await bus.readDiscreteInputs(guard.inputBits + firstInput, inputCount);
    const readAtMs = clock.monoMs();
    const coils = await bus.readCoils(guard.outputBits, outputCount);
    const watchdogTripped = await guard.hasTripped(bus, false);
    const isSet = (bit: number): boolean => coils[bit] === true;
    return {
      identity,
      levels: levelsOf(map, (bit) => bits[bit - firstInput] === true, readAtMs, watchdogTripped),
      outputs: {
        shutterOpenRequest: isSet(map.outputs.shutterOpenRequest),
        shutterPermit: isSet(map.outputs.shutterPermit),
        safetyShutterRequest: isSet(map.outputs.safetyShutterRequest),
        filters: map.outputs.filters.map(isSet),
      },
    };
  } finally {
    bus.close();
  }
}
