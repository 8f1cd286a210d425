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

export type OrdersFault = Extract<HostFault, { kind: `orders-${string}` }>;

export interface People {
  /** False where not one was carried out. */
  order(order: OrdersFault): boolean;
  /** Every cell that is held, or somebody has access to, may go on; false where that cannot be said yet. */
  giveCells(): boolean;
  /** So may exposing; false where they are told to ask again. */
  letExpose(): boolean;
}

const BY = { author: "a person", role: "operator", reason: "the search" } as const;
const STORM_ORDERS = 60;
/** Of those who give a cell back: some are asked to hold it before it is proven, and some leave it out. */
const HELD_SHARE = 0.3;
const LEFT_OUT_SHARE = 0.1;

export function createPeople(
  run: CampaignRun,
  campaign: Campaign,
  world: Pick<World, "personOrders" | "personEnds">,
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

  function give(command: BusCommand, isLookedAt: boolean): boolean {
    if (!isTaken() || (isLookedAt && effects.obstacle(command, BY.role, BY) !== null)) return false;
    const { args } = command;
    if ("position" in args) world.personOrders(positionIndex(args.position as Position));
    for (const position of endedBy(command)) world.personEnds(positionIndex(position as Position));
    effects.carryOut(command, BY);
    return true;
  }

  function isForLater(command: BusCommand): boolean {
    return effects.obstacle(command, BY.role, BY)?.includes("ask again") === true;
  }

  /** Cells with which nothing more is done after it. */
  function endedBy(command: BusCommand): readonly string[] {
    if (command.command === "swap") {
      const { position, left_out: isLeftOut } = command.args;
      return isLeftOut === true && position !== undefined ? [position] : [];
    }
    if (command.command !== "stop") return [];
    const { class: stopClass, position } = command.args;
    if (stopClass !== "open-circuit" && stopClass !== "emergency") return [];
    return position === undefined ? campaign.cells.map((cell) => cell.position) : [position];
  }

  function anyPosition(): string {
    return campaign.cells[Math.floor(chance.uniform() * campaign.cells.length)]?.position ?? "A1";
  }

  /** True when nobody has access to a cell, nor waits for it. */
  function giveBack(): boolean {
    for (const position of run.access.open.keys()) {
      const cell = campaign.cells.find((one) => one.position === position)?.barcode ?? "";
      const isLeftOut = chance.uniform() < LEFT_OUT_SHARE;
      const isHeld = chance.uniform() < HELD_SHARE;
      const given = isLeftOut ? { left_out: true as const } : { cell };
      give({ command: "swap", args: { act: "end", position, ...given } }, true);
      if (isHeld) give({ command: "hold", args: { position } }, true);
    }
    return run.access.obstacle() === null;
  }

  /** None that switches cells off for good. */
  function drawn(): BusCommand {
    const position = anyPosition();
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
    order(order) {
      const { kind } = order;
      if (kind === "orders-access") {
        return give({ command: "swap", args: { act: "begin", position: anyPosition() } }, true);
      }
      if (kind === "orders-end-cells") {
        const position = anyPosition();
        const args =
          order.who === "one" ? { class: "open-circuit" as const, position } : { class: "emergency" as const };
        return give({ command: "stop", args }, true);
      }
      if (kind === "orders-contradict") {
        const position = anyPosition();
        const pairs: readonly BusCommand[] = [
          { command: "expose", args: { position, within_s: 600 } },
          { command: "hold", args: {} },
          { command: "resume", args: {} },
          { command: "hold", args: { position } },
          { command: "resume", args: { position } },
          { command: "stop", args: { class: "exposing" } },
        ];
        const from = Math.floor(chance.uniform() * pairs.length);
        return [...pairs.slice(from), ...pairs.slice(0, from)].filter((command) => give(command, true)).length > 0;
      }
      const count = kind === "orders-storm" ? STORM_ORDERS : 5;
      let given = 0;
      for (let tries = 0; tries < count; tries += 1) if (give(drawn(), kind === "orders-storm")) given += 1;
      return given > 0;
    },
    giveCells() {
      if (!isTaken()) return false;
      for (const { position } of campaign.cells) give({ command: "resume", args: { position } }, true);
      return giveBack();
    },
    letExpose() {
      if (!isTaken()) return false;
      const orders: readonly BusCommand[] = [
        { command: "re-arm", args: {} },
        { command: "resume", args: {} },
      ];
      return orders.filter((order) => !give(order, true) && isForLater(order)).length === 0;
    },
  };
}
