import { describe, expect, it } from "vitest";
import {
  inPause,
  pressing,
  type CorrectionFacts,
  type KeptFrame,
} from "../../../controller/corrections/correction-plan.ts";
import { createCorrectionFold } from "../../../controller/corrections/correction-events.ts";
import { judgeCorrection } from "../../../controller/corrections/judge-correction.ts";
import {
  CORRECTION_COLUMNS,
  correctionRows,
  correctionsJson,
  exportedCorrection,
} from "../../../controller/export/corrections-json.ts";
import type { ExportedCampaign } from "../../../controller/export/exported-campaign.ts";
import type { WholePlan } from "../../../controller/beam/wanted.ts";
import { BEFORE_FIRST_SWEEP } from "../../../controller/beam/sweeps.ts";
import type { CorrectionFrame } from "../../../protocols/calibration/correction-frames.ts";
import { load } from "../../support/campaign-files.ts";
import { ALIGNED_FILES } from "../../support/rehearsed-alignment.ts";

const HOUR_MS = 3_600_000;
const FRAME: CorrectionFrame = {
  ...{ kind: "dark", what: "shutter closed", place: null, everyMs: 4 * HOUR_MS, exposureS: 10, filtersIn: [] },
  ...{ levelMaxPerS: 1, driftMax: null },
};

function facts(nowH: number, kept: Partial<KeptFrame> = {}, isFit = true): CorrectionFacts {
  const one = { frame: FRAME, lastMs: 0, notBeforeMs: 0, ...kept };
  return { nowMs: nowH * HOUR_MS, kept: [one], isFit: () => isFit, takesMs: () => 20_000 };
}

function waiting(untilH: number): WholePlan {
  const act = { kind: "wait", reason: "sweep 3 to be due", who: "timetable", untilMs: untilH * HOUR_MS } as const;
  return { state: BEFORE_FIRST_SWEEP, act, misses: [], begun: [], wanted: [], missedWanted: [] };
}

describe("a frame that falls due", () => {
  it("is taken in a pause that is long enough, and not before it is due", () => {
    expect(inPause(waiting(5), facts(4)).correction).toBe(FRAME);
    expect(inPause(waiting(4.005), facts(4)).correction).toBeUndefined();
    expect(inPause(waiting(5), facts(4, {}, false)).correction).toBeUndefined();
    const early = inPause(waiting(5), facts(3.9));
    expect(early.correction).toBeUndefined();
    expect(early.act).toMatchObject({ kind: "wait", untilMs: 4 * HOUR_MS });
  });

  it("goes before the next exposure a quarter of its interval late, the first one at once", () => {
    expect(pressing(facts(4.99))).toBeUndefined();
    expect(pressing(facts(5))).toBe(FRAME);
    expect(pressing(facts(0, { lastMs: null }))).toBe(FRAME);
    expect(pressing(facts(0, { lastMs: null, notBeforeMs: 1 }))).toBeUndefined();
    expect(pressing(facts(5, {}, false))).toBeUndefined();
  });
});

describe("the pattern of a frame", () => {
  const flat = (perBin: number) => ({
    twoThetaDeg: Array.from({ length: 100 }, (_, bin) => 2 + bin / 50),
    counts: Array.from({ length: 100 }, () => perBin),
    wavelengthA: 0.2,
  });

  it("is too bright for a dark above its level, and unclear for a calibrant without lines", () => {
    expect(judgeCorrection(FRAME, flat(10))).toMatchObject({ finding: "good", levelPerS: 1 });
    expect(judgeCorrection(FRAME, flat(11))).toMatchObject({ finding: "too-bright", levelPerS: 1.1 });
    const ceria = { ...FRAME, kind: "calibrant", what: "CeO2", driftMax: 0.0005 } as const;
    expect(judgeCorrection(ceria, flat(1000)).finding).toBe("unclear");
    expect(judgeCorrection({ ...ceria, what: "silver" }, flat(1000)).finding).toBe("good");
  });

  it("is too weak for a flat field with few counts, and for an empty place with none", () => {
    const field = { ...FRAME, kind: "flat", what: "flat" } as const;
    expect(judgeCorrection(field, flat(999)).finding).toBe("too-weak");
    expect(judgeCorrection(field, flat(1000)).finding).toBe("good");
    const empty = { ...FRAME, kind: "empty", what: "air" } as const;
    expect(judgeCorrection(empty, flat(0)).finding).toBe("too-weak");
    expect(judgeCorrection(empty, flat(1)).finding).toBe("good");
  });
});

describe("a site that states intervals", () => {
  const SHARED = `at: 2026-03-01T08:00:00Z, by: Ada, method: by hand, valid_h: 48`;
  const read = (frames: string, places: string) =>
    load(
      {
        ...ALIGNED_FILES,
        "campaign.yaml": ALIGNED_FILES["campaign.yaml"].replace("positions: A1..H12", "positions: A1..A2"),
        "site.yaml": `${ALIGNED_FILES["site.yaml"]}\ncalibrations: { file: measured.yaml, required: [], frames: ${frames} }\n`,
        "measured.yaml": `calibration: diode-behind-rack\nrecords:${places}\n`,
      },
      "campaign.yaml",
    );
  const ceria = (x: number, y: number) => `\n  - { kind: calibrant, ${SHARED}, what: CeO2, x_mm: ${x}, y_mm: ${y} }`;
  const CALIBRANT = "{ calibrant: { every_h: 4, exposure_s: 5, filters: [Mo 0.1 mm] } }";

  it("has the place from its calibrations", () => {
    const loaded = read(CALIBRANT, ceria(25, 25));
    expect(loaded.kind === "loaded" && loaded.site.corrections).toMatchObject([
      { kind: "calibrant", what: "CeO2", place: { xMm: 25, yMm: 25 }, everyMs: 4 * HOUR_MS, driftMax: 0.0005 },
    ]);
    expect(loaded.kind === "loaded" && loaded.site.corrections?.[0]?.filtersIn.filter(Boolean)).toHaveLength(1);
  });

  it.each([
    ["no place on record", CALIBRANT, " []", "calibration.missing"],
    ["a place on a cell", CALIBRANT, ceria(20, 12.5), "calibration.place"],
    ["a filter that it does not have", CALIBRANT.replace("Mo 0.1 mm", "Pb 1 mm"), ceria(25, 25), "calibration.frames"],
    [
      "a flat field out of reach",
      "{ flat: { every_h: 4, exposure_s: 5, x_mm: 900, y_mm: 0 } }",
      " []",
      "calibration.place",
    ],
  ])("is refused with %s", (_, frames, places, code) => {
    const loaded = read(frames, places);
    expect(loaded.kind).toBe("refused");
    expect(loaded.findings.filter(({ severity }) => severity === "error").map((one) => one.code)).toEqual([code]);
  });
});

it("in an export a frame has its I0, It and ring current in columns of their own", () => {
  const fold = createCorrectionFold();
  fold.event("correction-begun", 5000, { frame_id: "C-0001-empty", kind: "empty", what: "air", exposure_s: 4 });
  fold.event("correction-ended", 9000, {
    ...{ frame_id: "C-0001-empty", outcome: "made", open_s: 4.02, photons: 3.9e11, ring_current_mA: 199.5 },
    ...{
      i0_ph_s: 9.8e10,
      flux_source: "monitor",
      filter_transmission: 1,
      it_A: 1.5e-6,
      it_ph_s: 9.1e10,
      frame: "/d/e.cbf",
    },
  });
  const corrections = fold.corrections.map(exportedCorrection);
  const campaign = { corrections, clock: { startMs: 0 } } as unknown as ExportedCampaign;
  const [row = []] = [...correctionRows(campaign)];
  const told = Object.fromEntries(CORRECTION_COLUMNS.map((column, at) => [column, row[at]]));
  expect(row).toHaveLength(CORRECTION_COLUMNS.length);
  expect(told).toMatchObject({ i0_ph_s: 9.8e10, flux_source: "monitor", it_A: 1.5e-6, it_ph_s: 9.1e10 });
  expect(told).toMatchObject({ ring_current_mA: 199.5, filter_transmission: 1, frame: "/d/e.cbf", finding: null });
  expect(correctionsJson(campaign)[0]).toMatchObject({ i0_ph_s: 9.8e10, it_A: 1.5e-6, ring_current_mA: 199.5 });
});
