/**
 * Reads a script once and turns it into ops, so that a measurement point costs no parsing. This file knows lines,
 * names, places and blocks; what single commands do stands in the command tables beside it.
 */
import { IMPEDANCE_COMMANDS } from "./impedance-commands.ts";
import { MEASUREMENT_COMMANDS } from "./measurement-commands.ts";
import { SCRIPT_COMMANDS } from "./script-commands.ts";
import { ScriptTrouble, type LoadError } from "./script-errors.ts";
import { ScriptRefused, type Builder, type ScriptFeatures } from "./script-builder.ts";
import { lexLine, readLiteral, type Token } from "./script-lexer.ts";
import type { Op, Program } from "./script-machine.ts";
import { createLiteral, typeNumber, type Place } from "./script-memory.ts";

const NAME = /^[a-z][a-z0-9_]*$/;
const ELEMENT = /^([a-z][a-z0-9_]*)\[([^[\]]+)\]$/;
const NAME_LENGTH_MAX = 32;
/** Slots for variables and literals; a real instrument has fewer. */
const SLOTS = 1024;
const PROGRAMS_KEPT = 64;

type Compiled = { readonly program: Program } | { readonly error: LoadError };

/** A rack is given the same few scripts over and over; its instruments share what was made of them. */
const programs = new Map<string, Compiled>();

/** `lines` are the script's lines without the leading command and without the closing blank line. */
export function compileScript(lines: readonly string[], features: ScriptFeatures): Compiled {
  const { model, supportsAddMeas, arrayElementsMax } = features;
  const key = [model.typeCode, supportsAddMeas, arrayElementsMax, ...lines].join("\n");
  const known = programs.get(key);
  if (known !== undefined) return known;
  const compiled = compileAnew(lines, features);
  if (programs.size >= PROGRAMS_KEPT) programs.clear();
  programs.set(key, compiled);
  return compiled;
}

function compileAnew(lines: readonly string[], features: ScriptFeatures): Compiled {
  const ops: Op[] = [];
  const opLines: number[] = [];
  const names = new Map<string, { readonly place: Place } | { readonly array: number } | { readonly text: true }>();
  const literals = new Map<string, Place>();
  let variableCount = 0;
  let arrayCount = 0;
  let finishedAt = -1;
  let lineNumber = 0;

  function needSlot(): void {
    if (variableCount + literals.size >= SLOTS) throw new ScriptRefused(ScriptTrouble.outOfVariableMemory, 1);
  }

  function checkNewName(token: Token): void {
    if (token.text.length > NAME_LENGTH_MAX) throw new ScriptRefused(ScriptTrouble.nameTooLong, token.column);
    if (!NAME.test(token.text)) throw new ScriptRefused(ScriptTrouble.badName, token.column);
    if (names.has(token.text)) throw new ScriptRefused(ScriptTrouble.declaredTwice, token.column);
  }

  function arrayOf(name: string, column: number): number {
    const found = names.get(name);
    if (found === undefined || !("array" in found)) throw new ScriptRefused(ScriptTrouble.undeclaredVariable, column);
    return found.array;
  }

  const builder: Builder = {
    features,
    blocks: [],
    isInPackage: false,
    hasFinished: false,
    get lineNumber() {
      return lineNumber;
    },
    emit(op) {
      ops.push(op);
      opLines.push(lineNumber);
      return ops.length - 1;
    },
    here: () => ops.length,
    declareVariable(token) {
      checkNewName(token);
      needSlot();
      names.set(token.text, { place: { kind: "variable", slot: variableCount } });
      variableCount += 1;
    },
    declareArray(token) {
      checkNewName(token);
      const array = arrayCount;
      arrayCount += 1;
      names.set(token.text, { array });
      return array;
    },
    declareText(token) {
      checkNewName(token);
      names.set(token.text, { text: true });
    },
    array: (token) => arrayOf(token.text, token.column),
    variable(token) {
      const match = ELEMENT.exec(token.text);
      if (match !== null) {
        const array = arrayOf(match[1] ?? "", token.column);
        return { kind: "element", array, index: builder.value({ text: match[2] ?? "", column: token.column }) };
      }
      const found = names.get(token.text);
      if (found !== undefined && "place" in found) return found.place;
      throw new ScriptRefused(
        NAME.test(token.text) ? ScriptTrouble.undeclaredVariable : ScriptTrouble.badName,
        token.column,
      );
    },
    value(token) {
      const first = token.text.charCodeAt(0);
      if (!(first === 0x2d || first === 0x2b || first === 0x2e || (first >= 0x30 && first <= 0x39)))
        return builder.variable(token);
      const known = literals.get(token.text);
      if (known !== undefined) return known;
      const literal = readLiteral(token.text);
      if (literal === undefined) throw new ScriptRefused(ScriptTrouble.malformedLiteral, token.column);
      needSlot();
      const place: Place = { kind: "literal", literal: createLiteral(literal.value, literal.isInteger) };
      literals.set(token.text, place);
      return place;
    },
    type(token) {
      if (!/^[a-j][a-z]$/.test(token.text)) throw new ScriptRefused(ScriptTrouble.unknownVariableType, token.column);
      return typeNumber(token.text);
    },
    markFinished() {
      finishedAt = ops.length;
    },
  };

  function readLine(line: string): LoadError | null {
    const lexed = lexLine(line);
    if (!lexed.ok) return { code: lexed.code, line: lineNumber, column: lexed.column };
    const [command, ...args] = lexed.tokens;
    if (command === undefined) return null;
    const handler =
      SCRIPT_COMMANDS.get(command.text) ??
      MEASUREMENT_COMMANDS.get(command.text) ??
      IMPEDANCE_COMMANDS.get(command.text);
    if (handler === undefined)
      return { code: ScriptTrouble.unknownScriptCommand, line: lineNumber, column: command.column };
    try {
      handler(builder, args, command);
      return null;
    } catch (error) {
      if (error instanceof ScriptRefused) return { code: error.code, line: lineNumber, column: error.column };
      throw error;
    }
  }

  for (const line of lines) {
    lineNumber += 1;
    const error = readLine(line);
    if (error !== null) return { error };
  }
  if (builder.blocks.length > 0 || builder.isInPackage)
    return { error: { code: ScriptTrouble.endedTooEarly, line: lineNumber + 1, column: 1 } };
  return {
    program: { ops, lines: opLines, finishedAt: finishedAt < 0 ? ops.length : finishedAt, variableCount, arrayCount },
  };
}
