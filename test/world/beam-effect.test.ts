import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assert } from "../../protocols/base/assert.ts";
import { checkCampaign } from "../../protocols/campaign/check-campaign.ts";
import { contextOf, load } from "../support/campaign-files.ts";
import { expectSound, FILES, removeFolders, runWorld, type WorldRun } from "../support/world-campaign.ts";

afterAll(removeFolders);

const SLOW_MS = 120_000;

/** Four control spots well away from the nine of the sweep; a visit every third sweep, that is every quarter of an hour. */
function withControls(rule: "tell" | "lower" | "stop", change = (text: string): string => text) {
  const controls = `
controls:
  spots: [{ x_mm: 4, y_mm: 0 }, { x_mm: 0, y_mm: 4 }, { x_mm: -4, y_mm: 0 }, { x_mm: 0, y_mm: -4 }]
  every_sweeps: 3
  on_beam_effect: ${rule}
`;
  const files = { ...FILES, "small.yaml": change(FILES["small.yaml"]) + controls };
  const loaded = load(files, "small.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(loaded.kind === "loaded" ? [] : loaded.findings));
  return { ...loaded, files };
}

const HOURS = 1.1;

function dataOf(run: WorldRun, type: string): readonly Readonly<Record<string, unknown>>[] {
  return run.of(type).map(({ dataText }) => JSON.parse(dataText) as Record<string, unknown>);
}

describe("control visits of a small rack whose spots the beam does not harm", () => {
  let run: WorldRun;
  beforeAll(async () => {
    run = await runWorld({ campaign: withControls("stop").campaign, hours: HOURS, frames: true, harm: 0 });
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
    run = await runWorld({ campaign, hours: HOURS, frames: true, harm: 3000 });
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

describe("controls in a campaign file", () => {
  it("are checked before anything moves: cost, dose and power are said", () => {
    const { campaign, site, files } = withControls("tell");
    const check = checkCampaign(campaign, site, contextOf(files).attenuationTables());
    const said = check.findings.find(({ code }) => code.startsWith("plan.controls"));
    expect(said?.what).toMatch(/11 control visits of each cell, 110 exposures/);
    expect(check.forecast.controls?.controlSpotGy).toBeGreaterThan(0);
    expect(check.forecast.controls?.power).toBeGreaterThan(0.8);
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
