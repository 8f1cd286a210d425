/** What people tell the controller, told to the world too: it judges by what they did, not by what is on record of it. */
import type { CampaignRun } from "../../controller/run/run-types.ts";
import { parseOccupant, positionIndex } from "../../protocols/base/position.ts";
import type { World } from "../../simulator/world/world.ts";

/** Who orders a stop that no person and no input of the rack has ordered: its sensors. */
const SENSORS = "beamrack";

/** Called before the campaign hears of it. The machines among themselves take another way. */
export function hearPeople(
  { actor, stops }: Pick<CampaignRun, "actor" | "stops">,
  world: Pick<World, "personRearms" | "personOrders" | "robot">,
): void {
  const send = actor.send.bind(actor);
  const order = stops.order.bind(stops);
  const isHeld = (): boolean => actor.getSnapshot().matches({ running: { beam: "held" } });
  actor.send = (event) => {
    if (event.type === "RE_ARM") world.personRearms();
    if (event.type === "STOP_CELLS") {
      for (const text of event.positions ?? []) {
        const position = parseOccupant(text);
        if (position !== undefined) world.personOrders(positionIndex(position));
      }
    }
    const wasHeld = event.type === "RESUME_EXPOSING" && isHeld();
    send(event);
    // Who is refused has let nothing go.
    if (wasHeld && !isHeld()) world.robot?.letGo();
  };
  stops.order = (asked) => {
    const { stopClass, author } = asked;
    const isOfSensors = stopClass === "exposing" && author === SENSORS;
    if (stopClass === "motion" || stopClass === "emergency") world.robot?.mustStand(`a stop of class ${stopClass}`);
    if (isOfSensors) world.robot?.mustStand("the rack's sensors stopped it");
    return order(asked);
  };
}
