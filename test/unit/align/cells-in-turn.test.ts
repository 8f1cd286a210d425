import { expect, it } from "vitest";
import type { Aligned } from "../../../controller/align/align-site.ts";
import { placedSpot } from "../../../protocols/align/placement.ts";
import { assert } from "../../../protocols/base/assert.ts";
import { parseOccupant, parsePosition, type Occupant } from "../../../protocols/base/position.ts";
import { latest } from "../../../protocols/calibration/calibration.ts";
import { readCalibration } from "../../../protocols/calibration/calibration-schema.ts";
import { parseDocument } from "../../../protocols/input/document.ts";
import { alignmentRecords } from "../../../tui/align/alignment-record.ts";

const GRID = { originXMm: 0, originYMm: 0, pitchMm: 25 };
const [a1, a2] = [parsePosition("A1"), parsePosition("A2")];
const followed = parseOccupant("A1.2");
assert(a1 !== undefined && a2 !== undefined && followed !== undefined, "no positions");

it("how far a cell lies off its place is its own: one that follows has none until it is measured, and the first one keeps its", () => {
  const measure = (xMm: number, before: Parameters<typeof alignmentRecords>[1]["before"], name: Occupant = a1) => {
    const aligned = {
      placement: { shiftXMm: 0, shiftYMm: 0, rotationDeg: 0, cells: new Map() },
      cells: [{ position: a1, offset: { xMm, yMm: 0 }, sigmaMm: 0.01, diameterMm: 15 }],
      beam: { xMm: 0.5, yMm: 0.5, xSigmaMm: 0.01, ySigmaMm: 0.01 },
      rack: { marks: [], fit: { sigmaMmAt: () => 0.01 } },
      missed: [],
    } as unknown as Aligned;
    const records = alignmentRecords(aligned, {
      ...{ grid: GRID, at: "2026-03-01T08:00:00Z", by: "Ada", validH: 24, before },
      ...{ pointsFile: "points.jsonl", pointsSha256: "0".repeat(64), pointCount: 1, occupantAt: () => name },
    });
    const text = JSON.stringify({ calibration: "site", records });
    const { calibration, findings } = readCalibration(parseDocument(text, "measured.json"));
    expect(findings).toEqual([]);
    assert(calibration !== undefined, "it is no calibration");
    return calibration;
  };
  const first = measure(0.3, undefined);
  const then = measure(-0.2, first, followed);
  const xOf = (of: typeof first, name: Occupant): number =>
    placedSpot(GRID, latest(of, "alignment")?.placement ?? assertNever(), name, { xMm: 0, yMm: 0 }).xMm;
  expect([a1, followed, a2].map((name) => xOf(first, name))).toEqual([0.3, 0, 25]);
  expect([a1, followed, a2].map((name) => xOf(then, name))).toEqual([0.3, -0.2, 25]);
});

function assertNever(): never {
  throw new Error("no alignment");
}
