/**
 * Which bit of a Modbus input/output unit means what, and the registers of WAGO's 750 series that guard it. Bit
 * numbers count from 0 within the unit's digital inputs or outputs, as the site file gives them.
 */
import { INTERLOCKS, type Interlock } from "../../roles/beam-io.ts";

export interface ModbusIoMap {
  readonly inputs: {
    readonly shutterOpen: number;
    readonly shutterClosed: number;
    readonly safetyShutterOpen: number;
    readonly safetyShutterClosed: number;
    readonly interlocks: Readonly<Record<Interlock, number>>;
    /** In the order of the site's filters. */
    readonly filters: readonly number[];
    /** Contact of the timer relay behind the heartbeat output, where it is wired back. */
    readonly permitAlive?: number;
    /** What tells of trouble at the rack, by name; `troubleLevel`: the input's level when it does. */
    readonly safety?: readonly { readonly name: string; readonly bit: number; readonly troubleLevel: boolean }[];
    /** Interlocks wired in series share one input; without this, two of them on one input are a slip. */
    readonly areInterlocksInSeries?: boolean;
  };
  readonly outputs: {
    readonly shutterOpenRequest: number;
    readonly shutterPermit: number;
    /** Output to a timer relay, for units whose own watchdog any request renews: each heartbeat changes it. */
    readonly heartbeat?: number;
    readonly safetyShutterRequest: number;
    readonly filters: readonly number[];
  };
}

/**
 * WAGO 750 Modbus map. The same low bit address means an input on reading and an output on writing; outputs are
 * therefore always addressed from 0x0200, where they can also be read back.
 */
export const WAGO = {
  inputBits: 0x0000,
  outputBits: 0x0200,
  /** Time in units of 100 ms; the function-code masks follow. None can be changed while the watchdog runs. */
  watchdogTime: 0x1000,
  watchdogMaskLow: 0x1001,
  watchdogMaskHigh: 0x1002,
  /** Each change of its content renews the watchdog; the first value other than 0 starts it. */
  watchdogTrigger: 0x1003,
  /** 0 not active, 1 active, 2 expired. */
  watchdogStatus: 0x1006,
  /** Write 1 after an expiry. */
  watchdogRestart: 0x1007,
  /** Write 0x55AA: stops the watchdog and clears an expiry. */
  watchdogSimpleStop: 0x1008,
  /** Counts of process-image bits: analog out, analog in, digital out, digital in. */
  processImage: 0x1022,
  /** Firmware index, series, item, and two more words of the name plate. */
  namePlate: 0x2010,
} as const;

/** What the simple-stop register takes. */
export const WATCHDOG_SIMPLE_STOP = 0x55aa;
export const WATCHDOG_UNIT_MS = 100;

export function watchdogStatusText(status: number): string {
  return ["not active", "active", "expired"][status] ?? `unknown (${status})`;
}

/** All input bits in use. */
export function inputBits(map: ModbusIoMap): number[] {
  const { inputs } = map;
  return [
    inputs.shutterOpen,
    inputs.shutterClosed,
    inputs.safetyShutterOpen,
    inputs.safetyShutterClosed,
    ...interlockBits(map),
    ...inputs.filters,
    ...(inputs.permitAlive === undefined ? [] : [inputs.permitAlive]),
    ...(inputs.safety ?? []).map(({ bit }) => bit),
  ];
}

function interlockBits({ inputs }: ModbusIoMap): number[] {
  const bits = INTERLOCKS.map((name) => inputs.interlocks[name]);
  return inputs.areInterlocksInSeries === true ? [...new Set(bits)] : bits;
}

/** All output bits in use. */
export function outputBits(map: ModbusIoMap): number[] {
  const { outputs } = map;
  return [
    outputs.shutterOpenRequest,
    outputs.shutterPermit,
    outputs.safetyShutterRequest,
    ...outputs.filters,
    ...(outputs.heartbeat === undefined ? [] : [outputs.heartbeat]),
  ];
}

/** What is wrong with a map, one sentence each: bits out of range or used twice, filters that do not match. */
export function modbusIoMapErrors(map: ModbusIoMap, filterCount: number): string[] {
  const errors: string[] = [];
  for (const [what, bits] of [
    ["input", inputBits(map)],
    ["output", outputBits(map)],
  ] as const) {
    for (const bit of new Set(bits)) {
      if (!Number.isInteger(bit) || bit < 0 || bit >= 512) errors.push(`${what} bit ${bit} is not within 0..511`);
      if (bits.filter((other) => other === bit).length > 1) errors.push(`${what} bit ${bit} is used twice`);
    }
  }
  for (const [what, count] of [
    ["inputs", map.inputs.filters.length],
    ["outputs", map.outputs.filters.length],
  ] as const) {
    if (count !== filterCount) errors.push(`${count} filter ${what} for ${filterCount} filters`);
  }
  return errors;
}
