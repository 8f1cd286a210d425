import { describe, expect, it } from "vitest";
import { createStagePlant } from "../../../simulator/plant/stage-plant.ts";
import { hopS } from "../../../simulator/plant/trapezoid.ts";

const stage = () =>
  createStagePlant({
    speedMmS: 100,
    accelerationMmS2: 500,
    homeXMm: 0,
    homeYMm: 0,
    startXMm: 40,
    startYMm: 30,
  });

describe("stage plant", () => {
  it("takes the trapezoid's time for a hop of one pitch: 25 mm at 100 mm/s and 500 mm/s2 in 0.45 s", () => {
    const plant = stage();
    plant.home(0);
    expect(plant.moveTo(10_000, 25, 0)).toBeCloseTo(10_450, 6);
    expect(plant.xMm(10_225)).toBeCloseTo(12.5, 9);
    expect(plant.xMm(10_100)).toBeCloseTo(2.5, 9);
    expect(plant.isMoving(10_449)).toBe(true);
    expect(plant.isMoving(10_450)).toBe(false);
    expect(plant.xMm(11_000)).toBe(25);
  });

  it("never reaches full speed on a short hop", () => {
    expect(hopS(5, 0, 100, 500)).toBeCloseTo(0.2, 9);
    expect(hopS(0, 0, 100, 500)).toBe(0);
  });

  it("moves in a straight line, the longer way deciding", () => {
    const plant = stage();
    plant.home(0);
    const endMs = plant.moveTo(10_000, 275, 175);
    expect(endMs - 10_000).toBeCloseTo(1000 * hopS(275, 175, 100, 500), 6);
    for (let ms = 10_000; ms < endMs; ms += 37)
      expect(plant.yMm(ms) / plant.xMm(ms) || 175 / 275).toBeCloseTo(175 / 275, 9);
  });

  it("appends a move asked for while it moves", () => {
    const plant = stage();
    plant.home(0);
    const firstMs = plant.moveTo(10_000, 25, 0);
    expect(plant.moveTo(10_100, 50, 0)).toBeCloseTo(firstMs + 450, 6);
    expect(plant.xMm(firstMs)).toBeCloseTo(25, 9);
  });

  it("stops within its braking way and forgets what was queued", () => {
    const plant = stage();
    plant.home(0);
    plant.moveTo(10_000, 200, 0);
    plant.moveTo(10_000, 0, 0);
    const atMs = 11_000;
    const x = plant.xMm(atMs);
    const endMs = plant.halt(atMs);
    expect(endMs - atMs).toBeCloseTo(200, 6);
    expect(plant.xMm(endMs)).toBeCloseTo(x + 10, 6);
    expect(plant.xMm(atMs + 100)).toBeCloseTo(x + 7.5, 6);
    expect(plant.isMoving(endMs)).toBe(false);
    expect(plant.xMm(60_000)).toBeCloseTo(x + 10, 6);
  });

  it("is not homed by a homing that was stopped", () => {
    const plant = stage();
    expect(plant.isHomed).toBe(false);
    plant.home(0);
    plant.halt(100);
    expect(plant.isHomed).toBe(false);
    plant.home(1000);
    expect(plant.isHomed).toBe(true);
  });
});
