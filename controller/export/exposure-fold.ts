/** Exposures as ledger and log tell them: what was charged, when the shutter moved, what the cell stood at meanwhile. */
import { isRecord, type LedgerRow } from "../record/ledger-row.ts";
import type { ImageEvidence } from "../../protocols/diffraction/powder-pattern.ts";
import { FRAME_EVENT, parseImageEvidence } from "../frames/frame-event.ts";
import { EXPOSURE_STATE_EVENT, parseExposureState, type ExposureState } from "../synchrony/exposure-state-event.ts";
import { numberOrNull, textOrNull, type EventData } from "./event-fields.ts";
import type { CellAtOpening, ExportedExposure } from "./exported-campaign.ts";

export interface ExposureFold {
  event(type: string, data: EventData): void;
  ledger(row: LedgerRow): void;
  /** In order of booking. */
  byPosition(): ReadonlyMap<string, readonly ExportedExposure[]>;
}

interface Told {
  cell: CellAtOpening | null;
  openSeenAtMs: number | null;
  ended: EventData | null;
  middle: ExposureState | null;
  frameRead: ImageEvidence | null;
}

export function createExposureFold(): ExposureFold {
  const told = new Map<string, Told>();
  const rows = new Map<string, { booked: LedgerRow; last: LedgerRow }>();

  function of(data: EventData): Told {
    const id = textOrNull(data["exposure_id"]) ?? "";
    const known = told.get(id) ?? { cell: null, openSeenAtMs: null, ended: null, middle: null, frameRead: null };
    told.set(id, known);
    return known;
  }

  return {
    event(type, data) {
      if (type === "shutter-opened") {
        const one = of(data);
        one.openSeenAtMs = numberOrNull(data["open_seen_at_ms"]);
        one.cell = cellAt(data);
      } else if (type === "exposure-ended") of(data).ended = data;
      else if (type === EXPOSURE_STATE_EVENT) of(data).middle = parseExposureState(data);
      else if (type === FRAME_EVENT) of(data).frameRead = parseImageEvidence(data);
    },
    ledger(row) {
      const known = rows.get(row.exposureId);
      if (known === undefined) rows.set(row.exposureId, { booked: row, last: row });
      else known.last = row;
    },
    byPosition() {
      const byPosition = new Map<string, ExportedExposure[]>();
      for (const { booked, last } of rows.values()) {
        const list = byPosition.get(booked.position) ?? [];
        list.push(exposureOf(booked, last, told.get(booked.exposureId)));
        byPosition.set(booked.position, list);
      }
      return byPosition;
    },
  };
}

function exposureOf(booked: LedgerRow, last: LedgerRow, told: Told | undefined): ExportedExposure {
  const ended = told?.ended ?? {};
  return {
    exposureId: last.exposureId,
    requestId: textOrNull(ended["request_id"]),
    position: last.position,
    spotIndex: last.spotIndex,
    spotXMm: last.spotXMm,
    spotYMm: last.spotYMm,
    cycle: last.cycle,
    bookedAtMs: booked.atMs,
    openAskedAtMs: numberOrNull(ended["open_asked_at_ms"]),
    openSeenAtMs: numberOrNull(ended["open_seen_at_ms"]) ?? told?.openSeenAtMs ?? null,
    closeAskedAtMs: numberOrNull(ended["close_asked_at_ms"]),
    closedSeenAtMs: numberOrNull(ended["closed_seen_at_ms"]),
    outcome: textOrNull(ended["outcome"]),
    openTimeS: last.openTimeS,
    frame: textOrNull(ended["frame"]),
    frameFile: null,
    frameRead: told?.frameRead ?? null,
    ringCurrentMa: numberOrNull(ended["ring_current_mA"]),
    transmittedA: numberOrNull(ended["it_A"]),
    transmittedPhS: numberOrNull(ended["it_ph_s"]),
    fluxPhS: last.fluxPhS,
    i0PhS: numberOrNull(ended["i0_ph_s"]) ?? last.fluxPhS,
    i0Source: textOrNull(ended["i0_source"]) ?? last.fluxSource,
    fluxSource: last.fluxSource,
    filterTransmission: last.filterTransmission,
    fluencePhCm2: last.fluencePhCm2,
    convention: last.convention,
    layerDosesGy: last.layerDosesGy,
    relativeUncertainty: last.relativeUncertainty,
    basis: last.kind,
    reason: last.reason,
    cell: told?.cell ?? null,
    middle: told?.middle ?? null,
  };
}

function cellAt(data: EventData): CellAtOpening | null {
  const state = data["cell_state"];
  if (!isRecord(state)) return null;
  return {
    voltageV: numberOrNull(state["voltage_V"]),
    currentA: numberOrNull(state["current_A"]),
    chargeAh: numberOrNull(state["charge_Ah"]),
    stateOfCharge: numberOrNull(state["state_of_charge"]),
    stateOfChargeUncertainty: numberOrNull(state["state_of_charge_uncertainty"]),
    step: numberOrNull(state["step"]),
    cycle: numberOrNull(state["cycle"]),
    sampleAgeS: numberOrNull(state["sample_age_s"]),
  };
}
