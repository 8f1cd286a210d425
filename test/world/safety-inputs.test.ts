import { afterAll, describe, expect, it } from "vitest";
import { expectSound, field, FILES, removeFolders, runWorld, type WorldRun } from "../support/world-campaign.ts";
import { load } from "../support/campaign-files.ts";
import { assert } from "../../protocols/base/assert.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import type { WorldFault } from "../../simulator/world/world-faults.ts";

afterAll(removeFolders);

const INPUTS = `
safety_inputs:
  - { name: button, kind: emergency_button, io_input: 12 }
  - { name: smoke, kind: smoke, io_input: 13, trouble_when: closed }
  - { name: gas, kind: gas, io_input: 14 }
  - { name: heat, kind: over_temperature, io_input: 15, response: [] }
  - { name: fan, kind: extraction_lost, interlock: emergency_ok }
`;
const read = load({ ...FILES, "site.yaml": `${FILES["site.yaml"]}${INPUTS}` }, "small.yaml");
assert(read.kind === "loaded", "a site with inputs is refused");
const { site, campaign } = read;

async function runWith(faults: readonly WorldFault[], hours = 0.1, resumedAtS?: number): Promise<WorldRun> {
  const act = ({ run: { actor } }: VirtualCampaign): void => {
    actor.send({ type: "RESUME_EXPOSING", author: "anna" });
  };
  const run = await runWorld({
    ...{ hours, site, campaign, faults },
    ...(resumedAtS === undefined ? {} : { at: [[resumedAtS, act]] }),
  });
  expect(run.summary.violations).toEqual([]);
  return run;
}

function ordered(run: WorldRun): readonly string[] {
  return run.of("stop-ordered").map((event) => `${field(event, "class")} by ${field(event, "author")}`);
}

describe("an input at the rack", () => {
  it("changes nothing as long as it tells of no trouble", async () => {
    const run = await runWith([]);
    expectSound(run);
    expect(run.of("safety-input-tripped")).toEqual([]);
    expect(run.of("exposure-booked").length).toBeGreaterThan(0);
  });

  it("that tells of smoke stops everything, and nobody resumes while it does", async () => {
    const run = await runWith([{ kind: "safety-input", input: "smoke", fromMs: 306_000 }]);
    expect(ordered(run)).toEqual(["emergency by input smoke"]);
    expect(run.of("stop-ordered")[0]?.atMs).toBeLessThan(307_500);
    expect(run.of("cell-stopped")).toHaveLength(campaign.cells.length);
    expect(run.alarms).toContain("safety.tripped smoke");
    expect(run.summary.checks["hazard-answered"]).toBeGreaterThan(0);
    expect(run.virtual.run.stops.troubles()).toEqual(["smoke: smoke"]);
  });

  it("is answered as the site says: gas by open circuit, a fan by holding cells, heat by an alarm alone, a button by an emergency stop", async () => {
    const faults: readonly WorldFault[] = [
      { kind: "safety-input", input: "heat", fromMs: 100_000, toMs: 110_000 },
      { kind: "interlock", name: "emergencyOk", fromMs: 200_000, toMs: 230_000 },
      { kind: "safety-input", input: "gas", fromMs: 290_000, toMs: 320_000 },
      { kind: "safety-input", input: "button", fromMs: 335_000 },
    ];
    const run = await runWith(faults, 0.1, 215);
    expect(run.of("exposing-not-resumed").map((event) => field(event, "author"))).toEqual(["anna"]);
    expect(run.of("exposing-resumed")).toEqual([]);
    expect(ordered(run)).toEqual([
      "exposing by input fan",
      "step by input fan",
      "exposing by input gas",
      "open-circuit by input gas",
      "emergency by input button",
    ]);
    expect(run.of("cell-held")).toHaveLength(campaign.cells.length);
    expect(run.of("cell-stopped")).toHaveLength(campaign.cells.length);
    expect(run.of("exposure-booked")).toEqual([]);
    expect(run.of("safety-input-well").map((event) => field(event, "input"))).toEqual(["heat", "fan", "gas"]);
  });

  it("that is not read any more counts as trouble", async () => {
    const run = await runWith([{ kind: "link-hang", link: "io", fromMs: 320_000, toMs: 380_000 }]);
    const [tripped] = run.of("safety-input-tripped");
    expect(tripped === undefined ? NaN : tripped.atMs).toBeLessThan(332_000);
    expect(ordered(run)).toContain("emergency by input button");
    expect(run.of("cell-stopped")).toHaveLength(campaign.cells.length);
  });
});
