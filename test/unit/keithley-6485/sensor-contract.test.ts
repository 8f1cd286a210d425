import { sensorContract } from "../../contract/sensor.ts";
import { createPicoammeterBench } from "./picoammeter-bench.ts";

sensorContract("a Keithley 6485 on a link in memory", (options = {}) => {
  const bench = createPicoammeterBench({
    unit: "ph/s",
    perAmpere: 1e6,
    rangeA: 2.1e-5,
    ...(options.isAnotherDevice === true ? { identity: "KEITHLEY INSTRUMENTS INC.,MODEL 2000,1234567,A20 /A02" } : {}),
  });
  return Promise.resolve({
    ...bench,
    periodS: 1,
    sense(value: number | null) {
      bench.currentA = value === null ? 1e-3 : value * 1e-6;
    },
    cut() {
      bench.cable.cut("pulled");
    },
    silence(isSilent: boolean) {
      bench.cable.hang(isSilent);
    },
  });
});
