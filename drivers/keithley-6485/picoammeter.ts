/**
 * A Keithley 6485 picoammeter as a sensor: a diode's current, read at a constant interval. It informs and may stop,
 * never permit. An overflow is no value and takes the last reading away.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import type { Sensor } from "../../protocols/roles/sensor.ts";
import {
  AUTOMATIC_RANGE,
  ELEMENTS,
  fixedRange,
  NEXT_ERROR,
  powerLineCycles,
  RANGE,
  RANGES_A,
  READ,
  RESET,
  ZERO_CHECK_OFF,
  ZERO_CHECK_STATE,
  ZERO_CORRECT_LINES,
} from "../../protocols/wire/keithley-6485/picoammeter-commands.ts";
import {
  decodeFlag,
  decodeNumber,
  decodePicoammeterError,
  decodePicoammeterIdentity,
  decodeReading,
  TIME_COMES_ROUND_S,
} from "../../protocols/wire/keithley-6485/picoammeter-replies.ts";
import { createAttempts, type Attempt } from "../link/attempts.ts";
import { refuseUnlessKnown } from "../link/known-firmware.ts";
import { createOneAtATime } from "../link/one-at-a-time.ts";
import { openWithin } from "../link/open-within.ts";
import { createScpiConversation, type ScpiConversation } from "../link/scpi-conversation.ts";
import { askIdentity, refuseOtherSerial } from "../link/scpi-identity.ts";
import { readingTimesProblem, readOnGrid } from "../sensor/reading-grid.ts";
import { createSensorReadings } from "../sensor/sensor-readings.ts";

/** As site files name the family. */
export const KEITHLEY_6485 = "keithley-6485";

export interface PicoammeterOptions {
  readonly quantity: string;
  /** Of the value after `perAmpere`: `A`, or `ph/s` for a calibrated diode. */
  readonly unit: string;
  readonly maximumAgeS: number;
  /** Units per ampere; default 1. */
  readonly perAmpere?: number;
  /** From reading to reading; default 1 s. */
  readonly intervalS?: number;
  /** Full scale, one of the unit's own; default automatic, whose readings take varying times. */
  readonly rangeA?: number;
  /** Integration time in cycles of the mains, 0.01 to 5; default 1. */
  readonly powerLineCycles?: number;
  /** Takes the offset when connecting. Only with a fixed or automatic range set after it; default no. */
  readonly zeroCorrect?: boolean;
  /** Another serial number on this address is the wrong device. */
  readonly expectedSerialNumber?: string;
  /** Longest wait for an answer beyond the integration. Default 2000 ms. */
  readonly replyMs?: number;
  /** Default 5000 ms, as for every driver. */
  readonly openMs?: number;
}

export interface PicoammeterDeps extends PicoammeterOptions {
  /** Its name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
}

const MAINS_PERIOD_MS = 20;
const ERRORS_MAX = 20;
/** A reset and a taken offset keep the unit busy. */
const SET_UP_MS = 5000;
const INTERVAL_S = 1;
/** Its time is told in few digits when it is about to come round. */
const COMES_ROUND_WITHIN_S = 100;
/** A letter and two digits, then the day of its making: `B03 Sep 29 2010`. */
const KNOWN_FIRMWARE = /^[A-C]\d\d(?!\w)/;
/** An offset that is taken away, which may come on top of full scale, is no greater. */
const [SMALLEST_RANGE_A] = RANGES_A;
const NOTHING = (): void => undefined;

/** Throws Fault `site.invalid` for options that cannot be. Faults: `sensor.unreadable`, `link.*`. */
export function createPicoammeter(deps: PicoammeterDeps): Sensor {
  const { name, clock, quantity, unit, maximumAgeS } = deps;
  const intervalS = deps.intervalS ?? INTERVAL_S;
  const perAmpere = deps.perAmpere ?? 1;
  const cycles = deps.powerLineCycles ?? 1;
  const fullScaleA =
    deps.rangeA === undefined ? undefined : deps.rangeA + (deps.zeroCorrect === true ? SMALLEST_RANGE_A : 0);
  const replyMs = (deps.replyMs ?? 2000) + cycles * MAINS_PERIOD_MS;
  refuseImpossible(deps, intervalS, perAmpere, cycles);
  const oneAtATime = createOneAtATime(name);
  const readings = createSensorReadings({ name, quantity, maximumAgeS }, clock);
  const attempts = createAttempts(name);
  let talk: ScpiConversation | undefined;
  let stopReading = NOTHING;
  /** The unit's own, of the last reading on this link. */
  let lastTimeS = -Infinity;

  function drop(why: string): void {
    const open = talk;
    attempts.end();
    talk = undefined;
    stopReading();
    readings.forget();
    open?.close(why);
  }

  async function open(attempt: Attempt): Promise<ScpiConversation> {
    const link = await attempt.open(() => openWithin(clock, deps.openLink, name, deps.openMs));
    const fresh: ScpiConversation = createScpiConversation(name, link, clock, replyMs, (why) => {
      if (talk !== fresh) return;
      drop(why);
      readings.report(new Fault("link.closed", name, `the link closed: ${why}`));
    });
    return fresh;
  }

  async function connect(attempt: Attempt): Promise<Identity> {
    const fresh = await open(attempt);
    talk = fresh;
    try {
      const found = await askIdentity(name, fresh, clock, "a Keithley 6485", (line) => {
        const identity = decodePicoammeterIdentity(line);
        return identity?.model === "6485" ? identity : undefined;
      });
      refuseOtherSerial(name, found.serialNumber, deps.expectedSerialNumber);
      refuseUnlessKnown(name, found.firmware, KNOWN_FIRMWARE.test(found.firmware), "A01 to C99");
      await setUp(fresh);
      attempt.needWanted();
      lastTimeS = -Infinity;
      stopReading = readOnGrid(clock, intervalS, () => oneAtATime(() => read(fresh)), readings.report);
      return { model: "Keithley 6485", serialNumber: found.serialNumber, firmware: found.firmware };
    } catch (error) {
      if (isCurrent(fresh)) drop("connecting failed");
      fresh.close("connecting failed");
      throw error;
    }
  }

  function isCurrent(one: ScpiConversation): boolean {
    return talk === one;
  }

  async function setUp(on: ScpiConversation): Promise<void> {
    on.tell([RESET]);
    await forgetErrors(on);
    on.tell([
      ...(deps.zeroCorrect === true ? ZERO_CORRECT_LINES : [ZERO_CHECK_OFF]),
      deps.rangeA === undefined ? AUTOMATIC_RANGE : fixedRange(deps.rangeA),
      powerLineCycles(cycles),
      ELEMENTS,
    ]);
    const error = await on.ask(NEXT_ERROR, decodePicoammeterError, SET_UP_MS);
    if (error.code !== 0) {
      const what = `the picoammeter refused its set-up: ${error.code} ${error.text}`;
      throw new Fault("device.refused", name, what, { code: error.code });
    }
    // Nothing is measured while zero check is on, and it looks like no beam.
    if (await on.ask(ZERO_CHECK_STATE, decodeFlag)) {
      throw new Fault("device.refused", name, "zero check stays on: nothing is measured");
    }
    const rangeA = deps.rangeA === undefined ? undefined : await on.ask(RANGE, decodeNumber);
    if (rangeA !== undefined && Math.abs(rangeA / (deps.rangeA ?? NaN) - 1) > 0.01) {
      throw new Fault("device.refused", name, `the picoammeter keeps the range ${rangeA} A`, { rangeA });
    }
  }

  async function forgetErrors(on: ScpiConversation): Promise<void> {
    for (let count = 0; count < ERRORS_MAX; count += 1) {
      if ((await on.ask(NEXT_ERROR, decodePicoammeterError, SET_UP_MS)).code === 0) return;
    }
  }

  /** Of a unit whose time went back. Switched off and on it measures nothing, which looks like no beam. */
  async function refuseRestarted(on: ScpiConversation): Promise<void> {
    const isRound = lastTimeS > TIME_COMES_ROUND_S - COMES_ROUND_WITHIN_S;
    if (isRound && !(await on.ask(ZERO_CHECK_STATE, decodeFlag))) return;
    const what = `no ${quantity}: the picoammeter was switched off and on, and is to be set up anew`;
    throw new Fault("sensor.unreadable", name, what);
  }

  /** False when there is nothing more to read on this link. */
  async function read(on: ScpiConversation): Promise<boolean> {
    if (!isCurrent(on)) return false;
    try {
      const { currentA, timeS } = await on.ask(READ, (line) => decodeReading(line, fullScaleA));
      if (!isCurrent(on)) return false;
      if (timeS < lastTimeS) await refuseRestarted(on);
      if (!isCurrent(on)) return false;
      lastTimeS = timeS;
      if (currentA === null) readings.unreadable("the current overflows the range, or cannot be");
      else readings.heard(currentA * perAmpere);
      return true;
    } catch (error) {
      if (!isFault(error)) throw error;
      if (!isCurrent(on)) return false;
      // Answers carry no number: a late one would be taken for the next.
      drop(error.message);
      readings.report(error);
      readings.report(new Fault("link.closed", name, "the link was closed because a reading was lost", {}, error));
      return false;
    }
  }

  return {
    name,
    driver: KEITHLEY_6485,
    quantity,
    unit,
    maximumAgeS,
    connect() {
      drop("connecting anew");
      const attempt = attempts.begin();
      return oneAtATime(() => connect(attempt));
    },
    disconnect() {
      drop("closed by the host");
    },
    ...readings.shown,
  };
}

function refuseImpossible(deps: PicoammeterDeps, intervalS: number, perAmpere: number, cycles: number): void {
  const { name, maximumAgeS, rangeA } = deps;
  const problem =
    readingTimesProblem(intervalS, maximumAgeS) ??
    (!(cycles >= 0.01 && cycles <= 5)
      ? `${cycles} cycles of the mains; 0.01 to 5 are possible`
      : !(Math.abs(perAmpere) > 0 && Math.abs(perAmpere) < Infinity)
        ? `a factor of ${perAmpere}`
        : rangeA !== undefined && !RANGES_A.some((known) => known === rangeA)
          ? `a range of ${rangeA} A; there are ${RANGES_A.join(", ")} A`
          : undefined);
  if (problem !== undefined) throw new Fault("site.invalid", name, `sensor ${name}: ${problem}`);
}
