/**
 * A rack as it was put on the stage: shifted, turned, its cells a little off their places, before a beam of a size of
 * its own. Tells what is in the beam then, and how much of the beam a diode behind the rack still sees. Sums the beam
 * over what stands there, row by row.
 */
import type { ObservedStagePlant } from "../plant/stage-plant.ts";
import type { WorldAttenuation } from "./world-attenuation.ts";
import { passes } from "./world-dose.ts";
import {
  cellUnderBeam,
  RACK_COLUMNS,
  RACK_ROWS,
  type PlacedOffset,
  type WorldCell,
  type WorldProfile,
  type WorldSite,
} from "./world-site.ts";

interface PlaneMm {
  readonly xMm: number;
  readonly yMm: number;
}

/** A square hole through the rack's plate, by its middle; millimetres from A1 along the rack's axes. */
export interface RackOpening extends PlaneMm {
  readonly sideMm: number;
}

export interface WorldSetup {
  /** Of A1 from where the site has it, and the turn about it from x to y. */
  readonly shiftXMm: number;
  readonly shiftYMm: number;
  readonly rotationDeg: number;
  /** By position's index: of a cell's centre from its place, along the rack's axes. */
  readonly cellOffsets: ReadonlyMap<number, PlaneMm>;
  readonly openings: readonly RackOpening[];
  /** Shares of the photons that go on behind the plate, behind a cell's rim, and behind its disc. */
  readonly platePasses: number;
  readonly rimPasses: number;
  readonly discPasses: number;
  readonly discRadiusMm: number;
  readonly canRadiusMm: number;
  /** The beam as it really is; the site's own when left out. */
  readonly profile?: WorldProfile;
}

export interface RackSetup {
  /** The cell nearest to the beam with the stage there, and where on it the beam falls. */
  underBeam(stageXMm: number, stageYMm: number): PlacedOffset;
  /** Share of the beam that passes the rack with the stage there. */
  passes(stageXMm: number, stageYMm: number): number;
}

const ROWS = 64;
const TABLE_STEPS = 2000;
const GAUSS_REACH = 2.5;

export function createRackSetup(site: WorldSite, setup: WorldSetup): RackSetup {
  const { pitchMm, originXMm, originYMm } = site.rack;
  const angle = (setup.rotationDeg * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const beam = createBeamSum(setup.profile ?? site.beam.profile);

  function onRack(stageXMm: number, stageYMm: number): PlaneMm {
    const x = stageXMm - originXMm - setup.shiftXMm;
    const y = stageYMm - originYMm - setup.shiftYMm;
    return { xMm: cos * x + sin * y, yMm: cos * y - sin * x };
  }

  function nearest({ xMm, yMm }: PlaneMm): { readonly index: number; readonly centre: PlaneMm } {
    const column = Math.max(0, Math.min(RACK_COLUMNS - 1, Math.round(xMm / pitchMm)));
    const row = Math.max(0, Math.min(RACK_ROWS - 1, Math.round(yMm / pitchMm)));
    const index = row * RACK_COLUMNS + column;
    const off = setup.cellOffsets.get(index) ?? { xMm: 0, yMm: 0 };
    return { index, centre: { xMm: column * pitchMm + off.xMm, yMm: row * pitchMm + off.yMm } };
  }

  return {
    underBeam(stageXMm, stageYMm) {
      const at = onRack(stageXMm, stageYMm);
      const { index, centre } = nearest(at);
      const [xMm, yMm] = [at.xMm - centre.xMm, at.yMm - centre.yMm];
      const isOnRack = Math.max(Math.abs(xMm), Math.abs(yMm)) <= pitchMm / 2 + 1;
      return { positionIndex: isOnRack ? index : -1, xMm, yMm };
    },
    // The beam is summed along the rack's axes: between them and the stage's lies a degree or two.
    passes(stageXMm, stageYMm) {
      const at = onRack(stageXMm, stageYMm);
      const { centre } = nearest(at);
      const cell = { xMm: centre.xMm - at.xMm, yMm: centre.yMm - at.yMm };
      let share = setup.platePasses;
      share += (setup.rimPasses - setup.platePasses) * beam.onDisc(cell, setup.canRadiusMm);
      share += (setup.discPasses - setup.rimPasses) * beam.onDisc(cell, setup.discRadiusMm);
      for (const { xMm, yMm, sideMm } of setup.openings) {
        const middle = { xMm: xMm - at.xMm, yMm: yMm - at.yMm };
        share += (1 - setup.platePasses) * beam.onSquare(middle, sideMm);
      }
      return share;
    },
  };
}

/** The site with the beam that it really has. */
export function withTrueBeam(site: WorldSite, setup: WorldSetup | undefined): WorldSite {
  return setup?.profile === undefined ? site : { ...site, beam: { ...site.beam, profile: setup.profile } };
}

export interface BehindRack {
  readonly site: WorldSite;
  readonly cells: readonly Pick<WorldCell, "positionIndex" | "layers">[];
  readonly attenuation: WorldAttenuation;
  readonly options?: { readonly isDiodeBehindRack?: boolean };
}

/**
 * Share of the beam that reaches a diode behind the rack: by the setup, or, of a rack as the site has it, what the stack of
 * the cell in the beam lets through. All of it where the diode stands before.
 */
export function reachesDiode(
  setup: RackSetup | undefined,
  stage: Pick<ObservedStagePlant, "tableXMm" | "tableYMm">,
  { site, cells, attenuation, options }: BehindRack,
): (atMs: number) => number {
  if (setup !== undefined) return (atMs) => setup.passes(stage.tableXMm(atMs), stage.tableYMm(atMs));
  if (options?.isDiodeBehindRack !== true) return () => 1;
  const layersOf = new Map(cells.map(({ positionIndex, layers }) => [positionIndex, layers]));
  const known = new Map<number, number>();
  return (atMs) => {
    const { positionIndex, xMm, yMm } = cellUnderBeam(site, stage.tableXMm(atMs), stage.tableYMm(atMs));
    const layers = layersOf.get(positionIndex);
    if (layers === undefined || Math.hypot(xMm, yMm) > CAN_RADIUS_MM) return 1;
    const before = known.get(positionIndex);
    if (before !== undefined) return before;
    const share = layers.reduce((left, layer) => left * passes(attenuation, layer, site.beam.energyKeV), 1);
    known.set(positionIndex, share);
    return share;
  };
}

/** Of a coin cell 2032. */
const CAN_RADIUS_MM = 10;

interface BeamSum {
  /** Share of the beam on a disc, on a square; their middles as seen from the beam's. */
  onDisc(middle: PlaneMm, radiusMm: number): number;
  onSquare(middle: PlaneMm, sideMm: number): number;
}

function createBeamSum(profile: WorldProfile): BeamSum {
  const [halfX, halfY] = halvesOf(profile);
  /** Rows of the beam: how much of it lies in one, and what share of that lies left of a place. */
  const rowWeight = (yMm: number): number => densityY(profile, yMm);
  let total = 0;
  for (let row = 0; row < TABLE_STEPS; row += 1) {
    total += rowWeight(-halfY + (2 * halfY * (row + 0.5)) / TABLE_STEPS) * ((2 * halfY) / TABLE_STEPS);
  }
  const left = new Float64Array(TABLE_STEPS + 1);
  for (let step = 1; step <= TABLE_STEPS; step += 1) {
    left[step] = (left[step - 1] ?? 0) + densityX(profile, -halfX + (2 * halfX * (step - 0.5)) / TABLE_STEPS);
  }
  const whole = left[TABLE_STEPS] ?? 1;

  function leftOf(xMm: number, yMm: number): number {
    if (profile.profile === "tophat_ellipse") {
      const half = halfX * Math.sqrt(Math.max(0, 1 - (yMm / halfY) ** 2));
      return half === 0 ? Number(xMm > 0) : Math.max(0, Math.min(1, (xMm + half) / (2 * half)));
    }
    const place = Math.max(0, Math.min(TABLE_STEPS, ((xMm + halfX) / (2 * halfX)) * TABLE_STEPS));
    const index = Math.min(TABLE_STEPS - 1, Math.floor(place));
    const [low, high] = [left[index] ?? 0, left[index + 1] ?? 0];
    return (low + (high - low) * (place - index)) / whole;
  }

  /** `chord` gives half the width of the thing in the row that is so far from its middle. */
  function sum(middle: PlaneMm, reachMm: number, chord: (fromMiddleMm: number) => number): number {
    const fromMm = Math.max(-halfY, middle.yMm - reachMm);
    const toMm = Math.min(halfY, middle.yMm + reachMm);
    if (!(toMm > fromMm) || Math.abs(middle.xMm) > halfX + reachMm) return 0;
    const stepMm = (toMm - fromMm) / ROWS;
    let share = 0;
    for (let row = 0; row < ROWS; row += 1) {
      const yMm = fromMm + stepMm * (row + 0.5);
      const half = chord(yMm - middle.yMm);
      share += rowWeight(yMm) * (leftOf(middle.xMm + half, yMm) - leftOf(middle.xMm - half, yMm));
    }
    return (share * stepMm) / total;
  }

  return {
    onDisc: (middle, radiusMm) => sum(middle, radiusMm, (mm) => Math.sqrt(Math.max(0, radiusMm * radiusMm - mm * mm))),
    onSquare: (middle, sideMm) => sum(middle, sideMm / 2, () => sideMm / 2),
  };
}

function halvesOf(profile: WorldProfile): readonly [number, number] {
  if (profile.profile !== "gaussian") return [profile.widthMm / 2, profile.heightMm / 2];
  return [
    Math.min(GAUSS_REACH * profile.fwhmXMm, (profile.slitXMm ?? Infinity) / 2),
    Math.min(GAUSS_REACH * profile.fwhmYMm, (profile.slitYMm ?? Infinity) / 2),
  ];
}

function densityX(profile: WorldProfile, xMm: number): number {
  return profile.profile === "gaussian" ? Math.pow(2, -4 * (xMm / profile.fwhmXMm) ** 2) : 1;
}

function densityY(profile: WorldProfile, yMm: number): number {
  switch (profile.profile) {
    case "gaussian":
      return Math.pow(2, -4 * (yMm / profile.fwhmYMm) ** 2);
    case "tophat_rect":
      return 1;
    case "tophat_ellipse":
      return Math.sqrt(Math.max(0, 1 - ((2 * yMm) / profile.heightMm) ** 2));
  }
}
