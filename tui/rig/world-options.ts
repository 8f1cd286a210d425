/** What the simulated world must be like for the instruments that a site puts in it. */
import { positionIndex, type Position } from "../../protocols/base/position.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { WorldOptions } from "../../simulator/world/world.ts";

/** Of an exchange with one pair of jaws: movements of the arm, and what gripping and going home take besides, seconds. */
const EXCHANGE_MOVES = 5;
const EXCHANGE_REST_S = 6;
const MOVE_LEAST_S = 0.5;

/** `codeOf` says what is printed on the cell at a position. */
export function worldOptionsOf(
  site: Site,
  codeOf: (position: Position) => string | undefined,
): Pick<WorldOptions, "stageAxes" | "robot"> {
  const changer = site.sampleChanger;
  return {
    ...(site.stage.driver === "zaber-ascii" ? { stageAxes: "independent" } : {}),
    ...(changer?.toBeam === undefined
      ? {}
      : {
          robot: {
            slotsPerTray: changer.slotsPerTray,
            moveS: Math.max(MOVE_LEAST_S, (changer.toBeam.exchangeS - EXCHANGE_REST_S) / EXCHANGE_MOVES),
            codes: new Map(
              site.channels.map(({ position }) => [positionIndex(position), codeOf(position) ?? ""] as const),
            ),
          },
        }),
  };
}
