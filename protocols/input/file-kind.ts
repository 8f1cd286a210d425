/** What a file is, by the keys at its top: for the person who has given one where another was meant. */

export type FileKind = "campaign" | "site" | "protocol" | "dose case" | "cell case";

/** Keys that no other kind of file has; two of them make it. */
const TELLING_KEYS: Readonly<Record<FileKind, readonly string[]>> = {
  campaign: ["campaign", "cells", "cell_defaults", "triggers", "presets", "protocols", "dose_limits"],
  site: ["rack", "stage", "shutter", "channels", "io", "sensor_sources", "interlocks"],
  protocol: ["unicycler", "record", "method", "safety"],
  "dose case": ["layers", "energy_keV", "flux_ph_s", "exposures", "probes"],
  "cell case": ["cell", "steps", "impedance", "initial", "temperature_C"],
};

/** The kind whose telling keys the file has most of, at least two; undefined where nothing tells. */
export function fileKindOf(value: unknown): FileKind | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  let best: FileKind | undefined;
  let bestCount = 1;
  for (const [kind, keys] of Object.entries(TELLING_KEYS) as [FileKind, readonly string[]][]) {
    const count = keys.filter((key) => Object.hasOwn(value, key)).length;
    if (count > bestCount) {
      best = kind;
      bestCount = count;
    }
  }
  return best;
}
