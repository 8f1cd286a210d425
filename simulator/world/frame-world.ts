/**
 * What the detector really saw, and what the beam did to the spots it saw. Every exposure of the rack is laid on the
 * spots of the cell under the beam, whose reaction it slows; every frame keeps what fell on the rack while it was
 * taken and the lithium of the spot at its end. The pattern itself is counted only when somebody asks for it, and is
 * the same whoever asks, when and in what order.
 */
import { createCellResponse, type CellResponse, type ElectrodeLithium } from "../damage/cell-response.ts";
import type { ResponseParameters, ResponsiveMaterial } from "../damage/response-parameters.ts";
import type { CellDesign } from "../cell/cell-design.ts";
import { type CellTexture, drawTexture, stackOfDesign } from "../diffraction/cell-stack.ts";
import { createPatternSource, type DiffractingState, type FrameExposure } from "../diffraction/pattern-source.ts";
import { poisson } from "../diffraction/poisson.ts";
import { addStandard, withRingsMoved } from "../diffraction/standard-pattern.ts";
import type { Structures } from "../diffraction/structures.ts";
import type { TakenFrame } from "../plant/frame-plant.ts";
import type { Chance } from "../plant/plant.ts";
import type { BeamTrace, LitPiece } from "./beam-trace.ts";
import type { CellObserver } from "./cell-observer.ts";
import { cellAt } from "./cell-now.ts";
import type { DoseTruth } from "./dose-truth.ts";
import { type PersonHands, seenAsTheyLie } from "./person-hands.ts";
import { casingOf, electrodeDose } from "./electrode-layers.ts";
import { AT_STANDARD, type Standards } from "./standards.ts";
import type { WorldAttenuation } from "./world-attenuation.ts";
import type { WorldCell, WorldProfile, WorldSite } from "./world-site.ts";

/** Tables behind the patterns and the response to beam. */
export interface FrameTables {
  readonly structures: Structures;
  readonly response: Readonly<Record<ResponsiveMaterial, ResponseParameters>>;
}

/** One place that was in the beam while a frame was taken. */
export interface FrameSpot {
  /** -1 beside the rack. */
  readonly positionIndex: number;
  readonly xMm: number;
  readonly yMm: number;
  /** On the cell's outer face, during the frame. */
  readonly photons: number;
  /** Of the whole cell and of the spot; undefined where there is no electrode. */
  readonly mean: ElectrodeLithium | undefined;
  readonly local: ElectrodeLithium | undefined;
  readonly state: DiffractingState;
}

export interface WorldFrame extends TakenFrame {
  /** From 0, in the order they were taken. */
  readonly number: number;
  /** None: a dark frame. */
  readonly spots: readonly FrameSpot[];
  readonly photons: number;
}

export interface FrameWorld {
  readonly frames: readonly WorldFrame[];
  /** Told of every frame when it has been taken. */
  onFrame(handler: (frame: WorldFrame) => void): void;
  /** Counts per bin of a frame. */
  counts(frame: WorldFrame): Int32Array;
  /** The same before counting. */
  expected(frame: WorldFrame): Float64Array;
  readonly twoThetaDeg: Float64Array;
  readonly energyKeV: number;
  readonly wavelengthA: number;
  /** Sample to detector. */
  readonly distanceMm: number;
  /**
   * Lithium of a cell and of one place on it at an instant not before the last one asked for or exposed; undefined
   * without a cell there. Looking makes the place a spot.
   */
  lithium(
    atMs: number,
    positionIndex: number,
    xMm: number,
    yMm: number,
  ): { readonly mean: ElectrodeLithium; readonly local: ElectrodeLithium } | undefined;
}

export interface FrameWorldDeps {
  readonly tables: FrameTables;
  readonly attenuation: WorldAttenuation;
  readonly site: WorldSite;
  readonly cells: readonly WorldCell[];
  readonly designs: ReadonlyMap<string, CellDesign>;
  readonly observers: ReadonlyMap<number, CellObserver>;
  readonly dose: DoseTruth;
  readonly trace: BeamTrace;
  /** Who exchanges cells or puts them back elsewhere: what a frame sees is the cell that lies there. */
  readonly hands?: PersonHands;
  readonly startMs: number;
  readonly chance: Chance;
  readonly standards?: Standards;
  readonly detector?: DetectorTrouble;
}

/** What has become of the detector, by the time. */
export interface DetectorTrouble {
  /** Rings larger by this share of their radius than its geometry has them. */
  readonly radiusOff?: (atMs: number) => number;
  /** Counts of each bin and second that no beam gave. */
  readonly strayPerS?: (atMs: number) => number;
}

/** What the shutter's watcher and the detector tell. */
export interface FrameWorldInputs extends FrameWorld {
  shutterOpened(atMs: number): void;
  shutterClosed(atMs: number): void;
  frameTaken(frame: TakenFrame): void;
}

interface FramedCell {
  readonly observer: CellObserver;
  readonly response: CellResponse;
  readonly positiveGyPerPhoton: number;
  readonly negativeGyPerPhoton: number;
  readonly onElectrode: CellTexture;
  /** The same casing with nothing in it: beside the electrode's disc. */
  readonly besideElectrode: CellTexture;
  /** Where it was last exposed. */
  place: { readonly xMm: number; readonly yMm: number } | undefined;
}

/** The electrode's disc and the can around it. */
const DISC_RADIUS_MM = 7;
const CAN_RADIUS_MM = 10;
/** More pieces of beam than fall into one frame, unless the stage moves under it. */
const PIECES_KEPT = 512;
const NO_LITHIUM: DiffractingState = { positiveMean: 0, positiveSurface: 0, negativeMean: 0 };

export function createFrameWorld(deps: FrameWorldDeps): FrameWorldInputs {
  const { tables, site, trace, chance } = deps;
  const { energyKeV } = site.beam;
  const counting = createSwitchedChance();
  const { pattern } = site.detector;
  const source = createPatternSource({
    structures: tables.structures,
    energyKeV,
    ...(pattern === undefined || pattern === null ? {} : { geometry: pattern }),
    chance: counting.chance,
  });
  const cells = new Map(deps.cells.map((cell) => [cell.positionIndex, framed(cell)] as const));
  const frames: WorldFrame[] = [];
  const handlers: ((frame: WorldFrame) => void)[] = [];
  let lit: LitPiece[] = [];
  /** Up to here the beam of an open shutter has been laid on the cells; undefined while it is shut. */
  let settledMs: number | undefined;

  function framed(cell: WorldCell): FramedCell {
    const design = deps.designs.get(cell.designId);
    const observer = deps.observers.get(cell.positionIndex);
    if (design === undefined || observer === undefined) throw new RangeError(`no cell at ${cell.positionIndex}`);
    const layers = deps.dose.trueLayers(cell.positionIndex);
    const stack = stackOfDesign(tables.structures, design, casingOf(layers));
    const onElectrode = drawTexture(chance.stream(`texture ${cell.positionIndex}`), tables.structures, stack);
    const { positiveGyCm2, negativeGyCm2 } = electrodeDose(deps.attenuation, layers, energyKeV, stack.positiveMaterial);
    const { peakPerCm2 } = deps.dose.shape;
    const made: FramedCell = {
      observer,
      response: createCellResponse({
        positive: tables.response[stack.positiveMaterial],
        negative: tables.response.graphite,
        beamRadiusMm: beamRadiusMm(site.beam.profile),
        startMs: deps.startMs,
        mean: cellAt(observer, deps.startMs).mean,
      }),
      positiveGyPerPhoton: positiveGyCm2 * peakPerCm2,
      negativeGyPerPhoton: negativeGyCm2 * peakPerCm2,
      onElectrode,
      besideElectrode: { ...onElectrode, stack: { ...stack, positiveGCm2: 0, negativeGCm2: 0 } },
      place: undefined,
    };
    // Spots follow straight lines of the cell's lithium: each change of its current is a corner.
    observer.onSeen((atMs, isChange) => {
      if (!isChange || made.place === undefined) return;
      settle(atMs);
      lookAt(made, atMs, made.place.xMm, made.place.yMm);
    });
    return made;
  }

  function lookAt(cell: FramedCell, atMs: number, xMm: number, yMm: number) {
    const now = cellAt(cell.observer, atMs);
    return { now, local: cell.response.local(atMs, now.mean, xMm, yMm) };
  }

  function settle(atMs: number): void {
    if (settledMs === undefined || !(atMs > settledMs)) return;
    const pieces = seenAsTheyLie(trace.pieces(settledMs, atMs), deps.hands);
    settledMs = atMs;
    for (const beam of joined(pieces)) expose(beam);
    lit.push(...pieces);
    if (lit.length > 2 * PIECES_KEPT) lit = lit.slice(-PIECES_KEPT);
  }

  function expose({ fromMs, toMs, positionIndex, xMm, yMm, photons }: LitPiece): void {
    const cell = cells.get(positionIndex);
    if (cell === undefined || Math.hypot(xMm, yMm) > DISC_RADIUS_MM) return;
    cell.response.expose({
      atMs: fromMs,
      durationS: (toMs - fromMs) / 1000,
      xMm,
      yMm,
      positiveGy: photons * cell.positiveGyPerPhoton,
      negativeGy: photons * cell.negativeGyPerPhoton,
    });
    cell.place = { xMm, yMm };
  }

  /** What of each stretch of beam fell into the time of the frame. */
  function during(startMs: number, endMs: number): readonly LitPiece[] {
    const found: LitPiece[] = [];
    for (const piece of lit) {
      const fromMs = Math.max(startMs, piece.fromMs);
      const toMs = Math.min(endMs, piece.toMs);
      if (!(toMs > fromMs)) continue;
      found.push({ ...piece, fromMs, toMs, photons: (piece.photons * (toMs - fromMs)) / (piece.toMs - piece.fromMs) });
    }
    return joined(found);
  }

  function spotAt(atMs: number, { positionIndex, xMm, yMm, photons }: LitPiece): FrameSpot {
    const cell = cells.get(positionIndex);
    const dark = { positionIndex, xMm, yMm, photons, mean: undefined, local: undefined, state: NO_LITHIUM };
    if (cell === undefined || Math.hypot(xMm, yMm) > DISC_RADIUS_MM) return dark;
    const { now, local } = lookAt(cell, atMs, xMm, yMm);
    const speed = cell.response.spot(xMm, yMm)?.positive.reactivity ?? 1;
    const state: DiffractingState = {
      positiveMean: local.positive,
      // A spot that hardly reacts has no gradient in its grains either.
      positiveSurface: local.positive + speed * (now.positiveSurface - now.mean.positive),
      negativeMean: local.negative,
      rateC: speed * now.rateC,
      positivePerS: speed * now.positivePerS,
    };
    return { positionIndex, xMm, yMm, photons, mean: now.mean, local, state };
  }

  function* diffracting(frame: WorldFrame): Generator<readonly [DiffractingState, FrameExposure]> {
    const exposureS = (frame.endMs - frame.startMs) / 1000;
    for (const spot of frame.spots) {
      const cell = cells.get(spot.positionIndex);
      const awayMm = Math.hypot(spot.xMm, spot.yMm);
      if (cell === undefined || awayMm > CAN_RADIUS_MM) continue;
      const texture = awayMm > DISC_RADIUS_MM ? cell.besideElectrode : cell.onElectrode;
      // Photons are counted behind the filters already.
      yield [spot.state, { exposureS, fluxPhS: spot.photons / exposureS, transmission: 1, texture }];
    }
  }

  function expectedOf(frame: WorldFrame): Float64Array {
    const sum = new Float64Array(source.twoThetaDeg.length);
    for (const [state, beam] of diffracting(frame)) add(sum, source.expected(state, beam));
    const { axis, caglioti, wavelengthA: lambdaA } = source;
    for (const { positionIndex, xMm, yMm, photons } of frame.spots) {
      const what = positionIndex === AT_STANDARD ? deps.standards?.what(xMm, yMm) : undefined;
      if (what !== undefined) addStandard(sum, axis, { what, photons, lambdaA, caglioti });
    }
    const seen = withRingsMoved(sum, axis, deps.detector?.radiusOff?.(frame.startMs) ?? 0);
    const stray = ((deps.detector?.strayPerS?.(frame.startMs) ?? 0) * (frame.endMs - frame.startMs)) / 1000;
    return stray === 0 ? seen : seen.map((mean) => mean + stray);
  }

  /** What cells alone give to a detector without trouble is counted as it falls. */
  function isPlain({ spots }: WorldFrame): boolean {
    return deps.detector === undefined && !spots.some(({ positionIndex }) => positionIndex === AT_STANDARD);
  }

  return {
    frames,
    twoThetaDeg: source.twoThetaDeg,
    energyKeV: source.energyKeV,
    wavelengthA: source.wavelengthA,
    distanceMm: source.distanceMm,
    onFrame(handler) {
      handlers.push(handler);
    },
    counts(frame) {
      const drawn = chance.stream(`frame ${frame.number}`);
      if (!isPlain(frame)) return Int32Array.from(expectedOf(frame), (mean) => poisson(drawn, mean));
      counting.use(drawn);
      const sum = new Int32Array(source.twoThetaDeg.length);
      for (const [state, beam] of diffracting(frame)) add(sum, source.pattern(state, beam));
      return sum;
    },
    expected: expectedOf,
    lithium(atMs, positionIndex, xMm, yMm) {
      const cell = cells.get(positionIndex);
      if (cell === undefined) return undefined;
      settle(atMs);
      const { now, local } = lookAt(cell, atMs, xMm, yMm);
      return { mean: now.mean, local };
    },
    shutterOpened(atMs) {
      settledMs = atMs;
    },
    shutterClosed(atMs) {
      settle(atMs);
      settledMs = undefined;
    },
    frameTaken(taken) {
      settle(taken.endMs);
      const spots = during(taken.startMs, taken.endMs).map((piece) => spotAt(taken.endMs, piece));
      const photons = spots.reduce((sum, spot) => sum + spot.photons, 0);
      const frame: WorldFrame = { ...taken, number: frames.length, spots, photons };
      frames.push(frame);
      for (const handler of handlers) handler(frame);
    },
  };
}

function add(sum: Int32Array | Float64Array, counts: ArrayLike<number>): void {
  for (let point = 0; point < sum.length; point += 1) sum[point] = (sum[point] ?? 0) + (counts[point] ?? 0);
}

/** Neighbours in time on one place as one stretch. */
function joined(pieces: readonly LitPiece[]): readonly LitPiece[] {
  const found: LitPiece[] = [];
  for (const piece of pieces) {
    const last = found[found.length - 1];
    const isSame = last?.positionIndex === piece.positionIndex && last.xMm === piece.xMm && last.yMm === piece.yMm;
    if (!isSame) {
      found.push(piece);
      continue;
    }
    found[found.length - 1] = {
      ...last,
      toMs: piece.toMs,
      photons: last.photons + piece.photons,
      peakPhS: Math.max(last.peakPhS, piece.peakPhS),
      isMoving: last.isMoving || piece.isMoving,
    };
  }
  return found;
}

/** From the centre to where the beam has fallen to half, the same area in a circle. */
function beamRadiusMm(profile: WorldProfile): number {
  if (profile.profile === "gaussian") return Math.sqrt(profile.fwhmXMm * profile.fwhmYMm) / 2;
  return Math.sqrt(profile.widthMm * profile.heightMm) / 2;
}

/** Chance whose stream is changed from frame to frame, so that a frame does not depend on those counted before it. */
function createSwitchedChance(): { readonly chance: Chance; use(stream: Chance): void } {
  let present: Chance | undefined;
  const of = (): Chance => {
    if (present === undefined) throw new RangeError("counted before there was a frame");
    return present;
  };
  const chance: Chance = { uniform: () => of().uniform(), normal: () => of().normal(), stream: () => chance };
  return {
    chance,
    use(stream) {
      present = stream;
    },
  };
}
