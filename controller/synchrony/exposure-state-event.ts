/**
 * The `exposure-state` event: what a cell stood at in the middle of its exposure, how sure that is, and how the clocks of
 * its channel and of the detector stood to the campaign's. Written once the first sample after the middle has come.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { isList, isRecord } from "../record/ledger-row.ts";
import type { ClockOffset } from "./clock-offset.ts";
import type { Known } from "./state-between.ts";

export const EXPOSURE_STATE_EVENT = "exposure-state";

export interface InstrumentClock extends ClockOffset {
  readonly instrument: string;
}

/** Uncertainties are half-widths; null where a value is not known. */
export interface ExposureState {
  /** Campaign time of the middle; null where shutter and detector do not tell it. */
  readonly midAtMs: number | null;
  readonly midUncertaintyS: number | null;
  readonly voltageV: Known | null;
  readonly currentA: Known | null;
  readonly chargeAh: Known | null;
  readonly stateOfCharge: Known | null;
  /** What the state of charge is a part of; told where the campaign asks by state of charge, and one is known. */
  readonly capacity: (Known & { readonly from: "nominal" | "measured" }) | null;
  /** Of the air about the rack. */
  readonly ambientDegC: Known | null;
  /** Campaign times of the samples about the middle, corrected for the channel's clock; null without them. */
  readonly beforeAtMs: number | null;
  readonly afterAtMs: number | null;
  readonly clocks: readonly InstrumentClock[];
  /** Why something is missing, or what lies between the samples; null where nothing is. */
  readonly gap: string | null;
}

export const NO_STATE: ExposureState = {
  ...{ midAtMs: null, midUncertaintyS: null, voltageV: null, currentA: null, chargeAh: null, stateOfCharge: null },
  capacity: null,
  ...{ ambientDegC: null, beforeAtMs: null, afterAtMs: null, clocks: [], gap: null },
};

export function exposureStateData(
  exposureId: string,
  position: string,
  state: ExposureState,
): { readonly [key: string]: Json } {
  return {
    exposure_id: exposureId,
    position,
    mid_at_ms: roundedOrNull(state.midAtMs, 1e3),
    mid_uncertainty_s: roundedOrNull(state.midUncertaintyS, 1e6),
    ...knownJson("voltage", "_V", state.voltageV),
    ...knownJson("current", "_A", state.currentA),
    ...knownJson("charge", "_Ah", state.chargeAh),
    ...knownJson("state_of_charge", "", state.stateOfCharge),
    ...(state.capacity === null
      ? {}
      : { ...knownJson("capacity", "_Ah", state.capacity), capacity_from: state.capacity.from }),
    ...knownJson("ambient", "_degC", state.ambientDegC),
    before_at_ms: roundedOrNull(state.beforeAtMs, 1e3),
    after_at_ms: roundedOrNull(state.afterAtMs, 1e3),
    clocks: state.clocks.map(({ instrument, offsetS, uncertaintyS, by }) => ({
      ...{ instrument, offset_s: rounded(offsetS, 1e6), uncertainty_s: rounded(uncertaintyS, 1e6), by },
    })),
    gap: state.gap,
  };
}

/** Nothing is believed; what cannot be read is not known. */
export function parseExposureState(data: Readonly<Record<string, Json>>): ExposureState {
  const number = (key: string): number | null => {
    const value = data[key];
    return typeof value === "number" && Number.isFinite(value) ? value : null;
  };
  const known = (name: string, unit: string): Known | null => {
    const value = number(`${name}${unit}`);
    const uncertainty = number(`${name}_uncertainty${unit}`);
    return value === null || uncertainty === null ? null : { value, uncertainty };
  };
  const { clocks, gap } = data;
  return {
    midAtMs: number("mid_at_ms"),
    midUncertaintyS: number("mid_uncertainty_s"),
    voltageV: known("voltage", "_V"),
    currentA: known("current", "_A"),
    chargeAh: known("charge", "_Ah"),
    stateOfCharge: known("state_of_charge", ""),
    capacity: capacityOf(known("capacity", "_Ah"), data["capacity_from"]),
    ambientDegC: known("ambient", "_degC"),
    beforeAtMs: number("before_at_ms"),
    afterAtMs: number("after_at_ms"),
    clocks: isList(clocks) ? clocks.flatMap(clockOf) : [],
    gap: typeof gap === "string" ? gap : null,
  };
}

function capacityOf(known: Known | null, from: Json | undefined): ExposureState["capacity"] {
  return known === null || (from !== "nominal" && from !== "measured") ? null : { ...known, from };
}

function clockOf(value: Json): readonly InstrumentClock[] {
  if (!isRecord(value)) return [];
  const { instrument, offset_s: offsetS, uncertainty_s: uncertaintyS, by } = value;
  if (typeof instrument !== "string" || typeof offsetS !== "number" || typeof uncertaintyS !== "number") return [];
  return [{ instrument, offsetS, uncertaintyS, by: typeof by === "string" ? by : "" }];
}

function knownJson(name: string, unit: string, known: Known | null): { readonly [key: string]: Json } {
  return {
    [`${name}${unit}`]: known === null ? null : precise(known.value),
    [`${name}_uncertainty${unit}`]: known === null ? null : precise(known.uncertainty),
  };
}

function precise(value: number): number {
  return Number(value.toPrecision(9));
}

function rounded(value: number, perUnit: number): number {
  return Math.round(value * perUnit) / perUnit;
}

function roundedOrNull(value: number | null, perUnit: number): number | null {
  return value === null ? null : rounded(value, perUnit);
}
