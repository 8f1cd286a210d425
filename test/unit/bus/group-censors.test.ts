import { describe, expect, it } from "vitest";
import { createAlarmBodies } from "../../../controller/bus/alarm-bodies.ts";
import type { BusSources } from "../../../controller/bus/bus-sources.ts";
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

  it("names none of a cell that joined since, and a group's alarms are of those too", () => {
    const cells = CELLS.slice(0, 2);
    const roles = { channels: cells.map(({ position }) => ({ name: `channel ${position}` })) };
    const open = ["A1.2", "B2"].map((where, id) => ({
      id,
      code: "cell.unproven",
      where,
      what: "as B2 (NMC.2)",
      advice: "",
    }));
    const sources = {
      ...{ campaign: { cells }, roles, nowMs: () => 0, startMs: 0 },
      run: {
        alarms: { open: open.map((alarm) => ({ ...alarm, raisedAtMs: 0 })) },
        actor: { getSnapshot: () => ({ children: {} }) },
      },
      alarmDesk: { seen: () => null, shelved: () => null, keep: () => undefined },
    } as unknown as BusSources;
    const alarms = createAlarmBodies(sources);
    expect(alarms.ofGroup("lno/study").open).toEqual([]);
    cells.push(
      { position: "A1.2", barcode: "LNO-2", group: "lno/study" },
      { position: "B2", barcode: "NMC.2", group: "nmc+" },
    );
    roles.channels.push({ name: "channel A1" }, { name: "channel B2" });
    expect(alarms.ofGroup("lno/study").open).toMatchObject([{ where: "A1.2", what: "as (another's) ((another's))" }]);
  });

  it("is as it was where the rack is one group's", () => {
    expect(censors(CELLS.slice(0, 2)).of("lno/study")("near B1")).toBe("near B1");
  });
});
