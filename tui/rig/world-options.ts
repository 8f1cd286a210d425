/** What the simulated world must be like for the instruments that a site puts in it. */
import type { Site } from "../../protocols/site/site.ts";
import type { WorldOptions } from "../../simulator/world/world.ts";

export function worldOptionsOf(site: Site): Pick<WorldOptions, "stageAxes"> {
  return site.stage.driver === "zaber-ascii" ? { stageAxes: "independent" } : {};
}
