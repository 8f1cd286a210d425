import { describe, expect, it } from "vitest";
import type { ExportedCell, ExportedGap } from "../../../controller/export/exported-campaign.ts";
import type { Sample } from "../../../controller/record/record-reader.ts";
import { plotOf } from "../../../tui/data/data-plots.ts";
import { dqdvCurves } from "../../../tui/data/dqdv-curves.ts";

const CURRENT_A = 1e-3;
const STEP_V = 0.005;
const [FROM_V, TO_V] = [3, 4];
const PEAKS = [
  { atV: 3.4, widthV: 0.03, chargeMah: 2 },
  { atV: 3.8, widthV: 0.05, chargeMah: 1 },
] as const;

/** Of a logistic step its charge so far and its slope are known exactly. */
function chargeMah(voltageV: number): number {
  return PEAKS.reduce(
    (sum, { atV, widthV, chargeMah: all }) => sum + all / (1 + Math.exp((atV - voltageV) / widthV)),
    0,
  );
}
function slopeMahV(voltageV: number): number {
  return PEAKS.reduce((sum, { atV, widthV, chargeMah: all }) => {
    const share = 1 / (1 + Math.exp((atV - voltageV) / widthV));
    return sum + (all / widthV) * share * (1 - share);
  }, 0);
}

/** Charged at a constant current, or discharged the same way back, with a sample wherever the voltage has moved by `everyV`. */
function samplesEvery(everyV: number, sign: 1 | -1 = 1): Sample[] {
  const count = Math.round((TO_V - FROM_V) / everyV);
  const startV = sign > 0 ? FROM_V : TO_V;
  return Array.from({ length: count + 1 }, (_, index) => {
    const voltageV = startV + sign * index * everyV;
    const hours = (sign * (chargeMah(voltageV) - chargeMah(startV))) / (1000 * CURRENT_A);
    return { atMs: 3_600_000 * hours, voltageV, currentA: sign * CURRENT_A, flags: 0 };
  });
}

function cellOf(samples: readonly Sample[], gaps: readonly ExportedGap[] = []): ExportedCell {
  const step = { count: 1, step: 1, cycle: 1, atMs: 0, endMs: (samples.at(-1)?.atMs ?? 0) + 1, currentA: CURRENT_A };
  return { position: "A1", barcode: "X", channelIndex: 0, steps: [step], gaps } as unknown as ExportedCell;
}

/** Both ways in which dQ/dV is drawn, without the places where the line is broken. */
function curves(samples: readonly Sample[], gaps: readonly ExportedGap[] = []) {
  const record = { samples: () => samples, envelope: () => expect.fail("not for this") };
  const cell = cellOf(samples, gaps);
  const plotted = plotOf("dqdv", {} as never, cell, record).points;
  return { plotted, drawn: dqdvCurves(cell, record, 1)[0]?.pieces ?? [] };
}
const areaMah = (points: readonly { readonly y: number }[]): number =>
  points.reduce((sum, { y }) => sum + (Number.isFinite(y) ? y : 0) * STEP_V, 0);
const highest = (points: readonly { readonly x: number; readonly y: number }[], fromV: number, toV: number): number =>
  Math.max(...points.filter(({ x }) => x > fromV && x < toV).map(({ y }) => Math.abs(y)));

describe("dQ/dV", () => {
  it.each([0.0002, 0.001, 0.004, 0.0055, 0.008, 0.0125, 0.02])(
    "has the charge under it, and its peaks as high, with a sample every %f V",
    (everyV) => {
      for (const sign of [1, -1] as const) {
        const samples = samplesEvery(everyV, sign);
        const { plotted, drawn } = curves(samples);
        const all = Math.abs(chargeMah(samples.at(-1)?.voltageV ?? NaN) - chargeMah(samples[0]?.voltageV ?? NaN));
        expect(areaMah(plotted)).toBeCloseTo(all, 9);
        expect(drawn).toHaveLength(1);
        expect(areaMah(drawn.flat())).toBeCloseTo(sign * all, 9);
        for (const points of [plotted, drawn.flat()]) {
          expect(Math.abs(highest(points, 3.3, 3.5) / slopeMahV(3.4) - 1)).toBeLessThan(0.04);
          expect(Math.abs(highest(points, 3.7, 3.9) / slopeMahV(3.8) - 1)).toBeLessThan(0.04);
          // What lies between two samples is told by their mean slope.
          const off = Math.max(0.01, everyV / 0.05);
          for (const { x, y } of points.slice(2, -2))
            expect(Math.abs(Math.abs(y) / slopeMahV(x) - 1)).toBeLessThan(off);
        }
      }
    },
  );

  it("puts the charge of a voltage that stands still where it stands", () => {
    const samples = [0, 1, 2, 3].map((hour) => ({
      ...{ atMs: hour * 3_600_000, voltageV: 3.4012, currentA: CURRENT_A, flags: 0 },
    }));
    const { plotted } = curves(samples);
    expect(plotted).toHaveLength(1);
    expect(plotted[0]?.x).toBeCloseTo(3.4025, 9);
    expect(plotted[0]?.y).toBeCloseTo(3 / STEP_V, 6);
  });

  it("is broken where samples are missing, on record as a gap or not", () => {
    const all = samplesEvery(0.0005);
    const isMissing = ({ voltageV }: Sample): boolean => voltageV > 3.3 && voltageV < 3.6;
    const heard = all.filter((sample) => !isMissing(sample));
    const missing = all.filter(isMissing);
    const gap = { fromMs: missing[0]?.atMs ?? NaN, toMs: missing.at(-1)?.atMs ?? NaN, reason: "link lost" };
    for (const gaps of [[gap], []]) {
      const { plotted, drawn } = curves(heard, gaps);
      expect(plotted.filter(({ y }) => !Number.isFinite(y)).map(({ x }) => x)).toEqual([expect.closeTo(3.45, 2)]);
      expect(drawn).toHaveLength(2);
      const told = plotted.filter(({ y }) => Number.isFinite(y));
      expect(told.filter(({ x }) => x > 3.302 && x < 3.598)).toEqual([]);
      const known = chargeMah(3.3) - chargeMah(FROM_V) + chargeMah(TO_V) - chargeMah(3.6);
      expect(Math.abs(areaMah(told) - known)).toBeLessThan(0.1);
      for (const { x, y } of told.slice(1, -1)) expect(Math.abs(y / slopeMahV(x) - 1)).toBeLessThan(0.1);
    }
  });

  it("keeps a peak within which a few seconds are missing", () => {
    const all = samplesEvery(0.0001);
    const at = all.findIndex(({ voltageV }) => voltageV > 3.4);
    const [before, after] = [all[at - 1], all[at]];
    const gap = { fromMs: (before?.atMs ?? NaN) + 100, toMs: (before?.atMs ?? NaN) + 2000, reason: "link lost" };
    expect(after?.atMs).toBeGreaterThan(gap.toMs);
    const { drawn } = curves(all, [gap]);
    expect(drawn).toHaveLength(1);
    expect(highest(drawn.flat(), 3.3, 3.5) / slopeMahV(3.4)).toBeGreaterThan(0.95);
  });

  it("goes on where the instrument begins to measure less often", () => {
    const [often, seldom] = [samplesEvery(0.0001), samplesEvery(0.01)];
    const samples = [
      ...often.filter(({ voltageV }) => voltageV < 3.35),
      ...seldom.filter(({ voltageV }) => voltageV >= 3.35),
    ];
    const { drawn } = curves(samples);
    expect(drawn).toHaveLength(1);
    expect(areaMah(drawn.flat())).toBeCloseTo(chargeMah(TO_V) - chargeMah(FROM_V), 9);
  });

  it("passes over a reading that no cell can have", () => {
    const all = samplesEvery(0.001);
    const odd = [NaN, Infinity, 1e12].map((voltageV, index) => ({ ...all[0], atMs: index + 0.5, voltageV }) as Sample);
    const sorted = [...all, ...odd].sort((a, b) => a.atMs - b.atMs);
    expect(areaMah(curves(sorted).plotted)).toBeCloseTo(chargeMah(TO_V) - chargeMah(FROM_V), 9);
  });
});
