/** Commands that set up the potentiostat, switch the cell, or take a single reading. */
import { argument, checkCount, optionsOf } from "./command-arguments.ts";
import { ScriptRefused, type Command, type ScriptFeatures } from "./script-builder.ts";
import { ScriptTrouble } from "./script-errors.ts";
import type { Machine } from "./script-machine.ts";
import { putMeasured, TYPE_AB, TYPE_BA, valueAt, type Place } from "./script-memory.ts";

/** `meas dt v type`: one reading, after the time it takes. */
const measureOnce: Command = (builder, args, command) => {
  const required = checkCount(args, 3, command);
  const duration = builder.value(argument(required, 0, command));
  const target = builder.variable(argument(required, 1, command));
  const typeToken = argument(required, 2, command);
  const type = builder.type(typeToken);
  builder.emit((machine) => {
    const durationS = Math.max(0, valueAt(machine, duration));
    machine.potentiostat.setAveraging(durationS);
    machine.waitUntil(machine.nowMs() + durationS * 1000);
  });
  builder.emit((machine) => {
    const { potentiostat } = machine;
    potentiostat.measure(machine.nowMs());
    if (type === TYPE_AB)
      putMeasured(
        machine,
        target,
        potentiostat.state.voltageV,
        type,
        potentiostat.state.voltageStatus,
        potentiostat.voltageRange,
      );
    else if (type === TYPE_BA)
      putMeasured(
        machine,
        target,
        potentiostat.state.currentA,
        type,
        potentiostat.state.currentStatus,
        potentiostat.state.currentRange,
      );
    else machine.fail(ScriptTrouble.notSupported);
  });
};

/** One number for the potentiostat, which answers with an error number or 0. */
function setting(apply: (machine: Machine, value: number) => number, notInLoop = false): Command {
  return (builder, args, command) => {
    if (notInLoop && builder.blocks.some((block) => block.kind === "measurement"))
      throw new ScriptRefused(ScriptTrouble.potentialInsideLoop, command.column);
    const [level] = checkCount(args, 1, command);
    const place = builder.value(level ?? command);
    builder.emit((machine) => {
      const trouble = apply(machine, valueAt(machine, place));
      if (trouble !== 0) machine.fail(trouble);
    });
  };
}

function ranging(
  hasTwo: boolean,
  check: (machine: Machine, quantity: string, low: Place, high: Place, features: ScriptFeatures) => void,
): Command {
  return (builder, args, command) => {
    const required = checkCount(args, hasTwo ? 3 : 2, command);
    const quantity = argument(required, 0, command);
    builder.type(quantity);
    const low = builder.value(argument(required, 1, command));
    const high = hasTwo ? builder.value(argument(required, 2, command)) : low;
    builder.emit((machine) => {
      check(machine, quantity.text, low, high, builder.features);
    });
  };
}

function setRange(machine: Machine, quantity: string, low: Place, high: Place): void {
  machine.potentiostat.setRange(quantity, valueAt(machine, low), valueAt(machine, high));
}

/** An applied potential outside the device's window is not possible. */
function setWindow(machine: Machine, quantity: string, low: Place, high: Place, { model }: ScriptFeatures): void {
  if (quantity !== "da") setRange(machine, quantity, low, high);
  else if (valueAt(machine, low) < model.voltageMinV || valueAt(machine, high) > model.voltageMaxV) {
    machine.fail(ScriptTrouble.notPossible);
  }
}

const cellOn: Command = (builder, args, command) => {
  const { features } = builder;
  checkCount(args, 0, command, features.model.typeCode === "nexus1" ? ["ocp"] : []);
  for (const [name] of optionsOf(args, "ocp")) if (name !== undefined) builder.variable(name);
  builder.emit((machine) => {
    const trouble = machine.potentiostat.switchOn(machine.nowMs());
    if (trouble !== 0) machine.fail(trouble);
  });
};

const cellOff: Command = (builder, args, command) => {
  checkCount(args, 0, command);
  builder.emit((machine) => {
    machine.potentiostat.switchOff(machine.nowMs());
  });
};

/** The cell is let go while the circuit changes over; the next `cell_on` takes it up again. */
function setMode(machine: Machine, mode: number): number {
  if (machine.potentiostat.state.isCellOn) machine.potentiostat.switchOff(machine.nowMs());
  return machine.potentiostat.setMode(mode);
}

export const POTENTIOSTAT_COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["meas", measureOnce],
  ["set_pgstat_chan", setting((_, channel) => (channel === 0 ? 0 : ScriptTrouble.notPossible))],
  ["set_pgstat_mode", setting(setMode, true)],
  ["set_max_bandwidth", setting((_, bandwidth) => (bandwidth > 0 ? 0 : ScriptTrouble.mustBePositive))],
  ["set_cr", setting(() => 0)],
  ["set_e", setting((machine, level) => machine.potentiostat.setPotential(level), true)],
  ["set_i", setting((machine, level) => machine.potentiostat.setCurrent(level), true)],
  ["set_range", ranging(false, setRange)],
  ["set_autoranging", ranging(true, setRange)],
  ["set_range_minmax", ranging(true, setWindow)],
  ["cell_on", cellOn],
  ["cell_off", cellOff],
]);
