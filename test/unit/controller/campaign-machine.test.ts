import { expect, it } from "vitest";
import { createActor, createMachine, sendParent } from "xstate";
import { BEFORE_FIRST_SWEEP } from "../../../controller/beam/sweeps.ts";
import { createCampaignMachine } from "../../../controller/machines/campaign-machine.ts";
import type { CampaignMachineDeps } from "../../../controller/machines/campaign-news.ts";
import type { CellInput } from "../../../controller/machines/cell-news.ts";
import { testClock } from "./machine-bench.ts";

/** A campaign without instruments, whose beam waits; its cells note what they are told, and all but those that joined are over at once. */
function campaignOf(...positions: readonly string[]) {
  const told: string[] = [];
  const recorded: string[] = [];
  const cells = positions.map((position) => ({ position }) as CellInput);
  const idle = createMachine({});
  const cell = createMachine({
    types: {} as { input: CellInput; context: { readonly position: string } },
    context: ({ input }) => ({ position: input.position }),
    entry: sendParent(({ context: { position } }) =>
      position === "B1" ? { type: "NOTHING" } : { type: "CELL_FINISHED", position },
    ),
    on: {
      TIME_OVER: {
        actions: [
          ({ context }) => told.push(`${context.position} time over`),
          sendParent(({ context: { position } }) => ({ type: "CELL_FINISHED", position })),
        ],
      },
    },
  });
  const machine = createCampaignMachine({
    ...{ clock: testClock(), recorder: { record: (type: string) => recorded.push(type) } },
    ...{ linkMachine: idle, cellMachine: cell, exposureMachine: idle, supervisorMachine: idle },
    ...{ links: [], cells, mayHome: () => false, isOver: () => false, noteSignal: () => [] },
    ...{ startDeadlineMs: 1000, mayBeAsked: false, noteNews: () => undefined, notePlan: () => undefined },
    plan: () => ({
      ...{ state: BEFORE_FIRST_SWEEP, wanted: [], begun: [], misses: [], missedWanted: [] },
      act: { kind: "wait", reason: "the next sweep", who: "campaign", untilMs: 60_000 },
    }),
  } as unknown as CampaignMachineDeps);
  const actor = createActor(machine);
  actor.start();
  return {
    ...{ actor, told, recorded },
    join: (position: string): void => {
      const input = { position } as CellInput;
      cells.push(input);
      actor.send({ type: "CELLS_JOINED", links: [], cells: [input] });
    },
    isCycling: () => actor.getSnapshot().matches({ running: { cells: "cycling" } }),
  };
}

it("a cell that joins when all others are over is cycled, and ended in order when the campaign's time is over", () => {
  const { actor, told, join, isCycling } = campaignOf("A1", "A2");
  expect(isCycling()).toBe(false);
  join("B1");
  expect(isCycling()).toBe(true);
  actor.send({ type: "TIME_OVER" });
  expect(told).toContain("B1 time over");
  expect(isCycling()).toBe(false);
});

it("one that joins while others cycle changes nothing for them", () => {
  const { join, isCycling, told } = campaignOf("A1", "B1");
  expect(isCycling()).toBe(true);
  join("B2");
  expect([isCycling(), told]).toEqual([true, []]);
});
