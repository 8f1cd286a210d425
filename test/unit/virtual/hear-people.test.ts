import { describe, expect, it } from "vitest";
import type { StopOrder } from "../../../controller/stops/stop-desk.ts";
import type { CampaignRun } from "../../../controller/run/campaign-run.ts";
import type { World } from "../../../simulator/world/world.ts";
import { hearPeople } from "../../../tui/virtual/hear-people.ts";

/** A run whose exposing is held, or not, and what the world is told of its robot. */
function heard(state: { beam: string; mayResume: boolean }) {
  const told: string[] = [];
  const run = {
    actor: {
      getSnapshot: () => ({ matches: ({ running }: { running: { beam: string } }) => running.beam === state.beam }),
      send({ type }: { type: string }) {
        if (type === "RESUME_EXPOSING" && state.beam === "held" && state.mayResume) state.beam = "planning";
      },
    },
    stops: { order: () => ({ report: () => ({}), over: Promise.resolve() }) },
  } as unknown as CampaignRun;
  const robot = {
    mustStand: (why: string) => told.push(`stands after ${why}`),
    letGo: () => told.push("let go"),
  };
  hearPeople(run, { robot, personRearms: () => undefined, personOrders: () => undefined } as unknown as World);
  return {
    told,
    resume: () => {
      run.actor.send({ type: "RESUME_EXPOSING", author: "a person" });
    },
    stop: (stopClass: StopOrder["stopClass"], author: string) => {
      run.stops.order({ stopClass, author, reason: "so" });
    },
  };
}

describe("for the observer a robot that was stopped", () => {
  it("stands after all motion was stopped, and after the rack's sensors stopped the beam", () => {
    const { told, stop } = heard({ beam: "planning", mayResume: true });
    stop("exposing", "a person");
    stop("open-circuit", "beamrack");
    expect(told).toEqual([]);
    stop("motion", "a person");
    stop("exposing", "beamrack");
    expect(told).toEqual(["stands after a stop of class motion", "stands after the rack's sensors stopped it"]);
  });

  it("is let go by whoever lets exposing go on, and by nobody who is refused, or lets go what is not held", () => {
    const state = { beam: "planning", mayResume: false };
    const { told, resume } = heard(state);
    resume();
    state.beam = "held";
    resume();
    expect(told).toEqual([]);
    state.mayResume = true;
    resume();
    expect(told).toEqual(["let go"]);
  });
});
