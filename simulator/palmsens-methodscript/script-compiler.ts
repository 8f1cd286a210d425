/**
 * Reads a script once and turns it into ops, so that a measurement point costs no parsing. This file knows lines,
 * names, places and blocks; what single commands do stands in the command tables beside it.
 */
import { IMPEDANCE_COMMANDS } from "./impedance-commands.ts";
import { MEASUREMENT_COMMANDS } from "./measurement-commands.ts";
import { SCRIPT_COMMANDS } from "./script-commands.ts";
import { ScriptTrouble, type LoadError } from "./script-errors.ts";
import { ScriptRefused, type ArrayStore, type Builder, type ScriptFeatures } from "./script-builder.ts";
import { lexLine, readLiteral, type Token } from "./script-lexer.ts";
import type { Machine, Op, Program } from "./script-machine.ts";
import { createVariable, fixedPlace, putValue, typeNumber, valueAt, type Place } from "./script-memory.ts";

const NAME = /^[a-z][a-z0-9_]*$/;
const ELEMENT = /^([a-z][a-z0-9_]*)\[([^[\]]+)\]$/;
const NAME_LENGTH_MAX = 32;
/** Slots for variables and literals; a real instrument has fewer. */
const SLOTS = 1024;

/** `lines` are the script's lines without the leading command and without the closing blank line. */
export function compileScript(
  lines: readonly string[],
  machine: Machine,
  features: ScriptFeatures,
): { readonly program: Program } | { readonly error: LoadError } {
  const ops: Op[] = [];
  const opLines: number[] = [];
  const names = new Map<string, { readonly place: Place } | { readonly array: ArrayStore } | { readonly text: true }>();
  const literals = new Map<string, Place>();
  let slotCount = 0;
  let finishedAt = -1;
  let lineNumber = 0;

  function newPlace(): Place {
    if (slotCount === SLOTS) throw new ScriptRefused(ScriptTrouble.outOfVariableMemory, 1);
    slotCount += 1;
    return fixedPlace(createVariable());
  }

  function checkNewName(token: Token): void {
    if (token.text.length > NAME_LENGTH_MAX) throw new ScriptRefused(ScriptTrouble.nameTooLong, token.column);
    if (!NAME.test(token.text)) throw new ScriptRefused(ScriptTrouble.badName, token.column);
    if (names.has(token.text)) throw new ScriptRefused(ScriptTrouble.declaredTwice, token.column);
  }

  function arrayOf(name: string, column: number): ArrayStore {
    const found = names.get(name);
    if (found === undefined || !("array" in found)) throw new ScriptRefused(ScriptTrouble.undeclaredVariable, column);
    return found.array;
  }

  function element(array: ArrayStore, indexText: string, column: number): Place {
    const index = builder.value({ text: indexText, column });
    const outside = createVariable();
    return {
      fixed: null,
      element: () => {
        const found = array.elements[Math.trunc(valueAt(index))];
        if (found !== undefined) return found;
        machine.fail(ScriptTrouble.outOfBounds);
        return outside;
      },
    };
  }

  const builder: Builder = {
    machine,
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
      names.set(token.text, { place: newPlace() });
    },
    declareArray(token) {
      checkNewName(token);
      const array: ArrayStore = { elements: [] };
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
      if (match !== null) return element(arrayOf(match[1] ?? "", token.column), match[2] ?? "", token.column);
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
      const place = newPlace();
      putValue(place, literal.value, literal.isInteger, 0);
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
  return { program: { ops, lines: opLines, finishedAt: finishedAt < 0 ? ops.length : finishedAt } };
}
