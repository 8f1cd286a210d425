import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { assignCells } from "../../../protocols/manifest/assign-cells.ts";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";
import { fairShares } from "../../../protocols/manifest/fair-shares.ts";
import { readManifest } from "../../../protocols/manifest/read-manifest.ts";
import { packageRoot } from "../../../tui/rim/package-root.ts";
import { forecastGroups } from "../../../tui/plan/plan-forecast.ts";
import { loadShipped, tables } from "../../support/campaign-files.ts";

const BOXES = ["cobalt-works.csv", "iron-works.csv", "oxide-lab.csv", "nickel-group.json"];

describe("the week of four boxes", () => {
  it("has every cell of every box where the plan puts it, with its code, group and limits", () => {
    const { folder } = packageRoot();
    const manifests = BOXES.map((name) => {
      const path = join(folder, "protocols/manifests", name);
      const { manifest, findings } = readManifest(readFileSync(path, "utf8"), relative(folder, path));
      expect(findings).toEqual([]);
      if (manifest === undefined) throw new Error(`${name} is refused`);
      expect(manifest.cells).toHaveLength(24);
      return manifest;
    });
    const loaded = loadShipped("protocols/campaigns/mail-in-week.yaml");
    if (loaded.kind !== "loaded") throw new Error(JSON.stringify(loaded.findings));
    const { campaign, site } = loaded;
    const { placed } = assignCells({
      manifests,
      channels: site.channels,
      zones: [],
      roomC: 25,
      techniquesOf: () => new Set(),
    });
    const planned = placed.map(({ position, cell, manifest }) => [
      position,
      cell.barcode,
      manifest.group,
      cell.chemistry,
      cell.role,
    ]);
    expect(
      campaign.cells.map(({ position, barcode, group, chemistry, role }) => [
        position,
        barcode,
        group,
        chemistry,
        role,
      ]),
    ).toEqual(planned);
    for (const [index, { cell }] of placed.entries()) {
      const own = campaign.cells[index];
      expect(own?.limits).toMatchObject({ voltageMaxV: cell.voltageMaxV, currentMaxA: cell.currentMaxMa / 1000 });
      expect(own?.doseLimits.map(({ doseGy }) => doseGy)).toEqual(cell.doseLimitGy === null ? [] : [cell.doseLimitGy]);
    }
    const check = checkCampaign(campaign, site, tables, loaded.document);
    const groups = forecastGroups(campaign, site, check);
    const wishes = groups.map(({ group, beamH }) => ({ group, cells: 22, hours: beamH ?? NaN }));
    expect(new Map(campaign.shares?.map(({ group, beamTime }) => [group, beamTime]))).toEqual(fairShares(wishes, 168));
    // Asked until a cell is done, and no longer.
    const byGroup = new Map(groups.map((one) => [one.group, one]));
    expect(byGroup.get("oxide-lab")?.exposures).toBe(22 * Math.ceil((byGroup.get("oxide-lab")?.endH ?? 0) + 1));
    // What each asks at a moment of its own has longer ways than what the clock asks of all.
    const eachS = (group: string): number =>
      (3600 * (byGroup.get(group)?.beamH ?? 0)) / (byGroup.get(group)?.exposures ?? 0);
    expect(eachS("oxide-lab")).toBeLessThan(7);
    expect(eachS("nickel-group")).toBeGreaterThan(7.3);
    expect(campaign.durationS).toBe(168 * 3600);
  });
});
