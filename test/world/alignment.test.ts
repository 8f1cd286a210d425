import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parsePosition } from "../../protocols/base/position.ts";
import { rehearse, sweepOver, type AlignmentJudged } from "../support/rehearsed-alignment.ts";
import { newFolder, removeFolders } from "../support/world-campaign.ts";

/** The far ends of the rack: of a rack turned the one way both lie where the stage does not reach all round them. */
const POSITIONS = ["A12", "H1"].flatMap((text) => parsePosition(text) ?? []);

/** The sweep begins after a minute, and two cells are soon exposed. */
const FEW_S = 75;

/** A cell that slipped so far that no edge is where one can be. */
const SLIPPED = ["C5"].flatMap((text) => parsePosition(text) ?? []);

afterAll(removeFolders);

describe("a rack put down 3 mm off and turned by a degree, before a beam of unknown size", () => {
  let done: AlignmentJudged;
  beforeAll(async () => {
    done = await rehearse(3, [...POSITIONS, ...SLIPPED], (setup) => ({
      ...setup,
      ...{ shiftXMm: -2.1, shiftYMm: -2.1, rotationDeg: -1 },
      cellOffsets: new Map([...setup.cellOffsets, [28, { xMm: 2.2, yMm: 0 }]]),
    }));
  });

  it("is found to within 50 um at its far corners, and the beam's size to within 5 %", () => {
    expect(done.aligned.cells.map(({ position }) => position)).toEqual(POSITIONS);
    expect(done.worstMm).toBeLessThan(0.05);
    expect(done.beamError).toBeLessThan(0.05);
    // What is said of the uncertainty is true, and not said for safety's sake.
    expect(done.worstMm).toBeLessThan(5 * Math.max(...done.aligned.cells.map(({ sigmaMm }) => sigmaMm)));
  });

  it("has the cell named that shows no edge where it should", () => {
    expect(done.aligned.missed.map(({ position }) => position)).toEqual(SLIPPED);
  });

  it("costs no cell 2 % of its limit, by the ledger or in truth, and breaks no rule", () => {
    expect(done.chargedShare).toBeGreaterThan(0);
    expect(done.chargedShare).toBeLessThan(0.02);
    expect(done.trueShare).toBeLessThan(done.chargedShare);
    expect(done.violations).toEqual([]);
  });

  it("is hit where it was meant in the sweep that follows, and would not have been without", async () => {
    const { setup, aligned } = done;
    const sweep = await sweepOver(POSITIONS, setup, aligned.placement, newFolder(), FEW_S);
    expect(sweep).toMatchObject({ exposed: POSITIONS.length, violations: [] });
    expect(sweep.worstMm).toBeLessThan(0.05);
    const blind = await sweepOver(POSITIONS, setup, undefined, newFolder(), FEW_S);
    expect(blind.worstMm).toBeGreaterThan(1);
  });
});

describe("an alignment that cannot be", () => {
  it("of a rack further off than is searched ends in words, not in a place", async () => {
    await expect(rehearse(3, POSITIONS, (setup) => ({ ...setup, shiftXMm: 12.5, shiftYMm: 0 }))).rejects.toMatchObject({
      code: "align.rack",
    });
  });
});
