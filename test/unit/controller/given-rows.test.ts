import { describe, expect, it } from "vitest";
import { createGivenRows } from "../../../controller/dose/given-rows.ts";
import type { LedgerRow } from "../../../controller/record/ledger-row.ts";
import { parsePosition } from "../../../protocols/base/position.ts";

function row(more: Partial<LedgerRow>): LedgerRow {
  const position = parsePosition("B7");
  if (position === undefined) throw new Error("no such position");
  const fluencePhCm2 = more.fluencePhCm2 ?? 2e14;
  const layers = [
    { layer: "can", surfaceGy: 3e-13 * fluencePhCm2, meanGy: 2e-13 * fluencePhCm2 },
    { layer: "positive electrode", surfaceGy: 1.7e-12 * fluencePhCm2, meanGy: 1.1e-12 * fluencePhCm2 },
  ];
  return {
    ...{ kind: "settlement", exposureId: "X-S0001-B7", position, spotIndex: 4, spotXMm: 1, spotYMm: -1, cycle: 3 },
    ...{ atMs: 1000, fluencePhCm2, openTimeS: 1.02, fluxPhS: 1e11, fluxSource: "monitor", filterTransmission: 0.6 },
    ...{ convention: "en", layerDosesGy: layers, relativeUncertainty: 0.17, reason: "measured" },
    ...more,
  } as LedgerRow;
}

describe("what was given, kept in columns", () => {
  it("comes out as it went in, doses to the last digit that counts", () => {
    const rows = [
      row({}),
      row({ exposureId: "X-S0002-B7", fluencePhCm2: 1.234e14, cycle: null, openTimeS: 0.3 }),
      // Nothing was given: the layers are named all the same.
      row({ exposureId: "X-S0003-B7", fluencePhCm2: 0, openTimeS: 0 }),
      row({ exposureId: "X-S0004-B7", kind: "charge-in-full", reason: "shutter failure", relativeUncertainty: 0.3 }),
      // By another stack.
      row({ exposureId: "X-S0005-B7", layerDosesGy: [{ layer: "window", surfaceGy: 7, meanGy: 5 }] }),
    ];
    const given = createGivenRows();
    for (const one of rows) given.add(one);
    const out = given.rows();
    expect(out).toHaveLength(rows.length);
    rows.forEach((one, index) => {
      const { layerDosesGy, ...rest } = out[index] ?? { layerDosesGy: [] };
      expect(one).toMatchObject(rest);
      expect(layerDosesGy.map(({ layer }) => layer)).toEqual(one.layerDosesGy.map(({ layer }) => layer));
      one.layerDosesGy.forEach(({ surfaceGy, meanGy }, place) => {
        expect(layerDosesGy[place]?.surfaceGy).toBeCloseTo(surfaceGy, 9);
        expect(layerDosesGy[place]?.meanGy).toBeCloseTo(meanGy, 9);
      });
    });
  });
});
