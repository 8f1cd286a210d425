import { createLakeshoreSensor, type LakeshoreSensorDeps } from "../../../drivers/lakeshore-336/lakeshore-sensor.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import { createLakeshoreTwin } from "../../../simulator/lakeshore-336/lakeshore-twin.ts";
import type { ContractCable, ContractTime } from "../../contract/contract-bench.ts";
import type { SensorBench } from "../../contract/sensor.ts";

/** As the contract of a sensor wants it, on any cable. */
export function lakeshoreContract(
  time: ContractTime,
  cable: ContractCable,
  isAnotherDevice: boolean,
  options: Partial<LakeshoreSensorDeps> = {},
): SensorBench {
  let temperatureC: number | null = 20;
  createLakeshoreTwin({
    end: cable.end,
    clock: time.world,
    temperatureC: (input) => (input === "B" ? temperatureC : null),
    ...(isAnotherDevice ? { identity: "LSCI,MODEL218S,LSA0001/#######,2.9" } : {}),
  });
  const sensor = createLakeshoreSensor({
    name: "oven",
    openLink: cable.openLink,
    clock: time.clock,
    input: "B",
    maximumAgeS: 5,
    ...options,
  });
  const faults: Fault[] = [];
  sensor.onFault((fault) => faults.push(fault));
  return {
    ...time,
    sensor,
    faults,
    periodS: options.intervalS ?? 1,
    sense(value) {
      temperatureC = value;
    },
    cut: cable.cut,
    silence: cable.hang,
  };
}
