import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { createExposureFold } from "../../../controller/export/exposure-fold.ts";
import { imageEvidenceJson, parseImageEvidence } from "../../../controller/frames/frame-event.ts";
import {
  decodeIntegratorLine,
  type IntegratorAnswer,
} from "../../../protocols/wire/json-integrator/integrator-lines.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { cbfFile } from "../../../simulator/frames/cbf-file.ts";
import { createImageSource, poniText } from "../../../simulator/frames/image-source.ts";
import { openImagePatterns } from "../../../tui/images/image-patterns.ts";
import { createIntegratorServer } from "../../../tui/images/integrator-server.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "beamrack-images-"));
const IMAGES = createImageSource({
  ...{ distanceMm: 200, wavelengthA: 0.2066, pixelMm: 0.4 },
  twoThetaDeg: Float64Array.from({ length: 400 }, (_, bin) => 1 + bin * 0.02),
});
const { quadrant } = IMAGES;
const RINGS = Float64Array.from({ length: 400 }, (_, bin) => (bin === 200 ? 4e6 : 2000));
const META = {
  detector: "quadrant",
  takenAt: "2026-Mar-02T08:00:00.000",
  exposureS: 1,
  beamXPx: 5.925,
  beamYPx: 7.775,
};
const IMAGE = cbfFile({ ...quadrant, ...META }, IMAGES.image(RINGS, createChance(1)));
const GEOMETRY = join(FOLDER, "detector.poni");
writeFileSync(GEOMETRY, poniText(quadrant));
writeFileSync(join(FOLDER, "A1_00000.cbf"), IMAGE);

afterAll(() => {
  rmSync(FOLDER, { recursive: true, force: true });
});

async function asked(questions: readonly string[], answers: number): Promise<readonly IntegratorAnswer[]> {
  const problems: string[] = [];
  const server = createIntegratorServer({
    ...{ place: { host: "127.0.0.1", port: 0 }, clock: createRealClock(), version: "1", folder: FOLDER },
    read: openImagePatterns({ geometry: { path: GEOMETRY } }),
    onAnswered: (path, problem) => {
      if (problem !== null) problems.push(path);
    },
  });
  await server.open();
  try {
    const socket = connect(Number(server.where.split(":")[1]), "127.0.0.1");
    socket.write(questions.join(""));
    let text = "";
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.split("\n").length > answers) break;
    }
    return text.split("\n").slice(0, answers).map(decodeIntegratorLine);
  } finally {
    await server.shut();
  }
}

it("the integrator that comes with beamrack answers as the contract has it, with checksum of image and geometry", async () => {
  const [who, found] = await asked(
    ['{"ask":"who"}\n', '{"ask":"pattern","id":4,"frame":"/ramdisk/x/A1_00000.cbf"}\n'],
    2,
  );
  expect(who).toEqual({ kind: "who", program: "beamrack integrate", version: "1" });
  if (found?.kind !== "pattern") throw new Error(JSON.stringify(found).slice(0, 200));
  expect(found.id).toBe(4);
  const { pattern } = found;
  expect(pattern.image).toMatchObject({ bytes: IMAGE.length, imageIndex: 0, geometry: { file: "detector.poni" } });
  expect(pattern.image?.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(pattern.image?.corrections).toMatch(
    /not normalised to monitor or time; no mask; no dark image; no flat field$/,
  );
  const counts = Array.from(pattern.counts);
  const top = pattern.twoThetaDeg[counts.indexOf(Math.max(...counts))] ?? 0;
  expect(Math.abs(top - 5)).toBeLessThan(0.06);
});

it("what the first look said of an image is kept with its exposure, for exports", () => {
  const pattern = openImagePatterns({ geometry: { path: GEOMETRY } })(join(FOLDER, "A1_00000.cbf"));
  if (pattern.kind !== "pattern") throw new Error(pattern.reason);
  const told = imageEvidenceJson("/ramdisk/x/A1_00000.cbf", pattern.pattern);
  expect(told).toMatchObject({ image: { file: "/ramdisk/x/A1_00000.cbf", image_index: 0 } });
  expect(parseImageEvidence(told)).toEqual(pattern.pattern.image);
  expect(parseImageEvidence({ finding: "good" })).toBeNull();
  const fold = createExposureFold();
  fold.event("frame-checked", { exposure_id: "X1", ...told });
  expect(fold.byPosition().size).toBe(0);
});

it("a geometry or a mask that will not do is refused before anything is read", () => {
  writeFileSync(join(FOLDER, "tilted.poni"), poniText(quadrant).replace("Rot2: 0.0", "Rot2: 0.02"));
  expect(() => openImagePatterns({ geometry: { path: join(FOLDER, "tilted.poni") } })).toThrow(/tilted/);
  expect(() => openImagePatterns({ geometry: { path: join(FOLDER, "none.poni") } })).toThrow(/cannot be read/);
  expect(() => openImagePatterns({ geometry: { path: GEOMETRY }, mask: { path: GEOMETRY } })).toThrow(/no CBF image/);
});
