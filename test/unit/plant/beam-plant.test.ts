import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createBeamPlant } from "../../../simulator/plant/beam-plant.ts";

const beam = (seed = 1) =>
  createBeamPlant(
    {
      fluxReferencePhS: 1e11,
      ringCurrentReferenceMa: 200,
      fluxTruthFactor: 1.02,
      monitorNoise: 0.002,
      ringLifetimeH: 10,
      topUpEveryS: 300,
      shutterTravelMs: 20,
      safetyShutterTravelMs: 2000,
      filterTravelMs: 300,
      filterCount: 2,
    },
    0,
    createChance(seed),
  );

describe("beam plant", () => {
  it("reports a switch only at the end of travel", () => {
    const plant = beam();
    plant.driveShutter(100, true);
    expect([plant.shutterClosedSwitch(100), plant.shutterOpenSwitch(100)]).toEqual([true, false]);
    expect([plant.shutterClosedSwitch(110), plant.shutterOpenSwitch(110)]).toEqual([false, false]);
    expect([plant.shutterClosedSwitch(120), plant.shutterOpenSwitch(120)]).toEqual([false, true]);
    expect(plant.shutterFraction(105)).toBeCloseTo(0.25, 12);
  });

  it("turns round in the middle of its travel", () => {
    const plant = beam();
    plant.driveShutter(100, true);
    plant.driveShutter(110, false);
    expect(plant.shutterFraction(110)).toBeCloseTo(0.5, 12);
    expect(plant.shutterFraction(115)).toBeCloseTo(0.25, 12);
    expect(plant.shutterClosedSwitch(120)).toBe(true);
    expect(plant.shutterArrivalMs()).toBeCloseTo(120, 9);
  });

  it("moves filters and the safety shutter in their own time", () => {
    const plant = beam();
    plant.driveFilter(0, 1, true);
    plant.driveSafetyShutter(0, true);
    expect(plant.filterInSwitch(299, 1)).toBe(false);
    expect(plant.filterInSwitch(300, 1)).toBe(true);
    expect(plant.filterInSwitch(300, 0)).toBe(false);
    expect(plant.safetyShutterOpenSwitch(1999)).toBe(false);
    expect(plant.safetyShutterOpenSwitch(2000)).toBe(true);
  });

  it("keeps the ring within two per cent of full between top-ups, and jumps up at each", () => {
    const plant = beam();
    const values = Array.from({ length: 24 * 60 }, (_, minute) => plant.ringCurrentMa(minute * 60_000));
    expect(Math.min(...values)).toBeGreaterThan(196);
    expect(Math.max(...values)).toBeLessThan(201);
    const jumps = values.filter((value, index) => value > (values[index - 1] ?? Infinity)).length;
    expect(jumps).toBeGreaterThan(200);
  });

  it("has the same ring history however it is looked at", () => {
    const often = beam();
    for (let second = 0; second < 5000; second += 1) often.ringCurrentMa(second * 1000);
    expect(often.ringCurrentMa(5_000_000)).toBe(beam().ringCurrentMa(5_000_000));
  });

  it("has no flux during a dump and a dark monitor behind a closed safety shutter", () => {
    const plant = beam();
    plant.dump(10_000, 20_000);
    expect(plant.fluxPhS(15_000)).toBe(0);
    expect(plant.fluxPhS(20_000)).toBeGreaterThan(9e10);
    expect(plant.monitorFluxPhS(0)).toBe(0);
    plant.driveSafetyShutter(30_000, true);
    expect(plant.monitorFluxPhS(40_000) / (plant.fluxPhS(40_000) / 1.02)).toBeCloseTo(1, 1);
  });

  it("has every interlock good until told otherwise, and knows no others", () => {
    const plant = beam();
    expect(plant.interlock(0, "doorClosed")).toBe(true);
    plant.setInterlock("doorClosed", false);
    expect(plant.interlock(0, "doorClosed")).toBe(false);
    expect(plant.interlock(0, "nonsense")).toBe(false);
  });

  it("fills after a dump in a straight line, up to what it would have had", () => {
    const plant = beam();
    plant.dump(100_000, 400_000, 60_000);
    expect([100_000, 250_000, 340_000].map((atMs) => plant.ringCurrentMa(atMs))).toEqual([0, 0, 0]);
    const undisturbed = beam();
    expect(plant.ringCurrentMa(370_000) / undisturbed.ringCurrentMa(370_000)).toBeCloseTo(0.5, 12);
    expect(plant.ringCurrentMa(399_999) / undisturbed.ringCurrentMa(399_999)).toBeGreaterThan(0.999);
    expect(plant.ringCurrentMa(400_000)).toBe(undisturbed.ringCurrentMa(400_000));
    const breaks: number[] = [];
    plant.addBreaks(330_000, 350_000, breaks);
    expect(breaks).toContain(340_000);
  });

  it("lets the beam through slowly at first, fast in the middle, and in all for half the blade's travel", () => {
    const plant = beam();
    plant.driveShutter(100, true);
    expect(plant.shutterPasses(100)).toBe(0);
    expect(plant.shutterPasses(105)).toBeCloseTo(0.15625, 12);
    expect(plant.shutterPasses(110)).toBeCloseTo(0.5, 12);
    expect(plant.shutterPasses(120)).toBe(1);
    let sum = 0;
    for (let step = 0; step < 2000; step += 1) sum += plant.shutterPasses(100 + (step + 0.5) * 0.01) / 2000;
    expect(sum).toBeCloseTo(0.5, 6);
  });
});
