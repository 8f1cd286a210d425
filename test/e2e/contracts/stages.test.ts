import { createGrblStage } from "../../../drivers/grbl/grbl-stage.ts";
import { createZaberStage } from "../../../drivers/zaber-ascii/zaber-stage.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Stage } from "../../../protocols/roles/stage.ts";
import { createGrblTwin } from "../../../simulator/grbl/grbl-twin.ts";
import { createTwoAxisStagePlant, type TwoAxisStagePlant } from "../../../simulator/plant/stage-axes.ts";
import { createZaberTwin } from "../../../simulator/zaber-ascii/zaber-twin.ts";
import { stageContract, type StageBench } from "../../contract/stage.ts";
import { createRealWorld, REAL_CLOCK, type RealCable, type RealWorld } from "../../support/real-cable.ts";

/** Four times as fast as the reference site: what is tested here are links, not motion. */
const PACE = 0.25;
const MOTION = { speedMmS: 100 / PACE, accelerationMmS2: 500 / PACE ** 2 };
/** A machine that is busy with other tests; how little a hop costs is held in virtual time. */
const OVERHEAD_MS = 2000;

interface Parts {
  readonly world: RealWorld;
  readonly cable: RealCable;
  readonly table: TwoAxisStagePlant;
}

async function parts(kind: "tcp" | "serial", homeMm: { x: number; y: number }): Promise<Parts> {
  const world = createRealWorld();
  const table = createTwoAxisStagePlant({
    ...MOTION,
    homingSpeedMmS: 400,
    homeXMm: homeMm.x,
    homeYMm: homeMm.y,
    startXMm: 40,
    startYMm: 30,
  });
  return { world, cable: await world.cable(kind, "stage"), table };
}

function benchOf({ world, cable, table }: Parts, stage: Stage, powerCycle: () => void, travel: [number, number]) {
  const faults: Fault[] = [];
  stage.onFault((fault) => faults.push(fault));
  let motions = 0;
  table.onMove(() => {
    motions += 1;
  });
  const bench: StageBench = {
    stage,
    faults,
    travelMm: { x: travel[0], y: travel[1] },
    overheadMs: OVERHEAD_MS,
    finish: (work) => work,
    pass: world.pass,
    nowMs: () => world.clock.nowMs(),
    truth: () => ({ xMm: table.xMm(world.clock.nowMs()) - 10, yMm: table.yMm(world.clock.nowMs()) - 10 }),
    motionsBegun: () => motions,
    hang: (isHung) => {
      cable.hang(isHung);
    },
    cut: cable.cut,
    powerCycle,
    close: world.close,
  };
  return bench;
}

for (const kind of ["tcp", "serial"] as const) {
  stageContract(
    `zaber-ascii on a real ${kind} link`,
    async ({ device }) => {
      const made = await parts(kind, { x: 0, y: 0 });
      const twin = createZaberTwin({
        end: made.cable.end,
        clock: made.world.clock,
        axes: made.table.axes,
        travelMm: { x: 300, y: 200 },
        motion: device === "wrong" ? { ...MOTION, speedMmS: 20 } : MOTION,
      });
      const axis = { device: 1, microstepUm: 0.15625, originMm: 10 };
      const stage = createZaberStage({
        name: "stage",
        openLink: made.cable.openLink,
        clock: REAL_CLOCK,
        axes: { x: { ...axis, axis: 1 }, y: { ...axis, axis: 2 } },
        travelMm: { x: 280, y: 180 },
        motion: MOTION,
        positionToleranceMm: 0.01,
      });
      return benchOf(
        made,
        stage,
        () => {
          twin.powerCycle();
        },
        [280, 180],
      );
    },
    { isConcurrent: true, pace: PACE },
  );
}

stageContract(
  "grbl on a real serial link",
  async ({ device }) => {
    const made = await parts("serial", { x: 300, y: 200 });
    const twin = createGrblTwin({
      end: made.cable.end,
      clock: made.world.clock,
      stage: made.table,
      resetsOnOpen: false,
      bootMs: 100,
      settings: {
        110: device === "wrong" ? 3000 : MOTION.speedMmS * 60,
        111: MOTION.speedMmS * 60,
        120: MOTION.accelerationMmS2,
        121: MOTION.accelerationMmS2,
      },
    });
    const stage = createGrblStage({
      name: "stage",
      openLink: made.cable.openLink,
      clock: REAL_CLOCK,
      geometry: { offsetXMm: 10, offsetYMm: 10 },
      travelMm: { x: 300, y: 200 },
      motion: MOTION,
      positionToleranceMm: 0.01,
      greetingWaitMs: 200,
      // On a computer that is busy with other tests.
      statusWaitMs: 1500,
    });
    return benchOf(
      made,
      stage,
      () => {
        twin.powerCycle();
      },
      [290, 190],
    );
  },
  { isConcurrent: true, pace: PACE },
);
