/** The cell chemistries beamrack knows, each with the voltage window its electrodes were designed for. */

export interface Chemistry {
  readonly title: string;
  /** Charge and discharge limits of the design, volts. */
  readonly voltageMinV: number;
  readonly voltageMaxV: number;
  /** A safety limit may lie outside the window, but no further than here: common practice for coin cells, 0.1 V above and 0.5 V below. */
  readonly hardMinV: number;
  readonly hardMaxV: number;
}

function chemistry(title: string, voltageMinV: number, voltageMaxV: number): Chemistry {
  return { title, voltageMinV, voltageMaxV, hardMinV: round(voltageMinV - 0.5), hardMaxV: round(voltageMaxV + 0.1) };
}

function round(voltageV: number): number {
  return Math.round(voltageV * 1000) / 1000;
}

export const CHEMISTRIES = {
  "nmc811-graphite-siox": chemistry("NMC811 against graphite with silicon oxide", 2.5, 4.2),
  "lfp-graphite": chemistry("LiFePO4 against graphite", 2.0, 3.6),
  "lno-graphite": chemistry("LiNiO2 against graphite", 2.8, 4.2),
  "lco-graphite": chemistry("LiCoO2 against graphite", 3.105, 4.1),
} as const satisfies Readonly<Record<string, Chemistry>>;

export type ChemistryId = keyof typeof CHEMISTRIES;

export const CHEMISTRY_IDS = Object.keys(CHEMISTRIES) as readonly ChemistryId[];

export function isChemistryId(text: string): text is ChemistryId {
  return Object.hasOwn(CHEMISTRIES, text);
}
