/**
 * Watches what hangs over the rack: keeps its readings on record, raises an alarm above the site's level, and above
 * the next one stops what could feed a fire. It informs and may stop, never permit.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { durationText } from "../../protocols/base/duration-text.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { Fault } from "../../protocols/base/fault.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { Sensor } from "../../protocols/roles/sensor.ts";
import { faultNote } from "../machines/errors.ts";
import type { Alarm, Alarms } from "./alarms.ts";
import type { WatchedSensor } from "./roles.ts";
import { createSensorLevel } from "./sensor-level.ts";

export interface RackWatchDeps {
  readonly sensors: readonly WatchedSensor[];
  readonly alarms: Alarms;
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** The campaign is over: nothing is watched any more. */
  readonly isOver: () => boolean;
  /** Ends exposing and puts every cell on open circuit; nothing of it comes back by itself. */
  readonly stop: (reason: string) => void;
  /** Trouble that is none at the moment; by default all is. */
  readonly isExpected?: (fault: Fault) => boolean;
}

/** Between two readings on record, when nothing happens. */
const RECORD_EVERY_MS = 600_000;
/**
 * A temperature stands beside every sample of the cells: it is on record as soon as it has changed by this, and no more
 * often than that (both chosen: a few of the steps in which sensors of a rack tell it).
 */
const TEMPERATURE_CHANGE_K = 0.2;
const RECORD_MOST_OFTEN_MS = 10_000;
/** Older than its reading may be (chosen). */
const TOLD_SILENT_AFTER_MS = 60_000;

export interface RackWatch {
  /**
   * Sensors above the level at which the rack is stopped, or not clearly below it for long enough since; and those that fell
   * silent before they were, until a person vouches for the air.
   */
  troubles(): readonly string[];
  /**
   * A person has acknowledged this alarm: where it is the one by which a sensor that stopped the rack is silent, that vouches
   * for the air until the sensor is read again, or this controller ends.
   */
  acknowledged(alarm: Pick<Alarm, "code" | "where">): void;
}

const STOPPED = "rack.stopped";
/** Of a sensor that stopped the rack; whoever acknowledges it vouches for the air. */
const SILENT = "rack.silent";

export function listenToRack(deps: RackWatchDeps): RackWatch {
  const sensors = deps.sensors.map((watched) => listenTo(watched, deps));
  return {
    troubles: () => sensors.flatMap((sensor) => sensor.trouble() ?? []),
    acknowledged(alarm) {
      for (const sensor of sensors) sensor.acknowledged(alarm);
    },
  };
}

interface ListenedSensor extends Pick<RackWatch, "acknowledged"> {
  trouble(): string | null;
}

function listenTo({ sensor, alarmAbove, stopAbove }: WatchedSensor, deps: RackWatchDeps): ListenedSensor {
  const { alarms, clock } = deps;
  const nowMs = (): number => clock.monoMs();
  const listenedMs = nowMs();
  let readMs: number | null = null;
  let isVouched = false;
  let recordedMs = -Infinity;
  let recordedValue = NaN;
  const alarmLevel = alarmAbove === null ? null : createSensorLevel(alarmAbove);
  const stopLevel = stopAbove === null ? null : createSensorLevel(stopAbove);
  let isStopped = false;
  let isLooking = false;

  function openAlarm(code: string): Alarm | undefined {
    return alarms.open.find((alarm) => alarm.code === code && alarm.where === sensor.name);
  }

  function isOpen(code: string): boolean {
    return openAlarm(code) !== undefined;
  }

  function isHeld(): boolean {
    return isStopped || isOpen(STOPPED);
  }

  function isDue(value: number, atMs: number): boolean {
    const sinceMs = atMs - recordedMs;
    if (sinceMs >= RECORD_EVERY_MS) return true;
    if (sensor.quantity !== "temperature" || sinceMs < RECORD_MOST_OFTEN_MS) return false;
    return Math.abs(value - recordedValue) >= TEMPERATURE_CHANGE_K;
  }

  function record(value: number, level?: "alarm" | "stop" | "clear"): void {
    deps.recorder.record("sensor-reading", {
      sensor: sensor.name,
      quantity: sensor.quantity,
      value,
      unit: sensor.unit,
      ...(level === undefined ? {} : { level }),
    });
  }

  function judgeStop(value: number, atMs: number): void {
    if (stopAbove === null || stopLevel === null) return;
    // What was stopped before a restart may be over; where it is not it is stopped again.
    const wasStopped = isStopped || (value < stopAbove && isOpen(STOPPED));
    const change = stopLevel.judge(value, atMs, wasStopped);
    if (change === "clear") {
      isStopped = false;
      alarms.clear(STOPPED, sensor.name);
    } else if (change === "raise") {
      isStopped = true;
      record(value, "stop");
      const what = `${words(sensor, value)}, at or above the ${text(stopAbove)} at which the rack is stopped`;
      alarms.raise({
        code: STOPPED,
        where: sensor.name,
        what,
        advice: "Every cell is on open circuit. Look at the rack before anybody opens it.",
      });
      deps.stop(what);
    }
  }

  function judge(value: number, atMs: number): void {
    judgeStop(value, atMs);
    if (alarmAbove === null || alarmLevel === null) return;
    const change = alarmLevel.judge(value, atMs, isOpen("rack.level"));
    if (change === "raise") {
      record(value, "alarm");
      alarms.raise({
        code: "rack.level",
        where: sensor.name,
        what: `${words(sensor, value)}, at or above its alarm level of ${text(alarmAbove)}`,
        advice: "A cell may leak or overheat. Look for one whose voltage sags, and at the rack's ventilation.",
      });
    } else if (change === "clear") {
      record(value, "clear");
      alarms.clear("rack.level", sensor.name);
    }
  }

  function silentMs(): number {
    const sinceMs = nowMs() - (readMs ?? listenedMs);
    return sinceMs > sensor.maximumAgeS * 1000 ? sinceMs : 0;
  }

  function silentText(forMs: number): string {
    const since = readMs === null ? "since this start" : `for ${durationText(forMs / 1000)}`;
    return `not read ${since}; it stopped the rack, and was not clearly below that level for long enough by then`;
  }

  /** While it holds the rack: a silence is told, for a person to vouch for the air, and not each reading that comes a little late. */
  function lookForSilence(): void {
    if (isLooking || !isHeld()) return;
    isLooking = true;
    clock.setTimeout(() => {
      isLooking = false;
      if (deps.isOver() || !isHeld()) return;
      if (nowMs() < tellsAtMs()) lookForSilence();
      else {
        const { advice } = FAULT_CATALOGUE[SILENT];
        alarms.raise({ code: SILENT, where: sensor.name, what: silentText(silentMs()), advice });
      }
    }, tellsAtMs() - nowMs());
  }

  function tellsAtMs(): number {
    return (readMs ?? listenedMs) + sensor.maximumAgeS * 1000 + TOLD_SILENT_AFTER_MS;
  }

  function missed(forMs: number): void {
    alarmLevel?.missed(forMs);
    stopLevel?.missed(forMs);
    // A person may have let the rack go on: where it is still above, the rack is stopped anew.
    if (isVouched) isStopped = false;
    isVouched = false;
  }

  sensor.onReading(({ value, arrivedAtMs }) => {
    const forMs = silentMs();
    if (forMs > 0) missed(forMs);
    readMs = nowMs();
    alarms.clearAll(sensor.name, ["sensor.", SILENT]);
    if (isDue(value, arrivedAtMs)) {
      recordedMs = arrivedAtMs;
      recordedValue = value;
      record(value);
    }
    judge(value, arrivedAtMs);
    lookForSilence();
  });
  sensor.onFault((fault) => {
    if (deps.isExpected?.(fault) === true) return;
    alarms.raise(faultNote(fault));
  });
  // Who vouched for the air before a restart vouched for the air of then.
  alarms.clearAll(sensor.name, [SILENT], "it is asked again after a restart");
  lookForSilence();

  return {
    trouble() {
      if (!isHeld()) return null;
      const forMs = silentMs();
      if (forMs > 0 && isVouched) return null;
      if (forMs > 0) {
        const alarm = openAlarm(SILENT);
        const which =
          alarm === undefined ? `its alarm ${SILENT}, which is raised within a minute` : `alarm ${alarm.id}`;
        return `${sensor.name}: ${silentText(forMs)}. Have it read again; or look at the rack from outside, make sure of its air, and acknowledge ${which}`;
      }
      return `${sensor.name}: above the level at which the rack is stopped, or not below it for long enough yet`;
    },
    acknowledged({ code, where }) {
      if (code === SILENT && where === sensor.name && silentMs() > 0) isVouched = true;
    },
  };
}

function words({ quantity, unit, name }: Sensor, value: number): string {
  return `${quantity} ${text(value)} ${unit} at ${name}`;
}

function text(value: number): string {
  return String(Number(value.toPrecision(4)));
}
