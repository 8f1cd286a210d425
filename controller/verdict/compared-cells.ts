/** Whole cells: capacity and resistance of those that are exposed against those exposed rarely or never. */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { materialOf } from "../../protocols/campaign/judge-controls.ts";
import type { CellComparison } from "../../protocols/verdict/beam-verdict.ts";
import type { CellResistances, ResistanceKind } from "./cell-resistances.ts";

/** Fewer cells on a side are not compared. */
const CELLS_MIN = 3;

/** For every material both quantities, whether there are numbers or not: how many are judged never depends on them. */
export function comparedCells(
  campaign: Pick<Campaign, "cells">,
  stateOfHealth: (cellIndex: number) => number | null,
  resistances: Pick<CellResistances, "shares">,
): readonly CellComparison[] {
  const materials = [...new Set(campaign.cells.map(materialOf))];
  const sides = (material: string, shareOf: (cellIndex: number) => number | null) => {
    const exposed: number[] = [];
    const controls: number[] = [];
    campaign.cells.forEach((cell, cellIndex) => {
      const share = materialOf(cell) === material ? shareOf(cellIndex) : null;
      if (share !== null) (cell.role === "exposed" ? exposed : controls).push(share);
    });
    return { exposed, controls };
  };
  return materials.flatMap((material): readonly CellComparison[] => {
    const own = campaign.cells.flatMap((cell, cellIndex) => (materialOf(cell) === material ? [cellIndex] : []));
    const by = (kind: ResistanceKind) => {
      const shares = resistances.shares(own, kind);
      return sides(material, (cellIndex) => shares.get(cellIndex) ?? null);
    };
    const spectra = by("spectrum");
    // A spectrum tells more than an edge; which of them there is does not depend on what they say.
    const hasSpectra = spectra.exposed.length >= CELLS_MIN && spectra.controls.length >= CELLS_MIN;
    return [
      { material, quantity: "capacity", ...sides(material, stateOfHealth) },
      { material, quantity: "resistance", ...(hasSpectra ? spectra : by("step-edge")) },
    ];
  });
}
