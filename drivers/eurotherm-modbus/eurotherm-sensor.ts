/**
 * A Eurotherm temperature controller as a sensor: its process value, asked for at a constant interval. It informs and
 * may stop, never permit. With a sensor break, or out of its range, there is no reading at all.
 */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { Sensor } from "../../protocols/roles/sensor.ts";
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
import { createAttempts, type Attempt } from "../link/attempts.ts";
import { refuseUnlessKnown } from "../link/known-firmware.ts";
import type { ModbusBus } from "../link/modbus-bus.ts";
import type { ModbusLine } from "../link/modbus-line.ts";
import { createOneAtATime } from "../link/one-at-a-time.ts";
import { readingTimesProblem, readOnGrid } from "../sensor/reading-grid.ts";
import { createSensorReadings } from "../sensor/sensor-readings.ts";

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

/** High byte of the version: 4 of 4.61, which reads 0x0461. */
const VERSION_MAJOR_MIN = 1;
const VERSION_MAJOR_MAX = 4;
const INTERVAL_S = 1;
const NOTHING = (): void => undefined;
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
  const readings = createSensorReadings({ name, quantity, maximumAgeS }, clock);
  const attempts = createAttempts(name);
  let talk: Talk | undefined;
  /** Joined but not identified yet. */
  let joining: ModbusBus | undefined;
  let stopReading = NOTHING;
  /** By the last status: a value asked for before a sensor that was broken is whole again may still be of the break. */
  let wasUnbelievable = false;

  function drop(): void {
    const open = [talk?.bus, joining];
    attempts.end();
    talk = undefined;
    joining = undefined;
    stopReading();
    readings.forget();
    for (const bus of open) bus?.close();
  }

  async function connect(attempt: Attempt): Promise<Identity> {
    const bus = await attempt.open(() =>
      line.join(name, deps.unitId ?? 1, (cause) => {
        if (talk?.bus !== bus) return;
        talk = undefined;
        stopReading();
        readings.forget();
        if (cause.code !== "link.closed") readings.report(cause);
        readings.report(new Fault("link.closed", name, cause.message, {}, cause));
      }),
    );
    joining = bus;
    try {
      const identity = await identify(bus);
      const decimals = await readDecimals(bus);
      attempt.needWanted();
      joining = undefined;
      const opened: Talk = { bus, decimals };
      talk = opened;
      wasUnbelievable = false;
      stopReading = readOnGrid(clock, intervalS, () => oneAtATime(() => read(opened)), readings.report);
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
    const major = (version ?? 0) >> 8;
    const isKnown = major >= VERSION_MAJOR_MIN && major <= VERSION_MAJOR_MAX;
    refuseUnlessKnown(name, hex(version), isKnown, `0x0${VERSION_MAJOR_MIN}00 to 0x0${VERSION_MAJOR_MAX}ff`);
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

  /** False when there is nothing more to read on this link. */
  async function read(on: Talk): Promise<boolean> {
    if (!isCurrent(on)) return false;
    try {
      const measured = await processValue(on);
      // Asked after it, so that a sensor that broke meanwhile is not believed: it would read as far too hot.
      const [status = 0] = await on.bus.readRegisters(EUROTHERM.status, 1);
      if (!isCurrent(on)) return false;
      const isFirstAfter = wasUnbelievable;
      const whyNow = whyUnbelievable(status);
      wasUnbelievable = whyNow !== undefined;
      if (isFirstAfter && !wasUnbelievable) return true;
      const why = whyNow ?? (measured.ok ? whyImplausible(measured.value) : measured.reason);
      if (why !== undefined || !measured.ok) readings.unreadable(why ?? "no value", { status: statusWords(status) });
      else readings.heard(measured.value);
    } catch (error) {
      if (!isFault(error)) throw error;
      // A lost link was told of by the line, and ends the reading.
      if (!isCurrent(on)) return false;
      readings.unreadable(error.message);
    }
    return true;
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

  return {
    name,
    driver: EUROTHERM_MODBUS,
    quantity,
    unit: deps.unit ?? "degC",
    maximumAgeS,
    connect() {
      drop();
      const attempt = attempts.begin();
      return oneAtATime(() => connect(attempt));
    },
    disconnect: drop,
    ...readings.shown,
  };
}

function refuseImpossible({ name, maximumAgeS, plausible }: EurothermDeps, intervalS: number): void {
  const problem =
    readingTimesProblem(intervalS, maximumAgeS) ??
    (plausible !== undefined && !(plausible.max > plausible.min)
      ? `nothing lies between ${plausible.min} and ${plausible.max}`
      : undefined);
  if (problem !== undefined) throw new Fault("site.invalid", name, `sensor ${name}: ${problem}`);
}

function hex(word: number | undefined): string {
  return `0x${(word ?? 0).toString(16).padStart(4, "0")}`;
}
