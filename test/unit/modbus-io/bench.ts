/** An input/output driver, its simulated unit and a plain beam, on one virtual cable. */
import { setImmediate } from "node:timers/promises";
import { createModbusIo, type ModbusIoDeps } from "../../../drivers/modbus-io/modbus-io.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { BeamIo } from "../../../protocols/roles/beam-io.ts";
import type { ModbusIoMap } from "../../../protocols/wire/modbus-io/modbus-io-map.ts";
import { createVirtualClock, type VirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import {
  createModbusIoTwin,
  type ModbusIoTwin,
  type ModbusIoTwinDeps,
} from "../../../simulator/modbus-io/modbus-io-twin.ts";
import type { BeamPlant } from "../../../simulator/plant/plant.ts";

export const MAP: ModbusIoMap = {
  inputs: {
    shutterOpen: 0,
    shutterClosed: 1,
    safetyShutterOpen: 2,
    safetyShutterClosed: 3,
    interlocks: { searched: 4, doorClosed: 5, emergencyOk: 6, motionEnabled: 7, beamPermitted: 8 },
    filters: [9, 10, 11],
  },
  outputs: { shutterOpenRequest: 0, shutterPermit: 1, safetyShutterRequest: 2, filters: [3, 4, 5] },
};

/** Shutter with 20 ms each way; everything else follows at once. */
export interface PlainBeam extends BeamPlant {
  readonly interlocks: Map<string, boolean>;
  /** When the shutter's drive line last changed, and to what. */
  readonly drives: { readonly atMs: number; readonly isOpen: boolean }[];
  /** The shutter ignores its drive line. */
  isStuck: boolean;
  /** Level of the drive line, whether or not the shutter follows. */
  readonly isDriven: boolean;
  readonly drivenSinceMs: number;
  /** Sticks where it is, or comes free and follows the drive line from then on. */
  stick(atMs: number, isStuck: boolean): void;
}

export function createPlainBeam(): PlainBeam {
  const interlocks = new Map<string, boolean>();
  const drives: { atMs: number; isOpen: boolean }[] = [];
  const filters = new Map<number, boolean>();
  let isSafetyOpen = false;
  let isDriven = false;
  let drivenSinceMs = 0;
  const since = (atMs: number): { isOpen: boolean; ms: number } => {
    const last = drives.at(-1);
    return last === undefined ? { isOpen: false, ms: Infinity } : { isOpen: last.isOpen, ms: atMs - last.atMs };
  };
  const beam: PlainBeam = {
    interlocks,
    drives,
    isStuck: false,
    ringCurrentMa: () => 200,
    fluxPhS: () => 1e12,
    monitorFluxPhS: () => 1e12,
    get isDriven() {
      return isDriven;
    },
    get drivenSinceMs() {
      return drivenSinceMs;
    },
    stick(atMs, isStuck) {
      beam.isStuck = isStuck;
      if (!isStuck && isDriven !== (drives.at(-1)?.isOpen ?? false)) drives.push({ atMs, isOpen: isDriven });
    },
    driveShutter(atMs, isOpen) {
      isDriven = isOpen;
      drivenSinceMs = atMs;
      if (!beam.isStuck) drives.push({ atMs, isOpen });
    },
    shutterOpenSwitch(atMs) {
      const { isOpen, ms } = since(atMs);
      return isOpen && ms >= 20;
    },
    shutterClosedSwitch(atMs) {
      const { isOpen, ms } = since(atMs);
      return !isOpen && ms >= 20;
    },
    driveSafetyShutter(_atMs, isOpen) {
      isSafetyOpen = isOpen;
    },
    safetyShutterOpenSwitch: () => isSafetyOpen,
    safetyShutterClosedSwitch: () => !isSafetyOpen,
    driveFilter(_atMs, index, isIn) {
      filters.set(index, isIn);
    },
    filterInSwitch: (_atMs, index) => filters.get(index) === true,
    interlock: (_atMs, name) => interlocks.get(name) ?? true,
  };
  return beam;
}

export interface IoBench {
  readonly clock: VirtualClock;
  readonly cable: MemoryLink;
  readonly beam: PlainBeam;
  readonly twin: ModbusIoTwin;
  readonly io: BeamIo;
  readonly faults: Fault[];
  /** Runs the world until the work is done, at most an hour of virtual time. */
  readonly finish: <T>(work: Promise<T>) => Promise<T>;
  /** Renews the permit every 200 ms until told to stop. */
  readonly keepPermit: () => { stop(): void };
}

export function createIoBench(
  ioOptions: Partial<ModbusIoDeps> = {},
  twinOptions: Partial<ModbusIoTwinDeps> = {},
): IoBench {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  const cable = createMemoryLink(clock, { name: "io", latencyMs: 0.5 });
  const beam = createPlainBeam();
  const twin = createModbusIoTwin({ end: cable.end, clock, beam, map: MAP, ...twinOptions });
  const io = createModbusIo({
    name: "io",
    openLink: cable.openLink,
    clock,
    map: MAP,
    filterCount: 3,
    watchdogMs: 500,
    ...ioOptions,
  });
  const faults: Fault[] = [];
  io.onFault((fault) => faults.push(fault));
  return {
    clock,
    cable,
    beam,
    twin,
    io,
    faults,
    async finish(work) {
      const settled = work.then(
        () => undefined,
        () => undefined,
      );
      void settled.then(() => {
        clock.stop();
      });
      await clock.run(clock.nowMs() + 3_600_000);
      return work;
    },
    keepPermit() {
      let isKept = true;
      const beat = (): void => {
        if (!isKept) return;
        io.permit.renewShutterPermit().catch(() => undefined);
        clock.setTimeout(beat, 200);
      };
      beat();
      return {
        stop() {
          isKept = false;
        },
      };
    },
  };
}

export async function createConnectedIo(
  ioOptions: Partial<ModbusIoDeps> = {},
  twinOptions: Partial<ModbusIoTwinDeps> = {},
): Promise<IoBench> {
  const bench = createIoBench(ioOptions, twinOptions);
  await bench.finish(bench.io.connect());
  return bench;
}
