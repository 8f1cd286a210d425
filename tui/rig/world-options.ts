/** What the simulated world must be like for the instruments that a site puts in it. */
import { positionIndex, type Position } from "../../protocols/base/position.ts";
import type { SiteCellExchange, SiteSampleChanger } from "../../protocols/site/further.ts";
import { hasDoubleGripper } from "../../protocols/site/site-lookup.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { WorldOptions } from "../../simulator/world/world.ts";

/** Movements of the arm in an exchange, and what gripping, reading and going home take besides, seconds. */
const SINGLE = { moves: 5, restS: 6.1 };
/** The same of the part that nothing is done of ahead. */
const DOUBLE = { moves: 4, restS: 3.7 };
const MOVE_LEAST_S = 0.5;

/** So that an exchange takes as long as the site says. */
function moveS(changer: SiteSampleChanger, { exchangeS, fetchS }: SiteCellExchange): number {
  const isDouble = hasDoubleGripper(changer);
  const { moves, restS } = isDouble ? DOUBLE : SINGLE;
  return Math.max(MOVE_LEAST_S, (exchangeS - (isDouble ? fetchS : 0) - restS) / moves);
}

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
            moveS: moveS(changer, changer.toBeam),
            codes: new Map(
              site.channels.map(({ position }) => [positionIndex(position), codeOf(position) ?? ""] as const),
            ),
          },
        }),
  };
}
