/** What `beamrack data` lists, as lines for people and as JSON. */
import type { ExportedCampaign, ExportedCell } from "../../controller/export/exported-campaign.ts";
import { isoTime } from "../../controller/export/file-names.ts";
import { exposureMs, toldDoses } from "../../controller/export/told-dose.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { plainText, UNKNOWN } from "../progress/number-text.ts";

export type Row = Readonly<Record<string, string | number | boolean | null>>;

export const LISTS = ["cells", "cycles", "exposures"] as const;
export type ListName = (typeof LISTS)[number];

export function listRows(name: ListName, campaign: ExportedCampaign, cells: readonly ExportedCell[]): readonly Row[] {
  switch (name) {
    case "cells":
      return cells.map((cell) => cellRow(campaign, cell));
    case "cycles":
      return cells.flatMap((cell) => cycleRows(campaign, cell));
    case "exposures":
      return cells.flatMap((cell) => exposureRows(campaign, cell));
  }
}

function cellRow(campaign: ExportedCampaign, cell: ExportedCell): Row {
  const dose = toldDoses(campaign, cell).reduce((most, { totalGy }) => Math.max(most, totalGy), 0);
  const capacityAh = cell.halfCycles.findLast((half) => half.direction === "discharge")?.capacityAh ?? null;
  return {
    position: cell.position,
    barcode: cell.barcode,
    group: cell.group,
    protocol: cell.protocolName,
    cycle: cell.steps.at(-1)?.cycle ?? 0,
    half_cycles: cell.halfCycles.length,
    discharge_mAh: capacityAh === null ? null : 1000 * capacityAh,
    exposures: cell.exposures.length,
    dose_Gy: dose,
    ended: cell.over?.how ?? null,
  };
}

function cycleRows({ clock }: ExportedCampaign, cell: ExportedCell): readonly Row[] {
  return cell.halfCycles.map((half) => ({
    position: cell.position,
    half_cycle: half.number,
    cycle: half.cycle,
    direction: half.direction,
    ended_at: isoTime(clock.startMs + half.atMs),
    capacity_mAh: half.capacityAh === null ? null : 1000 * half.capacityAh,
    whole: half.isWhole,
    coulombic_efficiency: half.coulombicEfficiency,
    state_of_health: half.stateOfHealth,
  }));
}

function exposureRows(campaign: ExportedCampaign, cell: ExportedCell): readonly Row[] {
  return toldDoses(campaign, cell).map(({ exposure, layer, location, stepGy, totalGy, totalUncertaintyGy }) => ({
    position: cell.position,
    exposure: exposure.exposureId,
    at: isoTime(campaign.clock.startMs + exposureMs(exposure)),
    open_s: exposure.openTimeS,
    spot: exposure.spotIndex,
    outcome: exposure.outcome,
    voltage_V: exposure.middle?.voltageV?.value ?? exposure.cell?.voltageV ?? null,
    voltage_uncertainty_V: exposure.middle?.voltageV?.uncertainty ?? null,
    state_of_charge: exposure.middle?.stateOfCharge?.value ?? exposure.cell?.stateOfCharge ?? null,
    state_of_charge_uncertainty: exposure.middle?.stateOfCharge?.uncertainty ?? null,
    layer: `${layer}, ${location}`,
    convention: exposure.convention,
    dose_Gy: stepGy,
    spot_dose_Gy: totalGy,
    relative_uncertainty: exposure.relativeUncertainty,
    spot_dose_uncertainty_Gy: totalUncertaintyGy,
  }));
}

export function listJson(rows: readonly Row[]): Json {
  return rows.map((row) => ({ ...row }));
}

/** Columns as wide as their widest entry. */
export function listLines(rows: readonly Row[]): readonly string[] {
  const [first] = rows;
  if (first === undefined) return ["none on record"];
  const names = Object.keys(first);
  const texts = rows.map((row) => names.map((name) => fieldText(row[name] ?? null)));
  const widths = names.map((name, column) =>
    texts.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), name.length),
  );
  const isNumber = names.map((name) => rows.some((row) => typeof row[name] === "number"));
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return isNumber[column] === true ? text.padStart(width) : text.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [line(names), ...texts.map(line)];
}

function fieldText(value: string | number | boolean | null): string {
  if (value === null) return UNKNOWN;
  if (typeof value === "string") return plainText(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Number.isFinite(value) ? String(Number(value.toPrecision(5))) : UNKNOWN;
}
