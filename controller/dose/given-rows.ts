/**
 * What was given, exposure by exposure, as long as a run lives: a month of it may be some hundred thousand. Kept in columns
 * of plain numbers, some fifty bytes an exposure; what many of a cell have in common stands once: the place, the doses of the
 * layers as their share of the fluence, and why the row is as it is.
 */
import { assert } from "../../protocols/base/assert.ts";
import type { LayerDose, LedgerRow } from "../record/ledger-row.ts";
import type { GivenRow } from "../record/verify-doses.ts";
import { createColumn, createTextColumn, type Column } from "./columns.ts";

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

type Place = Pick<LedgerRow, "spotIndex" | "spotXMm" | "spotYMm"> & { readonly shares: CellShares };
type Why = Pick<LedgerRow, "kind" | "reason">;

const SAME = 1e-12;
/** Where a row says of no cycle. */
const NO_CYCLE = -1;

export function createGivenRows(): GivenRows {
  const ids = createTextColumn();
  const fluencesPhCm2 = createColumn(Float64Array);
  const openTimesS = createColumn(Float64Array);
  const uncertainties = createColumn(Float64Array);
  const cycles = createColumn(Int32Array);
  const placeNumbers = createColumn(Uint32Array);
  const whyNumbers = createColumn(Uint32Array);
  const places: Place[] = [];
  const whys: Why[] = [];
  const placeAt = new Map<string, number>();
  const whyAt = new Map<string, number>();
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

  function placeOf(row: LedgerRow): number {
    const { spotIndex, spotXMm, spotYMm } = row;
    const shares = sharesOf(row);
    const key = `${row.position} ${spotIndex}`;
    const known = placeAt.get(key);
    const place = known === undefined ? undefined : places[known];
    const isKnown = place?.shares === shares && place.spotXMm === spotXMm && place.spotYMm === spotYMm;
    if (known !== undefined && isKnown) return known;
    placeAt.set(key, places.length);
    return places.push({ spotIndex, spotXMm, spotYMm, shares }) - 1;
  }

  function whyOf({ kind, reason }: LedgerRow): number {
    const key = `${kind} ${reason}`;
    const known = whyAt.get(key);
    if (known !== undefined) return known;
    whyAt.set(key, whys.length);
    return whys.push({ kind, reason }) - 1;
  }

  return {
    add(row) {
      assert(row.cycle === null || row.cycle > NO_CYCLE, `${row.exposureId} is of cycle ${row.cycle}`);
      ids.push(row.exposureId);
      fluencesPhCm2.push(row.fluencePhCm2);
      openTimesS.push(row.openTimeS);
      uncertainties.push(row.relativeUncertainty);
      cycles.push(row.cycle ?? NO_CYCLE);
      placeNumbers.push(placeOf(row));
      whyNumbers.push(whyOf(row));
    },
    rows() {
      return ids.all().map((exposureId, index) => {
        const at = (column: Column): number => column.at(index);
        const place = places[at(placeNumbers)];
        const why = whys[at(whyNumbers)];
        assert(place !== undefined && why !== undefined, `the columns of what was given end before ${exposureId}`);
        const { spotIndex, spotXMm, spotYMm, shares } = place;
        const fluencePhCm2 = at(fluencesPhCm2);
        const cycle = at(cycles);
        return {
          ...{ exposureId, ...why, position: shares.position, spotIndex, spotXMm, spotYMm },
          cycle: cycle === NO_CYCLE ? null : cycle,
          ...{ openTimeS: at(openTimesS), relativeUncertainty: at(uncertainties) },
          layerDosesGy: shares.layers.map(({ layer, surfaceGy, meanGy }) => ({
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
