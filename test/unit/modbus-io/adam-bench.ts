/** An ADAM module, its timer relay and a plain beam on one virtual cable. */
import { createModbusIo, type ModbusIoDeps } from "../../../drivers/modbus-io/modbus-io.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { BeamIo } from "../../../protocols/roles/beam-io.ts";
import type { ModbusIoMap } from "../../../protocols/wire/modbus-io/modbus-io-map.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import { createAdamTwin, type AdamTwin, type AdamTwinDeps } from "../../../simulator/modbus-io/adam-twin.ts";
import { createVirtualTime, type VirtualTime } from "../../contract/contract-bench.ts";
import { createPlainBeam, type PlainBeam } from "./bench.ts";

/** All twelve inputs and six outputs of an ADAM-6050 in use: two filters, and the relay's contact wired back. */
export const ADAM_6050_MAP: ModbusIoMap = {
  inputs: {
    shutterOpen: 0,
    shutterClosed: 1,
    safetyShutterOpen: 2,
    safetyShutterClosed: 3,
    interlocks: { searched: 4, doorClosed: 5, emergencyOk: 6, motionEnabled: 7, beamPermitted: 8 },
    filters: [9, 10],
    permitAlive: 11,
  },
  outputs: { shutterOpenRequest: 0, shutterPermit: 1, safetyShutterRequest: 2, filters: [3, 4], heartbeat: 5 },
};

/** An ADAM-6060 has six inputs: four switches, motion, and the rest of the interlocks in series. */
export const ADAM_6060_MAP: ModbusIoMap = {
  inputs: {
    shutterOpen: 0,
    shutterClosed: 1,
    safetyShutterOpen: 2,
    safetyShutterClosed: 3,
    interlocks: { searched: 4, doorClosed: 4, emergencyOk: 4, beamPermitted: 4, motionEnabled: 5 },
    filters: [],
    areInterlocksInSeries: true,
  },
  outputs: { shutterOpenRequest: 0, shutterPermit: 1, safetyShutterRequest: 2, filters: [], heartbeat: 5 },
};

export const RELAY_MS = 700;

export interface AdamBench extends VirtualTime {
  readonly cable: MemoryLink;
  readonly beam: PlainBeam;
  readonly twin: AdamTwin;
  readonly io: BeamIo;
  readonly faults: readonly Fault[];
}

export function createAdamBench(
  model: "adam-6050" | "adam-6060",
  ioOptions: Partial<ModbusIoDeps> = {},
  twinOptions: Partial<AdamTwinDeps> = {},
): AdamBench {
  const time = createVirtualTime();
  const { clock } = time;
  const map = model === "adam-6050" ? ADAM_6050_MAP : ADAM_6060_MAP;
  const cable = createMemoryLink(clock, { name: "io", latencyMs: 0.5 });
  const beam = createPlainBeam();
  const twin = createAdamTwin({ end: cable.end, clock, beam, map, model, relayMs: RELAY_MS, ...twinOptions });
  const io = createModbusIo({
    name: "io",
    openLink: cable.openLink,
    clock,
    map,
    unit: { kind: model },
    filterCount: map.outputs.filters.length,
    watchdogMs: RELAY_MS,
    ...ioOptions,
  });
  const faults: Fault[] = [];
  io.onFault((fault) => faults.push(fault));
  return { ...time, cable, beam, twin, io, faults };
}
