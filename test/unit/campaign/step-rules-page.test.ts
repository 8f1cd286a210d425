import { describe, expect, it } from "vitest";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";
import { errorsOf, load, loadShipped, repositoryText, tables } from "../../support/campaign-files.ts";
import { FILES } from "../../support/world-campaign.ts";

const CYCLE = `record: { time_s: 5 }
method:
  - { step: open_circuit_voltage, id: relax, until_time_s: 120 }
  - { step: constant_current, id: charge, rate_C: C/4, until_voltage_V: 4.2, until_time_s: 30000 }
  - { step: open_circuit_voltage, id: pause, until_time_s: 60 }
  - { step: constant_current, id: discharge, rate_C: D/4, until_voltage_V: 2.8, until_time_s: 30000 }
  - { step: constant_current, id: fast, rate_C: C/3, until_voltage_V: 4.2, until_time_s: 30000 }
`;
const OTHER = `record: { time_s: 5 }
method:
  - { step: open_circuit_voltage, id: settle, until_time_s: 600 }
`;

const pieces = [...repositoryText("docs/step-rules.md").matchAll(/```yaml\n([\s\S]*?)```/g)].map(
  (found) => found[1] ?? "",
);

describe("the page about steps that know of the beam", () => {
  it("has pieces of campaign that are accepted as they stand", () => {
    expect(pieces).toHaveLength(3);
    const small = FILES["small.yaml"]
      .replace("electrolyte: LP57\n", "electrolyte: LP57\n  electrode_area_cm2: 1.54\n")
      .replace("positions: B1..B5\n", "positions: B1..B5\n    protocol: other\n")
      .replace("protocols:\n", "protocols:\n  other: { file: other.yaml }\n");
    const files = { ...FILES, "cycle.yaml": CYCLE, "other.yaml": OTHER };
    const loaded = load({ ...files, "small.yaml": `${small}\n${pieces.join("\n")}` }, "small.yaml");
    expect(errorsOf(loaded)).toEqual([]);
    if (loaded.kind === "refused") return;
    const [cell] = loaded.campaign.cells;
    expect(cell?.stepRules).toHaveLength(6);
    expect(cell?.measuredRates).toHaveLength(1);
    expect(cell?.endConditions).toHaveLength(1);
  });

  it("names a campaign that passes, with every kind of rule told and counted in its longest time", () => {
    const loaded = loadShipped("protocols/campaigns/held-for-exposure.yaml");
    expect(errorsOf(loaded)).toEqual([]);
    if (loaded.kind === "refused") return;
    const { ok, forecast } = checkCampaign(loaded.campaign, loaded.site, tables);
    expect(ok).toBe(true);
    const told = loaded.findings.filter((finding) => finding.code === "campaign.step-rule");
    expect(told).toHaveLength(6);
    // Two waits of 45 min, one with a rest of 10 min, three holds of 30 min; steps of 5 min and three of 3 h.
    expect(forecast.protocols[0]?.longestS).toBe(300 + 3 * 10_800 + 2 * 2700 + 600 + 3 * 1800);
  });
});
