/** What people tell the controller, told to the world too: it judges by what they did, not by what is on record of it. */
import type { CampaignActor } from "../../controller/machines/campaign-machine.ts";

/** Calls `rearmed` before the campaign hears of it. The machines among themselves take another way. */
export function hearPeople(actor: CampaignActor, rearmed: () => void): void {
  const send = actor.send.bind(actor);
  actor.send = (event) => {
    if (event.type === "RE_ARM") rearmed();
    send(event);
  };
}
