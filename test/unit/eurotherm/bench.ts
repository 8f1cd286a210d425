/** Two controllers on one serial line, or one on TCP, with their sensors in virtual time. */
import { createEurothermSensor, type EurothermDeps } from "../../../drivers/eurotherm-modbus/eurotherm-sensor.ts";
import { createModbusLine } from "../../../drivers/link/modbus-line.ts";
import type { ModbusFraming } from "../../../drivers/link/modbus-port.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Reading, Sensor } from "../../../protocols/roles/sensor.ts";
import {
  createEurothermTwin,
  type EurothermTwin,
  type EurothermTwinDeps,
} from "../../../simulator/eurotherm-modbus/eurotherm-twin.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import { createModbusServer } from "../../../simulator/modbus/modbus-server.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createVirtualTime, type VirtualTime } from "../../contract/contract-bench.ts";

export interface HeardSensor {
  readonly sensor: Sensor;
  readonly twin: EurothermTwin;
  readonly readings: Reading[];
  readonly faults: Fault[];
}

export interface EurothermBench extends VirtualTime {
  readonly cable: MemoryLink;
  /** Requests that reached the line, in hex without checksum. */
  readonly requests: string[];
  readonly one: HeardSensor;
  readonly two: HeardSensor;
}

export interface EurothermBenchOptions {
  readonly sensor?: Partial<EurothermDeps>;
  readonly twin?: Partial<EurothermTwinDeps>;
  readonly framing?: ModbusFraming;
}

export function createEurothermBench(options: EurothermBenchOptions = {}): EurothermBench {
  const time = createVirtualTime();
  const { clock } = time;
  const cable = createMemoryLink(clock, { name: "ovens", latencyMs: 0.5 });
  const framing = options.framing ?? { kind: "rtu", baud: 9600, lateReplyMs: 300 };
  const requests: string[] = [];
  const end: DeviceEnd = {
    ...cable.end,
    onData(handler) {
      cable.end.onData((chunk) => {
        const text = Buffer.from(chunk).toString("hex");
        requests.push(framing.kind === "rtu" ? text.slice(0, -4) : text.slice(12));
        handler(chunk);
      });
    },
  };
  const twins = [1, 2].map((unit) => createEurothermTwin({ clock, unit, startC: 20 + unit, ...options.twin }));
  createModbusServer({ end, clock, framing: { kind: framing.kind }, devices: twins.map(({ device }) => device) });
  const line = createModbusLine({ name: "ovens", openLink: cable.openLink, clock, framing, replyDeadlineMs: 300 });

  function heard(unit: number): HeardSensor {
    const twin = twins[unit - 1];
    if (twin === undefined) throw new Error("no such unit");
    const sensor = createEurothermSensor({
      name: `oven ${unit}`,
      line,
      unitId: unit,
      maximumAgeS: 5,
      ...options.sensor,
    });
    const made: HeardSensor = { sensor, twin, readings: [], faults: [] };
    sensor.onReading((reading) => made.readings.push(reading));
    sensor.onFault((fault) => made.faults.push(fault));
    return made;
  }
  return { ...time, cable, requests, one: heard(1), two: heard(2) };
}
