/**
 * What the simulated world is told of a site and its cells. Shaped like the parts of the site and campaign it
 * mirrors, but its own: the world shares no arithmetic with the controller it judges.
 */
import type { CellFault } from "../cell/cell-fault.ts";
import type { PatternGeometry } from "../diffraction/pattern-source.ts";
import type { CellInitial } from "../cell/cell.ts";
import type { Obstacle } from "../plant/obstacles.ts";

export interface WorldLayer {
  readonly name: string;
  readonly thicknessMm: number;
  readonly densityGCm3: number;
  readonly massFractions: Readonly<Record<string, number>>;
}

export type WorldProfile =
  | {
      readonly profile: "gaussian";
      readonly fwhmXMm: number;
      readonly fwhmYMm: number;
      /** Full widths of a centred slit; the flux is what passes it. */
      readonly slitXMm?: number;
      readonly slitYMm?: number;
    }
  | { readonly profile: "tophat_rect" | "tophat_ellipse"; readonly widthMm: number; readonly heightMm: number };

export interface WorldSite {
  /** In the stage plant's coordinates, counted from the near end of travel: A1, columns along x, rows along y. */
  readonly rack: { readonly pitchMm: number; readonly originXMm: number; readonly originYMm: number };
  readonly stage: {
    readonly travelXMm: number;
    readonly travelYMm: number;
    readonly speedMmS: number;
    readonly accelerationMmS2: number;
    readonly settleS: number;
    /** What truly stands in its way. */
    readonly keepOut?: readonly Obstacle[];
  };
  readonly shutter: { readonly travelS: number; readonly safetyShutterCloseS: number };
  readonly detector: {
    readonly readOutS: number;
    /** Distance, angles and widths of its patterns; those of the tables where the site says nothing. */
    readonly pattern?: PatternGeometry | null;
  };
  readonly filters: readonly WorldLayer[];
  readonly beam: {
    readonly energyKeV: number;
    readonly fluxReferencePhS: number;
    readonly ringCurrentReferenceMa: number;
    readonly profile: WorldProfile;
  };
}

/** Fractions of the dose, as stated by the campaign: the truth is drawn within them. */
export interface WorldUncertainty {
  readonly flux: number;
  readonly profile: number;
  readonly position: number;
  readonly stack: number;
}

export type WorldConvention = "en" | "loc" | "att";

export interface WorldDoseLimit {
  readonly layerIndex: number;
  readonly location: "surface" | "mean";
  readonly convention: WorldConvention;
  readonly doseGy: number | null;
  readonly doseRateGyS: number | null;
  /** The world knows no cycles of a protocol: of a limit per cycle it judges that no single opening passes it. */
  readonly scope: "spot-total" | "spot-cycle" | "per-exposure";
}

export interface WorldCell {
  /** 0..95, row by row. */
  readonly positionIndex: number;
  /** One of the published designs, e.g. `lno-graphite`. */
  readonly designId: string;
  /** The design's disc is scaled to it. */
  readonly nominalCapacityMah: number;
  readonly initial: CellInitial;
  /** First one upstream. */
  readonly layers: readonly WorldLayer[];
  readonly doseLimits: readonly WorldDoseLimit[];
  /** What is wrong with it from the start. */
  readonly faults?: readonly CellFault[];
  readonly limits: {
    readonly voltageMaxV: number;
    readonly voltageMinV: number;
    readonly currentMaxA: number;
    readonly currentMinA: number;
  };
}

export const RACK_COLUMNS = 12;
export const RACK_ROWS = 8;

export interface PlacedOffset {
  /** The nearest position, or -1 beside the rack. */
  readonly positionIndex: number;
  readonly xMm: number;
  readonly yMm: number;
}

/** Which cell is in the beam when the stage stands here, and where on it the beam falls. */
export function cellUnderBeam(site: WorldSite, stageXMm: number, stageYMm: number): PlacedOffset {
  const { pitchMm, originXMm, originYMm } = site.rack;
  const column = Math.round((stageXMm - originXMm) / pitchMm);
  const row = Math.round((stageYMm - originYMm) / pitchMm);
  const isOnRack = column >= 0 && column < RACK_COLUMNS && row >= 0 && row < RACK_ROWS;
  return {
    positionIndex: isOnRack ? row * RACK_COLUMNS + column : -1,
    xMm: stageXMm - originXMm - column * pitchMm,
    yMm: stageYMm - originYMm - row * pitchMm,
  };
}
