/** Cells that were withdrawn are those of a campaign under way: one that begins has no use for them. */
import type { Finding } from "../base/finding.ts";
import type { Campaign } from "./campaign.ts";
import { positionsText } from "./rack-text.ts";

export function withdrawnAtBegin({ cells }: Pick<Campaign, "cells">, where: string): readonly Finding[] {
  const positions = cells.flatMap(({ position, isWithdrawn }) => (isWithdrawn === true ? [position] : []));
  if (positions.length === 0) return [];
  return [
    {
      severity: "error",
      code: "campaign.invalid",
      where,
      what: `${positionsText(positions)} are withdrawn before the campaign has begun`,
      advice: "Leave them out of cells; withdrawn: true is for an amendment.",
    },
  ];
}
