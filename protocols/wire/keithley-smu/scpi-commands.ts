/** SCPI of the Keithley 2450, 2460 and 2461: commands without line end. A command answers nothing; a query one line. */

/** The relay opens when the output is off, so that an idle cell is not loaded: otherwise off is 0 V at a small limit. */
export const OFF_IS_OPEN = "OUTP:SMOD HIMP";
/** Errors until now, a step's or somebody else's, are none of the set-up that follows. A reset keeps them. */
export const FORGET_ERRORS = "*CLS";
/** Sent once after connecting. */
export const RESET_LINES = [FORGET_ERRORS, "*RST", OFF_IS_OPEN] as const;

export const IDENTIFY = "*IDN?";
export const LANGUAGE = "*LANG?";
export const NEXT_ERROR = "SYST:ERR?";
export const OUTPUT_ON = "OUTP ON";
export const OUTPUT_OFF = "OUTP OFF";
export const OUTPUT_STATE = "OUTP?";
/** In one write: a unit that hears, and is not heard, is off all the same. */
export const OUTPUT_STATE_THEN_OFF = `${OUTPUT_STATE}\n${OUTPUT_OFF}`;
/** Answers with the source's read-back and the reading. */
export const READ_SOURCE_AND_READING = 'READ? "defbuffer1", SOUR, READ';
export const CLEAR_BUFFER = "TRAC:CLE";
export const BUFFER_COUNT = "TRAC:ACT?";

/** Stored points as one flat list of reading and relative time. Numbers count from 1. */
export function bufferQuery(first: number, last: number): string {
  return `TRAC:DATA? ${first}, ${last}, "defbuffer1", READ, REL`;
}

const VOLTAGE_RANGE_V = 20;

/**
 * Sources a voltage and limits the current: below the level the current limit holds, at the level the current
 * tapers. The instrument keeps both, whoever listens. The output is off meanwhile; the level is set afterwards.
 */
export function voltageSourceLines(currentLimitA: number): readonly string[] {
  return [
    "SOUR:FUNC VOLT",
    'SENS:FUNC "CURR"',
    "SENS:CURR:RSEN ON",
    `SENS:CURR:RANG ${scpiNumber(currentRangeA(currentLimitA))}`,
    "SOUR:VOLT:READ:BACK ON",
    `SOUR:VOLT:RANG ${VOLTAGE_RANGE_V}`,
    `SOUR:VOLT:ILIM ${scpiNumber(currentLimitA)}`,
  ];
}

export function voltageLevel(voltageV: number): string {
  return `SOUR:VOLT ${scpiNumber(voltageV)}`;
}

/** Sources no current and reads the voltage: an open circuit that can be measured. */
export function openCircuitLines(voltageLimitV: number): readonly string[] {
  return [
    "SOUR:FUNC CURR",
    'SENS:FUNC "VOLT"',
    "SENS:VOLT:RSEN ON",
    `SENS:VOLT:RANG ${VOLTAGE_RANGE_V}`,
    `SOUR:CURR:RANG ${scpiNumber(1e-6)}`,
    `SOUR:CURR:VLIM ${scpiNumber(voltageLimitV)}`,
    "SOUR:CURR 0",
  ];
}

/** The smallest decade that holds the current, from 10 nA up. */
export function currentRangeA(currentA: number): number {
  for (let exponent = -8; exponent <= 0; exponent += 1)
    if (Math.abs(currentA) <= 10 ** exponent * (1 + 1e-9)) return Number(`1e${exponent}`);
  return 1;
}

/** Nine digits, with a capital E as the manuals write it. */
export function scpiNumber(value: number): string {
  return String(Number(value.toPrecision(9))).replace("e", "E");
}
