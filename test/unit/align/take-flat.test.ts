import { describe, expect, it } from "vitest";
import { assert } from "../../../protocols/base/assert.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { CHEMISTRY_IDS } from "../../../protocols/campaign/chemistry.ts";
import type { DetectorImage } from "../../../protocols/images/cbf-image.ts";
import { asBuiltSetup } from "../../../tui/align/random-setup.ts";
import { createRehearsal } from "../../../tui/align/rehearse.ts";
import { assertFlat, exposeFlat, flatOrder } from "../../../tui/align/take-flat.ts";
import { loadWorldData } from "../../../tui/virtual/load-world-data.ts";
import { load, repositoryText, tables } from "../../support/campaign-files.ts";
import { ALIGNED_FILES } from "../../support/rehearsed-alignment.ts";

type Told = Readonly<Record<string, Json>>;

const FRAMES = "{ flat: { every_h: 24, exposure_s: 30, filters: [Al 1 mm], x_mm: 25, y_mm: 25 } }";
const { site, campaign } = loaded();
const data = loadWorldData({ readPackageText: repositoryText }, CHEMISTRY_IDS);

function loaded() {
  const found = load(
    {
      ...ALIGNED_FILES,
      "site.yaml": `${ALIGNED_FILES["site.yaml"]}\ncalibrations: { file: measured.yaml, required: [], frames: ${FRAMES} }\n`,
      "measured.yaml": "calibration: diode-behind-rack\nrecords: []\n",
    },
    "campaign.yaml",
  );
  assert(found.kind === "loaded", "the site is refused");
  return found;
}

function bench(signal = new AbortController().signal) {
  const setup = asBuiltSetup(site);
  assert(setup !== undefined, "a rack that stands somewhere");
  const rehearsal = createRehearsal({
    ...{ site, setup, seed: 1, tables, signal, campaign: { ...campaign, cells: campaign.cells.slice(0, 1) } },
    data,
    drain: () => new Promise<void>((resolve) => setImmediate(resolve)),
  });
  const events: { readonly type: string; readonly data: Told }[] = [];
  const ledger = {
    ...rehearsal.ledger,
    correctionCount: 4,
    record(type: string, data: Told) {
      events.push({ type, data });
    },
  };
  const flat = { frame: flatOrder(site, 4), ledger, tables: () => tables };
  return { ...rehearsal, events, expose: () => rehearsal.settle(exposeFlat(rehearsal.bench, flat)) };
}

describe("a flat field by command", () => {
  it("is exposed beside the cells, its photons bounded on record before, and no cell charged", async () => {
    const { expose, events, rows, world } = bench();
    expect(await expose()).toMatch(/\/ramdisk\/beamrack\/flat-\d{8}T\d+Z_00000\.cbf$/);
    const [begun, ended] = events;
    const about = { frame_id: "C-0005-flat", kind: "flat", what: "flat" };
    expect(begun).toMatchObject({ type: "correction-begun", data: { ...about, x_mm: 25, y_mm: 25, exposure_s: 4 } });
    expect(ended).toMatchObject({ type: "correction-ended", data: { ...about, outcome: "made" } });
    expect(events).toHaveLength(2);
    const [bound, given] = [Number(begun?.data["photons_max"]), Number(ended?.data["photons"])];
    // 1e11 photons/s through 1 mm of aluminium, for the four seconds of the frame and a little
    expect(given).toBeGreaterThan(4 * 0.928 * 0.94e11);
    expect(given).toBeLessThan(bound);
    expect(Number(ended?.data["ring_current_mA"])).toBeGreaterThan(0);
    expect(rows).toEqual([]);
    expect(world.openings).toHaveLength(1);
    expect(world.openings[0]?.deposits.every(({ positionIndex }) => positionIndex < 0)).toBe(true);
  });

  it("that is ended leaves the shutter closed, and stands on record as given up, with what was given", async () => {
    const ending = new AbortController();
    const { expose, events, world, bench: at } = bench(ending.signal);
    at.clock.setTimeout(() => {
      ending.abort(new Error("enough"));
    }, 12_000);
    await expect(expose()).rejects.toThrow("enough");
    expect(events.map(({ type }) => type)).toEqual(["correction-begun", "correction-ended"]);
    expect(events[1]?.data).toMatchObject({ outcome: "aborted", frame: null });
    expect(Number(events[1]?.data["open_s"])).toBeGreaterThan(0);
    expect(world.openings.map(({ endMs, startMs }) => endMs - startMs < 4000)).toEqual([true]);
  });

  it("is refused where the site has no place for it, or one on a cell", () => {
    const { calibrations } = site;
    assert(calibrations !== undefined, "a site with calibrations");
    expect(() => flatOrder({ ...site, calibrations: { ...calibrations, frames: [] } }, 4)).toThrow(
      /does not say where what is evenly lit stands/,
    );
    const turned = { ...site.rack, placement: { shiftXMm: 10, shiftYMm: 10, rotationDeg: 0, cells: new Map() } };
    expect(() => flatOrder({ ...site, rack: turned }, 4)).toThrow(/is said to stand on A1/);
  });

  it("is no good with few counts, nor where it is saturated", () => {
    const header = { detector: null, pixelXMm: null, pixelYMm: null, exposureS: 4, countCutoff: 1000 };
    const image = (...counts: number[]): DetectorImage => ({
      ...{ widthPx: counts.length, heightPx: 1, counts: Int32Array.from(counts), header },
    });
    expect(() => {
      assertFlat("f.cbf", image(-1, 9, 10, 10));
    }).toThrow(/9.67 counts a pixel/);
    expect(() => {
      assertFlat("f.cbf", image(0, 0, 0));
    }).toThrow(/0 counts a pixel/);
    expect(() => {
      assertFlat("f.cbf", image(100, 1000, 120));
    }).toThrow(/saturated/);
    assertFlat("f.cbf", image(-1, 10, 12, 10));
  });
});
