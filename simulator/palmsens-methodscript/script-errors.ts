/** Error numbers the simulated instrument gives, by the condition that causes them. */
export const ScriptTrouble = {
  badVariableType: 0x0002,
  unknownCommand: 0x0003,
  unknownRegister: 0x0004,
  wrongModeNow: 0x0006,
  badArgumentValue: 0x0007,
  commandTooLong: 0x0008,
  outOfVariableMemory: 0x000b,
  noScript: 0x000c,
  invalidTime: 0x000d,
  potentialNotValid: 0x000f,
  notANumber: 0x0010,
  frequencyInvalid: 0x0011,
  amplitudeInvalid: 0x0012,
  openCircuitWithCellOn: 0x0014,
  flashFailed: 0x0016,
  notSupported: 0x001b,
  unknownMode: 0x0021,
  wrongMode: 0x0023,
  divisionByZero: 0x0028,
  cellOverloaded: 0x0032,
  unknownScriptCommand: 0x4001,
  unexpectedCharacter: 0x4004,
  scriptTooLarge: 0x4005,
  unknownVariableType: 0x4006,
  undeclaredVariable: 0x4007,
  optionNotAllowed: 0x4008,
  nestedMeasurementLoops: 0x400b,
  notAllowedHere: 0x400c,
  endedTooEarly: 0x4018,
  packageOrder: 0x401b,
  declaredTwice: 0x4026,
  needsCellOn: 0x4027,
  badName: 0x402b,
  nameTooLong: 0x402c,
  potentialInsideLoop: 0x4032,
  malformedLiteral: 0x4039,
  mustBePositive: 0x4204,
  outOfBounds: 0x4205,
  notPossible: 0x4206,
  extraArgument: 0x420a,
  missingArgument: 0x420b,
} as const;

/** A script that cannot be loaded: error number, line and column, both from 1. */
export interface LoadError {
  readonly code: number;
  readonly line: number;
  readonly column: number;
}

/** `4001` in the instrument's four digits. */
export function errorDigits(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, "0");
}
