/** What the simulated world must be like for the instruments that a site puts in it. */
import { positionIndex, type Position } from "../../protocols/base/position.ts";
import type { SiteCellExchange, SiteSampleChanger } from "../../protocols/site/further.ts";
import type { SafetyInput } from "../../protocols/site/safety-inputs.ts";
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

/** Beyond the age at which a level is none any more: the stop itself. */
const STOPPED_WITHIN_MS = 5000;

function watchedInput({ name, source, response, maximumAgeMs }: SafetyInput) {
  return {
    ...{ name, condition: source.kind === "interlock" ? source.interlock : null },
    stopsBeam: response.some((stop) => stop === "exposing" || stop === "motion" || stop === "emergency"),
    stopsCells: response.some((stop) => stop === "step" || stop === "open-circuit" || stop === "emergency"),
    withinMs: maximumAgeMs + STOPPED_WITHIN_MS,
  };
}

/** `codeOf` says what is printed on the cell at a position. */
export function worldOptionsOf(
  site: Site,
  codeOf: (position: Position) => string | undefined,
): Pick<
  WorldOptions,
  "stageAxes" | "robot" | "safetyInputs" | "looksEveryS" | "hutchLooksEveryMs" | "isDiodeBehindRack" | "standards"
> {
  const changer = site.sampleChanger;
  return {
    looksEveryS: site.channels.reduce((most, channel) => Math.max(most, channel.sampleIntervalMinS), 0),
    ...(site.io.lookEveryS === undefined ? {} : { hutchLooksEveryMs: 1000 * site.io.lookEveryS }),
    ...(site.stage.driver === "zaber-ascii" ? { stageAxes: "independent" } : {}),
    ...(site.corrections === undefined
      ? {}
      : {
          standards: site.corrections.flatMap(({ what, place }) => (place === null ? [] : [{ what, ...place }])),
        }),
    ...(site.alignment === undefined || site.beam.monitor?.kind === "diode" ? {} : { isDiodeBehindRack: true }),
    ...(site.safetyInputs === undefined ? {} : { safetyInputs: site.safetyInputs.map(watchedInput) }),
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
