/**
 * The spots of a cell over all presets of a campaign, by one number each: the ledger keeps dose by that number. Those of
 * the sweep come first, then control spots, then what other presets have beside them. Pure.
 */
import type { Campaign, ExposurePreset, SpotOffset } from "./campaign.ts";

export interface CampaignSpots {
  readonly all: readonly SpotOffset[];
  /** Number of the first control spot. */
  readonly controlsFrom: number;
  /** Numbers of a preset's spots, in the preset's order. */
  of(preset: ExposurePreset): readonly number[];
}

export function campaignSpots({
  sweeps,
  presets,
  controls,
}: Pick<Campaign, "sweeps" | "presets" | "controls">): CampaignSpots {
  const first = sweeps[0]?.preset ?? presets[0];
  const ofFirst = first?.spots ?? [{ xMm: 0, yMm: 0 }];
  const all: SpotOffset[] = [...ofFirst, ...(controls?.spots ?? [])];
  const known = new Map<string, number>();
  const keyOf = ({ xMm, yMm }: SpotOffset): string => `${xMm} ${yMm}`;
  ofFirst.forEach((spot, index) => known.set(keyOf(spot), index));
  const numbers = new Map<string, readonly number[]>();
  if (first !== undefined) {
    numbers.set(
      first.name,
      ofFirst.map((_, index) => index),
    );
  }
  for (const preset of presets) {
    if (numbers.has(preset.name)) continue;
    numbers.set(
      preset.name,
      preset.spots.map((spot) => {
        const found = known.get(keyOf(spot));
        if (found !== undefined) return found;
        known.set(keyOf(spot), all.length);
        return all.push(spot) - 1;
      }),
    );
  }
  return {
    all,
    controlsFrom: ofFirst.length,
    of: ({ name }) => numbers.get(name) ?? [],
  };
}
