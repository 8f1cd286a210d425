/** A stage driver, its simulated controller and a table, on one virtual cable. */
import { setImmediate } from "node:timers/promises";
import { createGrblStage, type GrblStageDeps } from "../../../drivers/grbl/grbl-stage.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Stage } from "../../../protocols/roles/stage.ts";
import { createVirtualClock, type VirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createGrblTwin, type GrblTwin, type GrblTwinDeps } from "../../../simulator/grbl/grbl-twin.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import { createStagePlant, type ObservedStagePlant } from "../../../simulator/plant/stage-plant.ts";

export function trapezoidMs(distanceMm: number, v: number, a: number): number {
  return 1000 * (distanceMm < (v * v) / a ? 2 * Math.sqrt(distanceMm / a) : v / a + distanceMm / v);
}

export interface GrblBench {
  readonly clock: VirtualClock;
  readonly cable: MemoryLink;
  readonly table: ObservedStagePlant;
  readonly twin: GrblTwin;
  readonly stage: Stage;
  readonly faults: Fault[];
  /** Runs the world until the work is done, at most an hour of virtual time. */
  readonly finish: <T>(work: Promise<T>) => Promise<T>;
}

export function createGrblBench(
  twinOptions: Partial<GrblTwinDeps> = {},
  stageOptions: Partial<GrblStageDeps> = {},
): GrblBench {
  const clock = createVirtualClock(0, {
    drain: () => setImmediate(),
  });
  const cable = createMemoryLink(clock, { name: "stage", latencyMs: 1 });
  const table = createStagePlant({
    speedMmS: 100,
    accelerationMmS2: 500,
    homeXMm: 300,
    homeYMm: 200,
    startXMm: 40,
    startYMm: 30,
  });
  const twin = createGrblTwin({ end: cable.end, clock, stage: table, ...twinOptions });
  const stage = createGrblStage({
    name: "stage",
    openLink: cable.openLink,
    clock,
    geometry: { offsetXMm: 10, offsetYMm: 10 },
    travelMm: { x: 300, y: 200 },
    motion: { speedMmS: 100, accelerationMmS2: 500 },
    positionToleranceMm: 0.01,
    ...stageOptions,
  });
  const faults: Fault[] = [];
  stage.onFault((fault) => faults.push(fault));
  return {
    clock,
    cable,
    table,
    twin,
    stage,
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
  };
}

/** The same, connected and homed. */
export async function createHomedBench(
  twinOptions: Partial<GrblTwinDeps> = {},
  stageOptions: Partial<GrblStageDeps> = {},
): Promise<GrblBench> {
  const bench = createGrblBench(twinOptions, stageOptions);
  await bench.finish(bench.stage.connect());
  await bench.finish(bench.stage.home());
  return bench;
}
