import { expect, it } from "vitest";
import type { PowderPattern } from "../../../protocols/diffraction/powder-pattern.ts";
import { readCalibrant } from "../../../protocols/images/calibrant-lines.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { poisson } from "../../../simulator/diffraction/poisson.ts";

const WAVELENGTH_A = 0.20664;
const DEG = Math.PI / 180;

/** Lines of a cubic standard where Bragg has them, on rings whose radius is off by a share; counted. */
function patternOf(latticeA: number, squares: readonly number[], radiusOff: number, height = 2e5): PowderPattern {
  const chance = createChance(5).stream("calibrant");
  const twoThetaDeg = Float64Array.from({ length: 1600 }, (_, bin) => 1.3 + bin * 0.00475);
  const places = squares.map((square) => {
    const angle = 2 * Math.asin((WAVELENGTH_A * Math.sqrt(square)) / (2 * latticeA));
    return Math.atan(Math.tan(angle) * (1 + radiusOff)) / DEG;
  });
  const counts = twoThetaDeg.map((angle) => {
    const lines = places.reduce((sum, place) => sum + height * Math.exp(-0.5 * ((angle - place) / 0.01) ** 2), 0);
    return poisson(chance, 1000 + lines);
  });
  return { twoThetaDeg, counts, wavelengthA: WAVELENGTH_A };
}

const CEO2 = [5.411651, [3, 4, 8, 11, 12, 16, 19, 20]] as const;

it.each([
  ["CeO2", ...CEO2, 0],
  ["CeO2", ...CEO2, 0.002],
  ["CeO2", ...CEO2, -0.004],
  ["LaB6", 4.156826, [1, 2, 3, 4, 5, 6, 8, 9], 0.001],
] as const)(
  "rings of %s that are off by a share of their radius are told so, to a twenty-thousandth",
  (name, a, n, off) => {
    const read = readCalibrant(patternOf(a, n, off), name);
    if (read.kind !== "lines") throw new Error(read.reason);
    expect(read.found).toBeGreaterThanOrEqual(5);
    expect(Math.abs(read.radiusOff - off)).toBeLessThan(5e-5);
    expect(read.sigma).toBeLessThan(5e-5);
  },
);

it("another powder, or none, is unclear and no drift", () => {
  expect(readCalibrant(patternOf(...CEO2, 0, 0), "CeO2")).toMatchObject({ kind: "unclear" });
  expect(readCalibrant(patternOf(3.6, [5, 7], 0), "LaB6")).toMatchObject({ kind: "unclear" });
});
