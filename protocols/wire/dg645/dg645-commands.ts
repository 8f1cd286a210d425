/**
 * Commands of the SRS DG645, without line end. A setting answers nothing: `LERR?` tells whether it was taken. A query
 * is answered by one line.
 */

export const IDENTIFY = "*IDN?";
export const RESET = "*RST";
export const CLEAR_STATUS = "*CLS";
/** Fires once when the source is `single shot`. */
export const FIRE = "*TRG";
/** Number of the last error, which is thereby forgotten. */
export const LAST_ERROR = "LERR?";
/** Event bits since the last look, which forgets them. */
export const EVENT_STATUS = "INSR?";
export const ETHERNET_ADDRESS = "EMAC?";
export const REMOTE = "REMT";
export const LOCAL = "LCAL";

/** Values of `TSRC`. */
export const TRIGGER_SOURCE = {
  internal: 0,
  externalRising: 1,
  externalFalling: 2,
  singleExternalRising: 3,
  singleExternalFalling: 4,
  singleShot: 5,
  line: 6,
} as const;

/** Numbers of edges in `DLAY`. */
export const EDGE = { T0: 0, T1: 1, A: 2, B: 3, C: 4, D: 5, E: 6, F: 7, G: 8, H: 9 } as const;
export type Edge = (typeof EDGE)[keyof typeof EDGE];

/** Outputs with a pair of edges: number in `LAMP`, `LOFF`, `LPOL`, and the edges that begin and end the gate. */
export const GATE_OUTPUTS = {
  AB: { number: 1, from: EDGE.A, to: EDGE.B },
  CD: { number: 2, from: EDGE.C, to: EDGE.D },
  EF: { number: 3, from: EDGE.E, to: EDGE.F },
  GH: { number: 4, from: EDGE.G, to: EDGE.H },
} as const;
export type GateOutput = keyof typeof GATE_OUTPUTS;

/** Settings with one whole number: name and value without a blank. */
export type WholeSetting = "TSRC" | "INHB" | "ADVT" | "BURM" | "BURC" | "BURT" | "*RCL" | "*SAV";

export function whole(setting: WholeSetting, value: number): string {
  return `${setting}${value}`;
}

/** Hz, with six decimals. */
export function triggerRate(hz: number): string {
  return `TRAT${hz.toFixed(6)}`;
}

export function triggerLevel(volts: number): string {
  return `TLVL${volts.toFixed(2)}`;
}

/** Settings with one time. */
export type TimeSetting = "HOLD" | "BURD" | "BURP";

export function time(setting: TimeSetting, seconds: number): string {
  return `${setting}${seconds12(seconds)}`;
}

/** The edge comes `seconds` after the edge `from`. */
export function delay(edge: Edge, from: Edge, seconds: number): string {
  return `DLAY ${edge},${from},${seconds12(seconds)}`;
}

/** Settings with an index and a whole number. */
export type IndexedSetting = "PRES" | "PHAS" | "LPOL" | "IFCF";

export function indexed(setting: IndexedSetting, index: number, value: number): string {
  return `${setting} ${index},${value}`;
}

/** Settings of an output in volts, two decimals. */
export function volts(setting: "LAMP" | "LOFF", output: number, value: number): string {
  return `${setting} ${output},${value.toFixed(2)}`;
}

/** 0 serial, 1 GPIB, 2 network. */
export function resetInterface(which: 0 | 1 | 2): string {
  return `IFRS ${which}`;
}

export type QueriedSetting = Exclude<WholeSetting, "*RCL" | "*SAV"> | TimeSetting | "TRAT" | "TLVL";

export function ask(setting: QueriedSetting): string {
  return `${setting}?`;
}

export function askIndexed(setting: IndexedSetting | "DLAY" | "LAMP" | "LOFF", index: number): string {
  return `${setting}?${index}`;
}

/** To the picosecond. Small times with an exponent, as the manual writes them. */
function seconds12(seconds: number): string {
  const rounded = Number(seconds.toFixed(12));
  return rounded !== 0 && Math.abs(rounded) < 0.01 ? rounded.toExponential() : String(rounded);
}
