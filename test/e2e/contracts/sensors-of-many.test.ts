/** Sensors that share a line or a broker with others, on real links. */
import { createEurothermSensor } from "../../../drivers/eurotherm-modbus/eurotherm-sensor.ts";
import { createModbusLine } from "../../../drivers/link/modbus-line.ts";
import type { ModbusFraming } from "../../../drivers/link/modbus-port.ts";
import { createMqttSensors } from "../../../drivers/mqtt-sensor/mqtt-sensors.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Sensor } from "../../../protocols/roles/sensor.ts";
import { createEurothermTwin } from "../../../simulator/eurotherm-modbus/eurotherm-twin.ts";
import { createModbusServer } from "../../../simulator/modbus/modbus-server.ts";
import { createMqttSource } from "../../../simulator/mqtt-source/mqtt-source.ts";
import type { ContractCable, ContractTime } from "../../contract/contract-bench.ts";
import { sensorContract, type SensorBench } from "../../contract/sensor.ts";
import { realBytes } from "../../support/real-contract.ts";

const REAL = { isRealTime: true };
const MAXIMUM_AGE_S = 1.5;

interface Heard {
  readonly time: ContractTime;
  readonly cable: ContractCable;
  readonly sensor: Sensor;
  readonly periodS: number;
  readonly faults: Fault[];
  readonly sense: SensorBench["sense"];
}

function benchOf({ time, cable, ...heard }: Heard): SensorBench {
  heard.sensor.onFault((fault) => heard.faults.push(fault));
  return {
    ...heard,
    settle: (work) => time.settle(work),
    pass: (seconds) => time.pass(seconds),
    nowS: () => time.nowS(),
    close: () => time.close(),
    cut: () => cable.cut(),
    silence(isSilent) {
      cable.hang(isSilent);
    },
  };
}

for (const [kind, framing] of [
  ["serial", { kind: "rtu", baud: 9600, lateReplyMs: 200 }],
  ["tcp", { kind: "tcp" }],
] as const satisfies readonly (readonly ["serial" | "tcp", ModbusFraming])[]) {
  sensorContract(
    `a Eurotherm controller on a real ${kind} link`,
    async ({ isAnotherDevice = false } = {}) => {
      const { time, cable } = await realBytes(kind, "oven");
      let sensedC = 0;
      const twin = createEurothermTwin({
        clock: time.world,
        unit: 1,
        startC: 20,
        temperatureC: () => sensedC,
        ...(isAnotherDevice ? { identity: 0x3216 } : {}),
      });
      createModbusServer({
        end: cable.end,
        clock: time.world,
        framing: { kind: framing.kind },
        devices: [twin.device],
      });
      const line = createModbusLine({
        name: "ovens",
        openLink: cable.openLink,
        clock: time.clock,
        framing,
        replyDeadlineMs: 400,
      });
      const sensor = createEurothermSensor({
        name: "oven",
        line,
        unitId: 1,
        maximumAgeS: MAXIMUM_AGE_S,
        expectedIdentity: 0xe480,
        intervalS: 0.4,
      });
      return benchOf({
        time,
        cable,
        sensor,
        periodS: 0.5,
        faults: [],
        sense(value) {
          twin.breakSensor(value === null);
          if (value !== null) sensedC = value;
        },
      });
    },
    REAL,
  );
}

sensorContract(
  "an MQTT sensor on a real TCP link",
  async ({ isAnotherDevice = false } = {}) => {
    const { time, cable } = await realBytes("tcp", "broker");
    let sensed: number | null = 0;
    if (isAnotherDevice) {
      cable.end.onData(() => {
        cable.end.send(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"));
      });
    } else {
      const payload = (): string => JSON.stringify({ value: sensed ?? "no beam", unit: "mA" });
      createMqttSource({ end: cable.end, clock: time.world, topics: [{ topic: "ring", periodMs: 400, payload }] });
    }
    const made = createMqttSensors({
      name: "broker",
      clock: time.clock,
      clientId: "beamrack",
      openLink: cable.openLink,
      sensors: [
        {
          name: "ring current",
          quantity: "ring_current",
          unit: "mA",
          topic: "ring",
          jsonPath: "value",
          maximumAgeS: MAXIMUM_AGE_S,
        },
      ],
    });
    const sensor = made.sensors.get("ring current");
    if (sensor === undefined) throw new Error("no such sensor");
    const faults: Fault[] = [];
    made.connection.onFault((fault) => faults.push(fault));
    return benchOf({
      time,
      cable,
      sensor,
      periodS: 0.5,
      faults,
      sense(value) {
        sensed = value;
      },
    });
  },
  REAL,
);
