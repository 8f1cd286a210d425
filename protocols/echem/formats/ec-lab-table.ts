/**
 * The rows of a Modulo Bat technique in EC-Lab settings, in their order: each has a value for every step, padded to a
 * fixed width. A row that a step says nothing of holds what stands here.
 */

export const EC_LAB_COLUMN_WIDTH = 20;
export const EC_LAB_TITLE = "EC-LAB SETTING FILE";
export const EC_LAB_TECHNIQUE = "Modulo Bat";
/** What upstream sets: voltages are controlled and measured between these. */
export const EC_LAB_RANGE_V = { min: 0, max: 5 } as const;

/** Current ranges by name, smallest first, with the largest current of each in mA. */
export const EC_LAB_CURRENT_RANGES: readonly (readonly [maxMa: number, name: string])[] = [
  [0.01, "10 \u00b5A"],
  [0.1, "100 \u00b5A"],
  [1, "1 mA"],
  [10, "10 mA"],
  [100, "100 mA"],
  [1000, "1 A"],
];

export type EcLabStep = Readonly<Record<string, string>>;

export const EC_LAB_DEFAULTS: EcLabStep = {
  Ns: "",
  ctrl_type: "",
  "Apply I/C": "I",
  "current/potential": "current",
  ctrl1_val: "",
  ctrl1_val_unit: "",
  ctrl1_val_vs: "",
  ctrl2_val: "",
  ctrl2_val_unit: "",
  ctrl2_val_vs: "",
  ctrl3_val: "",
  ctrl3_val_unit: "",
  ctrl3_val_vs: "",
  N: "0.00",
  "charge/discharge": "Charge",
  "charge/discharge_1": "Charge",
  "Apply I/C_1": "I",
  N1: "0.00",
  ctrl4_val: "",
  ctrl4_val_unit: "",
  ctrl5_val: "",
  ctrl5_val_unit: "",
  ctrl_tM: "0",
  ctrl_seq: "0",
  ctrl_repeat: "0",
  ctrl_trigger: "Falling Edge",
  ctrl_TO_t: "0.000",
  ctrl_TO_t_unit: "d",
  ctrl_Nd: "6",
  ctrl_Na: "2",
  ctrl_corr: "0",
  lim_nb: "0",
  lim1_type: "Time",
  lim1_comp: ">",
  lim1_Q: "",
  lim1_value: "0.000",
  lim1_value_unit: "s",
  lim1_action: "Next sequence",
  lim1_seq: "",
  lim2_type: "",
  lim2_comp: "",
  lim2_Q: "",
  lim2_value: "",
  lim2_value_unit: "",
  lim2_action: "Next sequence",
  lim2_seq: "",
  rec_nb: "0",
  rec1_type: "",
  rec1_value: "",
  rec1_value_unit: "",
  rec2_type: "",
  rec2_value: "",
  rec2_value_unit: "",
  "E range min (V)": EC_LAB_RANGE_V.min.toFixed(3),
  "E range max (V)": EC_LAB_RANGE_V.max.toFixed(3),
  "I Range": "Auto",
  "I Range min": "Unset",
  "I Range max": "Unset",
  "I Range init": "Unset",
  "auto rest": "1",
  Bandwidth: "5",
};

/** How the instrument measures: not part of a protocol, so another value is told and left out. */
export const EC_LAB_SETTINGS: readonly string[] = [
  "E range min (V)",
  "E range max (V)",
  "I Range min",
  "I Range max",
  "I Range init",
  "auto rest",
  "Bandwidth",
];

/** With it the table ends. */
export const EC_LAB_LAST_ROW = "Bandwidth";

/** Smallest range that holds the current; undefined where none does. */
export function currentRangeName(currentMa: number): string | undefined {
  return EC_LAB_CURRENT_RANGES.find(([maxMa]) => Math.abs(currentMa) <= maxMa)?.[1];
}

export const CP1252_UPPER =
  "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

/**
 * The bytes of the file: Windows-1252, lines ended as on Windows. Undefined where a character has none there; in any
 * other encoding EC-Lab may take the micro sign for milli.
 */
export function ecLabBytes(text: string): Uint8Array | undefined {
  const lines = text.replaceAll("\n", "\r\n");
  const bytes = new Uint8Array(lines.length);
  for (let at = 0; at < lines.length; at += 1) {
    const code = lines.charCodeAt(at);
    const upper = code < 0x80 || (code >= 0xa0 && code <= 0xff) ? code : 0x80 + CP1252_UPPER.indexOf(lines.charAt(at));
    if (upper < 0x80 && upper !== code) return undefined;
    bytes[at] = upper;
  }
  return bytes;
}
