/** A stage driver, its simulated chain and a table, on one virtual cable. */
import { setImmediate } from "node:timers/promises";
import { createZaberStage, type ZaberStageDeps } from "../../../drivers/zaber-ascii/zaber-stage.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Stage } from "../../../protocols/roles/stage.ts";
import { createVirtualClock, type VirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createTwoAxisStagePlant, type TwoAxisStagePlant } from "../../../simulator/plant/stage-axes.ts";
import { createZaberTwin, type ZaberTwin, type ZaberTwinDeps } from "../../../simulator/zaber-ascii/zaber-twin.ts";

export interface ZaberBench {
  readonly clock: VirtualClock;
  readonly cable: MemoryLink;
  readonly table: TwoAxisStagePlant;
  readonly twin: ZaberTwin;
  readonly stage: Stage;
  readonly faults: Fault[];
  /** Lines that reached the devices. */
  readonly heard: string[];
  readonly motionsBegun: () => number;
  /** Runs the world until the work is done, at most an hour of virtual time. */
  readonly finish: <T>(work: Promise<T>) => Promise<T>;
  readonly pass: (ms: number) => Promise<void>;
}

export interface ZaberBenchOptions {
  readonly twin?: Partial<ZaberTwinDeps>;
  readonly stage?: Partial<ZaberStageDeps>;
  /** Changes what the devices say; undefined keeps it from the host. */
  readonly alter?: (said: string) => string | undefined;
}

const ORIGIN_MM = { x: 10, y: 5 };
const MICROSTEP_UM = 0.15625;

export function createZaberBench(options: ZaberBenchOptions = {}): ZaberBench {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  const cable = createMemoryLink(clock, { name: "stage", latencyMs: 1 });
  const heard: string[] = [];
  const end: DeviceEnd = {
    ...cable.end,
    onData(handler) {
      cable.end.onData((chunk) => {
        heard.push(...Buffer.from(chunk).toString("latin1").split("\n").slice(0, -1));
        handler(chunk);
      });
    },
    send(chunk) {
      const text = Buffer.from(chunk).toString("latin1");
      const altered = options.alter === undefined ? text : options.alter(text);
      if (altered !== undefined) cable.end.send(Buffer.from(altered, "latin1"));
    },
  };
  const motion = { speedMmS: 100, accelerationMmS2: 500 };
  const table = createTwoAxisStagePlant({ ...motion, homeXMm: 0, homeYMm: 0, startXMm: 40, startYMm: 30 });
  const twin = createZaberTwin({
    end,
    clock,
    axes: table.axes,
    travelMm: { x: 300, y: 200 },
    motion,
    ...options.twin,
  });
  const isTwo = options.twin?.wiring === "two-devices";
  const stage = createZaberStage({
    name: "stage",
    openLink: cable.openLink,
    clock,
    axes: {
      x: { device: 1, axis: 1, microstepUm: MICROSTEP_UM, originMm: ORIGIN_MM.x },
      y: { device: isTwo ? 2 : 1, axis: isTwo ? 1 : 2, microstepUm: MICROSTEP_UM, originMm: ORIGIN_MM.y },
    },
    travelMm: { x: 280, y: 180 },
    motion,
    positionToleranceMm: 0.01,
    ...options.stage,
  });
  const faults: Fault[] = [];
  stage.onFault((fault) => faults.push(fault));
  let motions = 0;
  table.onMove(() => {
    motions += 1;
  });
  return {
    clock,
    cable,
    table,
    twin,
    stage,
    faults,
    heard,
    motionsBegun: () => motions,
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
    pass: (ms) => clock.run(clock.nowMs() + ms),
  };
}

export function rackTruth({ table, clock }: ZaberBench): { readonly xMm: number; readonly yMm: number } {
  return { xMm: table.xMm(clock.nowMs()) - ORIGIN_MM.x, yMm: table.yMm(clock.nowMs()) - ORIGIN_MM.y };
}

export async function createHomedBench(options: ZaberBenchOptions = {}): Promise<ZaberBench> {
  const bench = createZaberBench(options);
  await bench.finish(bench.stage.connect());
  await bench.finish(bench.stage.home());
  return bench;
}
