import { describe, expect, it } from "vitest";
import { guardedStage } from "../../../drivers/motion/guarded-stage.ts";
import type { Stage, StagePosition } from "../../../protocols/roles/stage.ts";

const REACHED = { travelXMm: 300, travelYMm: 200, speedMmS: 100, accelerationMmS2: 500 };
const POST = { name: "post", fromXMm: 100, toXMm: 120, fromYMm: 80, toYMm: 120 };

function bare(start: StagePosition) {
  let at = start;
  const moves: StagePosition[] = [];
  let onMove = (): void => undefined;
  const stage: Stage = {
    ...{ name: "stage", driver: "grbl" },
    connect: () => Promise.resolve({ model: "GRBL 1.1", serialNumber: null, firmware: null }),
    disconnect: () => undefined,
    onFault: () => () => undefined,
    home: () => Promise.resolve(),
    halt: () => Promise.resolve(),
    read: () => Promise.resolve({ ...at, atRest: true }),
    moveTo(target) {
      moves.push(target);
      at = target;
      onMove();
      return Promise.resolve({ ...at, atRest: true });
    },
  };
  const whenMoved = (act: () => void): void => {
    onMove = act;
  };
  return { stage, moves, whenMoved };
}

describe("a stage that keeps off what stands in its way", () => {
  it("is the stage itself where nothing does", () => {
    const { stage } = bare({ xMm: 0, yMm: 0 });
    expect(guardedStage(stage, REACHED)).toBe(stage);
  });

  it("goes by way-points, and ends where it was sent", async () => {
    const { stage, moves } = bare({ xMm: 50, yMm: 100 });
    const there = await guardedStage(stage, { ...REACHED, keepOut: [POST] }).moveTo({ xMm: 200, yMm: 100 });
    expect(there).toMatchObject({ xMm: 200, yMm: 100 });
    expect(moves.length).toBeGreaterThan(1);
  });

  it("moves nothing where it may not go, nor from where it may not be", async () => {
    for (const [from, to] of [
      [
        { xMm: 0, yMm: 0 },
        { xMm: 110, yMm: 100 },
      ],
      [
        { xMm: 110, yMm: 100 },
        { xMm: 0, yMm: 0 },
      ],
    ] as const) {
      const { stage, moves } = bare(from);
      const moving = guardedStage(stage, { ...REACHED, keepOut: [POST] }).moveTo(to);
      await expect(moving).rejects.toMatchObject({ code: "stage.keep-out" });
      expect(moves).toEqual([]);
    }
  });

  it("begins no further leg once it was halted", async () => {
    const { stage, moves, whenMoved } = bare({ xMm: 50, yMm: 100 });
    const guarded = guardedStage(stage, { ...REACHED, keepOut: [POST] });
    whenMoved(() => {
      void guarded.halt();
    });
    await expect(guarded.moveTo({ xMm: 200, yMm: 100 })).rejects.toMatchObject({ code: "stage.position" });
    expect(moves.length).toBe(1);
  });
});
