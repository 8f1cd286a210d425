/** What people tell the controller, told to the world too: it judges by what they did, not by what is on record of it. */
import type { CampaignActor } from "../../controller/machines/campaign-machine.ts";

export interface PeopleHeard {
  readonly rearmed: () => void;
  /** These cells, and no others, were ordered off. */
  readonly stopped: (positions: readonly string[]) => void;
}

/** Called before the campaign hears of it. The machines among themselves take another way. */
export function hearPeople(actor: CampaignActor, { rearmed, stopped }: PeopleHeard): void {
  const send = actor.send.bind(actor);
  actor.send = (event) => {
    if (event.type === "RE_ARM") rearmed();
    if (event.type === "STOP_CELLS" && event.positions !== undefined) stopped(event.positions);
    send(event);
  };
}
