/**
 * What each cell is to have of the beam, by the forecast of its protocol: as many exposures as its triggers will ask
 * until it is done, and the ways to them. What the clock asks of many cells at one moment is visited from neighbour to
 * neighbour; what each cell asks at a moment of its own has a way from anywhere. Pure.
 */
import { meetsBeam, type Campaign } from "../../protocols/campaign/campaign.ts";
import type { ProtocolForecast } from "../../protocols/echem/forecast/forecast-protocol.ts";
import type { Site } from "../../protocols/site/site.ts";
import { plannedWishes } from "./planned-wishes.ts";
import { siteTravel } from "./site-travel.ts";
import type { Travel } from "./travel.ts";

export interface CellBeam {
  readonly exposures: number;
  /** Shutter open, both its ways, read-out, and the ways of the stage. */
  readonly beamS: number;
}

/** By index of the cell. Undefined where nobody can say: no stated end, sweeps, or moments that nobody can foretell. */
export function plannedBeam(
  campaign: Campaign,
  site: Site,
  protocols: readonly (Pick<ProtocolForecast, "steps" | "stateOfChargeMarks"> & { readonly name: string })[],
): ReadonlyMap<number, CellBeam> | undefined {
  const { triggers = [], durationS, sweeps } = campaign;
  if (durationS === null || sweeps.length > 0 || triggers.some(({ kind }) => !FORETOLD.has(kind))) return undefined;
  const byName = new Map(protocols.map((protocol) => [protocol.name, protocol]));
  if (campaign.cells.some((cell) => meetsBeam(cell) && !byName.has(cell.protocol.name))) return undefined;
  const travel = siteTravel(campaign, site);
  const visited = campaign.cells.flatMap((cell, index) => (meetsBeam(cell) ? [index] : []));
  const anyWayS = travel.settleS + meanWayS(travel, visited);
  const wayS = new Map(
    triggers.map(({ name, kind, cells }) => [
      name,
      kind === "time-grid"
        ? travel.settleS +
          tourWayS(
            travel,
            cells.map(({ cellIndex }) => cellIndex),
          )
        : anyWayS,
    ]),
  );
  const shutS = site.shutter.travelS + site.detector.readOutS;
  const given = new Map<number, { exposures: number; beamS: number }>();
  const wishes = plannedWishes(campaign, ({ protocol }) => byName.get(protocol.name), 1000 * durationS);
  for (const { cellIndex, trigger, exposureS } of wishes) {
    const own = given.get(cellIndex) ?? { exposures: 0, beamS: 0 };
    given.set(cellIndex, own);
    own.exposures += 1;
    own.beamS += exposureS + shutS + (wayS.get(trigger) ?? anyWayS);
  }
  return given;
}

const FORETOLD: ReadonlySet<string> = new Set([
  "time-grid",
  "state-of-charge-grid",
  "step-edge",
  "rest-end",
  "relaxation",
  "cycle",
]);

/** From each to the next on the tour. */
function tourWayS({ moveS, placeCount, rank }: Travel, cells: readonly number[]): number {
  const tour = cells.toSorted((a, b) => (rank[a] ?? 0) - (rank[b] ?? 0));
  let sum = 0;
  for (let k = 1; k < tour.length; k += 1) sum += moveS[(tour[k - 1] ?? 0) * placeCount + (tour[k] ?? 0)] ?? 0;
  return tour.length < 2 ? 0 : sum / (tour.length - 1);
}

/** From any to any other. */
function meanWayS({ moveS, placeCount }: Travel, cells: readonly number[]): number {
  let sum = 0;
  for (const from of cells) for (const to of cells) sum += moveS[from * placeCount + to] ?? 0;
  return cells.length < 2 ? 0 : sum / (cells.length * (cells.length - 1));
}
