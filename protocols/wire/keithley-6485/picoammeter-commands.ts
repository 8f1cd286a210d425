/** SCPI of the Keithley 6485 picoammeter: lines without their end. A query is answered by one line. */

export const IDENTIFY = "*IDN?";
export const RESET = "*RST";
export const CLEAR_STATUS = "*CLS";
export const NEXT_ERROR = "SYST:ERR?";
/** While zero check is on, nothing is measured. */
export const ZERO_CHECK_ON = "SYST:ZCH ON";
export const ZERO_CHECK_OFF = "SYST:ZCH OFF";
export const ZERO_CHECK_STATE = "SYST:ZCH?";
/** Triggers and answers with a reading. */
export const READ = "READ?";
/** The last reading again. */
export const FETCH = "FETC?";
export const INITIATE = "INIT";
export const RANGE = "RANG?";
/** What a reading consists of, in this order. */
export const ELEMENTS = "FORM:ELEM READ,UNIT,TIME,STAT";
export const BUFFER_DATA = "TRAC:DATA?";

/** The offset on the lowest range, taken with the input cut off and subtracted from then on. */
export const ZERO_CORRECT_LINES = [
  ZERO_CHECK_ON,
  "RANG 2e-9",
  INITIATE,
  "SYST:ZCOR:ACQ",
  ZERO_CHECK_OFF,
  "SYST:ZCOR ON",
] as const;

/** Full scales, amperes. */
export const RANGES_A = [2.1e-9, 2.1e-8, 2.1e-7, 2.1e-6, 2.1e-5, 2.1e-4, 2.1e-3, 2.1e-2] as const;

/** The smallest range that holds the current, or undefined when none does. */
export function rangeFor(currentA: number): number | undefined {
  return RANGES_A.find((rangeA) => Math.abs(currentA) <= rangeA);
}

/** A fixed range: with automatic ranging the time of a reading varies. */
export function fixedRange(rangeA: number): string {
  return `RANG ${scientific(rangeA)}`;
}

export const AUTOMATIC_RANGE = "RANG:AUTO ON";

export function automaticRangeLimit(limit: "ULIM" | "LLIM", rangeA: number): string {
  return `RANG:AUTO:${limit} ${scientific(rangeA)}`;
}

/** Integration time in cycles of the mains, 0.01 to 5. */
export function powerLineCycles(cycles: number): string {
  return `NPLC ${cycles}`;
}

export type ArmSource = "IMM" | "TIM" | "BUS" | "TLIN" | "MAN";

export function armSource(source: ArmSource): string {
  return `ARM:SOUR ${source}`;
}

export function triggerSource(source: "IMM" | "TLIN"): string {
  return `TRIG:SOUR ${source}`;
}

export function count(layer: "ARM" | "TRIG", readings: number): string {
  return `${layer}:COUN ${readings}`;
}

/** Up to 999.9998 s. */
export function triggerDelay(delayS: number): string {
  return `TRIG:DEL ${delayS}`;
}

/** The next readings go into the buffer, up to `points`. */
export function bufferLines(points: number): readonly string[] {
  return [`TRAC:POIN ${points}`, "TRAC:FEED SENS", "TRAC:FEED:CONT NEXT"];
}

/** Mean over this many readings, 2 to 100. */
export function averageCount(readings: number): string {
  return `AVER:COUN ${readings}`;
}

function scientific(value: number): string {
  return value.toExponential().replace("e", "E").replace("E+", "E");
}
