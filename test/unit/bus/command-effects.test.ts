import { expect, it } from "vitest";
import { createBusAlarmDesk } from "../../../controller/bus/bus-alarm-desk.ts";
import { createCommandEffects } from "../../../controller/bus/command-effects.ts";
import type { UnfitStep } from "../../../controller/cells/next-step.ts";
import type { CampaignRun } from "../../../controller/run/run-types.ts";
import type { BusCommand } from "../../../protocols/bus/commands.ts";
import type { Campaign } from "../../../protocols/campaign/campaign.ts";

const BY = { author: "anna", reason: "it takes too long" };

/** Of a run with one cell, that what the step behind its present one would do. */
function obstacleOf(
  command: "skip-step" | "end-step" | "hold",
  unfit: UnfitStep | null,
  heldBy: string | null = null,
): string | null {
  const run = {
    actor: { getSnapshot: () => ({ status: "active", value: { running: {} } }) },
    failure: () => null,
    views: { cell: () => ({ state: "cycling", heldBy }), unfitNext: () => unfit },
  } as unknown as CampaignRun;
  const campaign = { cells: [{ position: "A1" }] } as unknown as Campaign;
  const deps = { run, campaign, alarmDesk: createBusAlarmDesk(), instruments: [], nowMs: () => 0 };
  return createCommandEffects(deps).obstacle({ command, args: { position: "A1" } }, "operator", BY);
}

it("a step is not ended for one that would harm the cell; one that is over at once is no matter, nor what a hold leads to", () => {
  const harm = { kind: "harmful", what: "4.2 V drive 75 mA through it" } as const;
  for (const command of ["skip-step", "end-step"] as const) {
    expect(obstacleOf(command, harm)).toBe("the step that follows would harm A1: 4.2 V drive 75 mA through it");
    expect(obstacleOf(command, { kind: "over", what: "it is empty" })).toBeNull();
    expect(obstacleOf(command, null)).toBeNull();
  }
  expect(obstacleOf("hold", harm)).toBeNull();
  // One harmful step behind another is skipped too, by a person who has the cell held meanwhile.
  expect(obstacleOf("skip-step", harm, "beamrack")).toBeNull();
});

it("an order names a place: it is for the cell that lies there now, and of a group's for none that another has followed", () => {
  const sent: unknown[] = [];
  const stopped: unknown[] = [];
  const cells = ["A1", "A2", "A1.2"].map((position) => ({ position, group: "lno" }));
  const run = {
    actor: { send: (event: object) => sent.push(event) },
    stops: {
      order(order: object) {
        stopped.push(order);
        return { over: Promise.resolve() };
      },
    },
  } as unknown as CampaignRun;
  const campaign = { cells } as unknown as Campaign;
  const effects = createCommandEffects({
    ...{ run, campaign, alarmDesk: createBusAlarmDesk(), instruments: [], nowMs: () => 0 },
  });
  const by = { ...BY, role: "operator" } as const;
  effects.carryOut({ command: "hold", args: { position: "A1" } }, by);
  effects.carryOut({ command: "stop", args: { class: "step", group: "lno" } }, by);
  expect(sent).toEqual([{ type: "CELL_ORDERED", position: "A1.2", event: { type: "HOLD_CELL", ...BY } }]);
  expect(stopped).toMatchObject([{ positions: ["A2", "A1.2"] }]);
});

interface Reads {
  readonly beam?: string;
  readonly supervisor?: string;
  readonly troubles?: readonly string[];
}

/** What stands against an order that nothing else stands against. */
function against(order: BusCommand, { beam = "held", supervisor = "holding", troubles = [] }: Reads): string | null {
  const part = { getSnapshot: () => ({ value: supervisor }) };
  const snapshot = {
    ...{ status: "active", value: { running: { beam } }, children: { supervisor: part } },
    matches: ({ running }: { readonly running: { readonly beam: string } }) => running.beam === beam,
  };
  const run = {
    actor: { getSnapshot: () => snapshot },
    failure: () => null,
    views: { latchedInterlocks: () => ["doorClosed"] },
    stops: { troubles: () => troubles },
    access: { refusal: () => null, rack: { refusal: () => null } },
  } as unknown as CampaignRun;
  const campaign = { cells: [{ position: "A1" }] } as unknown as Campaign;
  const deps = { run, campaign, alarmDesk: createBusAlarmDesk(), instruments: [], nowMs: () => 0 };
  return createCommandEffects(deps).obstacle(order, "operator", BY);
}

it("an order that would be lost is refused: exposing resumed before it is held, an interlock re-armed before that can be done", () => {
  const resume = { command: "resume", args: {} } as const;
  expect(against(resume, {})).toBeNull();
  expect(against(resume, { beam: "stopping" })).toMatch(/ask again once exposing is held/);
  const rearm = { command: "re-arm", args: {} } as const;
  expect(against(rearm, {})).toBeNull();
  for (const supervisor of ["withdrawing", "rearming", "notRearmed", "blind"]) {
    expect(against(rearm, { supervisor })).toMatch(/; ask again/);
  }
});

it("nothing that was taken out is given back, and driven, while the rack is in trouble; it may be left out", () => {
  const troubles = ["smoke: smoke"];
  const end = (args: object) => ({ command: "swap", args: { act: "end", ...args } }) as BusCommand;
  for (const args of [{ position: "A1" }, { position: "A1", cell: "R-A1" }, { cells: { A1: "R-A1" } }]) {
    expect(against(end(args), {})).toBeNull();
    expect(against(end(args), { troubles })).toBe("smoke: smoke");
  }
  expect(against(end({ position: "A1", left_out: true }), { troubles })).toBeNull();
  expect(against({ command: "swap", args: { act: "begin", position: "A1" } }, { troubles })).toBeNull();
});
