import { describe, expect, it } from "vitest";
import { colourAt, DOSE_COLOURS } from "../../../simulator/report/colours.ts";
import { niceTicks, createPanel, room } from "../../../simulator/report/panel.ts";
import type { PhysicsData, ReportCell } from "../../../simulator/report/physics-data.ts";
import { physicsFigures, reportPage } from "../../../simulator/report/report-page.ts";
import { polyline } from "../../../simulator/report/svg-text.ts";
import { spread } from "../../../simulator/report/waterfall-figure.ts";

const BINS = 500;
const HOURS = [0, 1, 2, 3, 4];

function reportCell(position: string, more: Partial<ReportCell> = {}): ReportCell {
  return {
    position,
    sample: `<${position} & "co">`,
    design: "lno-graphite",
    trace: {
      timeH: HOURS,
      voltageV: HOURS.map((hour) => 3 + hour / 5),
      currentMa: HOURS.map(() => 0.4),
      positive: HOURS.map((hour) => 0.9 - hour / 10),
    },
    frames: HOURS.map((hour) => ({
      timeH: hour,
      exposureS: 1,
      xMm: hour % 2,
      yMm: 0,
      mean: 0.9 - hour / 10,
      local: 0.9 - hour / 20,
      counts: () => Int32Array.from({ length: BINS }, (_, bin) => 1000 + (bin === 80 ? 5000 : bin % 7)),
    })),
    dose: {
      what: "positive electrode (surface, convention en)",
      limitGy: 5000,
      spots: [
        { xMm: 0, yMm: 0 },
        { xMm: 1, yMm: 0 },
      ],
      doseGy: (xMm, yMm) => 1000 * Math.exp(-4 * (xMm * xMm + yMm * yMm)),
    },
    ...more,
  };
}

function physics(...cells: readonly ReportCell[]): PhysicsData {
  return {
    campaign: "test <campaign>",
    seed: 1,
    durationH: 4,
    energyKeV: 60,
    wavelengthA: 0.20664,
    twoThetaDeg: Float64Array.from({ length: BINS }, (_, bin) => 1.3 + (bin * 7.6) / (BINS - 1)),
    cells,
  };
}

function figureNamed(data: PhysicsData, name: string): string {
  const found = physicsFigures(data).find((figure) => figure.name === name);
  if (found === undefined) throw new Error(`no figure ${name}`);
  return found.svg;
}

/** Every element closed, in order, and nothing but known escapes in its text. */
function expectWellFormed(xml: string): void {
  const open: string[] = [];
  for (const [, slash, name, , empty] of xml.matchAll(/<(\/?)([a-zA-Z]+)((?:\s[a-zA-Z:-]+="[^"<>]*")*)\s*(\/?)>/g)) {
    if (slash === "/") expect(open.pop()).toBe(name);
    else if (empty !== "/") open.push(name ?? "");
  }
  expect(open).toEqual([]);
  const bare = xml.replace(/<[^<>]*>/g, "");
  expect(bare).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;)/);
  expect(xml).not.toMatch(/NaN|Infinity|undefined/);
}

describe("the figures of a run", () => {
  const data = physics(reportCell("A1"), reportCell("B2"));

  it("are voltage, patterns and lithium of each cell, and the dose maps", () => {
    expect(physicsFigures(data).map(({ name }) => name)).toEqual([
      "voltage.svg",
      "patterns-A1.svg",
      "lithium-A1.svg",
      "patterns-B2.svg",
      "lithium-B2.svg",
      "dose-maps.svg",
    ]);
  });

  it("are well-formed, name their axes with units, and refer to nothing outside", () => {
    for (const { svg } of physicsFigures(data)) {
      expectWellFormed(svg);
      expect(svg).not.toMatch(/href=|<image|url\((?!#)/);
    }
    expect(figureNamed(data, "voltage.svg")).toContain("voltage (V)");
    expect(figureNamed(data, "voltage.svg")).toContain("current (mA)");
    expect(figureNamed(data, "patterns-A1.svg")).toContain("2\u03b8 (degrees)");
    expect(figureNamed(data, "patterns-A1.svg")).toContain("counts per bin");
    expect(figureNamed(data, "lithium-A1.svg")).toContain("lithium per site");
    expect(figureNamed(data, "dose-maps.svg")).toContain("dose (kGy)");
  });

  it("say how far the worst spot is from its cell", () => {
    const lithium = physicsFigures(data).find(({ name }) => name === "lithium-A1.svg");
    expect(lithium?.caption).toContain("0.200 away");
    const followed = reportCell("A1", { frames: reportCell("A1").frames.map((f) => ({ ...f, local: f.mean })) });
    const level = physicsFigures(physics(followed)).find(({ name }) => name === "lithium-A1.svg");
    expect(level?.caption).toContain("no harm");
  });

  it("say what share of its limit a cell has reached", () => {
    expect(figureNamed(data, "dose-maps.svg")).toContain("most 1.00 kGy, 20.0 % of 5.00 kGy");
  });

  it("leave out what a cell without a frame cannot show, and the page says so", () => {
    const without = physics(
      reportCell("A1", {
        frames: [],
        trace: { timeH: [], voltageV: [], currentMa: [], positive: [] },
        dose: { what: "x", limitGy: null, spots: [], doseGy: () => 0 },
      }),
    );
    const figures = physicsFigures(without);
    expect(figures.map(({ name }) => name)).toEqual(["voltage.svg", "dose-maps.svg"]);
    for (const { svg } of figures) expectWellFormed(svg);
    expect(reportPage(without, figures, "links")).toContain("No frame was taken of A1.");
  });
});

describe("the page of a run", () => {
  const data = physics(reportCell("A1"), reportCell("B2"));
  const figures = physicsFigures(data);

  it("names the figures beside it, or holds them", () => {
    const links = reportPage(data, figures, "links");
    for (const { name } of figures) expect(links).toContain(`src="${name}"`);
    const whole = reportPage(data, figures, "figures");
    expect(whole).not.toContain("<img");
    expect(whole.split("<svg ").length - 1).toBe(figures.length);
  });

  it("lets figures scroll where the page is narrower than their letters are large", () => {
    const links = reportPage(data, figures, "links");
    expect(links.split('<div class="scroll"').length - 1).toBe(figures.length);
    expect(links).toContain("overflow-x: auto");
  });

  it("gives every clip path a name of its own", () => {
    const ids = [...reportPage(data, figures, "figures").matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(4);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("shows names as they are written", () => {
    expect(reportPage(data, figures, "links")).toContain("test &lt;campaign&gt;");
  });
});

describe("an axis", () => {
  it("has round ticks within its ends", () => {
    expect(niceTicks(0, 24, 6)).toEqual([0, 5, 10, 15, 20]);
    expect(niceTicks(-0.44, 0.44, 4)).toHaveLength(5);
    expect(niceTicks(2.61, 3.53, 5)).toHaveLength(4);
    expect(niceTicks(7.5, -7.5, 4)).toEqual([-5, 0, 5]);
    expect(niceTicks(1, 1, 5)).toEqual([1]);
  });

  it("takes values to pixels, upwards and logarithmically where asked", () => {
    const panel = createPanel({
      leftPx: 10,
      topPx: 20,
      widthPx: 100,
      heightPx: 200,
      x: { label: "x", from: 0, to: 10 },
      y: { label: "y", from: 1, to: 100, isLogarithmic: true },
    });
    expect(panel.xPx(5)).toBeCloseTo(60, 9);
    expect(panel.yPx(1)).toBeCloseTo(220, 9);
    expect(panel.yPx(10)).toBeCloseTo(120, 9);
  });

  it("leaves room around values, a least span where they hardly differ", () => {
    expect(room([3, 3], 0.2)).toEqual([2.9, 3.1]);
    const [low, high] = room([0, 10, NaN], 1);
    expect(low).toBeLessThan(0);
    expect(high).toBeGreaterThan(10);
    expect(room([], 1)).toEqual([0, 1]);
  });
});

it("a line is broken where there is no value", () => {
  const points = [0, 1, NaN, 3, 4].map((y, x) => ({ x, y }));
  expect(polyline(points, {})).toContain('d="M0 0L1 1M3 3L4 4"');
  expect(polyline([], {})).toBe("");
});

it("a selection keeps both ends and its order", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index);
  const some = spread(hundred, 7);
  expect(some).toHaveLength(7);
  expect([some[0], some[6]]).toEqual([0, 99]);
  expect([...some].sort((a, b) => a - b)).toEqual(some);
  expect(spread([1, 2], 7)).toEqual([1, 2]);
});

it("a colour scale is held at its ends", () => {
  expect(colourAt(DOSE_COLOURS, -1)).toBe(colourAt(DOSE_COLOURS, 0));
  expect(colourAt(DOSE_COLOURS, 7)).toBe(colourAt(DOSE_COLOURS, 1));
  expect(colourAt(DOSE_COLOURS, NaN)).toMatch(/^#[0-9a-f]{6}$/);
});
