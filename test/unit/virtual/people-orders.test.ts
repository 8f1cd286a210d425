import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import type { CampaignRun } from "../../../controller/run/campaign-run.ts";
import type { Campaign } from "../../../protocols/campaign/campaign.ts";
import type { World } from "../../../simulator/world/world.ts";
import { createPeople } from "../../../tui/virtual/people-orders.ts";

/** A run without cells whose beam and whose safety supervisor are in these states. */
function peopleAt(state: { beam: string; supervisor: string; latched: readonly string[] }) {
  const sent: string[] = [];
  const run = {
    actor: {
      getSnapshot: () => ({
        status: "active",
        value: { running: { beam: state.beam } },
        matches: ({ running }: { running: { beam: string } }) => running.beam === state.beam,
        children: { supervisor: { getSnapshot: () => ({ value: state.supervisor }) } },
      }),
      send: ({ type }: { type: string }) => sent.push(type),
    },
    failure: () => null,
    stops: { troubles: () => [] },
    views: { latchedInterlocks: () => state.latched },
  } as unknown as CampaignRun;
  const world = { personOrders: () => undefined, personEnds: () => undefined } as unknown as World;
  const people = createPeople(run, { cells: [] } as unknown as Campaign, world, createChance(1), () => 0);
  return { people, sent };
}

describe("a person who lets exposing go on", () => {
  it("asks again where the exposure under way is being ended first", () => {
    const state = { beam: "stopping", supervisor: "watching", latched: [] };
    const { people, sent } = peopleAt(state);
    expect(people.letExpose()).toBe(false);
    expect(sent).toEqual([]);
    state.beam = "held";
    expect(people.letExpose()).toBe(true);
    expect(sent).toEqual(["RESUME_EXPOSING"]);
  });

  it.each(["blind", "rearming", "notRearmed", "withdrawing"])("asks again where the supervisor is %s", (supervisor) => {
    const state = { beam: "planning", supervisor, latched: ["doorClosed"] };
    const { people, sent } = peopleAt(state);
    expect(people.letExpose()).toBe(false);
    expect(sent).toEqual([]);
    state.supervisor = "holding";
    expect(people.letExpose()).toBe(true);
    expect(sent).toEqual(["RE_ARM"]);
  });

  it("says it once where nothing is held", () => {
    const { people, sent } = peopleAt({ beam: "planning", supervisor: "watching", latched: [] });
    expect(people.letExpose()).toBe(true);
    expect(sent).toEqual([]);
  });
});
