/** Whose report it is: which cells, and which words it may use. */
import type { ExportedCampaign } from "../export/exported-campaign.ts";
import { createCensor, type Censor } from "./foreign-words.ts";

export interface ReportScope {
  /** Of the cells that it is about. */
  readonly positions: ReadonlySet<string>;
  /** Of those it is not about, and of their channels: what happened there is left out. */
  readonly foreignPlaces: ReadonlySet<string>;
  /** The whole campaign. */
  readonly isWhole: boolean;
  readonly censor: Censor;
}

export function reportScope({ plan, cells, group }: Pick<ExportedCampaign, "plan" | "cells" | "group">): ReportScope {
  const positions = new Set<string>(cells.map(({ position }) => position));
  const foreign = plan.cells.filter(({ position }) => !positions.has(position));
  return {
    positions,
    foreignPlaces: new Set(foreign.flatMap(({ position, channel, barcode }) => [position, channel ?? "", barcode])),
    isWhole: group === null,
    censor: createCensor(plan, positions),
  };
}
