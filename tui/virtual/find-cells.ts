/** A person at the robot of a simulated rack, who is asked where its cells are: each is put back into its slot. */
import type { CampaignRun } from "../../controller/run/campaign-run.ts";
import type { World } from "../../simulator/world/world.ts";

/** Only where the controller asks: nobody reaches under an arm that moves. False where there was nothing to do yet. */
export function findCells({ robot }: Pick<World, "robot">, run: CampaignRun, atMs: number): boolean {
  const isAsked = run.alarms.open.some(({ code }) => code === "changer.place-unknown");
  if (robot === undefined || !isAsked || robot.plant.isBusy(atMs)) return false;
  robot.tidy(atMs);
  run.actor.send({ type: "RESUME_EXPOSING", author: "a person" });
  return true;
}
