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

/** A place a command reads or writes: a variable or a literal, or an array's element, which is found anew each time. */
export interface Place {
  readonly fixed: Variable | null;
  /** Reports an index outside the array to the machine and then gives a variable that nobody reads. */
  readonly element: () => Variable;
}

export function fixedPlace(variable: Variable): Place {
  return { fixed: variable, element: () => variable };
}

export function variableAt(place: Place): Variable {
  return place.fixed ?? place.element();
}

export function valueAt(place: Place): number {
  return variableAt(place).value;
}

export function isIntegerAt(place: Place): boolean {
  return variableAt(place).isInteger;
}

/** A set or computed value: no metadata. */
export function putValue(place: Place, value: number, isInteger: boolean, type: number): void {
  const variable = variableAt(place);
  variable.value = value;
  variable.isInteger = isInteger;
  variable.type = type;
  variable.status = -1;
}

/** A measured value with its status and range. */
export function putMeasured(place: Place, value: number, type: number, status: number, range: number): void {
  const variable = variableAt(place);
  variable.value = value;
  variable.isInteger = false;
  variable.type = type;
  variable.status = status;
  variable.range = range;
}

export function copyPlace(from: Place, to: Place): void {
  const source = variableAt(from);
  const target = variableAt(to);
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
