import { expect, it } from "vitest";
import { repositoryText } from "../support/campaign-files.ts";
import { explore, summaryOf } from "../support/explore-command.ts";

const CAMPAIGN = "protocols/campaigns/fault-search.yaml";
const SITE = "protocols/sites/search/small.yaml";
const PROTOCOL = "protocols/library/lno-fault-search.yaml";

/** The site of the search with source-measure units, one to a cell, which end no step by themselves. */
const KEITHLEYS = `channels:
  - positions: A1..H12
    driver: keithley-smu
    link: { tcp: "smu-{position}:5025" }
    voltage_min_V: -20
    voltage_max_V: 20
    current_max_mA: 1000
    sample_interval_min_s: 1
    techniques: [open_circuit_voltage, constant_current, constant_voltage]

`;

function withKeithleys(site: string): string {
  return site.replace(/^channels:[^]*?(?=^io:)/m, KEITHLEYS);
}

async function found(seeds: string, site: string, files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const campaign = { [CAMPAIGN]: repositoryText(CAMPAIGN).replace(/^campaign:/m, "attended_by: anna\ncampaign:") };
  const read = { ...campaign, [PROTOCOL]: repositoryText(PROTOCOL), [SITE]: repositoryText(SITE), ...files };
  const summary = summaryOf(await explore([CAMPAIGN, "--site", site, "--seeds", seeds], false, read));
  expect(summary.checks["charge-counted"]).toBeGreaterThan(5);
  return summary.violations.map(({ seed, invariant, what }) => `${seed} ${invariant} ${what}`);
}

// Each was broken once: a cabinet's last rows, its cable that several cells share, light through failed shutters that a second
// restart forgot, a discharge that ran on behind a lost controller, a silence before one.
it.each([
  ["neware-zaber", "22..30"],
  ["neware-zaber", "159..159"],
  ["neware-zaber", "191..191"],
  ["neware-zaber", "198..198"],
  ["reference", "16..17"],
  ["reference", "109..110"],
])("the search for what faults can break, at the site %s: seeds %s", async (name, seeds) => {
  const site = `protocols/sites/${name}.yaml`;
  expect(await found(seeds, site, { [site]: repositoryText(site) })).toEqual([]);
});

it("the same, with units that the controller's clock ends", async () => {
  expect(await found("1..9", SITE, { [SITE]: withKeithleys(repositoryText(SITE)) })).toEqual([]);
  expect(await found("26..26", SITE, { [SITE]: withKeithleys(repositoryText(SITE)) })).toEqual([]);
});
