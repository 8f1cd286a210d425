/** Variables of a running script: value, type letters, integer flag and measurement metadata side by side. */

export interface Store {
  values: Float64Array;
  types: Uint16Array;
  isInteger: Uint8Array;
  /** Status nibble of a measured value, -1 for a value without metadata. */
  status: Int8Array;
  ranges: Int16Array;
}

export function createStore(size: number): Store {
  return {
    values: new Float64Array(size),
    types: new Uint16Array(size),
    isInteger: new Uint8Array(size),
    status: new Int8Array(size).fill(-1),
    ranges: new Int16Array(size).fill(-1),
  };
}

/** A place a command reads or writes: a variable, an array's element, or a literal in a slot of its own. */
export interface Place {
  readonly store: Store;
  /** Reports an index outside the array to the machine and then gives 0. */
  readonly index: () => number;
}

export function valueAt(place: Place): number {
  return place.store.values[place.index()] as number;
}

export function isIntegerAt(place: Place): boolean {
  return place.store.isInteger[place.index()] === 1;
}

/** A set or computed value: no metadata. */
export function putValue(place: Place, value: number, isInteger: boolean, type: number): void {
  const { store } = place;
  const index = place.index();
  store.values[index] = value;
  store.isInteger[index] = isInteger ? 1 : 0;
  store.types[index] = type;
  store.status[index] = -1;
}

/** A measured value with its status and range. */
export function putMeasured(place: Place, value: number, type: number, status: number, range: number): void {
  const { store } = place;
  const index = place.index();
  store.values[index] = value;
  store.isInteger[index] = 0;
  store.types[index] = type;
  store.status[index] = status;
  store.ranges[index] = range;
}

export function copyPlace(from: Place, to: Place): void {
  const source = from.store;
  const target = to.store;
  const a = from.index();
  const b = to.index();
  target.values[b] = source.values[a] as number;
  target.types[b] = source.types[a] as number;
  target.isInteger[b] = source.isInteger[a] as number;
  target.status[b] = source.status[a] as number;
  target.ranges[b] = source.ranges[a] as number;
}

/** Number of a type's two letters. */
export function typeNumber(letters: string): number {
  return (letters.charCodeAt(0) - 97) * 26 + letters.charCodeAt(1) - 97;
}

export const TYPE_AB = typeNumber("ab");
export const TYPE_BA = typeNumber("ba");
export const TYPE_DA = typeNumber("da");
export const TYPE_DB = typeNumber("db");
export const TYPE_EB = typeNumber("eb");
