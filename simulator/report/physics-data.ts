/** What the figures are drawn from: the truth of the simulated world, nothing that an instrument or the controller said. */

/** Truth of a cell along the run; all arrays of one length. Charge current positive. */
export interface CellTrace {
  readonly timeH: readonly number[];
  readonly voltageV: readonly number[];
  readonly currentMa: readonly number[];
  /** Mean lithium per site of the positive. */
  readonly positive: readonly number[];
}

export interface ReportFrame {
  readonly timeH: number;
  readonly exposureS: number;
  /** On the cell. */
  readonly xMm: number;
  readonly yMm: number;
  /** Lithium per site of the positive: the whole cell and the spot. */
  readonly mean: number;
  readonly local: number;
  /** Counted when asked for. */
  readonly counts: () => Int32Array;
}

export interface ReportDose {
  /** Which dose this is: layer, place, convention. */
  readonly what: string;
  readonly limitGy: number | null;
  readonly doseGy: (xMm: number, yMm: number) => number;
  readonly spots: readonly { readonly xMm: number; readonly yMm: number }[];
}

export interface ReportCell {
  /** `A1` */
  readonly position: string;
  readonly sample: string;
  readonly design: string;
  readonly trace: CellTrace;
  readonly frames: readonly ReportFrame[];
  readonly dose: ReportDose;
}

export interface PhysicsData {
  readonly campaign: string;
  readonly seed: number;
  readonly durationH: number;
  readonly energyKeV: number;
  readonly wavelengthA: number;
  readonly twoThetaDeg: Float64Array;
  readonly cells: readonly ReportCell[];
}

export interface Figure {
  /** File name without folder, e.g. `voltage.svg`. */
  readonly name: string;
  readonly title: string;
  /** What is seen, in a sentence or two. */
  readonly caption: string;
  readonly svg: string;
}
