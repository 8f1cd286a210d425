import { createPicoammeter, type PicoammeterOptions } from "../../../drivers/keithley-6485/picoammeter.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Sensor } from "../../../protocols/roles/sensor.ts";
import {
  createPicoammeterTwin,
  type PicoammeterTwin,
  type PicoammeterTwinDeps,
} from "../../../simulator/keithley-6485/picoammeter-twin.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import {
  createVirtualTime,
  type ContractCable,
  type ContractTime,
  type VirtualTime,
} from "../../contract/contract-bench.ts";
import type { SensorBench } from "../../contract/sensor.ts";

export interface PicoammeterParts {
  readonly twin: PicoammeterTwin;
  readonly sensor: Sensor;
  readonly faults: Fault[];
  /** Lines the unit was sent. */
  readonly lines: string[];
  /** Into its input. */
  currentA: number;
}

export interface PicoammeterBench extends VirtualTime, PicoammeterParts {
  readonly cable: MemoryLink;
}

export type PicoammeterBenchOptions = Partial<PicoammeterOptions> &
  Pick<PicoammeterTwinDeps, "identity" | "offsetA" | "onForS"> & {
    /** Changes what the unit says. */
    readonly alter?: (said: string) => string;
  };

/** A driver and its simulated picoammeter on one cable in memory; not connected. */
export function createPicoammeterBench(options: PicoammeterBenchOptions = {}): PicoammeterBench {
  const time = createVirtualTime();
  const cable = createMemoryLink(time.clock, { name: "diode", latencyMs: 20 });
  // Copied would be values: the current is looked at as it is.
  return Object.assign(createPicoammeterOn(time, cable, options), time, { cable });
}

/** The same on any cable. */
export function createPicoammeterOn(
  { clock, world }: ContractTime,
  cable: Pick<ContractCable, "openLink" | "end">,
  options: PicoammeterBenchOptions,
): PicoammeterParts {
  const lines: string[] = [];
  const twin = createPicoammeterTwin({
    end: {
      ...cable.end,
      send(chunk) {
        const said = Buffer.from(chunk).toString("latin1");
        cable.end.send(Buffer.from(options.alter?.(said) ?? said, "latin1"));
      },
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
    clock: world,
    currentA: () => bench.currentA,
    ...(options.identity === undefined ? {} : { identity: options.identity }),
    ...(options.offsetA === undefined ? {} : { offsetA: options.offsetA }),
    ...(options.onForS === undefined ? {} : { onForS: options.onForS }),
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
  const bench: PicoammeterParts = { twin, sensor, faults, lines, currentA: 1e-6 };
  return bench;
}

/** As the contract of a sensor wants it. */
export function picoammeterContract(
  time: ContractTime,
  cable: ContractCable,
  isAnotherDevice: boolean,
  options: Partial<PicoammeterOptions> = {},
): SensorBench {
  const bench = createPicoammeterOn(time, cable, {
    unit: "ph/s",
    perAmpere: 1e6,
    rangeA: 2.1e-5,
    ...options,
    ...(isAnotherDevice ? { identity: "KEITHLEY INSTRUMENTS INC.,MODEL 2000,1234567,A20 /A02" } : {}),
  });
  return {
    ...time,
    sensor: bench.sensor,
    faults: bench.faults,
    periodS: options.intervalS ?? 1,
    sense(value) {
      bench.currentA = value === null ? 1e-3 : value * 1e-6;
    },
    cut: cable.cut,
    silence: cable.hang,
  };
}
