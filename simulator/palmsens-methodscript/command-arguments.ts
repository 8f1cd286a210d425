/** Arguments of script commands: counts, required ones, optional ones of the form `name(args)`, conditions. */
import { ScriptRefused, type Builder } from "./script-builder.ts";
import { ScriptTrouble } from "./script-errors.ts";
import type { Token } from "./script-lexer.ts";
import { valueAt, type Place } from "./script-memory.ts";

const OPTION = /^([a-z_]+)\((.*)\)$/;

export function isOption(token: Token): boolean {
  return OPTION.test(token.text);
}

/** Required arguments are exactly `count`; options may follow where `allowed` names them. Returns the required ones. */
export function checkCount(
  args: readonly Token[],
  count: number,
  command: Token,
  allowed: readonly string[] = [],
): readonly Token[] {
  const required = args.filter((token) => !isOption(token));
  const extra = required[count];
  if (extra !== undefined) throw new ScriptRefused(ScriptTrouble.extraArgument, extra.column);
  if (required.length < count)
    throw new ScriptRefused(ScriptTrouble.missingArgument, command.column + command.text.length);
  for (const token of args) {
    const name = OPTION.exec(token.text)?.[1];
    if (name !== undefined && !allowed.includes(name))
      throw new ScriptRefused(ScriptTrouble.optionNotAllowed, token.column);
  }
  return required;
}

/** The arguments of each option called `name`. */
export function optionsOf(args: readonly Token[], name: string): readonly (readonly Token[])[] {
  const found: (readonly Token[])[] = [];
  for (const token of args) {
    const match = OPTION.exec(token.text);
    if (match?.[1] !== name) continue;
    const inside = (match[2] ?? "").split(/[ \t]+/).filter((text) => text !== "");
    found.push(inside.map((text) => ({ text, column: token.column })));
  }
  return found;
}

export function argument(args: readonly Token[], index: number, command: Token): Token {
  const token = args[index];
  if (token === undefined) throw new ScriptRefused(ScriptTrouble.missingArgument, command.column);
  return token;
}

const OPERATORS = ["==", "!=", ">", "<", ">=", "<=", "&", "|"] as const;
type Operator = (typeof OPERATORS)[number];

/** One function for all, because calling the operator's own would cost each sample more than the comparison. */
function holds(a: number, operator: Operator, b: number): boolean {
  switch (operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case ">":
      return a > b;
    case "<":
      return a < b;
    case ">=":
      return a >= b;
    case "<=":
      return a <= b;
    case "&":
      return (a & b) !== 0;
    case "|":
      return (a | b) !== 0;
  }
}

/** Emits a jump taken when `a OP b` does not hold; call the result with where it goes. Integers and floats may be compared: published scripts do. */
export function jumpIfNot(builder: Builder, args: readonly Token[], command: Token): (at: number) => void {
  const required = checkCount(args, 3, command);
  const left = builder.value(argument(required, 0, command));
  const token = argument(required, 1, command);
  const right = builder.value(argument(required, 2, command));
  const operator = OPERATORS.find((known) => known === token.text);
  if (operator === undefined) throw new ScriptRefused(ScriptTrouble.unexpectedCharacter, token.column);
  return emitComparison(builder, left, operator, right);
}

function emitComparison(builder: Builder, left: Place, operator: Operator, right: Place): (at: number) => void {
  let target = 0;
  builder.emit((machine) => {
    const a = valueAt(machine, left);
    const b = valueAt(machine, right);
    if (a - b !== a - b) {
      // Not a number on either side (or infinities): the instrument refuses to decide.
      machine.fail(ScriptTrouble.notANumber);
      return;
    }
    if (!holds(a, operator, b)) machine.pc = target;
  });
  return (at) => {
    target = at;
  };
}
