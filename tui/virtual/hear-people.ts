/** What people tell the controller, told to the world too: it judges by what they did, not by what is on record of it. */
import type { CampaignRun } from "../../controller/run/run-types.ts";
import { parseOccupant, positionIndex } from "../../protocols/base/position.ts";
import type { World } from "../../simulator/world/world.ts";

/** Called before the campaign hears of it. The machines among themselves take another way. */
export function hearPeople(
  { actor, stops }: Pick<CampaignRun, "actor" | "stops">,
  world: Pick<World, "personRearms" | "personOrders" | "robot">,
): void {
  const send = actor.send.bind(actor);
  const order = stops.order.bind(stops);
  actor.send = (event) => {
    if (event.type === "RE_ARM") world.personRearms();
    if (event.type === "RESUME_EXPOSING") world.robot?.letGo();
    if (event.type === "STOP_CELLS") {
      for (const text of event.positions ?? []) {
        const position = parseOccupant(text);
        if (position !== undefined) world.personOrders(positionIndex(position));
      }
    }
    send(event);
  };
  stops.order = (asked) => {
    const { stopClass } = asked;
    if (stopClass === "motion" || stopClass === "emergency") world.robot?.mustStand(`a stop of class ${stopClass}`);
    return order(asked);
  };
}
