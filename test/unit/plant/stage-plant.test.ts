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

  describe("with a table that is not its motors", () => {
    const table = (more = {}) =>
      createStagePlant({
        speedMmS: 100,
        accelerationMmS2: 500,
        homeXMm: 0,
        homeYMm: 0,
        startXMm: 0,
        startYMm: 0,
        ...more,
      });

    it("has the table where the motors are while no steps are lost", () => {
      const plant = table();
      plant.moveTo(0, 25, 10);
      for (let atMs = 0; atMs < 1000; atMs += 7) {
        expect(plant.tableXMm(atMs)).toBe(plant.xMm(atMs));
        expect(plant.tableYMm(atMs)).toBe(plant.yMm(atMs));
      }
    });

    it("leaves the table short by the steps lost in the next move, and in no other, until it is homed", () => {
      const plant = table();
      plant.loseSteps(3, 0);
      plant.moveTo(0, 25, 0);
      expect(plant.tableXMm(225)).toBeCloseTo(12.5 - 1.5, 9);
      expect([plant.xMm(450), plant.tableXMm(450)]).toEqual([25, 22]);
      plant.moveTo(1000, 50, 0);
      expect([plant.xMm(2000), plant.tableXMm(2000)]).toEqual([50, 47]);
      const homedMs = plant.home(3000);
      expect(plant.tableXMm(3000)).toBeCloseTo(47, 9);
      expect([plant.xMm(homedMs), plant.tableXMm(homedMs)]).toEqual([0, 0]);
      plant.moveTo(homedMs, 25, 0);
      expect(plant.tableXMm(homedMs + 1000)).toBe(25);
    });

    it("keeps what was lost when it is halted half-way", () => {
      const plant = table();
      plant.loseSteps(4, 0);
      plant.moveTo(0, 100, 0);
      const restMs = plant.halt(600);
      const shortMm = plant.xMm(restMs) - plant.tableXMm(restMs);
      expect(shortMm).toBeCloseTo((4 * plant.xMm(600)) / 100, 9);
      expect(plant.xMm(restMs + 5000) - plant.tableXMm(restMs + 5000)).toBeCloseTo(shortMm, 12);
    });

    it("swings by some micrometres after a stop, and not at all when it has settled", () => {
      const plant = table({ swingHz: 40 });
      plant.moveTo(0, 25, 0);
      const swings = Array.from({ length: 75 }, (_, index) => plant.tableXMm(450.001 + index) - 25);
      expect(Math.max(...swings)).toBeGreaterThan(0.002);
      expect(Math.max(...swings)).toBeLessThan(0.008);
      expect(Math.min(...swings)).toBeLessThan(-0.001);
      expect(plant.xMm(455)).toBe(25);
      expect(plant.tableXMm(550)).toBe(25);
    });

    it("says when a table that lags or runs ahead will meet a limit switch", () => {
      const plant = table({ limits: { travelXMm: 300, travelYMm: 200 } });
      const met: [number, string][] = [];
      plant.onLimitAhead((atMs, axis) => met.push([atMs, axis]));
      plant.moveTo(0, 300, 0);
      expect(met).toEqual([]);
      plant.loseSteps(0, -10);
      plant.moveTo(10_000, 300, 200);
      const [[atMs, axis] = [NaN, ""]] = met;
      expect(axis).toBe("y");
      expect(plant.tableYMm(atMs)).toBeCloseTo(201, 3);
    });
  });
});
