/**
 * One input of a Lake Shore 336 or 350 as a sensor: its temperature, asked for at a constant interval. It changes
 * nothing at the controller; it informs and may stop, never permit.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import type { Sensor } from "../../protocols/roles/sensor.ts";
import {
  decodeCelsius,
  decodeLakeshoreIdentity,
  decodeReadingStatus,
  readingQuery,
  statusQuery,
  whyUnbelievable,
  type LakeshoreInput,
} from "../../protocols/wire/lakeshore/lakeshore-lines.ts";
import { createAttempts, type Attempt } from "../link/attempts.ts";
import { refuseOtherFirmware } from "../link/known-firmware.ts";
import { createOneAtATime } from "../link/one-at-a-time.ts";
import { openWithin } from "../link/open-within.ts";
import { createScpiConversation, type ScpiConversation } from "../link/scpi-conversation.ts";
import { askIdentity, refuseOtherSerial } from "../link/scpi-identity.ts";
import { readingTimesProblem, readOnGrid } from "../sensor/reading-grid.ts";
import { createSensorReadings } from "../sensor/sensor-readings.ts";

/** As site files name the family. */
export const LAKESHORE_336 = "lakeshore-336";

export interface LakeshoreSensorDeps {
  /** Its name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  readonly input: LakeshoreInput;
  readonly maximumAgeS: number;
  /** From reading to reading; default 1 s. */
  readonly intervalS?: number;
  /** Another serial number at this address is the wrong device. */
  readonly expectedSerialNumber?: string;
  /** Longest wait for an answer. Default 2000 ms. */
  readonly replyMs?: number;
}

const MODELS: readonly string[] = ["336", "350"];
const FIRMWARE_MAJORS = [1, 2, 3];
const NOTHING = (): void => undefined;

/** Throws Fault `site.invalid` for times that cannot be. Faults: `sensor.unreadable`, `link.*`. */
export function createLakeshoreSensor(deps: LakeshoreSensorDeps): Sensor {
  const { name, clock, input, maximumAgeS, intervalS = 1, replyMs = 2000 } = deps;
  const problem = readingTimesProblem(intervalS, maximumAgeS);
  if (problem !== undefined) throw new Fault("site.invalid", name, `sensor ${name}: ${problem}`);
  const quantity = "temperature";
  const readings = createSensorReadings({ name, quantity, maximumAgeS }, clock);
  const oneAtATime = createOneAtATime(name);
  const attempts = createAttempts(name);
  let talk: ScpiConversation | undefined;
  let stopReading = NOTHING;

  function drop(why: string): void {
    const open = talk;
    attempts.end();
    talk = undefined;
    stopReading();
    readings.forget();
    open?.close(why);
  }

  function isCurrent(one: ScpiConversation): boolean {
    return talk === one;
  }

  async function connect(attempt: Attempt): Promise<Identity> {
    const link = await attempt.open(() => openWithin(clock, deps.openLink, name));
    const fresh: ScpiConversation = createScpiConversation(name, link, clock, replyMs, (why) => {
      if (!isCurrent(fresh)) return;
      drop(why);
      readings.report(new Fault("link.closed", name, `the link closed: ${why}`));
    });
    talk = fresh;
    try {
      const found = await askIdentity(name, fresh, clock, "a Lake Shore 336 or 350", (line) => {
        const identity = decodeLakeshoreIdentity(line);
        return identity !== undefined && MODELS.includes(identity.model) ? identity : undefined;
      });
      refuseOtherSerial(name, found.serialNumber, deps.expectedSerialNumber);
      refuseOtherFirmware(name, found.firmware, FIRMWARE_MAJORS);
      attempt.needWanted();
      stopReading = readOnGrid(clock, intervalS, () => oneAtATime(() => read(fresh)), readings.report);
      return { model: `Lake Shore ${found.model}`, serialNumber: found.serialNumber, firmware: found.firmware };
    } catch (error) {
      if (isCurrent(fresh)) drop("connecting failed");
      fresh.close("connecting failed");
      throw error;
    }
  }

  async function whyNot(on: ScpiConversation): Promise<string | undefined> {
    return whyUnbelievable(await on.ask(statusQuery(input), decodeReadingStatus));
  }

  /** False when there is nothing more to read on this link. */
  async function read(on: ScpiConversation): Promise<boolean> {
    if (!isCurrent(on)) return false;
    try {
      // Before and after it: a sensor that is not whole reads as zero, and may have broken or been mended meanwhile.
      const whyBefore = await whyNot(on);
      const valueC = await on.ask(readingQuery(input), decodeCelsius);
      const why = (await whyNot(on)) ?? whyBefore;
      if (!isCurrent(on)) return false;
      if (why === undefined) readings.heard(valueC);
      else readings.unreadable(why);
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
    driver: LAKESHORE_336,
    quantity,
    unit: "degC",
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
