/** People who give orders as nobody should: opposite ones at once, many at once, ones for a screen of a minute ago. */
import { createBusAlarmDesk } from "../../controller/bus/bus-alarm-desk.ts";
import { createCommandEffects } from "../../controller/bus/command-effects.ts";
import type { CampaignRun } from "../../controller/run/campaign-run.ts";
import type { BusCommand } from "../../protocols/bus/commands.ts";
import { positionIndex, type Position } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Chance } from "../../simulator/plant/plant.ts";
import type { HostFault } from "../../simulator/world/host-faults.ts";
import type { World } from "../../simulator/world/world.ts";

export type OrdersKind = Extract<HostFault, { kind: `orders-${string}` }>["kind"];

export interface People {
  order(kind: OrdersKind): void;
  /** Everything that is held may go on; false where that cannot be said yet. */
  putRight(): boolean;
}

const BY = { author: "a person", role: "operator", reason: "the search" } as const;
const STORM_ORDERS = 60;

export function createPeople(
  run: CampaignRun,
  campaign: Campaign,
  world: Pick<World, "personOrders">,
  chance: Chance,
  nowMs: () => number,
): People {
  const effects = createCommandEffects({
    ...{ run, campaign, nowMs, alarmDesk: createBusAlarmDesk() },
    instruments: [],
  });
  const isTaken = (): boolean => {
    const { status, value } = run.actor.getSnapshot();
    return status === "active" && value !== "connecting" && run.failure() === null;
  };

  function one<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[Math.floor(chance.uniform() * items.length)] ?? items[0];
  }

  function give(command: BusCommand, isLookedAt: boolean): void {
    if (!isTaken() || (isLookedAt && effects.obstacle(command, BY.role, BY) !== null)) return;
    const { args } = command;
    if ("position" in args) world.personOrders(positionIndex(args.position as Position));
    effects.carryOut(command, BY);
  }

  /** None that switches cells off for good. */
  function drawn(): BusCommand {
    const position = campaign.cells[Math.floor(chance.uniform() * campaign.cells.length)]?.position ?? "A1";
    return one<BusCommand>([
      { command: "hold", args: {} },
      { command: "resume", args: {} },
      { command: "hold", args: { position } },
      { command: "resume", args: { position } },
      { command: "stop", args: { class: "exposing" } },
      { command: "stop", args: { class: "motion" } },
      { command: "stop", args: { class: "step", position } },
      { command: "expose", args: { position, within_s: 600 } },
      { command: "skip-step", args: { position } },
      { command: "end-step", args: { position } },
      { command: "re-arm", args: {} },
      { command: "ack", args: { alarm: 1 + Math.floor(20 * chance.uniform()) } },
    ]);
  }

  return {
    order(kind) {
      if (kind === "orders-contradict") {
        const position = campaign.cells[Math.floor(chance.uniform() * campaign.cells.length)]?.position ?? "A1";
        const pairs: readonly BusCommand[] = [
          { command: "expose", args: { position, within_s: 600 } },
          { command: "hold", args: {} },
          { command: "resume", args: {} },
          { command: "hold", args: { position } },
          { command: "resume", args: { position } },
          { command: "stop", args: { class: "exposing" } },
        ];
        const from = Math.floor(chance.uniform() * pairs.length);
        for (const command of [...pairs.slice(from), ...pairs.slice(0, from)]) give(command, true);
        return;
      }
      const count = kind === "orders-storm" ? STORM_ORDERS : 5;
      for (let given = 0; given < count; given += 1) give(drawn(), kind === "orders-storm");
    },
    putRight() {
      if (!isTaken()) return false;
      for (const { position } of campaign.cells) give({ command: "resume", args: { position } }, true);
      give({ command: "re-arm", args: {} }, true);
      give({ command: "resume", args: {} }, true);
      return true;
    },
  };
}
