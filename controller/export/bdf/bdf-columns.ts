/** Columns of the Battery Data Format (ontology 1.3.0): labels, machine-readable names and what fills them. */
import type { CellRows } from "../cell-rows.ts";

export const BDF_NAMESPACE = "https://w3id.org/battery-data-alliance/ontology/battery-data-format#";
export const BDF_TABLE_SCHEMA = "https://w3id.org/battery-data-alliance/ontology/battery-data-format/schema";

export interface BdfColumn<Rows> {
  /** The header. */
  readonly label: string;
  /** Ends the IRI of the term. */
  readonly name: string;
  readonly kind: "real" | "whole";
  values(rows: Rows): Float64Array | Int32Array | number[];
}

const EMPTY = new Float64Array(0);

export const TIME_SERIES_COLUMNS: readonly BdfColumn<CellRows>[] = [
  { label: "Test Time / s", name: "test_time_second", kind: "real", values: (rows) => rows.testTimeS },
  { label: "Voltage / V", name: "voltage_volt", kind: "real", values: (rows) => rows.voltageV },
  { label: "Current / A", name: "current_ampere", kind: "real", values: (rows) => rows.currentA },
  { label: "Unix Time / s", name: "unix_time_second", kind: "real", values: (rows) => rows.unixTimeS },
  { label: "Cycle Count / 1", name: "cycle_count", kind: "whole", values: (rows) => rows.cycleCount },
  { label: "Step Count / 1", name: "step_count", kind: "whole", values: (rows) => rows.stepCount },
];

export const AMBIENT_COLUMN: BdfColumn<CellRows> = {
  label: "Ambient Temperature / degC",
  name: "ambient_temperature_celsius",
  kind: "real",
  values: (rows) => rows.ambientDegC ?? EMPTY,
};

/** Points of impedance spectra, column by column. */
export interface SpectrumRows {
  readonly testTimeS: number[];
  readonly unixTimeS: number[];
  readonly voltageV: number[];
  readonly currentA: number[];
  readonly cycleCount: number[];
  readonly stepCount: number[];
  readonly frequencyHz: number[];
  readonly zRealOhm: number[];
  readonly zImagOhm: number[];
  readonly zAbsoluteOhm: number[];
  readonly phaseDeg: number[];
}

export const SPECTRUM_COLUMNS: readonly BdfColumn<SpectrumRows>[] = [
  { label: "Test Time / s", name: "test_time_second", kind: "real", values: (rows) => rows.testTimeS },
  { label: "Voltage / V", name: "voltage_volt", kind: "real", values: (rows) => rows.voltageV },
  { label: "Current / A", name: "current_ampere", kind: "real", values: (rows) => rows.currentA },
  { label: "Unix Time / s", name: "unix_time_second", kind: "real", values: (rows) => rows.unixTimeS },
  { label: "Cycle Count / 1", name: "cycle_count", kind: "whole", values: (rows) => rows.cycleCount },
  { label: "Step Count / 1", name: "step_count", kind: "whole", values: (rows) => rows.stepCount },
  { label: "Frequency / Hz", name: "frequency_hertz", kind: "real", values: (rows) => rows.frequencyHz },
  { label: "Real Impedance / ohm", name: "real_impedance_ohm", kind: "real", values: (rows) => rows.zRealOhm },
  {
    label: "Imaginary Impedance / ohm",
    name: "imaginary_impedance_ohm",
    kind: "real",
    values: (rows) => rows.zImagOhm,
  },
  {
    label: "Absolute Impedance / ohm",
    name: "absolute_impedance_ohm",
    kind: "real",
    values: (rows) => rows.zAbsoluteOhm,
  },
  { label: "Phase / deg", name: "phase_degree", kind: "real", values: (rows) => rows.phaseDeg },
];
