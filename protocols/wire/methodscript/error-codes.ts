/** Instrument error numbers in words (communication protocol, appendix A), and the three forms they come in. */

export interface InstrumentError {
  /** 0..0xFFFF. */
  readonly code: number;
  readonly meaning: string;
  /** Line of the script, counted from 1 with comments, when the instrument names one. */
  readonly line: number | null;
  readonly column: number | null;
}

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [0x0001, "unspecified error"],
  [0x0002, "bad variable type"],
  [0x0003, "unknown command"],
  [0x0004, "unknown register"],
  [0x0005, "register is read-only"],
  [0x0006, "wrong mode: nothing running, or busy"],
  [0x0007, "bad argument value"],
  [0x0008, "command too long"],
  [0x0009, "command timed out"],
  [0x000b, "out of variable memory"],
  [0x000c, "no script loaded"],
  [0x000d, "invalid time value"],
  [0x000e, "averaging overflow"],
  [0x000f, "potential not valid"],
  [0x0010, "not a number, or infinite"],
  [0x0011, "frequency invalid"],
  [0x0012, "amplitude invalid"],
  [0x0014, "open-circuit measurement with the cell on"],
  [0x0016, "flash error"],
  [0x0017, "bad flash address"],
  [0x0018, "settings corrupt"],
  [0x001b, "not supported on this device"],
  [0x001f, "technique not licensed"],
  [0x0020, "two high-speed modes"],
  [0x0021, "unknown potentiostat mode"],
  [0x0023, "wrong potentiostat mode"],
  [0x0028, "division by zero"],
  [0x0032, "critical cell overload, measurement stopped"],
  [0x0058, "fast-measurement timing error"],
  [0x005a, "requested timing not possible"],
  [0x0080, "counter electrode oscillating"],
  [0x4001, "unknown script command"],
  [0x4002, "bad argument"],
  [0x4003, "argument out of range"],
  [0x4004, "unexpected character"],
  [0x4005, "script too large"],
  [0x4006, "unknown variable type"],
  [0x4007, "undeclared variable"],
  [0x4008, "optional argument not allowed"],
  [0x400b, "nested measurement loops"],
  [0x400c, "not allowed in this situation"],
  [0x4018, "script ended too early"],
  [0x401b, "package commands in wrong order"],
  [0x4026, "variable declared twice"],
  [0x4027, "needs the cell on"],
  [0x4028, "needs the cell off"],
  [0x402b, "bad variable name"],
  [0x402c, "variable name too long"],
  [0x4032, "potential cannot be changed inside a measurement loop"],
  [0x4039, "malformed literal"],
  [0x4200, "negative value not allowed"],
  [0x4202, "zero not allowed"],
  [0x4204, "value must be positive"],
  [0x4205, "value out of bounds"],
  [0x4206, "value not possible on this device"],
  [0x420a, "extra argument"],
  [0x420b, "argument not declared"],
  [0x7fff, "fatal error, the instrument needs a reset"],
]);

export function errorMeaning(code: number): string {
  return MEANINGS.get(code) ?? "error not in the manual's list";
}

/** `4 hex digits` as the instrument writes them. */
export function errorNumber(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, "0");
}

const ERROR_LINE = /^([^!]{0,16})!([0-9A-Fa-f]{4})(?:: Line (\d{1,9})(?:, Col (\d{1,9}))?)?$/;

/** `c!XXXX`, `l!4001: Line 1, Col 27` or `!0028: Line 4`; undefined when the line is none of these. `command` is empty for a running script's own error. */
export function decodeErrorLine(
  line: string,
): { readonly command: string; readonly error: InstrumentError } | undefined {
  const match = ERROR_LINE.exec(line);
  if (match === null) return undefined;
  const code = Number.parseInt(match[2] ?? "", 16);
  return {
    command: match[1] ?? "",
    error: {
      code,
      meaning: errorMeaning(code),
      line: match[3] === undefined ? null : Number(match[3]),
      column: match[4] === undefined ? null : Number(match[4]),
    },
  };
}

/** `4001 unknown script command, line 1, column 27`. */
export function errorText(error: InstrumentError): string {
  const line = error.line === null ? "" : `, line ${error.line}`;
  const column = error.column === null ? "" : `, column ${error.column}`;
  return `${errorNumber(error.code)} ${error.meaning}${line}${column}`;
}
