/** What a simulated SIMPLON detector can be asked and told: names, kinds, bounds, and which value moves which. */

export type ValueType = "bool" | "float" | "int" | "uint" | "string" | "string[]" | "date";
export type StoredValue = string | number | boolean | readonly string[];

export interface StoredEntry {
  value: StoredValue;
  readonly type: ValueType;
  readonly access: "r" | "rw";
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly allowed?: readonly string[];
}

export type ValueTable = Map<string, StoredEntry>;

export interface SimplonModel {
  readonly description: string;
  readonly detectorNumber: string;
  readonly firmware: string;
  /** Least time between two images in which nothing is counted. */
  readonly deadTimeS: number;
  readonly frameTimeMinS: number;
}

/** An EIGER2 by its public figures. */
export const EIGER2_500K: SimplonModel = {
  description: "Dectris EIGER2 Si 500K",
  detectorNumber: "E-01-0401",
  firmware: "release-2022.1.2",
  deadTimeS: 1e-7,
  frameTimeMinS: 1 / 2200,
};

export interface SimplonTables {
  readonly detectorConfig: ValueTable;
  readonly detectorStatus: ValueTable;
  readonly filewriterConfig: ValueTable;
  readonly filewriterStatus: ValueTable;
  readonly streamConfig: ValueTable;
  readonly streamStatus: ValueTable;
  readonly monitorConfig: ValueTable;
  readonly monitorStatus: ValueTable;
}

export function createSimplonTables(model: SimplonModel): SimplonTables {
  const { deadTimeS, frameTimeMinS } = model;
  const fixed = (value: StoredValue, type: ValueType, unit?: string): StoredEntry => ({
    value,
    type,
    access: "r",
    ...(unit === undefined ? {} : { unit }),
  });
  const onOff = (value: "enabled" | "disabled"): StoredEntry => ({
    value,
    type: "string",
    access: "rw",
    allowed: ["enabled", "disabled"],
  });
  const number = (value: number, type: ValueType, min: number, max: number, unit?: string): StoredEntry => ({
    value,
    type,
    access: "rw",
    min,
    max,
    ...(unit === undefined ? {} : { unit }),
  });
  const choice = (value: string, ...allowed: readonly string[]): StoredEntry => ({
    value,
    type: "string",
    access: "rw",
    allowed,
  });
  return {
    detectorConfig: new Map<string, StoredEntry>([
      ["description", fixed(model.description, "string")],
      ["detector_number", fixed(model.detectorNumber, "string")],
      ["eiger_fw_version", fixed(model.firmware, "string")],
      ["software_version", fixed("1.8.0", "string")],
      ["bit_depth_image", fixed(32, "uint")],
      ["bit_depth_readout", fixed(16, "uint")],
      ["detector_readout_time", fixed(deadTimeS, "float", "s")],
      ["frame_count_time", fixed(0.004, "float", "s")],
      ["countrate_correction_count_cutoff", fixed(500_000, "uint")],
      ["x_pixels_in_detector", fixed(1030, "uint")],
      ["y_pixels_in_detector", fixed(514, "uint")],
      ["x_pixel_size", fixed(7.5e-5, "float", "m")],
      ["sensor_thickness", fixed(4.5e-4, "float", "m")],
      ["count_time", number(1, "float", frameTimeMinS - deadTimeS, 3600, "s")],
      ["frame_time", number(1 + deadTimeS, "float", frameTimeMinS, 3600, "s")],
      ["nimages", number(1, "uint", 1, 2_000_000_000)],
      ["ntrigger", number(1, "uint", 1, 2_000_000_000)],
      ["nexpi", number(1, "uint", 1, 100)],
      ["photon_energy", number(8041, "float", 5500, 40_000, "eV")],
      ["threshold_energy", number(4020.5, "float", 2700, 32_000, "eV")],
      ["trigger_start_delay", number(0, "float", 0, 3600, "s")],
      ["trigger_mode", choice("ints", "ints", "inte", "exts", "exte", "eies", "extg")],
      ["extg_mode", choice("double", "single", "double")],
      ["compression", choice("bslz4", "lz4", "bslz4", "none")],
      ["counting_mode", choice("normal", "normal", "retrigger")],
      ["roi_mode", choice("disabled", "disabled")],
      ["auto_summation", { value: true, type: "bool", access: "rw" }],
      ["fast_arm", { value: false, type: "bool", access: "rw" }],
      ["beam_center_x", number(515, "float", -1e6, 1e6)],
      ["beam_center_y", number(257, "float", -1e6, 1e6)],
      ["detector_distance", number(0.1, "float", 0, 100, "m")],
      ["omega_start", number(0, "float", -1e6, 1e6, "degree")],
      ["omega_increment", number(0, "float", -1e6, 1e6, "degree")],
    ]),
    detectorStatus: new Map<string, StoredEntry>([
      ["state", fixed("na", "string")],
      ["error", fixed([], "string[]")],
      ["time", fixed("2026-01-01T00:00:00.000Z", "date")],
      ["temperature", fixed(24.5, "float", "°C")],
      ["humidity", fixed(12.1, "float", "%")],
      ["board_000/th0_temp", fixed(24.5, "float", "°C")],
      ["builder/dcu_buffer_free", fixed(98.5, "float", "%")],
      ["dcu_buffer_free", fixed(98.5, "float", "%")],
      ["link_0", fixed("up", "string")],
      ["link_1", fixed("up", "string")],
      ["series_unique_id", fixed("", "string")],
    ]),
    filewriterConfig: new Map<string, StoredEntry>([
      ["mode", onOff("enabled")],
      ["name_pattern", { value: "series_$id", type: "string", access: "rw" }],
      ["nimages_per_file", number(1000, "uint", 1, 1_000_000)],
      ["image_nr_start", number(1, "uint", 0, 1_000_000)],
    ]),
    filewriterStatus: new Map<string, StoredEntry>([["state", fixed("ready", "string")]]),
    streamConfig: new Map<string, StoredEntry>([
      ["mode", onOff("disabled")],
      ["header_detail", choice("basic", "none", "basic", "all")],
      ["format", choice("legacy", "legacy", "cbor")],
    ]),
    streamStatus: new Map<string, StoredEntry>([
      ["state", fixed("ready", "string")],
      ["dropped", fixed(0, "uint")],
    ]),
    monitorConfig: new Map<string, StoredEntry>([
      ["mode", onOff("disabled")],
      ["buffer_size", number(5, "uint", 1, 100)],
      ["discard_new", { value: false, type: "bool", access: "rw" }],
    ]),
    monitorStatus: new Map<string, StoredEntry>([["state", fixed("normal", "string")]]),
  };
}

/** The answer to a GET, as JSON text with its keys in order. */
export function valueJson(entry: StoredEntry): string {
  return JSON.stringify({
    access_mode: entry.access,
    ...(entry.allowed === undefined ? {} : { allowed_values: entry.allowed }),
    ...(entry.max === undefined ? {} : { max: entry.max }),
    ...(entry.min === undefined ? {} : { min: entry.min }),
    ...(entry.unit === undefined ? {} : { unit: entry.unit }),
    value: entry.value,
    value_type: entry.type,
  });
}

/** Why a value cannot be set, or undefined after it was. */
export function setValue(entry: StoredEntry, value: unknown): string | undefined {
  if (entry.access === "r") return "parameter is read-only";
  const isNumber = entry.type === "float" || entry.type === "int" || entry.type === "uint";
  if (isNumber) {
    if (typeof value !== "number" || !Number.isFinite(value)) return "type mismatch";
    if (entry.type !== "float" && !Number.isInteger(value)) return "type mismatch";
    if (value < (entry.min ?? -Infinity) || value > (entry.max ?? Infinity)) return "value out of range";
    entry.value = value;
    return undefined;
  }
  if (entry.type === "bool") {
    if (typeof value !== "boolean") return "type mismatch";
    entry.value = value;
    return undefined;
  }
  if (typeof value !== "string") return "type mismatch";
  if (entry.allowed !== undefined && !entry.allowed.includes(value)) return "value not allowed";
  entry.value = value;
  return undefined;
}

const TIMING_NAMES = [
  "bit_depth_image",
  "bit_depth_readout",
  "count_time",
  "countrate_correction_count_cutoff",
  "frame_count_time",
  "frame_time",
];

/** Moves what hangs on a detector setting; gives the names that may have changed. */
export function moveOthers(table: ValueTable, name: string, deadTimeS: number): readonly string[] {
  const countTime = table.get("count_time");
  const frameTime = table.get("frame_time");
  if (countTime === undefined || frameTime === undefined) return [name];
  const countS = Number(countTime.value);
  const frameS = Number(frameTime.value);
  if (name === "count_time") {
    if (frameS < countS + deadTimeS) frameTime.value = countS + deadTimeS;
    return TIMING_NAMES;
  }
  if (name === "frame_time") {
    if (countS > frameS - deadTimeS + 1e-9) countTime.value = frameS - deadTimeS;
    return TIMING_NAMES;
  }
  if (name === "photon_energy") {
    const threshold = table.get("threshold_energy");
    if (threshold !== undefined) threshold.value = Number(table.get("photon_energy")?.value) / 2;
    return ["flatfield", "photon_energy", "threshold/1/energy", "threshold/1/flatfield", "threshold_energy"];
  }
  return [name];
}
