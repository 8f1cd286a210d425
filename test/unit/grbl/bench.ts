/** A stage driver, its simulated controller and a table, on one virtual cable. */
import { setImmediate } from "node:timers/promises";
import { createGrblStage, type GrblStageDeps } from "../../../drivers/grbl/grbl-stage.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Stage } from "../../../protocols/roles/stage.ts";
import { createVirtualClock, type VirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createGrblTwin, type GrblTwin, type GrblTwinDeps } from "../../../simulator/grbl/grbl-twin.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import type { StagePlant } from "../../../simulator/plant/plant.ts";

export interface TableOptions {
  readonly speedMmS: number;
  readonly accelerationMmS2: number;
  readonly homingMs: number;
}

/** A table that keeps the seam's promises and nothing more: straight-line time, trapezoid along it. */
export function createTable(options: TableOptions): StagePlant {
  const { speedMmS: v, accelerationMmS2: a } = options;
  let from = { x: 40, y: 30 };
  let to = from;
  let startMs = 0;
  let endMs = 0;
  let isHomed = false;

  function fraction(atMs: number): number {
    const distance = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
    const totalS = (endMs - startMs) / 1000;
    const t = Math.min(Math.max((atMs - startMs) / 1000, 0), totalS);
    if (distance === 0 || t >= totalS) return 1;
    const rampS = Math.min(v / a, totalS / 2);
    const peak = a * rampS;
    if (t < rampS) return (0.5 * a * t * t) / distance;
    if (t > totalS - rampS) return 1 - (0.5 * a * (totalS - t) ** 2) / distance;
    return (0.5 * a * rampS * rampS + peak * (t - rampS)) / distance;
  }
  function place(atMs: number): { x: number; y: number } {
    const f = fraction(atMs);
    return { x: from.x + (to.x - from.x) * f, y: from.y + (to.y - from.y) * f };
  }
  return {
    moveTo(atMs: number, xMm: number, yMm: number) {
      from = place(atMs);
      to = { x: xMm, y: yMm };
      const distance = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
      startMs = atMs;
      endMs = atMs + trapezoidMs(distance, v, a);
      return endMs;
    },
    home(atMs: number) {
      from = place(atMs);
      to = from;
      startMs = atMs;
      endMs = atMs + options.homingMs;
      isHomed = true;
      return endMs;
    },
    halt(atMs: number) {
      const here = place(atMs);
      const ahead = place(atMs + 1);
      const speed = Math.hypot(ahead.x - here.x, ahead.y - here.y) * 1000;
      const brakeMs = (speed / a) * 1000;
      from = here;
      to = { x: here.x + (ahead.x - here.x) * (brakeMs / 2), y: here.y + (ahead.y - here.y) * (brakeMs / 2) };
      startMs = atMs;
      endMs = atMs + brakeMs;
      return endMs;
    },
    xMm: (atMs: number) => place(atMs).x,
    yMm: (atMs: number) => place(atMs).y,
    isMoving: (atMs: number) => atMs < endMs,
    get isHomed() {
      return isHomed;
    },
  };
}

export function trapezoidMs(distanceMm: number, v: number, a: number): number {
  return 1000 * (distanceMm < (v * v) / a ? 2 * Math.sqrt(distanceMm / a) : v / a + distanceMm / v);
}

export interface GrblBench {
  readonly clock: VirtualClock;
  readonly cable: MemoryLink;
  readonly table: StagePlant;
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
  const table = createTable({ speedMmS: 100, accelerationMmS2: 500, homingMs: 30_000 });
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
