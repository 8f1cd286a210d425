import { describe, expect, it } from "vitest";
import { createFrameChecker } from "../../../protocols/diffraction/frame-check.ts";
import { expectedLithium } from "../../../protocols/diffraction/expected-lithium.ts";
import { readCbfImage, type DetectorImage } from "../../../protocols/images/cbf-image.ts";
import { readPoni, type DetectorGeometry } from "../../../protocols/images/geometry-file.ts";
import { createImagePatterns } from "../../../protocols/images/image-pattern.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { cbfFile } from "../../../simulator/frames/cbf-file.ts";
import { createImageSource, poniText } from "../../../simulator/frames/image-source.ts";
import { LATTICE_TABLES } from "../../support/verdict-simulation.ts";
import { exposureOf, restedAt, sourceAt } from "../diffraction/frames.ts";

const SOURCE = sourceAt(60, 1);
const CHEMISTRY = "lno-graphite";
const EXPOSURE = { ...exposureOf(CHEMISTRY, 1), exposureS: 5 };
const IMAGES = createImageSource({ ...SOURCE, distanceMm: 1200 });
const COUNTS = IMAGES.image(SOURCE.expected(restedAt(CHEMISTRY, 0.6), EXPOSURE), createChance(3));
const META = {
  ...{ detector: "simulated, S/N 0-0001", takenAt: "2026-Mar-02T08:00:00.000", exposureS: 5 },
  ...IMAGES.quadrant,
  ...{
    beamXPx: IMAGES.quadrant.beamXMm / IMAGES.quadrant.pixelMm,
    beamYPx: IMAGES.quadrant.beamYMm / IMAGES.quadrant.pixelMm,
  },
};
const FILE = cbfFile(META, COUNTS);

function imageOf(bytes: Uint8Array): DetectorImage {
  const read = readCbfImage(bytes);
  if (read.kind !== "image") throw new Error(read.reason);
  return read.image;
}

function geometryOf(text: string): DetectorGeometry {
  const read = readPoni(text);
  if (read.kind !== "geometry") throw new Error(read.reason);
  return read.geometry;
}

const GEOMETRY = geometryOf(poniText(IMAGES.quadrant));

describe("an image of the simulated detector", () => {
  it("is read as it was written, count for count, with what its header says", () => {
    const image = imageOf(FILE);
    expect(Buffer.compare(Buffer.from(image.counts.buffer), Buffer.from(COUNTS.buffer))).toBe(0);
    expect(image.header).toEqual({
      ...{ detector: "simulated, S/N 0-0001", pixelXMm: 0.3, pixelYMm: 0.3, exposureS: 5, countCutoff: 1_048_500 },
    });
  });

  it("comes to the pattern that the cell gives, as good for the first look as without an image", () => {
    const read = createImagePatterns({ geometry: GEOMETRY })(imageOf(FILE));
    if (read.kind !== "pattern") throw new Error(read.reason);
    expect(read.pattern.saturatedPixels).toBe(0);
    const check = createFrameChecker(LATTICE_TABLES).check(read.pattern, {
      ...{ chemistry: CHEMISTRY, saturationCounts: null, photons: EXPOSURE.fluxPhS * EXPOSURE.exposureS },
      lithium: expectedLithium(CHEMISTRY, null, null),
    });
    expect(check.finding).toBe("good");
    // the strongest line, to a quarter of a pixel
    const top = (of: { twoThetaDeg: ArrayLike<number>; counts: ArrayLike<number> }): number => {
      let best = 0;
      for (let bin = 0; bin < of.counts.length; bin += 1)
        if ((of.counts[bin] ?? 0) > (of.counts[best] ?? 0)) best = bin;
      return of.twoThetaDeg[best] ?? 0;
    };
    const whole = { twoThetaDeg: SOURCE.twoThetaDeg, counts: SOURCE.expected(restedAt(CHEMISTRY, 0.6), EXPOSURE) };
    expect(Math.abs(top(read.pattern) - top(whole))).toBeLessThan(0.008);
  });

  it("is refused with the geometry or the mask of another detector", () => {
    const refusal = (geometry: DetectorGeometry, mask?: DetectorImage): string => {
      const read = createImagePatterns({ geometry, ...(mask === undefined ? {} : { mask }) })(imageOf(FILE));
      return read.kind === "refused" ? read.reason : "taken";
    };
    expect(refusal({ ...GEOMETRY, widthPx: 487, heightPx: 619 })).toMatch(
      /487 x 619: the geometry is of another detector/,
    );
    expect(refusal({ ...GEOMETRY, pixelXMm: 0.172 })).toMatch(/of 0.172 mm by the geometry: .* another detector/);
    const mask = { ...imageOf(FILE), widthPx: 3, heightPx: 3, counts: new Int32Array(9) };
    expect(refusal(GEOMETRY, mask)).toMatch(/mask has 3 x 3 pixels.* another detector/);
    expect(refusal({ ...GEOMETRY, widthPx: null, heightPx: null, pixelXMm: null, pixelYMm: null })).toBe("taken");
  });

  it("that is cut short, or is something else, is told and never thrown", () => {
    const why = (bytes: Uint8Array): string => {
      const read = readCbfImage(bytes);
      return read.kind === "unreadable" ? read.reason : "read";
    };
    expect(why(FILE.subarray(0, FILE.length - 3000))).toMatch(/cut short/);
    expect(why(Buffer.from("II*\0 a TIFF"))).toMatch(/no CBF image/);
    expect(why(new Uint8Array(0))).toMatch(/no CBF image/);
    const text = Buffer.from(FILE).toString("latin1");
    const changed = (from: string, to: string): string => why(Buffer.from(text.replace(from, to), "latin1"));
    expect(changed("x-CBF_BYTE_OFFSET", "x-CBF_PACKED_XXX")).toMatch(/not compressed by byte offsets/);
    expect(changed("signed 32-bit", "double 64-bit")).toMatch(/double 64-bit integer/);
    expect(changed(`Fastest-Dimension: ${META.widthPx}`, "Fastest-Dimension: 4000")).toMatch(/end after/);
    expect(changed(`Fastest-Dimension: ${META.widthPx}`, "Fastest-Dimension: 99999999")).toMatch(/pixels/);
  });
});

describe("a geometry file", () => {
  it("gives distance, place of the beam and wavelength in millimetres and angstrom", () => {
    expect(GEOMETRY).toMatchObject({ distanceMm: 1200, beamXMm: 2.37, beamYMm: 3.11, pixelXMm: 0.3, pixelYMm: 0.3 });
    expect(GEOMETRY.wavelengthA).toBeCloseTo(0.20664, 5);
    expect([GEOMETRY.widthPx, GEOMETRY.heightPx]).toEqual([META.widthPx, META.heightPx]);
  });

  it.each([
    ["nothing of it", "hello", /no PONI file/],
    ["a tilt", poniText(IMAGES.quadrant).replace("Rot1: 0.0", "Rot1: 0.01"), /tilted \(rot1 0.01 rad\)/],
    ["no wavelength", poniText(IMAGES.quadrant).replace(/Wavelength.*/, ""), /no Wavelength/],
    [
      "a distance below nothing",
      poniText(IMAGES.quadrant).replace("Distance: 1.2", "Distance: -1.2"),
      /distance of -1.2/,
    ],
  ])("is refused for %s", (_, text, why) => {
    const read = readPoni(text);
    expect(read.kind === "unreadable" ? read.reason : "read").toMatch(why);
  });
});
