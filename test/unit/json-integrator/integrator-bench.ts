/** What the tests of both drivers of an integrator have in common: a clock, a cable and what the program answers. */
import { setImmediate } from "node:timers/promises";
import type { Fault } from "../../../protocols/base/fault.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import type { KnownPattern } from "../../../simulator/json-integrator/integrator-twin.ts";
import { createMemoryLink } from "../../../simulator/links/memory-link.ts";

export const PATTERN: KnownPattern = {
  twoThetaDeg: Float64Array.from({ length: 2500 }, (_, at) => 1.3 + at * 0.003),
  counts: Int32Array.from({ length: 2500 }, (_, at) => at % 97),
  wavelengthA: 0.20664,
};

/** No pattern for a frame that is gone. */
export function patternOf(path: string): KnownPattern | undefined {
  return path.endsWith("gone.cbf") ? undefined : PATTERN;
}

export function createIntegratorBench() {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  const cable = createMemoryLink(clock, { name: "integrator", latencyMs: 1 });

  const faultsOf = (integrator: { onFault(handler: (fault: Fault) => void): unknown }): readonly Fault[] => {
    const faults: Fault[] = [];
    integrator.onFault((fault) => faults.push(fault));
    return faults;
  };

  /** Lets time go on until the work is done. */
  const finish = async <T>(work: Promise<T>): Promise<T> => {
    const stop = (): void => {
      clock.stop();
    };
    work.then(stop, stop);
    await clock.run(clock.nowMs() + 3_600_000);
    return work;
  };

  return { clock, cable, faultsOf, finish };
}
