import { createMemoryCable, createVirtualTime } from "../../contract/contract-bench.ts";
import { sensorContract } from "../../contract/sensor.ts";
import { picoammeterContract } from "./picoammeter-bench.ts";

sensorContract("a Keithley 6485 on a link in memory", ({ isAnotherDevice = false } = {}) => {
  const time = createVirtualTime();
  return Promise.resolve(picoammeterContract(time, createMemoryCable(time, "diode", 20), isAnotherDevice));
});
