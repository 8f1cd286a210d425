import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assert } from "../../protocols/base/assert.ts";
import { checkCampaign } from "../../protocols/campaign/check-campaign.ts";
import { contextOf, load, loadShipped } from "../support/campaign-files.ts";
import {
  expectSound,
  field,
  FILES,
  numeric,
  removeFolders,
  runWorld,
  type WorldRun,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

const SLOW_MS = 120_000;

/** Four control spots well away from the nine of the sweep; a visit every third sweep, that is every quarter of an hour. */
function withControls(
  rule: "tell" | "lower" | "stop",
  change = (text: string): string => text,
  more = "",
  cycle = FILES["cycle.yaml"],
) {
  const controls = `
controls:
  spots: [{ x_mm: 4, y_mm: 0 }, { x_mm: 0, y_mm: 4 }, { x_mm: -4, y_mm: 0 }, { x_mm: 0, y_mm: -4 }]
  every_sweeps: 3
  on_beam_effect: ${rule}
  ${more}
`;
  const files = { ...FILES, "cycle.yaml": cycle, "small.yaml": change(FILES["small.yaml"]) + controls };
  const loaded = load(files, "small.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(loaded.kind === "loaded" ? [] : loaded.findings));
  return { ...loaded, files };
}

const HOURS = 0.55;
/** Twice as often as in the small campaign. */
const OFTEN = (text: string): string =>
  text.replace("cadence_min: 5, first_after_min: 5", "cadence_min: 2.5, first_after_min: 2.5");

function dataOf(run: WorldRun, type: string): readonly Readonly<Record<string, unknown>>[] {
  return run.of(type).map(({ dataText }) => JSON.parse(dataText) as Record<string, unknown>);
}

describe("control visits of a small rack whose spots the beam does not harm", () => {
  let run: WorldRun;
  beforeAll(async () => {
    run = await runWorld({ campaign: withControls("stop", OFTEN).campaign, hours: HOURS, frames: true, harm: 0 });
  }, SLOW_MS);

  it("are exposures like any other: booked, settled, within their limits, in the world and in the ledger", () => {
    expectSound(run);
    const visits = run.of("exposure-wanted");
    // Ten cells at sweeps 3, 6, 9 and 12; B5 is on a short leash.
    expect(visits.length).toBeGreaterThanOrEqual(36);
    expect(run.of("exposure-booked").length).toBe(run.of("exposure-settled").length);
  });

  it("go to the control spots in turn, right after the exposure they are compared with", () => {
    const pairs = run.of("control-pair");
    expect(pairs.length).toBeGreaterThan(25);
    for (const data of dataOf(run, "control-pair")) {
      expect(data["control_spot"]).toBe((Number(data["sweep"]) / 3 - 1) % 4);
      expect(String(data["exposure_id"])).toContain(`-${String(data["position"])}`);
    }
  });

  it("find nothing, raise no alarm and hold no exposure back", () => {
    const verdicts = dataOf(run, "beam-effect").map((data) => data["verdict"]);
    expect(verdicts.length).toBe(4);
    expect(new Set(verdicts)).not.toContain("suspected");
    expect(new Set(verdicts)).not.toContain("found");
    expect(run.alarms.filter((alarm) => alarm.startsWith("dose.beam-effect"))).toEqual([]);
    expect(run.of("exposures-held-back")).toEqual([]);
    expect(run.virtual.run.beamEffect()?.look).toBe(4);
  });
});

describe("control visits of a small rack whose spots the beam blocks at once", () => {
  let run: WorldRun;
  const { campaign } = withControls("stop");
  beforeAll(async () => {
    run = await runWorld({ campaign, hours: 2 * HOURS, frames: true, harm: 3000 });
  }, SLOW_MS);

  it("find the effect, say so with its size, and stop exposing the cells concerned", () => {
    const verdict = run.virtual.run.beamEffect();
    expect(verdict?.verdict).toBe("found");
    expect(run.alarms.some((alarm) => alarm.startsWith("dose.beam-effect "))).toBe(true);
    const material = verdict?.materials[0];
    expect(material?.lag?.mean).toBeGreaterThan(0.01);
    const [heldBack] = run.of("exposures-held-back");
    const [held] = dataOf(run, "exposures-held-back");
    assert(heldBack !== undefined && held !== undefined, "nothing is held back");
    expect(held["rule"]).toBe("stop");
    const stopped = held["positions"] as readonly string[];
    expect(stopped.length).toBeGreaterThan(0);
    const after = run.of("shutter-opened").filter(({ atMs }) => atMs > heldBack.atMs + 60_000);
    const positions = after.map(({ dataText }) => (JSON.parse(dataText) as { readonly position: string }).position);
    expect(positions.filter((position) => stopped.includes(position))).toEqual([]);
    expect(dataOf(run, "request-missed").some(({ text }) => String(text).includes("the beam changes it"))).toBe(true);
  });

  it("leave the cells cycling", () => {
    expect(run.summary.violations).toEqual([]);
  });
});

describe("rare and dark cells beside exposed ones that are lowered once the beam was found to change them, killed twice", () => {
  const KILLED_S = [1050, 1640];
  /** Turns enough to tell resistances, and lithium that moves enough to lag. */
  const STEPS = `
record: { time_s: 5 }
method:
  - { step: open_circuit_voltage, until_time_s: 60 }
  - { step: constant_current, id: charge, rate_C: C/2.1, until_voltage_V: 4.2, until_time_s: 780 }
  - { step: open_circuit_voltage, until_time_s: 60 }
  - { step: loop, loop_to: 2, cycle_count: 4 }
`;
  const LOWERED = "rare_every_sweeps: 6\n  lowered: { every_sweeps: 4, exposure_fraction: 0.5 }";
  const { campaign } = withControls(
    "lower",
    (text) =>
      text
        .replace("cadence_min: 5, first_after_min: 5", "cadence_min: 2.5, first_after_min: 2.5")
        .replace("columns: 3, rows: 3", "columns: 1, rows: 2")
        .replace(
          "S-{position}",
          "S-{position}\n    overrides: { B1: *rare, B2: *rare, B3: *rare, B5: *dark, B4: *dark }",
        )
        .replace(/[*]rare/g, "{ role: rare-control }")
        .replace(/[*]dark/g, "{ role: dark-control }"),
    LOWERED,
    STEPS,
  );
  let run: WorldRun;
  beforeAll(async () => {
    const kills = KILLED_S.map((atS) => ({ atS, downS: 15 }));
    run = await runWorld({ campaign, hours: 0.7, frames: true, harm: 10000, kills });
  }, SLOW_MS);

  const RARE = ["B1", "B2", "B3"];
  /** Of ordinary exposures that were made: sweep, position, seconds asked for and when. */
  const made = () =>
    run.of("exposure-booked").flatMap((event) => {
      const [, sweep, position] = /^X-S(\d+)-(\w+)$/.exec(field(event, "exposure_id")) ?? [];
      return sweep === undefined || position === undefined ? [] : [{ sweep: Number(sweep), position, event }];
    });

  it("is sound, and dark cells are never exposed", () => {
    expectSound(run);
    expect(run.of("campaign-resumed")).toHaveLength(2);
    expect(made().filter(({ position }) => position === "B4" || position === "B5")).toEqual([]);
  });

  it("exposes rare cells in each sixth sweep alone, and asks for no other", () => {
    const sweeps = made().flatMap(({ sweep, position }) => (RARE.includes(position) ? [sweep] : []));
    expect(new Set(sweeps)).toEqual(new Set([6, 12]));
    const asked = run.of("sweep-begun").map((event) => [numeric(event, "sweep"), numeric(event, "asked")]);
    for (const [sweep, count] of asked) expect([sweep, count]).toEqual([sweep, (sweep ?? 0) % 6 === 0 ? 8 : 5]);
    expect(dataOf(run, "request-missed").filter(({ position }) => RARE.includes(String(position)))).toEqual([]);
  });

  it("takes each look once, on all pairs that are on record, whoever took them", () => {
    const looks = dataOf(run, "beam-effect");
    expect(looks.map((data) => data["look"])).toEqual(looks.map((_, index) => index + 1));
    expect(looks.length).toBeGreaterThanOrEqual(5);
    const pairs = dataOf(run, "control-pair");
    const killsIn = KILLED_S.map((atS) => run.of("control-pair").filter(({ atMs }) => atMs < atS * 1000).length);
    expect(killsIn[0]).toBeGreaterThan(5);
    expect(killsIn[1]).toBeLessThan(pairs.length);
    const cells = looks.at(-1)?.["cells"] as readonly { position: string; lag: { pairs: number } | null }[];
    for (const { position, lag } of cells) {
      expect([position, lag?.pairs]).toEqual([position, pairs.filter((pair) => pair["position"] === position).length]);
    }
  });

  it("compares with rare cells, and capacity and resistance with all controls", () => {
    const materials = dataOf(run, "beam-effect").at(-1)?.["materials"] as readonly { compared: readonly object[] }[];
    expect(materials[0]?.compared).toMatchObject([
      { quantity: "lag", controls: 3 },
      { quantity: "width" },
      { quantity: "capacity" },
      { quantity: "resistance" },
    ]);
    expect(run.of("cell-resistance").length).toBeGreaterThanOrEqual(10);
  });

  it("leaves of the lowered cells each fourth sweep and control visits, half as long, also after the second kill", () => {
    const [event] = run.of("exposures-held-back");
    const [held] = dataOf(run, "exposures-held-back");
    assert(event !== undefined && held !== undefined, "nothing is lowered");
    expect(held).toMatchObject({ rule: "lower", every_sweeps: 4, exposure_fraction: 0.5 });
    expect(event.atMs).toBeLessThan(1000 * (KILLED_S[1] ?? 0));
    const lowered = held["positions"] as readonly string[];
    expect(lowered.length).toBeGreaterThan(0);
    const after = made().filter((one) => lowered.includes(one.position) && one.event.atMs > event.atMs);
    expect(after.filter(({ sweep }) => sweep % 3 !== 0 && sweep % 4 !== 0)).toEqual([]);
    expect(after.some(({ sweep }) => sweep === 16)).toBe(true);
    const settled = dataOf(run, "exposure-settled").filter(({ exposure_id: id }) =>
      after.some((one) => field(one.event, "exposure_id") === id),
    );
    expect(settled.length).toBe(after.length);
    for (const data of settled) expect(Number(data["open_time_s"])).toBeCloseTo(2.5, 1);
    const others = made().filter((one) => RARE.includes(one.position) && one.sweep === 12);
    expect(others.length).toBe(RARE.length);
    const texts = dataOf(run, "request-missed").map(({ text }) => String(text));
    expect(texts).toContainEqual(expect.stringContaining("in each sweep of 4 and at control visits only"));
  });

  it("shows the last look at once after a restart", () => {
    expect(run.virtual.run.beamEffect()?.look).toBe(run.of("beam-effect").length);
  });
});

describe("the campaign that looks for a beam effect", () => {
  const loaded = loadShipped("protocols/campaigns/beam-effect.yaml");
  assert(loaded.kind === "loaded", "it is refused");
  const { campaign, site } = loaded;

  it("is sound by itself, and will find what it looks for", () => {
    const check = checkCampaign(campaign, site, contextOf(FILES).attenuationTables());
    expect(check.findings.filter(({ severity }) => severity !== "note")).toEqual([]);
    expect(check.forecast.controls?.power).toBeGreaterThan(0.99);
    expect(check.forecast.controls?.rare?.lagSuspected).toBeLessThan(0.05);
  });

  it(
    "runs: rare cells in the sixth sweep only, control spots in each third, nothing lowered at the start",
    async () => {
      const run = await runWorld({ campaign, hours: 1.05 });
      expectSound(run);
      const asked = run.of("sweep-begun").map((event) => numeric(event, "asked"));
      expect(asked).toEqual([8, 8, 8, 8, 8, 12]);
      expect(run.of("exposure-wanted")).toHaveLength(8 + 12);
      expect(run.of("exposures-held-back")).toEqual([]);
    },
    SLOW_MS,
  );
});

describe("controls in a campaign file", () => {
  it("are checked before anything moves: cost, dose and power are said", () => {
    const { campaign, site, files } = withControls("tell");
    const check = checkCampaign(campaign, site, contextOf(files).attenuationTables());
    const said = check.findings.find(({ code }) => code.startsWith("plan.controls"));
    expect(said?.what).toMatch(/11 control visits of each cell, 110 exposures/);
    expect(check.forecast.controls?.controlSpotGy).toBeGreaterThan(0);
    expect(check.forecast.controls?.power).toBeGreaterThan(0.8);
  });

  it("cost what is said of rarely exposed cells too, and too few control cells are named", () => {
    const roles = "S-{position}\n    overrides: { B1: *, B2: *, B3: * }";
    const rare = (text: string): string =>
      text.replace("S-{position}", roles).replace(/[*]/g, "{ role: rare-control }");
    const { campaign, site, files } = withControls("tell", rare, "rare_every_sweeps: 6");
    const check = checkCampaign(campaign, site, contextOf(files).attenuationTables());
    expect(check.forecast.controls?.rare).toMatchObject({ cellCount: 3, visitCount: 5 });
    expect(check.findings.find(({ code }) => code === "plan.controls-rare")?.what).toMatch(/5 times each/);
    const few = withControls(
      "tell",
      (text) => rare(text).replace("{ role: rare-control }", "{}"),
      "rare_every_sweeps: 6",
    );
    const findings = checkCampaign(few.campaign, site, contextOf(files).attenuationTables()).findings;
    expect(findings.find(({ code }) => code === "plan.controls-few")?.what).toMatch(/2 control cells .B2..B3/);
  });

  it.each([
    ["no controls at all", ""],
    ["controls that do not say how rarely", "controls: { spots: [{ x_mm: 4, y_mm: 0 }], every_sweeps: 3 }"],
    [
      "rare sweeps without control visits",
      "controls: { spots: [{ x_mm: 4, y_mm: 0 }], every_sweeps: 3, rare_every_sweeps: 4 }",
    ],
  ])("are refused for rarely exposed cells with %s", (_, controls) => {
    const text = FILES["small.yaml"].replace("barcode: S-{position}", "barcode: S-{position}\n    role: rare-control");
    const loaded = load({ ...FILES, "small.yaml": `${text}\n${controls}\n` }, "small.yaml");
    const codes = loaded.kind === "loaded" ? [] : loaded.findings.map(({ code }) => code);
    expect(codes).toContain("campaign.rare-control");
  });

  it("are refused where a control spot lies within reach of an exposed one, or off the electrode", () => {
    const controls = (x: number): string =>
      `${FILES["small.yaml"]}\ncontrols: { spots: [{ x_mm: ${x}, y_mm: 0 }], every_sweeps: 3 }\n`;
    for (const [x, code] of [
      [1.5, "campaign.control-spot"],
      [8, "campaign.spot"],
    ] as const) {
      const loaded = load({ ...FILES, "small.yaml": controls(x) }, "small.yaml");
      expect(loaded.kind === "loaded" ? [] : loaded.findings.map((finding) => finding.code)).toContain(code);
    }
  });
});
