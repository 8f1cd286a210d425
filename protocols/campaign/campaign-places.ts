/** Where in its file the parts of a campaign are written, for findings about a campaign that was read already. */
import { valueAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import type { DoseLimit } from "./campaign.ts";

export interface CampaignPlaces {
  trigger(index: number, key: string): string;
  spots(preset: string): string;
  stack(name: string): string;
  protocol(name: string): string;
  controls(): string;
  doseLimit(limit: WrittenLimit): string;
}

/** What tells one entry of `dose_limits` from another. */
export interface WrittenLimit {
  readonly layer: string;
  readonly location: DoseLimit["location"];
  readonly limitGy: number | null;
  readonly limitGyS: number | null;
}

/** `source`: the document the campaign was read from, or just a name where there is none. */
export function campaignPlaces(source: InputDocument | string): CampaignPlaces {
  const at = (path: Path): string => (typeof source === "string" ? `${source} ${path.join(".")}` : source.where(path));
  return {
    trigger: (index, key) => at(["triggers", index, key]),
    spots: (preset) => at(["presets", preset, "spots"]),
    stack: (name) => at(["stacks", name]),
    protocol: (name) => at(["protocols", name]),
    controls: () => at(["controls"]),
    doseLimit(limit) {
      const index = typeof source === "string" ? -1 : entryOf(source, limit);
      return at(index < 0 ? ["dose_limits"] : ["dose_limits", index]);
    },
  };
}

function entryOf(document: InputDocument, limit: WrittenLimit): number {
  const entries = valueAt(document.value, ["dose_limits"]);
  if (!Array.isArray(entries)) return -1;
  return entries.findIndex(
    (entry: unknown) =>
      // One by material names no layer.
      (valueAt(entry, ["layer"]) ?? limit.layer) === limit.layer &&
      valueAt(entry, ["location"]) === limit.location &&
      (valueAt(entry, ["dose_Gy"]) ?? null) === limit.limitGy &&
      (valueAt(entry, ["dose_rate_Gy_s"]) ?? null) === limit.limitGyS,
  );
}
