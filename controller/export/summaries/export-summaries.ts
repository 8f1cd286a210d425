/** Plain tables for people: cells, cycles, exposures, dose by spot, gaps. Dose with its convention and uncertainty. */
import type { ExportedCampaign, ExportedCell, ExportedExposure } from "../exported-campaign.ts";
import type { ExportTarget, RunningExport } from "../export-target.ts";
import { IMAGE_INDEX, transmissionOf } from "../frames-json.ts";
import { CORRECTION_COLUMNS, correctionRows } from "../corrections-json.ts";
import { isoTime } from "../file-names.ts";
import { dosesBySpot } from "../provenance.ts";
import { csvText, type Field } from "./csv-table.ts";

type Table = readonly [name: string, head: readonly string[], rows: (campaign: ExportedCampaign) => Iterable<Field[]>];

const TABLES: readonly Table[] = [
  [
    "cells.csv",
    [
      ...["position", "barcode", "group", "role", "chemistry", "electrolyte", "nominal_capacity_mAh", "protocol"],
      ...["channel", "steps", "half_cycles", "exposures", "ended", "ended_at"],
    ],
    function* cells(campaign) {
      for (const cell of campaign.cells)
        yield [
          ...[cell.position, cell.barcode, cell.group, cell.role, cell.chemistry, cell.electrolyte],
          ...[cell.nominalCapacityMah, cell.protocolName, cell.channel, cell.steps.at(-1)?.count ?? 0],
          ...[cell.halfCycles.length, cell.exposures.length],
          ...[cell.over?.how ?? null, cell.over === null ? null : timeOf(campaign, cell.over.atMs)],
        ];
    },
  ],
  [
    "cycles.csv",
    [
      ...["position", "barcode", "half_cycle", "cycle", "direction", "ended_at", "capacity_mAh"],
      ...["capacity_uncertainty_mAh", "whole", "coulombic_efficiency", "state_of_health"],
    ],
    function* cycles(campaign) {
      for (const cell of campaign.cells)
        for (const half of cell.halfCycles)
          yield [
            ...[cell.position, cell.barcode, half.number, half.cycle, half.direction, timeOf(campaign, half.atMs)],
            ...[milli(half.capacityAh), milli(half.capacityDoubtAh), half.isWhole],
            ...[half.coulombicEfficiency, half.stateOfHealth],
          ];
    },
  ],
  [
    "exposures.csv",
    [
      ...["exposure", "position", "barcode", "spot", "spot_x_mm", "spot_y_mm", "opened_at", "open_s", "outcome"],
      ...["cycle", "step", "voltage_V", "current_A", "state_of_charge", "state_of_charge_uncertainty"],
      ...["mid_at", "mid_voltage_V", "mid_voltage_uncertainty_V", "mid_current_A", "mid_current_uncertainty_A"],
      ...["mid_state_of_charge", "mid_state_of_charge_uncertainty", "channel_clock_uncertainty_s", "mid_gap"],
      ...["flux_ph_s", "flux_source", "ring_current_mA", "filter_transmission", "fluence_ph_cm2", "layer"],
      ...["surface_Gy", "mean_Gy", "convention", "relative_uncertainty", "charged_by", "frame", "frame_sha256"],
      ...["frame_index", "read_sha256", "geometry_file", "geometry_sha256", "it_A", "it_ph_s", "transmission"],
      ...["i0_ph_s", "i0_source"],
    ],
    function* exposures(campaign) {
      for (const cell of campaign.cells)
        for (const one of cell.exposures)
          for (const { layer, surfaceGy, meanGy } of one.layerDosesGy)
            yield [
              ...exposureFields(campaign, cell, one),
              ...[layer, surfaceGy, meanGy, one.convention, one.relativeUncertainty, one.basis, one.frame],
              ...[
                one.frameFile?.sha256 ?? null,
                one.frame === null ? null : (one.frameRead?.imageIndex ?? IMAGE_INDEX),
              ],
              ...[one.frameRead?.sha256 ?? null, one.frameRead?.geometry?.file ?? null],
              ...[one.frameRead?.geometry?.sha256 ?? null],
              ...[one.transmittedA, one.transmittedPhS, transmissionOf(one), one.i0PhS, one.i0Source],
            ];
    },
  ],
  [
    "dose-by-spot.csv",
    [
      ...["position", "barcode", "spot", "spot_x_mm", "spot_y_mm", "exposures", "open_s", "layer"],
      ...["surface_Gy", "mean_Gy", "convention", "relative_uncertainty"],
    ],
    function* spots(campaign) {
      for (const cell of campaign.cells) {
        const conventions = [...new Set(cell.exposures.map(({ convention }) => convention))].sort().join(" ");
        for (const spot of dosesBySpot(cell.exposures))
          for (const [layer, { surfaceGy, meanGy, relativeUncertainty }] of spot.layers)
            yield [
              ...[cell.position, cell.barcode, spot.spotIndex, spot.xMm, spot.yMm, spot.exposures, spot.openTimeS],
              ...[layer, surfaceGy, meanGy, conventions, relativeUncertainty],
            ];
      }
    },
  ],
  [
    "gaps.csv",
    ["position", "barcode", "from", "to", "seconds", "reason"],
    function* gaps(campaign) {
      for (const cell of campaign.cells)
        for (const { fromMs, toMs, reason } of cell.gaps)
          yield [
            ...[cell.position, cell.barcode, timeOf(campaign, fromMs), timeOf(campaign, toMs)],
            ...[(toMs - fromMs) / 1000, reason],
          ];
    },
  ],
];

/** Only where there are any. */
const CORRECTIONS: Table = ["correction-frames.csv", CORRECTION_COLUMNS, correctionRows];

export function* exportSummaries(campaign: ExportedCampaign, target: ExportTarget): RunningExport {
  let rows = 0;
  const tables = campaign.corrections.length === 0 ? TABLES : [...TABLES, CORRECTIONS];
  for (const [written, [name, head, rowsOf]] of tables.entries()) {
    const all = [...rowsOf(campaign)];
    target.writeText(name, csvText(head, all));
    rows += all.length;
    yield { done: written + 1, of: tables.length };
  }
  return { cells: campaign.cells.length, rows, unreadable: [] };
}

function exposureFields(campaign: ExportedCampaign, cell: ExportedCell, one: ExportedExposure): Field[] {
  const opened = one.openSeenAtMs ?? one.openAskedAtMs;
  return [
    ...[one.exposureId, cell.position, cell.barcode, one.spotIndex, one.spotXMm, one.spotYMm],
    ...[opened === null ? null : timeOf(campaign, opened), one.openTimeS, one.outcome],
    ...[one.cell?.cycle ?? one.cycle, one.cell?.step ?? null, one.cell?.voltageV ?? null, one.cell?.currentA ?? null],
    ...[one.cell?.stateOfCharge ?? null, one.cell?.stateOfChargeUncertainty ?? null],
    ...middleFields(campaign, cell, one),
    ...[one.fluxPhS, one.fluxSource, one.ringCurrentMa, one.filterTransmission, one.fluencePhCm2],
  ];
}

function middleFields(campaign: ExportedCampaign, cell: ExportedCell, { middle }: ExportedExposure): Field[] {
  const { midAtMs = null, voltageV, currentA, stateOfCharge, clocks = [], gap = null } = middle ?? {};
  const channel = clocks.find(({ instrument }) => instrument === cell.channel);
  return [
    ...[midAtMs === null ? null : timeOf(campaign, midAtMs), voltageV?.value ?? null, voltageV?.uncertainty ?? null],
    ...[currentA?.value ?? null, currentA?.uncertainty ?? null],
    ...[stateOfCharge?.value ?? null, stateOfCharge?.uncertainty ?? null, channel?.uncertaintyS ?? null, gap],
  ];
}

function timeOf(campaign: ExportedCampaign, atMs: number): string {
  return isoTime(campaign.clock.startMs + atMs);
}

function milli(ah: number | null): number | null {
  return ah === null ? null : ah * 1000;
}
