/** What a sensor that is asked must keep: its last reading and its age, who listens, and how often trouble is told. */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault, type FaultDetail } from "../../protocols/base/fault.ts";
import type { Reading, Sensor } from "../../protocols/roles/sensor.ts";

export interface SensorReadings {
  /** These three as the role has them. */
  readonly shown: Pick<Sensor, "fresh" | "onReading" | "onFault">;
  readonly report: (fault: Fault) => void;
  heard(value: number): void;
  /**
   * Something answered and it is no value: the last reading goes. Told as `sensor.unreadable` at the first time and
   * then once per maximum age, with the count.
   */
  unreadable(why: string, detail?: FaultDetail): void;
  /** No link, no reading. */
  forget(): void;
}

export function createSensorReadings(
  { name, quantity, maximumAgeS }: Pick<Sensor, "name" | "quantity" | "maximumAgeS">,
  clock: Clock,
): SensorReadings {
  const readingHandlers = new Set<(reading: Reading) => void>();
  const faultHandlers = new Set<(fault: Fault) => void>();
  let last: Reading | undefined;
  let unreadableCount = 0;
  let unreadableToldMs = -Infinity;

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  return {
    report,
    heard(value) {
      unreadableCount = 0;
      last = { value, arrivedAtMs: clock.monoMs() };
      for (const handler of readingHandlers) handler(last);
    },
    unreadable(why, detail = {}) {
      last = undefined;
      unreadableCount += 1;
      const nowMs = clock.monoMs();
      if (unreadableCount > 1 && nowMs - unreadableToldMs < maximumAgeS * 1000) return;
      unreadableToldMs = nowMs;
      report(new Fault("sensor.unreadable", name, `no ${quantity}: ${why}`, { unreadableCount, ...detail }));
    },
    forget() {
      last = undefined;
      unreadableCount = 0;
    },
    shown: {
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
    },
  };
}
