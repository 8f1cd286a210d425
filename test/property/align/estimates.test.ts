import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitEdge } from "../../../protocols/align/edge-fit.ts";
import type { EdgeShape } from "../../../protocols/align/edge-response.ts";
import type { ScanPoint } from "../../../protocols/align/estimate.ts";
import { placedOnStage, pointOfRack } from "../../../protocols/align/placement.ts";
import { fitRack } from "../../../protocols/align/rack-fit.ts";
import { createChance } from "../../../simulator/chance/chance.ts";

const RUNS = 60;
const number = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });

/** Share of the beam beyond the edge, summed in small steps over the profile itself. */
function shareBeyond(kind: EdgeShape["kind"], byMm: number, widthMm: number): number {
  const density = (u: number): number => {
    if (kind === "gaussian") return 2 ** (-4 * u * u);
    if (Math.abs(u) > 0.5) return 0;
    return kind === "rectangle" ? 1 : Math.sqrt(1 - 4 * u * u);
  };
  const sum = { all: 0, beyond: 0 };
  for (let index = 0; index < 600; index += 1) {
    const u = -3 + (index + 0.5) / 100;
    sum.all += density(u);
    if (u > -byMm / widthMm) sum.beyond += density(u);
  }
  return sum.beyond / sum.all;
}

const edge = fc.record({
  kind: fc.constantFrom<EdgeShape["kind"]>("gaussian", "rectangle", "ellipse"),
  atMm: number(-0.4, 0.4),
  widthMm: number(0.35, 1.2),
  dark: number(0, 0.3),
  step: number(0.2, 1),
  isRising: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1_000_000 }),
});

const NOISE = 0.003;

function scanOf(truth: EdgeTruth): readonly ScanPoint[] {
  const chance = createChance(truth.seed);
  return Array.from({ length: 25 }, (_, index) => {
    const atMm = -1.8 + 0.15 * index;
    const beyond = shareBeyond(truth.kind, atMm - truth.atMm, truth.widthMm);
    const signal = truth.dark + truth.step * (truth.isRising ? beyond : 1 - beyond) + NOISE * chance.normal();
    return { atMm, signal, sigma: NOISE };
  });
}

interface EdgeTruth {
  readonly kind: EdgeShape["kind"];
  readonly atMm: number;
  readonly widthMm: number;
  readonly dark: number;
  readonly step: number;
  readonly isRising: boolean;
  readonly seed: number;
}

describe("an edge in a scan", () => {
  it("is found to within five of its own uncertainties, and the beam's width with it", () => {
    fc.assert(
      fc.property(edge, (truth) => {
        const found = fitEdge(scanOf(truth), { shape: { kind: truth.kind }, goes: truth.isRising ? "up" : "down" });
        if (!found.ok) throw new Error(found.what);
        const { atMm, atSigmaMm, widthMm, widthSigmaMm } = found.value;
        expect(Math.abs(atMm - truth.atMm)).toBeLessThan(5 * atSigmaMm + 0.004);
        expect(Math.abs(widthMm - truth.widthMm)).toBeLessThan(5 * widthSigmaMm + 0.01);
        expect(atSigmaMm).toBeLessThan(0.03);
      }),
      { numRuns: RUNS },
    );
  });

  it("of the other kind is called so, and no edge is read out of noise", () => {
    fc.assert(
      fc.property(edge, (truth) => {
        const shape = { kind: truth.kind };
        expect(fitEdge(scanOf(truth), { shape, goes: truth.isRising ? "down" : "up" })).toMatchObject({
          ok: false,
          why: "wrong-side",
        });
        expect(fitEdge(scanOf({ ...truth, step: 0 }), { shape, goes: "up" })).toMatchObject({
          ok: false,
          why: "no-edge",
        });
      }),
      { numRuns: 20 },
    );
  });

  it("is not told from points that are saturated, too few, or beside it", () => {
    const truth = { kind: "gaussian", atMm: 0, widthMm: 0.5, dark: 0, step: 1, isRising: true, seed: 1 } as const;
    const points = scanOf(truth);
    const question = { shape: { kind: "gaussian" }, goes: "up" } as const;
    expect(fitEdge([{ atMm: 2, signal: 1, sigma: 0.003, isSaturated: true }, ...points], question)).toMatchObject({
      why: "saturated",
    });
    expect(fitEdge(points.slice(0, 4), question)).toMatchObject({ why: "too-few-points" });
    expect(fitEdge(points.slice(0, 8), question)).toMatchObject({ why: "no-edge" });
    expect(fitEdge([{ atMm: NaN, signal: 1, sigma: 1 }], question)).toMatchObject({ why: "too-few-points" });
  });
});

describe("a rack", () => {
  const grid = { pitchMm: 25, originXMm: 12.5, originYMm: 12.5 };
  const marks = [
    { name: "F1", onRack: { xMm: 12.5, yMm: 12.5 } },
    { name: "F2", onRack: { xMm: 262.5, yMm: 12.5 } },
    { name: "F3", onRack: { xMm: 12.5, yMm: 162.5 } },
  ];
  const placement = fc.record({ shiftXMm: number(-3, 3), shiftYMm: number(-3, 3), rotationDeg: number(-1.5, 1.5) });

  it("that was shifted and turned is found to within five of its uncertainties at every corner", () => {
    fc.assert(
      fc.property(placement, fc.integer({ min: 1, max: 1_000_000 }), (truth, seed) => {
        const chance = createChance(seed);
        const found = fitRack(
          grid,
          marks.map(({ name, onRack }) => {
            const at = placedOnStage(grid, truth, onRack);
            const off = (): number => 0.005 * chance.normal();
            return { name, onRack, found: { xMm: at.xMm + off(), yMm: at.yMm + off() }, sigmaMm: 0.005 };
          }),
        );
        if (!found.ok) throw new Error(found.what);
        for (const corner of [
          { xMm: 0, yMm: 0 },
          { xMm: 275, yMm: 175 },
        ]) {
          const [is, has] = [placedOnStage(grid, truth, corner), placedOnStage(grid, found.value.placement, corner)];
          expect(Math.hypot(is.xMm - has.xMm, is.yMm - has.yMm)).toBeLessThan(6 * found.value.sigmaMmAt(corner));
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("is not placed by one mark, by marks side by side, or by a mark taken for another", () => {
    const at = (onRack: { readonly xMm: number; readonly yMm: number }, byMm = 0) => {
      const found = placedOnStage(grid, { shiftXMm: 1, shiftYMm: 1, rotationDeg: 0.5 }, onRack);
      return { xMm: found.xMm + byMm, yMm: found.yMm };
    };
    const all = marks.map((mark) => ({ ...mark, found: at(mark.onRack), sigmaMm: 0.005 }));
    expect(fitRack(grid, all.slice(0, 1))).toMatchObject({ why: "too-few-points" });
    const near = { xMm: 20, yMm: 12.5 };
    const beside = { name: "F9", onRack: near, found: at(near), sigmaMm: 0.005 };
    expect(fitRack(grid, [...all.slice(0, 1), beside])).toMatchObject({ why: "too-close" });
    const wrong = all.map((mark, index) => (index === 1 ? { ...mark, found: at(mark.onRack, 1) } : mark));
    expect(fitRack(grid, wrong)).toMatchObject({ why: "misfit" });
    expect(fitRack(grid, wrong.slice(0, 2))).toMatchObject({ why: "misfit" });
  });

  it("has each of its points in one place on the stage, and back", () => {
    fc.assert(
      fc.property(placement, number(-20, 300), number(-20, 200), (truth, xMm, yMm) => {
        const back = pointOfRack(grid, truth, placedOnStage(grid, truth, { xMm, yMm }));
        expect(back.xMm).toBeCloseTo(xMm, 9);
        expect(back.yMm).toBeCloseTo(yMm, 9);
      }),
      { numRuns: RUNS },
    );
  });
});
