/** Every cell within the stage's travel and off what stands in its way; where it waits, and how it gets there. */
import { ALL_POSITIONS, COLUMN_COUNT, positionAt, ROW_COUNT } from "../base/position.ts";
import type { Path } from "../input/document.ts";
import type { Refuse } from "./check-site.ts";
import { boxText, createReachMap, type KeepOut, type ReachMap } from "./reach-map.ts";
import { KEPT_OFF_MM, shadowPath, shadowProblem, type StagePoint } from "./shadow-path.ts";
import { bringsCells, stageTarget } from "./site-lookup.ts";
import type { Site } from "./site.ts";

type Warn = (path: Path, what: string, advice: string) => void;

const CENTRE = { xMm: 0, yMm: 0 };

export function checkReach(site: Site, refuse: Refuse, warn: Warn): void {
  const { keepOut = [] } = site.stage;
  const map = createReachMap(site.stage);
  const home = homeOf(site);
  const boxAtHome = map.boxAt(home);
  if (boxAtHome !== undefined) {
    refuse(
      ["stage", "keep_out", keepOut.indexOf(boxAtHome)],
      "site.keep-out",
      `the stage finds its reference at x ${home.xMm}, y ${home.yMm} mm, which lies in ${boxAtHome.name} (${boxText(boxAtHome)})`,
      "Correct the box: the stage goes there to be homed.",
    );
  }
  const inItsWay = keepOut.filter((box) => !isBehind(box, home, site));
  if (inItsWay.length > 0) {
    warn(
      ["stage", "keep_out"],
      `homing goes by the switches, from wherever the stage stands, and nothing keeps it off ${namesOf(inItsWay)}`,
      "See before each homing that the way to the switches is free, or block the box itself by a switch.",
    );
  }
  // The stage moves the one cell that the robot has brought.
  if (bringsCells(site)) {
    checkPlace(map, "the handover place", stageTarget(site, positionAt(0), CENTRE), refuse);
    return;
  }
  checkTravel(site, refuse);
  checkWaiting(site, map, refuse);
  if (map.isOpen) return;
  const wired = new Set(site.channels.map(({ position }) => position));
  for (const position of ALL_POSITIONS) {
    if (!wired.has(position)) continue;
    if (checkPlace(map, position, stageTarget(site, position, CENTRE), refuse)) return;
    const way = map.wayTo(home, stageTarget(site, position, CENTRE));
    if (way.kind === "way" || boxAtHome !== undefined) continue;
    refuse(
      ["stage", "keep_out"],
      "site.keep-out",
      `${position} cannot be reached: ${way.what}`,
      "Correct the boxes, or leave the position unwired.",
    );
    return;
  }
}

/** True where it lies in a box: one finding is enough, for the box is what is wrong. */
function checkPlace(map: ReachMap, what: string, place: StagePoint, refuse: Refuse): boolean {
  const box = map.boxAt(place);
  if (box === undefined) return false;
  refuse(
    ["stage", "keep_out"],
    "site.keep-out",
    `${what} is at x ${place.xMm}, y ${place.yMm} mm, within ${box.name} (${boxText(box)})`,
    "Correct the box, pitch or origin, or leave the position unwired.",
  );
  return true;
}

/** Where the stage is after homing. */
function homeOf({ stage }: Site): StagePoint {
  return stage.driver === "grbl" ? { xMm: stage.travelXMm, yMm: stage.travelYMm } : { xMm: 0, yMm: 0 };
}

/** From no free place the way to the switches passes it: it fills the corner that lies across from them. */
function isBehind({ fromXMm, toXMm, fromYMm, toYMm }: KeepOut, home: StagePoint, { stage }: Site): boolean {
  const isAcrossX = home.xMm > 0 ? fromXMm <= 0 : toXMm >= stage.travelXMm;
  const isAcrossY = home.yMm > 0 ? fromYMm <= 0 : toYMm >= stage.travelYMm;
  return isAcrossX && isAcrossY;
}

function checkTravel({ rack, stage }: Site, refuse: Refuse): void {
  const { pitchMm, originXMm, originYMm } = rack;
  const farX = originXMm + (COLUMN_COUNT - 1) * pitchMm;
  const farY = originYMm + (ROW_COUNT - 1) * pitchMm;
  if (farX > stage.travelXMm) {
    refuse(
      ["stage", "travel_x_mm"],
      "site.travel",
      `column 12 is at ${farX} mm, the stage ends at ${stage.travelXMm} mm`,
      "Correct pitch, origin or travel.",
    );
  }
  if (farY > stage.travelYMm) {
    refuse(
      ["stage", "travel_y_mm"],
      "site.travel",
      `row H is at ${farY} mm, the stage ends at ${stage.travelYMm} mm`,
      "Correct pitch, origin or travel.",
    );
  }
}

function checkWaiting(site: Site, map: ReachMap, refuse: Refuse): void {
  const { rack, stage } = site;
  const { shadow, park } = rack;
  const problem = shadowProblem(rack, stage.travelXMm, stage.travelYMm) ?? wayProblem(site, map);
  if (problem !== null) {
    refuse(
      ["rack", "shadow"],
      "site.shadow",
      problem,
      "Give a place beside the first or last column that the beam reaches without crossing a cell, or leave it out.",
    );
  }
  if (park === undefined) return;
  const wrong =
    shadow === undefined
      ? "a park place is reached by way of the shadow, and there is none"
      : park.xMm > stage.travelXMm || park.yMm > stage.travelYMm
        ? "the park place is beyond the stage's travel"
        : nearestCellMm(site, park) < KEPT_OFF_MM
          ? `the park place has the beam ${nearestCellMm(site, park).toFixed(1)} mm from the middle of a cell; at least ${KEPT_OFF_MM} mm are needed`
          : parkWayProblem(site, map, shadow, park);
  if (wrong === null) return;
  refuse(
    ["rack", "park"],
    "site.park",
    wrong,
    "Give a place of the stage off the cells, and a shadow on the way there, or leave it out.",
  );
}

/** On a straight leg, a millimetre apart. */
function placesBetween(from: StagePoint, to: StagePoint): readonly StagePoint[] {
  const steps = Math.max(1, Math.ceil(Math.hypot(to.xMm - from.xMm, to.yMm - from.yMm)));
  return Array.from({ length: steps + 1 }, (_, step) => ({
    xMm: from.xMm + ((to.xMm - from.xMm) * step) / steps,
    yMm: from.yMm + ((to.yMm - from.yMm) * step) / steps,
  }));
}

function parkWayProblem(site: Site, map: ReachMap, shadow: StagePoint, park: StagePoint): string | null {
  const way = map.wayTo(shadow, park);
  if (way.kind !== "way") return `no way from the shadow to the park place: ${way.what}`;
  let from = shadow;
  for (const to of way.points) {
    const nearMm = Math.min(...placesBetween(from, to).map((point) => nearestCellMm(site, point)));
    if (nearMm < KEPT_OFF_MM) {
      return `the way from the shadow to the park place has the beam ${nearMm.toFixed(1)} mm from the middle of a cell; at least ${KEPT_OFF_MM} mm are needed`;
    }
    from = to;
  }
  return null;
}

function nearestCellMm({ rack }: Site, { xMm, yMm }: StagePoint): number {
  const off = (mm: number, originMm: number, count: number): number =>
    Math.min(...Array.from({ length: count }, (_, at) => Math.abs(mm - originMm - at * rack.pitchMm)));
  return Math.hypot(off(xMm, rack.originXMm, COLUMN_COUNT), off(yMm, rack.originYMm, ROW_COUNT));
}

/** Into the shadow goes a beam that cannot be closed: by that way and no other. */
function wayProblem(site: Site, map: ReachMap): string | null {
  if (map.isOpen || site.rack.shadow === undefined) return null;
  for (const position of ALL_POSITIONS) {
    let from: StagePoint = stageTarget(site, position, CENTRE);
    if (map.boxAt(from) !== undefined) continue;
    for (const to of shadowPath(site.rack, site.stage.travelYMm, from) ?? []) {
      const way = map.wayTo(from, to);
      if (way.kind === "blocked") return `the way from ${position} into the shadow is not free: ${way.what}`;
      if (way.points.length > 1) return `the way from ${position} into the shadow passes what the stage keeps off`;
      from = to;
    }
  }
  return null;
}

function namesOf(boxes: readonly KeepOut[]): string {
  return boxes.map(({ name }) => name).join(", ");
}
