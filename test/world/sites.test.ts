import { afterAll, describe, expect, it } from "vitest";
import { load, repositoryText } from "../support/campaign-files.ts";
import { SHIPPED_SITES, sitePathOf } from "../support/shipped-sites.ts";
import { expectSound, FILES, removeFolders, runWorld, SIX } from "../support/world-campaign.ts";

afterAll(removeFolders);

function at(name: string) {
  const loaded = load({ ...FILES, "site.yaml": repositoryText(sitePathOf(name)) }, "small.yaml");
  if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.findings));
  const positions = new Set(SIX.cells.map(({ position }) => position));
  const cells = loaded.campaign.cells.filter(({ position }) => positions.has(position));
  return { site: loaded.site, campaign: { ...loaded.campaign, cells } };
}

describe("the same campaign on other hardware", () => {
  it.each(SHIPPED_SITES.filter((name) => name !== "reference"))(
    "at %s meets what was asked, with every instrument in place and nothing violated",
    async (name) => {
      const run = await runWorld({ hours: 0.2, ...at(name) });
      expectSound(run);
      expect(run.alarms).toEqual([]);
      expect(run.summary.requests.met).toBeGreaterThan(9);
      expect(run.summary.exposures.aborted).toBe(0);
    },
  );

  it("goes on when a client of many channels or a line of several sensors hangs, and says when that is over", async () => {
    const run = await runWorld({
      hours: 0.28,
      ...at("neware-zaber"),
      faults: [
        { kind: "link-hang", link: "cabinet 21", fromMs: 320_000, toMs: 350_000 },
        { kind: "link-hang", link: "/dev/serial/by-id/usb-rs485-ovens", fromMs: 400_000, toMs: 430_000 },
      ],
    });
    expectSound(run);
    expect(run.alarms).toContain("link.timeout cabinet 21");
    expect(run.alarms.some((alarm) => alarm.includes("usb-rs485-ovens") || alarm.includes("oven"))).toBe(true);
    expect(run.summary.alarms.open).toBe(0);
    expect(run.summary.cells.by_state["isolated"] ?? 0).toBe(0);
    expect(run.summary.exposures.made).toBeGreaterThan(11);
  });
});
