import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createThermometer } from "../../../simulator/measurement/thermometer.ts";

describe("a thermometer", () => {
  it("reads in hundredths, with an offset of its own", () => {
    const readings = Array.from({ length: 200 }, (_, seed) => createThermometer(createChance(seed)).readC(25));
    for (const reading of readings) expect(Math.abs(reading * 100 - Math.round(reading * 100))).toBeLessThan(1e-6);
    const mean = readings.reduce((sum, value) => sum + value, 0) / readings.length;
    const sd = Math.sqrt(readings.reduce((sum, value) => sum + (value - mean) ** 2, 0) / readings.length);
    // Three times the standard error of 200 thermometers.
    expect(Math.abs(mean - 25)).toBeLessThan(0.065);
    expect(sd).toBeGreaterThan(0.25);
    expect(sd).toBeLessThan(0.35);
  });

  it("only rounds when it is told of no chance", () => {
    expect(createThermometer(undefined).readC(25.123)).toBeCloseTo(25.12, 9);
  });
});
