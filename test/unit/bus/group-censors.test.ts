import { describe, expect, it } from "vitest";
import { createGroupCensors } from "../../../controller/bus/group-censors.ts";
import type { Campaign } from "../../../protocols/campaign/campaign.ts";
import type { CampaignRoles } from "../../../controller/run/roles.ts";

const CELLS = [
  { position: "A1", barcode: "LNO-1", group: "lno/study" },
  { position: "A11", barcode: "LNO-10", group: "lno/study" },
  { position: "B1", barcode: "NMC.1", group: "nmc+" },
];

function censors(cells: typeof CELLS) {
  const campaign = { cells } as unknown as Campaign;
  const channels = cells.map(({ position }) => ({ name: `channel ${position}` }));
  return createGroupCensors(campaign, { channels } as unknown as Pick<CampaignRoles, "channels">);
}

describe("what a group reads of its cells on the bus", () => {
  it("names no group, cell, place or channel of another's, and all of its own", () => {
    const { of } = censors(CELLS);
    const text = "A1: the voltage answers to the current of B1 (NMC.1 of nmc+, on channel B1), not to LNO-10 at A11";
    const told = of("lno/study")(text);
    expect(told).toMatch(/^A1: .* not to LNO-10 at A11$/);
    expect(told).not.toMatch(/B1|NMC|nmc/);
    expect(of("lno/study")(text)).toBe(told);
    expect(of("nmc+")(text)).toMatch(/B1 \(NMC\.1 of nmc\+, on channel B1\)/);
    expect(of("nmc+")(text)).not.toMatch(/A1\b|A11|LNO/);
  });

  it("is as it was where the rack is one group's", () => {
    expect(censors(CELLS.slice(0, 2)).of("lno/study")("near B1")).toBe("near B1");
  });
});
