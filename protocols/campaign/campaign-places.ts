/** Where in its file the parts of a campaign are written, for findings about a campaign that was read already. */
import { valueAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import type { DoseLimit } from "./campaign.ts";

export interface CampaignPlaces {
  /** By its index among the sweeps. */
  sweep(index: number, key: string): string;
  trigger(name: string): string;
  spots(preset: string): string;
  stack(name: string): string;
  protocol(name: string): string;
  controls(): string;
  frameChecks(): string;
  calendar(): string;
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
    sweep: (index, key) => at(["triggers", sweepAt(source, index), key]),
    trigger: (name) =>
      at([
        "triggers",
        Math.max(
          0,
          triggersOf(source).findIndex((entry) => entry["name"] === name),
        ),
      ]),
    spots: (preset) => at(["presets", preset, "spots"]),
    stack: (name) => at(["stacks", name]),
    protocol: (name) => at(["protocols", name]),
    controls: () => at(["controls"]),
    frameChecks: () => at(["frame_checks"]),
    calendar: () => at(["beam_forecast"]),
    doseLimit(limit) {
      const index = typeof source === "string" ? -1 : entryOf(source, limit);
      return at(index < 0 ? ["dose_limits"] : ["dose_limits", index]);
    },
  };
}

function triggersOf(source: InputDocument | string): readonly Readonly<Record<string, unknown>>[] {
  const entries = typeof source === "string" ? undefined : valueAt(source.value, ["triggers"]);
  return Array.isArray(entries) ? (entries as readonly Readonly<Record<string, unknown>>[]) : [];
}

/** Other triggers may stand before it. */
function sweepAt(source: InputDocument | string, index: number): number {
  const sweeps = triggersOf(source).flatMap((entry, at) => (entry["kind"] === "sweep" ? [at] : []));
  return sweeps[index] ?? index;
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
