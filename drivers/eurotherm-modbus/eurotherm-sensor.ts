/**
 * A Eurotherm temperature controller as a sensor: its process value, asked for at a constant interval. It informs and
 * may stop, never permit. With a sensor break, or out of its range, there is no reading at all.
 */
import type { TimerHandle } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { Reading, Sensor } from "../../protocols/roles/sensor.ts";
import {
  decodeDecimals,
  decodeFloat,
  decodeScaled,
  EUROTHERM,
  floatAddress,
  statusWords,
  type Measured,
  whyUnbelievable,
} from "../../protocols/wire/eurotherm/eurotherm-registers.ts";
import type { ModbusBus } from "../link/modbus-bus.ts";
import type { ModbusLine } from "../link/modbus-line.ts";
import { createOneAtATime } from "../link/one-at-a-time.ts";

/** As site files name the family. */
export const EUROTHERM_MODBUS = "eurotherm-modbus";

export interface EurothermOptions {
  /** Default `temperature`. */
  readonly quantity?: string;
  /** Default `degC`: as the controller is set to show it. */
  readonly unit?: string;
  readonly maximumAgeS: number;
  /** 1 to 247 on a serial line; 255 for a 3504 on TCP. Default 1. */
  readonly unitId?: number;
  /** From reading to reading; default 1 s. */
  readonly intervalS?: number;
  /** `float` asks the region of 32-bit floats, which has no decimals to mistake; older ones only know `scaled`. Default. */
  readonly form?: "scaled" | "float";
  /** Content of register 122; another is the wrong device. */
  readonly expectedIdentity?: number;
  /** What cannot be: a reading outside counts as none. Default -200 to 1800. */
  readonly plausible?: { readonly min: number; readonly max: number };
}

export interface EurothermDeps extends EurothermOptions {
  /** Its name in the site file. */
  readonly name: string;
  /** Several controllers may share one. */
  readonly line: ModbusLine;
}

interface Talk {
  readonly bus: ModbusBus;
  readonly decimals: number;
}

const INTERVAL_S = 1;
const PLAUSIBLE = { min: -200, max: 1800 };

/** Throws Fault `site.invalid` for options that cannot be. Faults: `sensor.unreadable`, `link.*`. */
export function createEurothermSensor(deps: EurothermDeps): Sensor {
  const { name, line, maximumAgeS } = deps;
  const { clock } = line;
  const quantity = deps.quantity ?? "temperature";
  const intervalS = deps.intervalS ?? INTERVAL_S;
  const plausible = deps.plausible ?? PLAUSIBLE;
  refuseImpossible(deps, intervalS);
  const oneAtATime = createOneAtATime(name);
  const readingHandlers = new Set<(reading: Reading) => void>();
  const faultHandlers = new Set<(fault: Fault) => void>();
  let talk: Talk | undefined;
  /** Joined but not identified yet. */
  let joining: ModbusBus | undefined;
  let last: Reading | undefined;
  let timer: TimerHandle;
  let unreadableCount = 0;
  let unreadableToldMs = -Infinity;

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  function drop(): void {
    const open = [talk?.bus, joining];
    talk = undefined;
    joining = undefined;
    last = undefined;
    clock.clearTimeout(timer);
    for (const bus of open) bus?.close();
  }

  async function connect(): Promise<Identity> {
    drop();
    const bus = await line.join(name, deps.unitId ?? 1, (cause) => {
      if (talk?.bus !== bus) return;
      talk = undefined;
      last = undefined;
      clock.clearTimeout(timer);
      if (cause.code !== "link.closed") report(cause);
      report(new Fault("link.closed", name, cause.message, {}, cause));
    });
    joining = bus;
    try {
      const identity = await identify(bus);
      const decimals = await readDecimals(bus);
      if (joining !== bus) throw new Fault("link.closed", name, "Disconnected while connecting.");
      joining = undefined;
      const opened: Talk = { bus, decimals };
      talk = opened;
      unreadableCount = 0;
      readLater(opened, clock.monoMs(), 1);
      return identity;
    } catch (error) {
      if (joining === bus) joining = undefined;
      bus.close();
      throw error;
    }
  }

  async function identify(bus: ModbusBus): Promise<Identity> {
    const [version] = await register(bus, EUROTHERM.version);
    const [identity] = await register(bus, EUROTHERM.identity);
    const expected = deps.expectedIdentity;
    if (expected !== undefined && identity !== expected) {
      throw new Fault(
        "device.wrong",
        name,
        `The controller calls itself ${hex(identity)} in register ${EUROTHERM.identity}, not ${hex(expected)}.`,
        { identity: identity ?? null },
      );
    }
    return { model: `Eurotherm ${hex(identity)}`, serialNumber: null, firmware: hex(version) };
  }

  /** What has none of these registers is no Eurotherm. */
  async function register(bus: ModbusBus, address: number): Promise<readonly number[]> {
    try {
      return await bus.readRegisters(address, 1);
    } catch (error) {
      if (!isFault(error) || error.code !== "io.exception") throw error;
      throw new Fault("device.wrong", name, `No Eurotherm answers here: it has no register ${address}.`, {}, error);
    }
  }

  async function readDecimals(bus: ModbusBus): Promise<number> {
    const [word] = await register(bus, EUROTHERM.decimals);
    const decimals = decodeDecimals(word);
    if (decimals !== undefined) return decimals;
    throw new Fault("device.wrong", name, `No Eurotherm answers here: it gives ${word ?? "no"} decimals.`);
  }

  /** On a grid of its own, so that slow answers do not stretch the interval; a place on it that is past is left out. */
  function readLater(on: Talk, startedMs: number, number: number): void {
    const next = Math.max(number, Math.ceil((clock.monoMs() - startedMs) / (intervalS * 1000)));
    timer = clock.setTimeout(
      () => {
        oneAtATime(() => read(on, startedMs, next + 1)).catch((error: unknown) => {
          if (!isFault(error)) throw error;
          report(error);
        });
      },
      startedMs + next * intervalS * 1000 - clock.monoMs(),
    );
  }

  async function read(on: Talk, startedMs: number, nextNumber: number): Promise<void> {
    if (talk !== on) return;
    try {
      const [status = 0] = await on.bus.readRegisters(EUROTHERM.status, 1);
      const measured = await processValue(on);
      if (!isCurrent(on)) return;
      const why = whyUnbelievable(status) ?? (measured.ok ? whyImplausible(measured.value) : measured.reason);
      if (why !== undefined || !measured.ok) unreadable(why ?? "no value", statusWords(status));
      else heard(measured.value);
    } catch (error) {
      if (!isFault(error)) throw error;
      // A lost link was told of by the line, and ends the reading.
      if (!isCurrent(on)) return;
      unreadable(error.message);
    }
    readLater(on, startedMs, nextNumber);
  }

  function isCurrent(on: Talk): boolean {
    return talk === on;
  }

  async function processValue(on: Talk): Promise<Measured> {
    if (deps.form === "float") return decodeFloat(await on.bus.readRegisters(floatAddress(EUROTHERM.processValue), 2));
    const [word] = await on.bus.readRegisters(EUROTHERM.processValue, 1);
    return decodeScaled(word, on.decimals);
  }

  function whyImplausible(value: number): string | undefined {
    return value >= plausible.min && value <= plausible.max
      ? undefined
      : `${value} is outside ${plausible.min}..${plausible.max}`;
  }

  function heard(value: number): void {
    unreadableCount = 0;
    last = { value, arrivedAtMs: clock.monoMs() };
    for (const handler of readingHandlers) handler(last);
  }

  function unreadable(why: string, status: readonly string[] = []): void {
    last = undefined;
    unreadableCount += 1;
    const nowMs = clock.monoMs();
    if (unreadableCount > 1 && nowMs - unreadableToldMs < maximumAgeS * 1000) return;
    unreadableToldMs = nowMs;
    report(new Fault("sensor.unreadable", name, `No ${quantity}: ${why}.`, { unreadableCount, status }));
  }

  return {
    name,
    driver: EUROTHERM_MODBUS,
    quantity,
    unit: deps.unit ?? "degC",
    maximumAgeS,
    connect() {
      drop();
      return oneAtATime(connect);
    },
    disconnect: drop,
    fresh() {
      return last !== undefined && clock.monoMs() - last.arrivedAtMs <= maximumAgeS * 1000 ? last : undefined;
    },
    onReading(handler) {
      readingHandlers.add(handler);
      return () => readingHandlers.delete(handler);
    },
    onFault(handler) {
      faultHandlers.add(handler);
      return () => faultHandlers.delete(handler);
    },
  };
}

function refuseImpossible({ name, maximumAgeS, plausible }: EurothermDeps, intervalS: number): void {
  const problem = !(maximumAgeS > 0 && maximumAgeS < Infinity)
    ? `a maximum age of ${maximumAgeS} s`
    : !(intervalS > 0 && intervalS < maximumAgeS)
      ? `a reading every ${intervalS} s does not keep one younger than ${maximumAgeS} s`
      : plausible !== undefined && !(plausible.max > plausible.min)
        ? `nothing lies between ${plausible.min} and ${plausible.max}`
        : undefined;
  if (problem !== undefined) throw new Fault("site.invalid", name, `sensor ${name}: ${problem}`);
}

function hex(word: number | undefined): string {
  return `0x${(word ?? 0).toString(16).padStart(4, "0")}`;
}
