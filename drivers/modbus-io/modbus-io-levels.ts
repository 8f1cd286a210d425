/** What the bits of an input/output unit mean: where those in use lie, and the levels that they show. */
import type { InputLevels } from "../../protocols/roles/beam-io.ts";
import { inputBits, type ModbusIoMap, outputBits } from "../../protocols/wire/modbus-io/modbus-io-map.ts";

/** Where the inputs in use begin, and how many there are from there; outputs are counted from 0. */
export function pointsOf(map: ModbusIoMap) {
  const usedInputs = inputBits(map);
  const firstInput = Math.min(...usedInputs);
  return {
    firstInput,
    inputCount: Math.max(...usedInputs) - firstInput + 1,
    outputCount: Math.max(...outputBits(map)) + 1,
  };
}

/** `level`: the state of an input by its bit number. */
export function levelsOf(
  { inputs }: ModbusIoMap,
  level: (bit: number) => boolean,
  readAtMs: number,
  watchdogTripped: boolean,
): InputLevels {
  return {
    readAtMs,
    shutterOpenSwitch: level(inputs.shutterOpen),
    shutterClosedSwitch: level(inputs.shutterClosed),
    safetyShutterOpenSwitch: level(inputs.safetyShutterOpen),
    safetyShutterClosedSwitch: level(inputs.safetyShutterClosed),
    interlocks: {
      searched: level(inputs.interlocks.searched),
      doorClosed: level(inputs.interlocks.doorClosed),
      emergencyOk: level(inputs.interlocks.emergencyOk),
      motionEnabled: level(inputs.interlocks.motionEnabled),
      beamPermitted: level(inputs.interlocks.beamPermitted),
    },
    filtersIn: inputs.filters.map(level),
    ...(inputs.safety === undefined
      ? {}
      : {
          safetyInputs: Object.fromEntries(
            inputs.safety.map(({ name, bit, troubleLevel }) => [name, level(bit) !== troubleLevel]),
          ),
        }),
    watchdogTripped,
  };
}
