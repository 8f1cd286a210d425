/** Storing, copying and calculating. Integers and floats do not mix, except in a variable that nothing has set yet. */
import type { Builder, Command } from "./script-builder.ts";
import { argument, checkCount } from "./command-arguments.ts";
import { ScriptTrouble } from "./script-errors.ts";
import type { Token } from "./script-lexer.ts";
import type { Machine } from "./script-machine.ts";
import { copyPlace, createVariable, isIntegerAt, putValue, valueAt, variableAt, type Place } from "./script-memory.ts";

function twoPlaces(builder: Builder, args: readonly Token[], command: Token): readonly [Place, Place] {
  const required = checkCount(args, 2, command);
  return [builder.variable(argument(required, 0, command)), builder.value(argument(required, 1, command))];
}

/** Puts a result into the place it came from, keeping its type letters. */
function putResult(machine: Machine, target: Place, value: number, isInteger: boolean): void {
  if (!Number.isFinite(value)) {
    machine.fail(ScriptTrouble.notANumber);
    return;
  }
  putValue(machine, target, value, isInteger, variableAt(machine, target).type);
}

function binary(calculate: (a: number, b: number) => number, integers: "kept" | "truncated" | "required"): Command {
  return (builder, args, command) => {
    const [target, operand] = twoPlaces(builder, args, command);
    builder.emit((machine) => {
      const a = valueAt(machine, target);
      const b = valueAt(machine, operand);
      const isUnset = a === 0 && variableAt(machine, target).type === 0;
      const isInteger = isUnset ? isIntegerAt(machine, operand) : isIntegerAt(machine, target);
      if (isInteger !== isIntegerAt(machine, operand) || (integers === "required" && !isInteger)) {
        machine.fail(ScriptTrouble.badVariableType);
        return;
      }
      const result = calculate(a, b);
      putResult(machine, target, integers === "truncated" && isInteger ? Math.trunc(result) : result, isInteger);
    });
  };
}

function dividing(calculate: (a: number, b: number) => number): Command {
  return (builder, args, command) => {
    const [target, operand] = twoPlaces(builder, args, command);
    builder.emit((machine) => {
      const divisor = valueAt(machine, operand);
      const isInteger = isIntegerAt(machine, target);
      if (isInteger !== isIntegerAt(machine, operand)) machine.fail(ScriptTrouble.badVariableType);
      else if (divisor === 0) machine.fail(ScriptTrouble.divisionByZero);
      else {
        const result = calculate(valueAt(machine, target), divisor);
        putResult(machine, target, isInteger ? Math.trunc(result) : result, isInteger);
      }
    });
  };
}

const storeVariable: Command = (builder, args, command) => {
  const required = checkCount(args, 3, command);
  const target = builder.variable(argument(required, 0, command));
  const source = builder.value(argument(required, 1, command));
  const type = builder.type(argument(required, 2, command));
  builder.emit((machine) => {
    putValue(machine, target, valueAt(machine, source), isIntegerAt(machine, source), type);
  });
};

const copyVariable: Command = (builder, args, command) => {
  const required = checkCount(args, 2, command);
  const source = builder.variable(argument(required, 0, command));
  const target = builder.variable(argument(required, 1, command));
  builder.emit((machine) => {
    copyPlace(machine, source, target);
  });
};

const alterType: Command = (builder, args, command) => {
  const required = checkCount(args, 2, command);
  const target = builder.variable(argument(required, 0, command));
  const type = builder.type(argument(required, 1, command));
  builder.emit((machine) => {
    variableAt(machine, target).type = type;
  });
};

function converting(toInteger: boolean): Command {
  return (builder, args, command) => {
    const [only] = checkCount(args, 1, command);
    const target = builder.variable(only ?? command);
    builder.emit((machine) => {
      const value = valueAt(machine, target);
      putResult(machine, target, toInteger ? Math.trunc(value) : value, toInteger);
    });
  };
}

const logarithm: Command = (builder, args, command) => {
  const [only] = checkCount(args, 1, command);
  const target = builder.variable(only ?? command);
  builder.emit((machine) => {
    // A published thermistor example needs the natural logarithm.
    putResult(machine, target, Math.log(valueAt(machine, target)), false);
  });
};

const declareArray: Command = (builder, args, command) => {
  const required = checkCount(args, 2, command);
  const array = builder.declareArray(argument(required, 0, command));
  const length = builder.value(argument(required, 1, command));
  builder.emit((machine) => {
    const count = Math.round(valueAt(machine, length));
    if (count <= 0) machine.fail(ScriptTrouble.mustBePositive);
    else if (count > builder.features.arrayElementsMax) machine.fail(ScriptTrouble.outOfVariableMemory);
    else {
      machine.arrays[array] = Array.from({ length: count }, createVariable);
    }
  });
};

/** `array_get a i v` and `array_set a i v`. */
function element(isGet: boolean): Command {
  return (builder, args, command) => {
    const required = checkCount(args, 3, command);
    const array = argument(required, 0, command);
    builder.array(array);
    const index = argument(required, 1, command);
    const at = builder.variable({ text: `${array.text}[${index.text}]`, column: index.column });
    const last = argument(required, 2, command);
    const other = isGet ? builder.variable(last) : builder.value(last);
    builder.emit((machine) => {
      if (isGet) copyPlace(machine, at, other);
      else copyPlace(machine, other, at);
    });
  };
}

const mean: Command = (builder, args, command) => {
  const required = checkCount(args, 2, command);
  const array = builder.array(argument(required, 0, command));
  const target = builder.variable(argument(required, 1, command));
  builder.emit((machine) => {
    const elements = machine.arrays[array] ?? [];
    let sum = 0;
    for (const element of elements) sum += element.value;
    putValue(machine, target, sum / elements.length, false, elements[0]?.type ?? 0);
  });
};

/** `linear_fit x y slope intercept`. */
const linearFit: Command = (builder, args, command) => {
  const required = checkCount(args, 4, command);
  const xs = builder.array(argument(required, 0, command));
  const ys = builder.array(argument(required, 1, command));
  const slope = builder.variable(argument(required, 2, command));
  const intercept = builder.variable(argument(required, 3, command));
  builder.emit((machine) => {
    const [alongX = [], alongY = []] = [machine.arrays[xs], machine.arrays[ys]];
    const count = Math.min(alongX.length, alongY.length);
    const x = (index: number): number => alongX[index]?.value ?? Number.NaN;
    const y = (index: number): number => alongY[index]?.value ?? Number.NaN;
    let meanX = 0;
    let meanY = 0;
    for (let index = 0; index < count; index += 1) {
      meanX += x(index) / count;
      meanY += y(index) / count;
    }
    let covariance = 0;
    let variance = 0;
    for (let index = 0; index < count; index += 1) {
      const dx = x(index) - meanX;
      covariance += dx * (y(index) - meanY);
      variance += dx * dx;
    }
    if (variance === 0) {
      machine.fail(ScriptTrouble.divisionByZero);
      return;
    }
    putResult(machine, slope, covariance / variance, false);
    putResult(machine, intercept, meanY - (covariance / variance) * meanX, false);
  });
};

export const ARITHMETIC_COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["store_var", storeVariable],
  ["copy_var", copyVariable],
  ["alter_vartype", alterType],
  ["add_var", binary((a, b) => a + b, "kept")],
  ["sub_var", binary((a, b) => a - b, "kept")],
  ["mul_var", binary((a, b) => a * b, "kept")],
  ["div_var", dividing((a, b) => a / b)],
  ["mod_var", dividing((a, b) => a % b)],
  ["pow_var", binary((a, b) => a ** b, "truncated")],
  ["log_var", logarithm],
  ["bit_and_var", binary((a, b) => a & b, "required")],
  ["bit_or_var", binary((a, b) => a | b, "required")],
  ["bit_xor_var", binary((a, b) => a ^ b, "required")],
  ["bit_lsl_var", binary((a, b) => a << b, "required")],
  ["bit_lsr_var", binary((a, b) => a >>> b, "required")],
  ["int_to_float", converting(false)],
  ["float_to_int", converting(true)],
  ["array", declareArray],
  ["array_get", element(true)],
  ["array_set", element(false)],
  ["mean", mean],
  ["linear_fit", linearFit],
]);
