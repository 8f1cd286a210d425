import type { ModbusFraming } from "../../../drivers/link/modbus-port.ts";
import { sensorContract, type SensorBench, type SensorBenchOptions } from "../../contract/sensor.ts";
import { createEurothermBench } from "./bench.ts";

function benchOn(framing: ModbusFraming): (options?: SensorBenchOptions) => Promise<SensorBench> {
  return (options) => {
    let sensedC = 0;
    const made = createEurothermBench({
      framing,
      sensor: { expectedIdentity: 0xe480 },
      twin: { temperatureC: () => sensedC, ...(options?.isAnotherDevice === true ? { identity: 0x3216 } : {}) },
    });
    const { sensor, twin, faults } = made.one;
    return Promise.resolve({
      settle: (work) => made.settle(work),
      pass: (seconds) => made.pass(seconds),
      nowS: () => made.nowS(),
      close: () => made.close(),
      faults,
      sensor,
      periodS: 1.02,
      sense(value) {
        twin.breakSensor(value === null);
        if (value !== null) sensedC = value;
      },
      cut() {
        made.cable.cut("cut");
      },
      silence(isSilent) {
        made.cable.hang(isSilent);
      },
    });
  };
}

sensorContract(
  "a Eurotherm controller on a serial line in memory",
  benchOn({ kind: "rtu", baud: 9600, lateReplyMs: 300 }),
);
sensorContract("a Eurotherm controller on TCP in memory", benchOn({ kind: "tcp" }));
