/**
 * One line of the dose ledger. A booking stands before the shutter may open, as an upper bound; one closing row
 * follows it: a settlement with what was measured, or the whole booking charged where nothing is known.
 */
import { assert } from "../../protocols/base/assert.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { parseOccupant, type Occupant } from "../../protocols/base/position.ts";

export const FLUX_SOURCES = ["monitor", "ring-current", "reference", "highest-possible"] as const;
export type FluxSource = (typeof FLUX_SOURCES)[number];

export const LEDGER_CONVENTIONS = ["en", "loc", "att"] as const;
export type LedgerConvention = (typeof LEDGER_CONVENTIONS)[number];

/** The reason of a settlement that passes its booking because a shutter was proven not to close in time. */
export const SHUTTER_FAILURE_REASON = "shutter failure";

/** The reason of a settlement that passes its booking because a filter left the beam while the shutter was open. */
export const FILTER_FAILURE_REASON = "a filter left the beam";

/** Whether the row may pass its booking: a failure of the equipment was proven, alarmed and charged. */
export function isProvenFailure(row: { readonly reason: string }): boolean {
  return row.reason === SHUTTER_FAILURE_REASON || row.reason === FILTER_FAILURE_REASON;
}

/** Dose at the hottest lateral point of the exposure. */
export interface LayerDose {
  readonly layer: string;
  readonly surfaceGy: number;
  readonly meanGy: number;
}

interface LedgerCommon {
  readonly exposureId: string;
  readonly position: Occupant;
  readonly spotIndex: number;
  readonly spotXMm: number;
  readonly spotYMm: number;
  /** Of the cell, from 1; null where it is not known. */
  readonly cycle: number | null;
  readonly atMs: number;
  /** Peak fluence: an upper bound in a booking, measured in a settlement. */
  readonly fluencePhCm2: number;
  readonly openTimeS: number;
  /** At the sample position, before the filters. */
  readonly fluxPhS: number;
  readonly fluxSource: FluxSource;
  readonly filterTransmission: number;
  readonly convention: LedgerConvention;
  readonly layerDosesGy: readonly LayerDose[];
  readonly relativeUncertainty: number;
  readonly reason: string;
}

export type LedgerRow =
  | (LedgerCommon & {
      readonly kind: "booking";
      /** Which layer stack the doses were computed with. */
      readonly stackHash: string;
      /** Filters read back as in the beam, in the site's order. */
      readonly filtersIn: readonly boolean[];
    })
  | (LedgerCommon & { readonly kind: "settlement" })
  | (LedgerCommon & { readonly kind: "charge-in-full" });

export type LedgerKind = LedgerRow["kind"];

/** The row as an event's data, so that the ledger can be held against the hash-chained log field by field. */
export function ledgerEventData(row: LedgerRow): { readonly [key: string]: Json } {
  return {
    kind: row.kind,
    exposure_id: row.exposureId,
    position: row.position,
    spot: row.spotIndex,
    spot_x_mm: row.spotXMm,
    spot_y_mm: row.spotYMm,
    cycle: row.cycle,
    at_ms: row.atMs,
    fluence_ph_cm2: row.fluencePhCm2,
    open_time_s: row.openTimeS,
    flux_ph_s: row.fluxPhS,
    flux_source: row.fluxSource,
    filter_transmission: row.filterTransmission,
    convention: row.convention,
    layer_doses: row.layerDosesGy.map((dose) => ({
      layer: dose.layer,
      surface_Gy: dose.surfaceGy,
      mean_Gy: dose.meanGy,
    })),
    relative_uncertainty: row.relativeUncertainty,
    reason: row.reason,
    ...(row.kind === "booking" ? { stack: row.stackHash, filters_in: [...row.filtersIn] } : {}),
  };
}

/** A row that is not a number somewhere must not reach the ledger: it would pass every comparison with a limit. */
export function assertLedgerRow(row: LedgerRow): void {
  assert(row.exposureId !== "", "a ledger row names its exposure");
  assert(Number.isInteger(row.spotIndex) && row.spotIndex >= 0, `spot index ${row.spotIndex} of ${row.exposureId}`);
  for (const key of ["spotXMm", "spotYMm", "atMs"] as const)
    assert(Number.isFinite(row[key]), `${key} ${row[key]} of ${row.exposureId}`);
  assert(row.cycle === null || Number.isInteger(row.cycle), `cycle ${row.cycle} of ${row.exposureId}`);
  for (const key of ["fluencePhCm2", "openTimeS", "fluxPhS", "filterTransmission", "relativeUncertainty"] as const)
    assert(isAmount(row[key]), `${key} ${row[key]} of ${row.exposureId}`);
  assert(row.filterTransmission <= 1, `filter transmission ${row.filterTransmission} of ${row.exposureId}`);
  assert(row.layerDosesGy.length > 0, `no layer dose for ${row.exposureId}`);
  for (const dose of row.layerDosesGy)
    assert(isAmount(dose.surfaceGy) && isAmount(dose.meanGy), `dose of ${dose.layer} for ${row.exposureId}`);
}

/** Of a row that was read back: its table would take it. */
export function isLedgerRow(row: LedgerRow): boolean {
  try {
    assertLedgerRow(row);
    return true;
  } catch {
    return false;
  }
}

function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

/** The row that the value holds, or undefined. For what comes back from a file: nothing is believed. */
export function parseLedgerRow(value: Json | undefined): LedgerRow | undefined {
  if (!isRecord(value)) return undefined;
  const position = parseOccupant(textOf(value["position"]) ?? "");
  const fluxSource = FLUX_SOURCES.find((name) => name === value["flux_source"]);
  const convention = LEDGER_CONVENTIONS.find((name) => name === value["convention"]);
  const layerDosesGy = parseLayerDoses(value["layer_doses"]);
  const exposureId = textOf(value["exposure_id"]);
  const reason = textOf(value["reason"]);
  if (position === undefined || fluxSource === undefined || convention === undefined) return undefined;
  if (layerDosesGy === undefined || exposureId === undefined || reason === undefined) return undefined;
  const common = {
    exposureId,
    position,
    spotIndex: numberOf(value["spot"]),
    spotXMm: numberOf(value["spot_x_mm"]),
    spotYMm: numberOf(value["spot_y_mm"]),
    cycle: typeof value["cycle"] === "number" ? value["cycle"] : null,
    atMs: numberOf(value["at_ms"]),
    fluencePhCm2: numberOf(value["fluence_ph_cm2"]),
    openTimeS: numberOf(value["open_time_s"]),
    fluxPhS: numberOf(value["flux_ph_s"]),
    fluxSource,
    filterTransmission: numberOf(value["filter_transmission"]),
    convention,
    layerDosesGy,
    relativeUncertainty: numberOf(value["relative_uncertainty"]),
    reason,
  };
  for (const item of Object.values(common)) if (Number.isNaN(item)) return undefined;
  const kind = value["kind"];
  if (kind === "settlement" || kind === "charge-in-full") return { kind, ...common };
  const stackHash = textOf(value["stack"]);
  const filtersIn = value["filters_in"];
  if (kind !== "booking" || stackHash === undefined || !isList(filtersIn)) return undefined;
  return { kind, ...common, stackHash, filtersIn: filtersIn.map((item) => item === true) };
}

function parseLayerDoses(value: Json | undefined): readonly LayerDose[] | undefined {
  if (!isList(value)) return undefined;
  const doses: LayerDose[] = [];
  for (const item of value) {
    if (!isRecord(item)) return undefined;
    const layer = textOf(item["layer"]);
    const surfaceGy = numberOf(item["surface_Gy"]);
    const meanGy = numberOf(item["mean_Gy"]);
    if (layer === undefined || !isAmount(surfaceGy) || !isAmount(meanGy)) return undefined;
    doses.push({ layer, surfaceGy, meanGy });
  }
  return doses;
}

export function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: Json | undefined): number {
  return typeof value === "number" ? value : Number.NaN;
}
