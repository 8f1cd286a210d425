import { describe, expect, it } from "vitest";
import { createTwoAxisStagePlant } from "../../../simulator/plant/stage-axes.ts";

function table() {
  return createTwoAxisStagePlant({
    speedMmS: 100,
    accelerationMmS2: 500,
    homeXMm: 0,
    homeYMm: 5,
    startXMm: 40,
    startYMm: 30,
    limits: { travelXMm: 300, travelYMm: 200 },
  });
}

describe("a stage of two axes", () => {
  it("runs each axis in its own time", () => {
    const stage = table();
    expect(stage.axes.x.moveTo(0, 140)).toBeCloseTo(1200, 6);
    expect(stage.axes.y.moveTo(100, 35)).toBeCloseTo(300, 6);
    expect([stage.axes.y.isMoving(299), stage.axes.y.isMoving(301), stage.isMoving(301)]).toEqual([true, false, true]);
    expect([stage.xMm(1200), stage.yMm(1200)]).toEqual([140, 35]);
    expect(stage.tableXMm(600)).toBeCloseTo(90, 6);
  });

  it("takes a new target in place of the one under way", () => {
    const stage = table();
    stage.axes.x.moveTo(0, 240);
    const endMs = stage.axes.x.moveTo(500, 45);
    expect(stage.xMm(endMs)).toBeCloseTo(45, 6);
    expect(endMs).toBeLessThan(2500);
  });

  it("is the same table for whoever moves both at once", () => {
    const stage = table();
    expect(stage.moveTo(0, 140, 35)).toBeCloseTo(1200, 6);
    const breaks: number[] = [];
    stage.addBreaks(0.5, 5000, breaks);
    expect(breaks.sort((a, b) => a - b).map(Math.round)).toEqual([200, 1200]);
    expect(stage.isHomed).toBe(false);
    const homeMs = stage.home(2000);
    expect([stage.xMm(homeMs), stage.yMm(homeMs), stage.isHomed]).toEqual([0, 5, true]);
  });

  it("falls behind on the axis that loses steps, and meets a limit on the axis that runs into it", () => {
    const stage = table();
    const met: string[] = [];
    stage.onLimitAhead((_, axis) => met.push(axis));
    stage.loseSteps(0, 2);
    const endMs = stage.moveTo(0, 50, 40);
    expect([stage.tableXMm(endMs), stage.tableYMm(endMs)]).toEqual([50, 38]);
    stage.axes.y.moveTo(endMs, 250);
    expect(met).toEqual(["y"]);
  });
});
