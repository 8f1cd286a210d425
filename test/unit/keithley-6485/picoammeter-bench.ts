import { createPicoammeter, type PicoammeterOptions } from "../../../drivers/keithley-6485/picoammeter.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Sensor } from "../../../protocols/roles/sensor.ts";
import {
  createPicoammeterTwin,
  type PicoammeterTwin,
  type PicoammeterTwinDeps,
} from "../../../simulator/keithley-6485/picoammeter-twin.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import { createVirtualTime, type VirtualTime } from "../../contract/contract-bench.ts";

export interface PicoammeterBench extends VirtualTime {
  readonly cable: MemoryLink;
  readonly twin: PicoammeterTwin;
  readonly sensor: Sensor;
  readonly faults: Fault[];
  /** Lines the unit was sent. */
  readonly lines: string[];
  /** Into its input. */
  currentA: number;
}

/** A driver and its simulated picoammeter on one cable; not connected. */
export function createPicoammeterBench(
  options: Partial<PicoammeterOptions> & Pick<PicoammeterTwinDeps, "identity" | "offsetA"> = {},
): PicoammeterBench {
  const time = createVirtualTime();
  const { clock } = time;
  const cable = createMemoryLink(clock, { name: "diode", latencyMs: 20 });
  const lines: string[] = [];
  const twin = createPicoammeterTwin({
    end: {
      ...cable.end,
      onData(handler) {
        cable.end.onData((chunk) => {
          lines.push(
            ...Buffer.from(chunk)
              .toString("latin1")
              .split("\n")
              .filter((line) => line !== ""),
          );
          handler(chunk);
        });
      },
    },
    clock,
    currentA: () => bench.currentA,
    ...(options.identity === undefined ? {} : { identity: options.identity }),
    ...(options.offsetA === undefined ? {} : { offsetA: options.offsetA }),
  });
  const sensor = createPicoammeter({
    name: "diode",
    quantity: "flux",
    unit: "A",
    maximumAgeS: 5,
    ...options,
    openLink: cable.openLink,
    clock,
  });
  const faults: Fault[] = [];
  sensor.onFault((fault) => faults.push(fault));
  const bench: PicoammeterBench = { ...time, cable, twin, sensor, faults, lines, currentA: 1e-6 };
  return bench;
}
