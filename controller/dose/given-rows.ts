/**
 * What was given, exposure by exposure, as long as a run lives: a month of it is some hundred thousand. Kept in columns, and
 * the doses of the layers as their share of the fluence, which most exposures of a cell have in common.
 */
import { assert } from "../../protocols/base/assert.ts";
import type { LayerDose, LedgerRow } from "../record/ledger-row.ts";
import type { GivenRow } from "../record/verify-doses.ts";

/** A closed exposure, or a booking that is open. */
export type GivenExposure = GivenRow & Pick<LedgerRow, "kind">;

export interface GivenRows {
  add(row: LedgerRow): void;
  /** In the order in which they were added. */
  rows(): readonly GivenExposure[];
}

/** A cell, and the doses of one ph/cm2 on it: those that differ by rounding alone are one. */
interface CellShares {
  readonly position: LedgerRow["position"];
  readonly layers: readonly LayerDose[];
}

const SAME = 1e-12;

export function createGivenRows(): GivenRows {
  const ids: string[] = [];
  const kinds: LedgerRow["kind"][] = [];
  const spots: number[] = [];
  const spotXsMm: number[] = [];
  const spotYsMm: number[] = [];
  const cycles: (number | null)[] = [];
  const fluencesPhCm2: number[] = [];
  const openTimesS: number[] = [];
  const uncertainties: number[] = [];
  const reasons: string[] = [];
  const cells: CellShares[] = [];
  const lastOf = new Map<string, CellShares>();

  function sharesOf({ position, fluencePhCm2, layerDosesGy }: LedgerRow): CellShares {
    const last = lastOf.get(position);
    const areLast =
      last?.layers.length === layerDosesGy.length &&
      layerDosesGy.every(({ layer, surfaceGy, meanGy }, index) => {
        const share = last.layers[index];
        return (
          share?.layer === layer &&
          isSame(surfaceGy, share.surfaceGy * fluencePhCm2) &&
          isSame(meanGy, share.meanGy * fluencePhCm2)
        );
      });
    if (areLast) return last;
    // What gave nothing says nothing of the layers but their names.
    const perFluence = (doseGy: number): number => (fluencePhCm2 === 0 ? 0 : doseGy / fluencePhCm2);
    const layers = layerDosesGy.map(({ layer, surfaceGy, meanGy }) => ({
      layer,
      surfaceGy: perFluence(surfaceGy),
      meanGy: perFluence(meanGy),
    }));
    const own = { position, layers };
    if (fluencePhCm2 > 0) lastOf.set(position, own);
    return own;
  }

  return {
    add(row) {
      ids.push(row.exposureId);
      kinds.push(row.kind);
      spots.push(row.spotIndex);
      spotXsMm.push(row.spotXMm);
      spotYsMm.push(row.spotYMm);
      cycles.push(row.cycle);
      fluencesPhCm2.push(row.fluencePhCm2);
      openTimesS.push(row.openTimeS);
      uncertainties.push(row.relativeUncertainty);
      reasons.push(row.reason);
      cells.push(sharesOf(row));
    },
    rows() {
      return ids.map((exposureId, index) => {
        const fluencePhCm2 = fluencesPhCm2[index] ?? Number.NaN;
        const cell = cells[index];
        assert(cell !== undefined, `the columns of what was given end before ${exposureId}`);
        return {
          exposureId,
          kind: kinds[index] ?? "settlement",
          position: cell.position,
          spotIndex: spots[index] ?? Number.NaN,
          spotXMm: spotXsMm[index] ?? Number.NaN,
          spotYMm: spotYsMm[index] ?? Number.NaN,
          cycle: cycles[index] ?? null,
          openTimeS: openTimesS[index] ?? Number.NaN,
          relativeUncertainty: uncertainties[index] ?? Number.NaN,
          reason: reasons[index] ?? "",
          layerDosesGy: cell.layers.map(({ layer, surfaceGy, meanGy }) => ({
            layer,
            surfaceGy: surfaceGy * fluencePhCm2,
            meanGy: meanGy * fluencePhCm2,
          })),
        };
      });
    },
  };
}

function isSame(doseGy: number, otherGy: number): boolean {
  return Math.abs(doseGy - otherGy) <= SAME * Math.abs(doseGy);
}
