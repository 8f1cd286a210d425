/** Commands of the script language: flow, time, packages, texts; and the table of all but the measurement loops. */
import { ARITHMETIC_COMMANDS } from "./arithmetic-commands.ts";
import { checkCount, jumpIfNot } from "./command-arguments.ts";
import { ScriptRefused, type Block, type Builder, type Command } from "./script-builder.ts";
import { ScriptTrouble } from "./script-errors.ts";
import type { Token } from "./script-lexer.ts";
import { putValue, TYPE_AB, TYPE_BA, TYPE_EB, valueAt, variableAt } from "./script-memory.ts";
import { POTENTIOSTAT_COMMANDS } from "./potentiostat-commands.ts";
import { formattedText } from "./text-format.ts";

const declareVariable: Command = (builder, args, command) => {
  const [name] = checkCount(args, 1, command);
  builder.declareVariable(name ?? command);
  const place = builder.variable(name ?? command);
  // A loaded script may run again: each run starts from unset variables.
  builder.emit((machine) => {
    putValue(machine, place, 0, false, 0);
  });
};

const declareText: Command = (builder, args, command) => {
  const [name] = checkCount(args, 1, command);
  builder.declareText(name ?? command);
};

function innermost(builder: Builder, command: Token): Block {
  const block = builder.blocks[builder.blocks.length - 1];
  if (block === undefined) throw new ScriptRefused(ScriptTrouble.notAllowedHere, command.column);
  return block;
}

function openBranch(builder: Builder, command: Token): Block {
  const block = innermost(builder, command);
  if (block.kind !== "if" || block.hasElse) throw new ScriptRefused(ScriptTrouble.notAllowedHere, command.column);
  return block;
}

const ifCommand: Command = (builder, args, command) => {
  const otherwise = jumpIfNot(builder, args, command);
  builder.blocks.push({ kind: "if", exits: [], otherwise, hasElse: false, close: null });
};

/** Leaves the branch that has just been read: jumps behind the block. */
function leaveBranch(builder: Builder, block: Block): void {
  let after = 0;
  builder.emit((machine) => {
    machine.pc = after;
  });
  block.exits.push((at) => {
    after = at;
  });
  block.otherwise?.(builder.here());
  block.otherwise = null;
}

const elseIfCommand: Command = (builder, args, command) => {
  const block = openBranch(builder, command);
  leaveBranch(builder, block);
  block.otherwise = jumpIfNot(builder, args, command);
};

const elseCommand: Command = (builder, args, command) => {
  checkCount(args, 0, command);
  const block = openBranch(builder, command);
  leaveBranch(builder, block);
  block.hasElse = true;
};

const endIfCommand: Command = (builder, args, command) => {
  checkCount(args, 0, command);
  const block = innermost(builder, command);
  if (block.kind !== "if") throw new ScriptRefused(ScriptTrouble.notAllowedHere, command.column);
  builder.blocks.pop();
  block.otherwise?.(builder.here());
  for (const exit of block.exits) exit(builder.here());
};

const loopCommand: Command = (builder, args, command) => {
  builder.emit((machine) => {
    machine.say("L");
    machine.open.push("+");
  });
  const conditionAt = builder.here();
  const leave = jumpIfNot(builder, args, command);
  builder.blocks.push({
    kind: "loop",
    exits: [leave],
    otherwise: null,
    hasElse: false,
    close: () => {
      builder.emit((machine) => {
        machine.pc = conditionAt;
      });
      const exitAt = builder.emit((machine) => {
        machine.open.pop();
        machine.say("+");
      });
      return exitAt;
    },
  });
};

const endLoopCommand: Command = (builder, args, command) => {
  checkCount(args, 0, command);
  const block = innermost(builder, command);
  if (block.close === null) throw new ScriptRefused(ScriptTrouble.notAllowedHere, command.column);
  builder.blocks.pop();
  const exitAt = block.close();
  for (const exit of block.exits) exit(exitAt);
};

const breakLoopCommand: Command = (builder, args, command) => {
  checkCount(args, 0, command);
  const block = builder.blocks.findLast((candidate) => candidate.kind !== "if");
  if (block === undefined) throw new ScriptRefused(ScriptTrouble.notAllowedHere, command.column);
  let exitAt = 0;
  builder.emit((machine) => {
    machine.pc = exitAt;
  });
  block.exits.push((at) => {
    exitAt = at;
  });
};

const abortCommand: Command = (builder, args, command) => {
  checkCount(args, 0, command);
  builder.emit((machine) => {
    machine.finish();
  });
};

const onFinished: Command = (builder, args, command) => {
  checkCount(args, 0, command);
  if (builder.hasFinished || builder.blocks.length > 0)
    throw new ScriptRefused(ScriptTrouble.notAllowedHere, command.column);
  builder.hasFinished = true;
  builder.markFinished();
};

const waitCommand: Command = (builder, args, command) => {
  const [time] = checkCount(args, 1, command);
  const duration = builder.value(time ?? command);
  builder.emit((machine) => {
    const seconds = valueAt(machine, duration);
    if (seconds >= 0) machine.waitUntil(machine.nowMs() + seconds * 1000);
    else machine.fail(ScriptTrouble.invalidTime);
  });
};

const timerStart: Command = (builder, args, command) => {
  checkCount(args, 0, command);
  builder.emit((machine) => {
    machine.timerStartMs = machine.nowMs();
  });
};

const timerGet: Command = (builder, args, command) => {
  const [name] = checkCount(args, 1, command);
  const target = builder.variable(name ?? command);
  builder.emit((machine) => {
    putValue(machine, target, (machine.nowMs() - machine.timerStartMs) / 1000, false, TYPE_EB);
  });
};

const setTick: Command = (builder, args, command) => {
  const [time] = checkCount(args, 1, command);
  const duration = builder.value(time ?? command);
  builder.emit((machine) => {
    const seconds = valueAt(machine, duration);
    if (!(seconds > 0)) {
      machine.fail(ScriptTrouble.invalidTime);
      return;
    }
    machine.tickIntervalMs = seconds * 1000;
    machine.tickMs = machine.nowMs() + machine.tickIntervalMs;
  });
};

const awaitInterval: Command = (builder, args, command) => {
  checkCount(args, 0, command);
  builder.emit((machine) => {
    if (machine.tickIntervalMs <= 0) {
      machine.fail(ScriptTrouble.wrongModeNow);
      return;
    }
    const at = machine.tickMs;
    machine.tickMs += machine.tickIntervalMs;
    if (at > machine.nowMs()) machine.waitUntil(at);
  });
};

const sendString: Command = (builder, args, command) => {
  const [text] = checkCount(args, 1, command);
  const make = formattedText(builder, text ?? command);
  builder.emit((machine) => {
    machine.say(`T${make(machine)}`);
  });
};

const packageStart: Command = (builder, args, command) => {
  checkCount(args, 0, command);
  if (builder.isInPackage) throw new ScriptRefused(ScriptTrouble.packageOrder, command.column);
  // Other commands may stand inside: published scripts fill a package from a loop.
  builder.isInPackage = true;
  builder.emit((machine) => {
    machine.writer.begin();
  });
};

const packageAdd: Command = (builder, args, command) => {
  if (!builder.isInPackage) throw new ScriptRefused(ScriptTrouble.packageOrder, command.column);
  const [name] = checkCount(args, 1, command);
  const place = builder.value(name ?? command);
  const { sendsNoise } = builder.features.model;
  builder.emit((machine) => {
    const { type, value, isInteger, status, range } = variableAt(machine, place);
    if (isInteger) {
      machine.writer.addInteger(type, value);
      return;
    }
    // A good potential travels bare; a current always says its range.
    const isBare = type === TYPE_AB && status === 0;
    machine.writer.addFloat(type, value, isBare ? -1 : status, range, sendsNoise && type === TYPE_BA);
  });
};

const packageEnd: Command = (builder, args, command) => {
  if (!builder.isInPackage) throw new ScriptRefused(ScriptTrouble.packageOrder, command.column);
  checkCount(args, 0, command);
  builder.isInPackage = false;
  builder.emit((machine) => {
    machine.sendPackage(machine.writer.end());
  });
};

const setOutput: Command = (builder, args, command) => {
  const [mode] = checkCount(args, 1, command);
  const place = builder.value(mode ?? command);
  builder.emit((machine) => {
    machine.hasOutput = valueAt(machine, place) !== 0;
  });
};

/** Accessories that this twin does not have a world for, but a script may use without harm to the measurement. */
const ignored: Command = () => undefined;

/** Known to the language, not to this device. */
const unsupported: Command = (builder) => {
  builder.emit((machine) => {
    machine.fail(ScriptTrouble.notSupported);
  });
};

const IGNORED = [
  "beep",
  "notify_led",
  "set_gpio",
  "set_gpio_cfg",
  "set_gpio_msk",
  "set_gpio_pullup",
  "file_open",
  "file_close",
  "set_acquisition_frac",
  "set_acquisition_frac_autoadjust",
] as const;

const UNSUPPORTED = [
  "smooth",
  "peak_detect",
  "get_gpio",
  "get_time",
  "hibernate",
  "rtc_get",
  "mux_config",
  "mux_set_channel",
  "mux_get_channel_count",
  "i2c_config",
  "i2c_write",
  "i2c_write_byte",
  "i2c_read",
  "i2c_read_byte",
  "i2c_write_read",
  "display_clear",
  "display_draw",
  "display_text",
  "display_btns",
  "display_icon",
  "display_inp_num",
  "display_progress",
  "display_scroll_add",
  "display_scroll_get",
  "qr_scan",
  "set_bipot_mode",
  "set_bipot_potential",
  "set_poly_we_mode",
  "set_e_aux",
  "set_ir_comp",
  "battery_perc",
] as const;

export const SCRIPT_COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ...ARITHMETIC_COMMANDS,
  ...POTENTIOSTAT_COMMANDS,
  ...IGNORED.map((name): [string, Command] => [name, ignored]),
  ...UNSUPPORTED.map((name): [string, Command] => [name, unsupported]),
  ["var", declareVariable],
  ["str", declareText],
  ["if", ifCommand],
  ["elseif", elseIfCommand],
  ["else", elseCommand],
  ["endif", endIfCommand],
  ["loop", loopCommand],
  ["endloop", endLoopCommand],
  ["breakloop", breakLoopCommand],
  ["abort", abortCommand],
  ["on_finished:", onFinished],
  ["wait", waitCommand],
  ["timer_start", timerStart],
  ["timer_get", timerGet],
  ["set_int", setTick],
  ["await_int", awaitInterval],
  ["send_string", sendString],
  ["pck_start", packageStart],
  ["pck_add", packageAdd],
  ["pck_end", packageEnd],
  ["set_script_output", setOutput],
]);
