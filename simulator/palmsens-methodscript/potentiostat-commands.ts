/** Commands that set up the potentiostat, switch the cell, or take a single reading. */
import { argument, checkCount, optionsOf } from "./command-arguments.ts";
import { ScriptRefused, type Builder, type Command } from "./script-builder.ts";
import { ScriptTrouble } from "./script-errors.ts";
import { putMeasured, TYPE_AB, TYPE_BA, valueAt, type Place } from "./script-memory.ts";

/** `meas dt v type`: one reading, after the time it takes. */
const measureOnce: Command = (builder, args, command) => {
  const required = checkCount(args, 3, command);
  const duration = builder.value(argument(required, 0, command));
  const target = builder.variable(argument(required, 1, command));
  const typeToken = argument(required, 2, command);
  const type = builder.type(typeToken);
  const { machine } = builder;
  builder.emit(() => {
    const durationS = Math.max(0, valueAt(duration));
    machine.potentiostat.setAveraging(durationS);
    machine.waitUntil(machine.nowMs() + durationS * 1000);
  });
  builder.emit(() => {
    const { potentiostat } = machine;
    potentiostat.measure(machine.nowMs());
    if (type === TYPE_AB)
      putMeasured(
        target,
        potentiostat.state.voltageV,
        type,
        potentiostat.state.voltageStatus,
        potentiostat.voltageRange,
      );
    else if (type === TYPE_BA)
      putMeasured(
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
function setting(apply: (builder: Builder, value: number) => number, notInLoop = false): Command {
  return (builder, args, command) => {
    if (notInLoop && builder.blocks.some((block) => block.kind === "measurement"))
      throw new ScriptRefused(ScriptTrouble.potentialInsideLoop, command.column);
    const [level] = checkCount(args, 1, command);
    const place = builder.value(level ?? command);
    builder.emit(() => {
      const trouble = apply(builder, valueAt(place));
      if (trouble !== 0) builder.machine.fail(trouble);
    });
  };
}

function ranging(
  hasTwo: boolean,
  check: (builder: Builder, quantity: string, low: Place, high: Place) => void,
): Command {
  return (builder, args, command) => {
    const required = checkCount(args, hasTwo ? 3 : 2, command);
    const quantity = argument(required, 0, command);
    builder.type(quantity);
    const low = builder.value(argument(required, 1, command));
    const high = hasTwo ? builder.value(argument(required, 2, command)) : low;
    builder.emit(() => {
      check(builder, quantity.text, low, high);
    });
  };
}

function setRange(builder: Builder, quantity: string, low: Place, high: Place): void {
  builder.machine.potentiostat.setRange(quantity, valueAt(low), valueAt(high));
}

/** An applied potential outside the device's window is not possible. */
function setWindow(builder: Builder, quantity: string, low: Place, high: Place): void {
  const { voltageMinV, voltageMaxV } = builder.features.model;
  if (quantity !== "da") setRange(builder, quantity, low, high);
  else if (valueAt(low) < voltageMinV || valueAt(high) > voltageMaxV) builder.machine.fail(ScriptTrouble.notPossible);
}

const cellOn: Command = (builder, args, command) => {
  const { machine, features } = builder;
  checkCount(args, 0, command, features.model.typeCode === "nexus1" ? ["ocp"] : []);
  for (const [name] of optionsOf(args, "ocp")) if (name !== undefined) builder.variable(name);
  builder.emit(() => {
    const trouble = machine.potentiostat.switchOn(machine.nowMs());
    if (trouble !== 0) machine.fail(trouble);
  });
};

const cellOff: Command = (builder, args, command) => {
  checkCount(args, 0, command);
  const { machine } = builder;
  builder.emit(() => {
    machine.potentiostat.switchOff(machine.nowMs());
  });
};

/** The cell is let go while the circuit changes over; the next `cell_on` takes it up again. */
function setMode(builder: Builder, mode: number): number {
  const { machine } = builder;
  if (machine.potentiostat.state.isCellOn) machine.potentiostat.switchOff(machine.nowMs());
  return machine.potentiostat.setMode(mode);
}

export const POTENTIOSTAT_COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["meas", measureOnce],
  ["set_pgstat_chan", setting((_, channel) => (channel === 0 ? 0 : ScriptTrouble.notPossible))],
  ["set_pgstat_mode", setting((builder, mode) => setMode(builder, mode), true)],
  ["set_max_bandwidth", setting((_, bandwidth) => (bandwidth > 0 ? 0 : ScriptTrouble.mustBePositive))],
  ["set_cr", setting(() => 0)],
  ["set_e", setting((builder, level) => builder.machine.potentiostat.setPotential(level), true)],
  ["set_i", setting((builder, level) => builder.machine.potentiostat.setCurrent(level), true)],
  ["set_range", ranging(false, setRange)],
  ["set_autoranging", ranging(true, setRange)],
  ["set_range_minmax", ranging(true, setWindow)],
  ["cell_on", cellOn],
  ["cell_off", cellOff],
]);
