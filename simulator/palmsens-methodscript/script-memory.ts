/** Variables of a running script: value, type letters, integer flag and measurement metadata. */

export interface Variable {
  value: number;
  type: number;
  isInteger: boolean;
  /** Status nibble of a measured value, -1 for a value without metadata. */
  status: number;
  range: number;
}

export function createVariable(): Variable {
  return { value: 0, type: 0, isInteger: false, status: -1, range: -1 };
}

/** A number that stands in the script; nobody writes to it. */
export function createLiteral(value: number, isInteger: boolean): Variable {
  const literal = createVariable();
  literal.value = value;
  literal.isInteger = isInteger;
  return literal;
}

/** What a running script stores; the script itself is shared by all instruments that were given the same one. */
export interface ScriptMemory {
  variables: readonly Variable[];
  /** Each empty until the script has run its declaration. */
  arrays: (readonly Variable[])[];
  /** An index lies outside its array. */
  outOfBounds(): void;
}

/** A place a command reads or writes: a variable by its slot, a literal, or an array's element, which is found anew each time. */
export type Place =
  | { readonly kind: "variable"; readonly slot: number }
  | { readonly kind: "literal"; readonly literal: Variable }
  | { readonly kind: "element"; readonly array: number; readonly index: Place };

/** For an index outside the array a variable that nobody reads. */
export function variableAt(memory: ScriptMemory, place: Place): Variable {
  if (place.kind === "variable") return memory.variables[place.slot] as Variable;
  if (place.kind === "literal") return place.literal;
  const found = memory.arrays[place.array]?.[Math.trunc(valueAt(memory, place.index))];
  if (found !== undefined) return found;
  memory.outOfBounds();
  return createVariable();
}

export function valueAt(memory: ScriptMemory, place: Place): number {
  return variableAt(memory, place).value;
}

export function isIntegerAt(memory: ScriptMemory, place: Place): boolean {
  return variableAt(memory, place).isInteger;
}

/** A set or computed value: no metadata. */
export function putValue(memory: ScriptMemory, place: Place, value: number, isInteger: boolean, type: number): void {
  const variable = variableAt(memory, place);
  variable.value = value;
  variable.isInteger = isInteger;
  variable.type = type;
  variable.status = -1;
}

/** A measured value with its status and range. */
export function putMeasured(
  memory: ScriptMemory,
  place: Place,
  value: number,
  type: number,
  status: number,
  range: number,
): void {
  const variable = variableAt(memory, place);
  variable.value = value;
  variable.isInteger = false;
  variable.type = type;
  variable.status = status;
  variable.range = range;
}

export function copyPlace(memory: ScriptMemory, from: Place, to: Place): void {
  const source = variableAt(memory, from);
  const target = variableAt(memory, to);
  target.value = source.value;
  target.type = source.type;
  target.isInteger = source.isInteger;
  target.status = source.status;
  target.range = source.range;
}

/** Number of a type's two letters. */
export function typeNumber(letters: string): number {
  return (letters.charCodeAt(0) - 97) * 26 + letters.charCodeAt(1) - 97;
}

export const TYPE_AB = typeNumber("ab");
export const TYPE_BA = typeNumber("ba");
export const TYPE_CC = typeNumber("cc");
export const TYPE_CD = typeNumber("cd");
export const TYPE_CH = typeNumber("ch");
export const TYPE_CI = typeNumber("ci");
export const TYPE_CJ = typeNumber("cj");
export const TYPE_CK = typeNumber("ck");
export const TYPE_DA = typeNumber("da");
export const TYPE_DB = typeNumber("db");
export const TYPE_DC = typeNumber("dc");
export const TYPE_EB = typeNumber("eb");
