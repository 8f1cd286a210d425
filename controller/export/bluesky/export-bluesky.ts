/**
 * A campaign as one run of the Bluesky event model: an event for each exposure, each step and half cycle, each reading
 * of a sensor. Cycling at full rate stands beside it as Battery Data Format; the run's end names the files.
 */
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { positionIndex } from "../../../protocols/base/position.ts";
import { exportBdf, type BdfOptions } from "../bdf/export-bdf.ts";
import type { ExportedCampaign, ExportedCell, ExportedExposure } from "../exported-campaign.ts";
import { within, type ExportTarget, type RunningExport } from "../export-target.ts";
import { bdfFileStem, cellNames } from "../file-names.ts";
import { cellProvenance, provenance } from "../provenance.ts";
import { IMAGE_INDEX, NORMALISATION } from "../frames-json.ts";
import type { SampleRecord } from "../samples-by-cell.ts";
import { exposureMs, toldDoses } from "../told-dose.ts";
import { createRunWriter, runUidOf, type Data, type DataKey, type RunWriter, type Stream } from "./documents.ts";

export const BDF_FOLDER = "bdf";
const TEXT_LENGTH = 1 << 18;

export function* exportBluesky(
  campaign: ExportedCampaign,
  record: SampleRecord,
  target: ExportTarget,
  options: BdfOptions,
): RunningExport {
  const seed = `${campaign.digest}\n${campaign.group ?? ""}`;
  const file = target.open(`${runUidOf(seed)}.jsonl`);
  let text = "";
  const flush = (): void => {
    if (text !== "") file.write(Buffer.from(text));
    text = "";
  };
  const startS = campaign.clock.startMs / 1000;
  const run = createRunWriter(
    seed,
    { timeS: startS, more: startKeys(campaign, provenance(campaign, options)) },
    (name, document) => {
      text += `${JSON.stringify([name, document])}\n`;
      if (text.length >= TEXT_LENGTH) flush();
    },
  );
  writeExposures(campaign, run);
  writeCellEvents(campaign, run);
  writeSensors(campaign, run);

  const names = cellNames(campaign.cells);
  const { unreadable } = yield* exportBdf(campaign, record, within(target, BDF_FOLDER), options);
  run.stop((campaign.clock.startMs + campaign.lastMs) / 1000, campaign.isComplete ? "success" : "abort", {
    ...(campaign.isComplete ? {} : { reason: "the campaign is not complete on record" }),
    cycling_files: campaign.cells.flatMap((cell) =>
      [".bdf", ...(cell.spectra.length === 0 ? [] : [".eis.bdf"])].flatMap((kind) =>
        options.forms.map((form) => ({
          cell_index: cellIndex(cell),
          file: `${BDF_FOLDER}/${bdfFileStem(campaign, names.get(cell.position) ?? cell.position)}${kind}.${form}`,
        })),
      ),
    ),
    unreadable: [...campaign.unreadable, ...unreadable],
  });
  flush();
  file.close();
  return { cells: campaign.cells.length, rows: run.events, unreadable };
}

/** Of the rack, from 1. */
function cellIndex(cell: ExportedCell): number {
  return positionIndex(cell.position) + 1;
}

function startKeys(campaign: ExportedCampaign, told: Data): Data {
  const groups = [...new Set(campaign.cells.map(({ group }) => group))].sort();
  return {
    plan_name: "cell_sweep",
    scan_id: 1,
    project: campaign.header.campaign,
    data_session: campaign.group ?? campaign.header.campaign,
    data_groups: groups,
    sample: {
      rack: campaign.siteName,
      cells: campaign.cells.map((cell) => ({
        ...cellProvenance(campaign, cell),
        cell_index: cellIndex(cell),
        sample_id: cell.barcode,
      })),
    },
    dose_limits: campaign.doseLimits,
    normalisation: NORMALISATION,
    protocol_sha256: [...new Set(campaign.cells.map(({ protocolSha256 }) => protocolSha256))],
    hints: { dimensions: [[["cell_index"], "primary"]] },
    provenance: told,
  };
}

const text = (source: string): DataKey => ({ dtype: "string", source });
const integer = (source: string): DataKey => ({ dtype: "integer", source });
const number = (source: string, units: string): DataKey => ({ dtype: "number", source, units });

const PRIMARY: Stream = {
  name: "primary",
  keys: {
    cell_index: integer("rack"),
    position: text("rack"),
    sample_id: text("campaign"),
    exposure_id: text("ledger"),
    pass_index: integer("ledger"),
    spot_index: integer("ledger"),
    spot_x: number("ledger", "mm"),
    spot_y: number("ledger", "mm"),
    exposure_time: number("shutter", "s"),
    outcome: text("log"),
    i0: number("flux", "1/s"),
    i0_source: text("flux"),
    ring_current: number("ring", "mA"),
    filter_transmission: number("filters", ""),
    dose_layer: text("ledger"),
    dose_location: text("ledger"),
    dose_convention: text("ledger"),
    dose_step: number("ledger", "Gy"),
    dose_total: number("ledger", "Gy"),
    dose_total_uncertainty: number("ledger", "Gy"),
    dose_relative_uncertainty: number("ledger", ""),
    dose_charged_by: text("ledger"),
    cell_voltage: number("channel", "V"),
    cell_current: number("channel", "A"),
    cell_sample_age: number("channel", "s"),
    cell_cycle: integer("channel"),
    cell_step: integer("channel"),
    state_of_charge: number("channel", ""),
    state_of_charge_uncertainty: number("channel", ""),
    mid_time: number("log", "s"),
    mid_time_uncertainty: number("log", "s"),
    mid_voltage: number("channel", "V"),
    mid_voltage_uncertainty: number("channel", "V"),
    mid_current: number("channel", "A"),
    mid_current_uncertainty: number("channel", "A"),
    mid_state_of_charge: number("channel", ""),
    mid_state_of_charge_uncertainty: number("channel", ""),
    detector_frame: text("detector"),
    detector_frame_index: integer("detector"),
    detector_frame_sha256: text("detector"),
    detector_frame_read_sha256: text("integrator"),
    detector_geometry: text("integrator"),
    detector_geometry_sha256: text("integrator"),
  },
};

const CELL_EVENTS: Stream = {
  name: "events",
  keys: { cell_index: integer("log"), event_type: text("log"), detail: text("log") },
};

function writeExposures(campaign: ExportedCampaign, run: RunWriter): void {
  const all = campaign.cells.flatMap((cell) =>
    toldDoses(campaign, cell).map((dose, index) => ({
      ...dose,
      cell,
      pass: index + 1,
      atMs: exposureMs(dose.exposure),
    })),
  );
  all.sort((a, b) => a.atMs - b.atMs);
  for (const { cell, exposure: one, layer, location, stepGy, totalGy, totalUncertaintyGy, pass, atMs } of all) {
    run.event(PRIMARY, (campaign.clock.startMs + atMs) / 1000, {
      cell_index: cellIndex(cell),
      position: cell.position,
      sample_id: cell.barcode,
      exposure_id: one.exposureId,
      pass_index: pass,
      spot_index: one.spotIndex,
      spot_x: one.spotXMm,
      spot_y: one.spotYMm,
      exposure_time: one.openTimeS,
      outcome: one.outcome,
      i0: one.i0PhS,
      i0_source: one.i0Source,
      ring_current: one.ringCurrentMa,
      filter_transmission: one.filterTransmission,
      dose_layer: layer,
      dose_location: location,
      dose_convention: one.convention,
      dose_step: stepGy,
      dose_total: totalGy,
      dose_total_uncertainty: totalUncertaintyGy,
      dose_relative_uncertainty: one.relativeUncertainty,
      dose_charged_by: one.basis,
      cell_voltage: one.cell?.voltageV ?? null,
      cell_current: one.cell?.currentA ?? null,
      cell_sample_age: one.cell?.sampleAgeS ?? null,
      cell_cycle: one.cell?.cycle ?? one.cycle,
      cell_step: one.cell?.step ?? null,
      state_of_charge: one.cell?.stateOfCharge ?? null,
      state_of_charge_uncertainty: one.cell?.stateOfChargeUncertainty ?? null,
      ...middleKeys(one, campaign.clock.startMs),
      detector_frame: one.frame,
      detector_frame_index: one.frame === null ? null : (one.frameRead?.imageIndex ?? IMAGE_INDEX),
      detector_frame_sha256: one.frameFile?.sha256 ?? null,
      detector_frame_read_sha256: one.frameRead?.sha256 ?? null,
      detector_geometry: one.frameRead?.geometry?.file ?? null,
      detector_geometry_sha256: one.frameRead?.geometry?.sha256 ?? null,
    });
  }
}

/** Half way through; half-widths beside the values. */
function middleKeys({ middle }: ExportedExposure, startMs: number): Data {
  return {
    mid_time: middle?.midAtMs == null ? null : (startMs + middle.midAtMs) / 1000,
    mid_time_uncertainty: middle?.midUncertaintyS ?? null,
    mid_voltage: middle?.voltageV?.value ?? null,
    mid_voltage_uncertainty: middle?.voltageV?.uncertainty ?? null,
    mid_current: middle?.currentA?.value ?? null,
    mid_current_uncertainty: middle?.currentA?.uncertainty ?? null,
    mid_state_of_charge: middle?.stateOfCharge?.value ?? null,
    mid_state_of_charge_uncertainty: middle?.stateOfCharge?.uncertainty ?? null,
  };
}

function writeCellEvents(campaign: ExportedCampaign, run: RunWriter): void {
  const all: { readonly atMs: number; readonly cell: ExportedCell; readonly type: string; readonly detail: Json }[] =
    [];
  for (const cell of campaign.cells) {
    for (const { atMs, endMs, endedBy, count, step, cycle, label } of cell.steps) {
      all.push({ atMs, cell, type: "step-started", detail: { step_count: count, step, cycle, label } });
      if (endMs !== null)
        all.push({ atMs: endMs, cell, type: "step-ended", detail: { step_count: count, ended_by: endedBy } });
    }
    for (const { atMs, number: half, direction, capacityAh } of cell.halfCycles)
      all.push({
        atMs,
        cell,
        type: "half-cycle-ended",
        detail: { half_cycle: half, direction, capacity_Ah: capacityAh },
      });
    for (const { fromMs, toMs, reason } of cell.gaps)
      all.push({ atMs: fromMs, cell, type: "gap", detail: { to_s: (campaign.clock.startMs + toMs) / 1000, reason } });
    if (cell.over !== null) all.push({ atMs: cell.over.atMs, cell, type: `cell-${cell.over.how}`, detail: {} });
  }
  all.sort((a, b) => a.atMs - b.atMs);
  for (const { atMs, cell, type, detail } of all) {
    const data = { cell_index: cellIndex(cell), event_type: type, detail: JSON.stringify(detail) };
    run.event(CELL_EVENTS, (campaign.clock.startMs + atMs) / 1000, data);
  }
}

function writeSensors(campaign: ExportedCampaign, run: RunWriter): void {
  for (const { name, quantity, unit, readings } of campaign.sensors) {
    const key = `${name}_${quantity}`.replaceAll(/[^A-Za-z0-9]+/g, "_");
    const stream: Stream = { name: key, keys: { [key]: number(name, unit) } };
    for (const { atMs, value } of readings) run.event(stream, (campaign.clock.startMs + atMs) / 1000, { [key]: value });
  }
}
