/** What the simulated instruments are: type codes, electrical limits and range tables, from the vendor's lists. */

export type ModelName = "es4_hr" | "mes4hr" | "es4_lr" | "mes4lr" | "nexus1" | "espico";

/** One measuring range: its nominal end in SI units and the index that packages carry. */
export interface InstrumentRange {
  readonly nominal: number;
  readonly index: number;
}

export interface InstrumentModel {
  readonly typeCode: ModelName;
  /** Two lines of the answer to `t`, without the leading letter. */
  readonly version: readonly [string, string];
  readonly voltageMinV: number;
  readonly voltageMaxV: number;
  /** Largest voltage, either way, by which the output drives a current. Chosen: no manual at hand gives it. */
  readonly complianceV: number;
  /** The most that it lets be set, and that its output gives at any voltage. */
  readonly currentMaxA: number;
  readonly hasGalvanostat: boolean;
  /** Ascending. */
  readonly currentRanges: readonly InstrumentRange[];
  /** Added to a current range's index where the galvanostat numbers its ranges apart. */
  readonly galvanostatIndexOffset: number;
  readonly voltageRanges: readonly InstrumentRange[];
  /** Null where it measures no impedance here. */
  readonly impedance: {
    readonly frequencyMinHz: number;
    readonly frequencyMaxHz: number;
    /** Of a sine of current. */
    readonly currentFrequencyMaxHz: number;
    readonly amplitudeMaxVrms: number;
  } | null;
  /** Packages carry a noise field. */
  readonly sendsNoise: boolean;
}

function ranges(...pairs: readonly (readonly [number, number])[]): readonly InstrumentRange[] {
  return pairs.map(([nominal, index]) => ({ nominal, index }));
}

const EMSTAT4_VOLTAGE = ranges([0.05, 2], [0.1, 3], [0.2, 4], [0.5, 5], [1, 6]);
const EMSTAT4_HR_CURRENT = ranges([1e-7, 9], [1e-6, 12], [1e-5, 15], [1e-4, 18], [1e-3, 21], [1e-2, 24], [1e-1, 27]);
const EMSTAT4_LR_CURRENT = ranges(
  [1e-9, 3],
  [1e-8, 6],
  [1e-7, 9],
  [1e-6, 12],
  [1e-5, 15],
  [1e-4, 18],
  [1e-3, 21],
  [1e-2, 24],
);

const EMSTAT4_IMPEDANCE = {
  frequencyMinHz: 1e-5,
  frequencyMaxHz: 200e3,
  currentFrequencyMaxHz: 200e3,
  amplitudeMaxVrms: 0.9,
};

const HR = {
  version: ["es4_hr1100#Jan 28 2022 11:04:43", "R*"],
  voltageMinV: -6,
  voltageMaxV: 6,
  complianceV: 8,
  currentMaxA: 0.2,
  hasGalvanostat: true,
  currentRanges: EMSTAT4_HR_CURRENT,
  galvanostatIndexOffset: 0,
  voltageRanges: EMSTAT4_VOLTAGE,
  impedance: EMSTAT4_IMPEDANCE,
  sendsNoise: true,
} as const;

const LR = {
  ...HR,
  version: ["es4_lr1100#Jan 28 2022 11:04:43", "R*"],
  voltageMinV: -3,
  voltageMaxV: 3,
  complianceV: 5,
  currentMaxA: 0.03,
  currentRanges: EMSTAT4_LR_CURRENT,
} as const;

export const INSTRUMENT_MODELS: Readonly<Record<ModelName, InstrumentModel>> = {
  es4_hr: { ...HR, typeCode: "es4_hr" },
  mes4hr: { ...HR, typeCode: "mes4hr", version: ["mes4hr1100#Jan 28 2022 11:04:43", "R*"] },
  es4_lr: { ...LR, typeCode: "es4_lr" },
  mes4lr: { ...LR, typeCode: "mes4lr", version: ["mes4lr1100#Jan 28 2022 11:04:43", "R*"] },
  nexus1: {
    typeCode: "nexus1",
    version: ["nexus11200#Mar 10 2025 09:00:00", "R*"],
    voltageMinV: -10,
    voltageMaxV: 10,
    complianceV: 12,
    currentMaxA: 1,
    hasGalvanostat: true,
    currentRanges: ranges(
      [1e-9, 0],
      [1e-8, 1],
      [1e-7, 2],
      [1e-6, 3],
      [1e-5, 4],
      [1e-4, 5],
      [1e-3, 8],
      [1e-2, 9],
      [0.1, 10],
      [1, 11],
    ),
    galvanostatIndexOffset: 32,
    voltageRanges: ranges([1e-3, 3], [1e-2, 2], [0.1, 1], [1, 0]),
    impedance: { ...EMSTAT4_IMPEDANCE, frequencyMaxHz: 1e6, amplitudeMaxVrms: 0.3 },
    sendsNoise: false,
  },
  espico: {
    typeCode: "espico",
    version: ["espico1400#Jun  1 2023 10:00:00", "R*"],
    voltageMinV: -1.7,
    voltageMaxV: 2,
    complianceV: 2.3,
    currentMaxA: 0.003,
    hasGalvanostat: false,
    currentRanges: ranges(
      [1e-7, 128],
      [1e-6, 129],
      [6e-6, 130],
      [1.3e-5, 131],
      [2.5e-5, 132],
      [5e-5, 133],
      [1e-4, 134],
      [2e-4, 135],
      [1e-3, 136],
      [5e-3, 137],
    ),
    galvanostatIndexOffset: 0,
    voltageRanges: ranges([2, 0]),
    impedance: { ...EMSTAT4_IMPEDANCE, amplitudeMaxVrms: 0.429 },
    sendsNoise: false,
  },
};
