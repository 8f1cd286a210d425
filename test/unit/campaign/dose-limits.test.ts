import { describe, expect, it } from "vitest";
import type { CampaignCell } from "../../../protocols/campaign/campaign.ts";
import type { LoadedCampaign } from "../../../tui/load-campaign.ts";
import { errorsOf, load, spoilt } from "../../support/campaign-files.ts";

const LAYER = "layer: positive electrode";

/** The good campaign with one of its limits put otherwise, and another entry beside it. */
function limits(changes: string, another = "") {
  const files = spoilt("good.yaml", `  - ${LAYER}\n    location`, `  - location: surface\n    ${changes}\n    place`);
  const text = (files["good.yaml"] ?? "").replace("    place: surface\n", "");
  const grouped = text.replace("  - positions: [B1, B2]\n", "  - positions: [B1, B2]\n    group: tests\n");
  return load({ ...files, "good.yaml": `${grouped}\n${another}` });
}

function cellsOf(loaded: LoadedCampaign): readonly CampaignCell[] {
  if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.findings));
  return loaded.campaign.cells;
}

const PER_CYCLE = `  - layer: positive electrode
    location: mean
    convention: en
    dose_Gy: 5000
    scope: spot_cycle
    source: a test
    vouched_by: a tester
    applies_to: { group: [GROUP] }
`;

describe("a dose limit", () => {
  it("of a material covers every layer of it that keeps a dose", () => {
    const loaded = limits("material: electrode_lno");
    expect(errorsOf(loaded)).toEqual([]);
    expect(cellsOf(loaded)[0]?.doseLimits).toMatchObject([{ layerName: "positive electrode", scope: "spot-total" }]);
  });

  it("of a material that no layer is of is refused, with those there are", () => {
    const loaded = limits("material: electrode_lfp");
    const finding = errorsOf(loaded).find((error) => error.code === "campaign.limit-layer");
    expect(finding?.where).toMatch(/dose_limits\[0\]\.material$/);
    expect(finding?.what).toBe("no layer of the cells that this limit is for is of material electrode_lfp");
    expect(finding?.advice).toContain("electrode_lno");
  });

  it("of a material whose layer keeps no dose is refused", () => {
    const finding = errorsOf(limits("material: ss304")).find((error) => error.code === "campaign.limit-layer");
    expect(finding?.what).toContain("has a layer of ss304 whose dose it does not keep");
  });

  it("names a layer or a material, not both and not neither", () => {
    for (const text of [`${LAYER}\n    material: electrode_lno`, "# none"]) {
      const codes = errorsOf(limits(text)).map((error) => error.code);
      expect(codes).toContain("campaign.limit-layer");
    }
  });

  it("of one group holds for the cells of that group alone, and may count each cycle by itself", () => {
    const loaded = limits(LAYER, PER_CYCLE.replace("GROUP", "tests"));
    expect(errorsOf(loaded)).toEqual([]);
    for (const cell of cellsOf(loaded))
      expect(cell.doseLimits.map((limit) => limit.scope)).toEqual(
        cell.group === "tests" ? ["spot-total", "spot-cycle"] : ["spot-total"],
      );
  });

  it("of a group that has no cell is refused, with those there are", () => {
    const finding = errorsOf(limits(LAYER, PER_CYCLE.replace("GROUP", "test")))[0];
    expect(finding).toMatchObject({ code: "campaign.limit-group", what: "no cell is of group test" });
    expect(finding?.advice).toContain("tests");
  });
});
