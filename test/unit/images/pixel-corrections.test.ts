import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPoni } from "../../../protocols/images/geometry-file.ts";
import { createImagePatterns } from "../../../protocols/images/image-pattern.ts";
import { createPixelCorrections } from "../../../protocols/images/pixel-corrections.ts";
import type { DetectorImage } from "../../../protocols/images/cbf-image.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { cbfFile } from "../../../simulator/frames/cbf-file.ts";
import { calibratedFiles, correctionFiles } from "../../../tui/images/correction-files.ts";
import { openImagePatterns } from "../../../tui/images/image-patterns.ts";

const [WIDE, HIGH] = [120, 100];
const DETECTOR = "a quadrant, S/N 7";
const chance = createChance(5).stream("pixels");
/** What each pixel makes of what it gets, and counts in the dark, each second. */
const RESPONSE = Float64Array.from({ length: WIDE * HIGH }, () => 0.7 + 0.6 * chance.uniform());
const DARK = Float64Array.from({ length: WIDE * HIGH }, () => 20 * chance.uniform());

function image(mean: (column: number, row: number) => number, exposureS: number, detector = DETECTOR): DetectorImage {
  const counts = Int32Array.from({ length: WIDE * HIGH }, (_, at) =>
    Math.round(mean(at % WIDE, Math.floor(at / WIDE)) * (RESPONSE[at] ?? 1) + exposureS * (DARK[at] ?? 0)),
  );
  return {
    ...{ widthPx: WIDE, heightPx: HIGH, counts },
    header: { detector, pixelXMm: 0.3, pixelYMm: 0.3, exposureS, countCutoff: 1_000_000 },
  };
}

const PONI = [
  ...["poni_version: 2.1", "Detector: Detector", 'Detector_config: {"pixel1": 0.0003, "pixel2": 0.0003}'],
  ...["Distance: 0.2", "Poni1: 0.001", "Poni2: 0.001", "Rot1: 0", "Rot2: 0", "Rot3: 0", "Wavelength: 2.0664e-11", ""],
].join("\n");
const GEOMETRY = readPoni(PONI);
const EVEN = () => 4000;

describe("an image of a detector whose pixels are not alike", () => {
  const dark = image(() => 0, 30);
  const flat = image(() => 50_000, 10);
  if (GEOMETRY.kind !== "geometry") throw new Error(GEOMETRY.reason);
  const { geometry } = GEOMETRY;

  /** How uneven the rings' pixels come out that are lit alike: the spread of each ring's mean. */
  function unevenness(corrections?: ReturnType<typeof createPixelCorrections>): number {
    const read = createImagePatterns({ geometry, ...(corrections === undefined ? {} : { corrections }) })(
      image(EVEN, 5),
    );
    if (read.kind !== "pattern") throw new Error(read.reason);
    // The ring's count over the ring's size grows with the angle alone; neighbours differ by what pixels make of it.
    const counts = Array.from(read.pattern.counts);
    const ratios = counts
      .slice(21, 81)
      .map((count, at) => count / (((counts[at + 20] ?? 0) + (counts[at + 22] ?? 0)) / 2));
    return Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)));
  }

  it("is even once dark and flat field were applied, and was not before", () => {
    expect(unevenness()).toBeGreaterThan(0.05);
    expect(unevenness(createPixelCorrections({ dark, flat }))).toBeLessThan(0.005);
  });

  it("loses what it counts in the dark by its own time, also where the flat field is not known", () => {
    const made = createPixelCorrections({ dark })(image(() => 0, 5));
    if (made.kind !== "corrected") throw new Error(made.reason);
    for (const count of made.counts) expect(Math.abs(count)).toBeLessThan(0.7);
  });

  it("leaves out pixels that are dead or that no image has, and says how many", () => {
    const counts = flat.counts.slice();
    counts.fill(0, 0, 50);
    const own = image(EVEN, 5);
    own.counts[60] = -1;
    const made = createPixelCorrections({ flat: { ...flat, counts } })(own);
    expect(made).toMatchObject({ kind: "corrected", leftOut: 51 });
  });

  it.each([
    [
      "a dark image of another detector",
      { dark: image(EVEN, 1, "another, S/N 8") },
      /of another, S\/N 8, .* another detector/,
    ],
    [
      "a flat field of another shape",
      { flat: { ...flat, widthPx: 3, heightPx: 4000 } },
      /3 x 4000 pixels.* another detector/,
    ],
    ["a dark image without its time", { dark: { ...dark, header: { ...dark.header, exposureS: null } } }, /how long/],
  ])("is refused with %s", (_, files, why) => {
    const made = createPixelCorrections(files)(image(EVEN, 5));
    expect(made.kind === "refused" ? made.reason : "taken").toMatch(why);
  });
});

describe("the files of a site's calibrations", () => {
  const folder = join(tmpdir(), `beamrack-corrections-${process.pid}`);
  const meta = {
    ...{ detector: DETECTOR, takenAt: "2026-Mar-02T08:00:00.000", pixelMm: 0.3, widthPx: WIDE, heightPx: HIGH },
    ...{ countCutoff: 1_000_000, wavelengthA: 0.20664, distanceMm: 200, beamXPx: 3, beamYPx: 3 },
  };
  const file = (of: DetectorImage): Uint8Array => cbfFile({ ...meta, exposureS: of.header.exposureS ?? 0 }, of.counts);
  const hash = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");
  const darkFile = file(image(() => 0, 30));

  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "detector.poni"), PONI);
    writeFileSync(join(folder, "dark.cbf"), darkFile);
    writeFileSync(join(folder, "even.cbf"), file(image(EVEN, 5)));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const calibrations = (darkSha256: string, validH: number): string =>
    [
      "calibration: reference",
      "records:",
      `  - { kind: geometry, at: "2026-03-01T08:00:00Z", by: Ada, method: CeO2, valid_h: 1000, file: detector.poni, sha256: ${hash(PONI)}, detector: detector }`,
      `  - { kind: dark, at: "2026-03-01T08:00:00Z", by: Ada, method: shutter closed, valid_h: ${validH}, file: dark.cbf, sha256: ${darkSha256}, detector: detector }`,
    ].join("\n");
  const now = Date.parse("2026-03-01T20:00:00Z");
  const open = (text: string) =>
    openImagePatterns(correctionFiles("here", calibratedFiles(text, join(folder, "measured.yaml"), now), {}));

  it("correct an image, which says by what it was corrected", () => {
    const found = open(calibrations(hash(darkFile), 24))(join(folder, "even.cbf"));
    if (found.kind !== "pattern") throw new Error(found.reason);
    expect(found.pattern.image?.corrections).toContain(
      `dark dark.cbf (sha256 ${hash(darkFile).slice(0, 12)}) taken off`,
    );
    expect(found.pattern.image?.corrections).toContain("no flat field");
  });

  it("are refused once they have expired, or are no longer the files that were calibrated", () => {
    expect(() => open(calibrations(hash(darkFile), 8))).toThrow(/dark is of 2026-03-01T08:00 UTC and held for 8 h/);
    expect(() => open(calibrations(hash("another"), 24))).toThrow(/checksum is another/);
    expect(() => correctionFiles("here", {}, {})).toThrow(/where the detector stands/);
  });
});
