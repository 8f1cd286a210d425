/** A cell as a NeXus file: its cycling, its dose and its exposures, and an NXmonopd entry for each pattern there is. */
import type { File as Hdf5File, Group } from "h5wasm/node";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { positionIndex } from "../../../protocols/base/position.ts";
import type { ExposureState } from "../../synchrony/exposure-state-event.ts";
import type { Known } from "../../synchrony/state-between.ts";
import type { CellRows } from "../cell-rows.ts";
import type { ExportedCampaign, ExportedCell, ExportedExposure } from "../exported-campaign.ts";
import { isoTime } from "../file-names.ts";
import { IMAGE_INDEX, NORMALISATION, transmissionOf } from "../frames-json.ts";
import { cellProvenance, HC_KEV_ANGSTROM } from "../provenance.ts";
import { exposureMs, toldDoses } from "../told-dose.ts";
import {
  growingColumn,
  jsonNote,
  nexusGroup,
  numberField,
  numberFields,
  plotOf,
  tableField,
  textField,
  textFields,
  wholeField,
} from "./nexus-writing.ts";
import type { PowderPattern } from "./powder-pattern-file.ts";

export interface CellFileParts {
  readonly campaign: ExportedCampaign;
  readonly cell: ExportedCell;
  readonly softwareVersion: string;
  readonly hasAmbient: boolean;
}

/** What is written of a cell piece by piece, or at the last. */
export interface BegunCellFile {
  readonly entry: Group;
  readonly write: (rows: CellRows) => void;
}

/** Writes everything but the samples and the provenance. */
export function beginCellFile(file: Hdf5File, parts: CellFileParts): BegunCellFile {
  const { campaign, cell } = parts;
  const { clock, header } = campaign;
  file.create_attribute("NX_class", "NXroot");
  file.create_attribute("default", "electrochemistry");
  const entry = nexusGroup(file, "electrochemistry", "NXentry");
  entry.create_attribute("default", "cycling");
  textField(entry, "title", `${header.campaign}, ${cell.barcode} at ${cell.position}`);
  textField(entry, "start_time", isoTime(clock.startMs));
  textField(entry, "end_time", isoTime(clock.startMs + (cell.over?.atMs ?? campaign.lastMs)));
  textField(entry, "experiment_identifier", cell.group);
  textField(entry, "program_name", "beamrack").create_attribute("version", parts.softwareVersion);
  writeSample(entry, cell);
  jsonNote(entry, "protocol", "cycling protocol in the aurora-unicycler form", protocolOf(campaign, cell));
  jsonNote(entry, "cell", "the cell, its channel and its dose", cellProvenance(campaign, cell));
  if (cell.exposures.length > 0) {
    writeDose(entry, campaign, cell);
    writeExposures(entry, campaign, cell);
  }
  const cycling = nexusGroup(entry, "cycling", "NXdata");
  plotOf(cycling, "voltage_volt", "test_time_second");
  cycling.create_attribute("auxiliary_signals", ["current_ampere"]);
  const time = growingColumn(cycling, "test_time_second", "real", "s");
  const unixTime = growingColumn(cycling, "unix_time_second", "real", "s");
  const voltage = growingColumn(cycling, "voltage_volt", "real", "V");
  const current = growingColumn(cycling, "current_ampere", "real", "A");
  const cycle = growingColumn(cycling, "cycle_count", "whole", "");
  const step = growingColumn(cycling, "step_count", "whole", "");
  const ambient = parts.hasAmbient ? growingColumn(cycling, "ambient_temperature_celsius", "real", "degC") : undefined;
  const write = (rows: CellRows): void => {
    time.append(rows.testTimeS);
    unixTime.append(rows.unixTimeS);
    voltage.append(rows.voltageV);
    current.append(rows.currentA);
    cycle.append(rows.cycleCount);
    step.append(rows.stepCount);
    if (rows.ambientDegC !== undefined) ambient?.append(rows.ambientDegC);
  };
  return { entry, write };
}

function protocolOf(campaign: ExportedCampaign, cell: ExportedCell): Json {
  return campaign.plan.protocols.get(cell.protocolSha256) ?? null;
}

function writeSample(entry: Group, cell: ExportedCell): void {
  const sample = nexusGroup(entry, "sample", "NXsample");
  textField(sample, "name", cell.barcode);
  textField(sample, "description", `${cell.chemistry}, electrolyte ${cell.electrolyte}, ${cell.role}`);
  numberField(sample, "rotation_angle", 0, "degree");
  wholeField(sample, "changer_position", positionIndex(cell.position) + 1);
  textField(sample, "identifierSAMPLE", cell.barcode);
}

/** What the spot had got, exposure by exposure, where the cell's first limit holds. */
function writeDose(entry: Group, campaign: ExportedCampaign, cell: ExportedCell): void {
  const told = toldDoses(campaign, cell);
  const group = nexusGroup(entry, "dose", "NXdata");
  plotOf(group, "dose_total", "time");
  numberFields(
    group,
    "time",
    told.map(({ exposure }) => exposureMs(exposure) / 1000),
    "s",
  );
  numberFields(
    group,
    "dose_total",
    told.map(({ totalGy }) => totalGy),
    "Gy",
  );
  numberFields(
    group,
    "dose_total_errors",
    told.map(({ totalUncertaintyGy }) => totalUncertaintyGy),
    "Gy",
  );
  group.create_attribute("layer", told[0]?.layer ?? "");
  group.create_attribute("location", told[0]?.location ?? "");
  group.create_attribute("convention", told[0]?.exposure.convention ?? "");
}

function writeExposures(entry: Group, campaign: ExportedCampaign, cell: ExportedCell): void {
  const all = cell.exposures;
  const group = nexusGroup(entry, "exposures", "NXcollection");
  const numbers = (name: string, units: string, value: (one: ExportedExposure) => number | null): void => {
    numberFields(
      group,
      name,
      all.map((one) => value(one) ?? NaN),
      units,
    );
  };
  const texts = (name: string, value: (one: ExportedExposure) => string): void => {
    textFields(group, name, all.map(value));
  };
  texts("exposure_id", (one) => one.exposureId);
  texts("start_time", (one) => isoTime(campaign.clock.startMs + exposureMs(one)));
  texts("outcome", (one) => one.outcome ?? "not on record");
  texts("charged_by", (one) => one.basis);
  texts("convention", (one) => one.convention);
  texts("frame", (one) => one.frame ?? "");
  texts("frame_sha256", (one) => one.frameFile?.sha256 ?? "");
  texts("frame_read_sha256", (one) => one.frameRead?.sha256 ?? "");
  texts("geometry", (one) => one.frameRead?.geometry?.file ?? "");
  texts("geometry_sha256", (one) => one.frameRead?.geometry?.sha256 ?? "");
  texts("normalisation", () => NORMALISATION);
  texts("i0_source", (one) => one.i0Source);
  numbers("frame_index", "", (one) => (one.frame === null ? null : (one.frameRead?.imageIndex ?? IMAGE_INDEX)));
  numbers("i0", "1/s", (one) => one.i0PhS);
  numbers("ring_current", "mA", (one) => one.ringCurrentMa);
  numbers("transmitted_current", "A", (one) => one.transmittedA);
  numbers("transmission", "", transmissionOf);
  numbers("time", "s", (one) => exposureMs(one) / 1000);
  numbers("open_time", "s", (one) => one.openTimeS);
  numbers("spot_x", "mm", (one) => one.spotXMm);
  numbers("spot_y", "mm", (one) => one.spotYMm);
  numbers("flux", "1/s", (one) => one.fluxPhS);
  numbers("fluence", "1/cm^2", (one) => one.fluencePhCm2);
  numbers("filter_transmission", "", (one) => one.filterTransmission);
  numbers("relative_uncertainty", "", (one) => one.relativeUncertainty);
  numbers("cell_voltage", "V", (one) => one.cell?.voltageV ?? null);
  numbers("cell_current", "A", (one) => one.cell?.currentA ?? null);
  numbers("state_of_charge", "", (one) => one.cell?.stateOfCharge ?? null);
  writeMiddles(group, all);
  const layers = all[0]?.layerDosesGy.map(({ layer }) => layer) ?? [];
  const doses = (value: "surfaceGy" | "meanGy"): Float64Array =>
    Float64Array.from(
      all.flatMap((one) =>
        layers.map((layer) => one.layerDosesGy.find((item) => item.layer === layer)?.[value] ?? NaN),
      ),
    );
  textFields(group, "layers", layers);
  tableField(group, "dose_surface", doses("surfaceGy"), layers.length, "Gy");
  tableField(group, "dose_mean", doses("meanGy"), layers.length, "Gy");
}

/** What the cell stood at half way through each, and how the clocks stood; `_errors` are half-widths. */
function writeMiddles(group: Group, all: readonly ExportedExposure[]): void {
  const column = (name: string, units: string, value: (one: ExportedExposure) => number | null | undefined): void => {
    numberFields(
      group,
      name,
      all.map((one) => value(one) ?? NaN),
      units,
    );
  };
  const known = (name: string, units: string, value: (state: ExposureState) => Known | null): void => {
    column(name, units, ({ middle }) => (middle === null ? null : value(middle)?.value));
    column(`${name}_errors`, units, ({ middle }) => (middle === null ? null : value(middle)?.uncertainty));
  };
  column("mid_time", "s", ({ middle }) => (middle?.midAtMs == null ? null : middle.midAtMs / 1000));
  column("mid_time_errors", "s", ({ middle }) => middle?.midUncertaintyS);
  known("mid_voltage", "V", ({ voltageV }) => voltageV);
  known("mid_current", "A", ({ currentA }) => currentA);
  known("mid_charge", "A.h", ({ chargeAh }) => chargeAh);
  known("mid_state_of_charge", "", ({ stateOfCharge }) => stateOfCharge);
  known("mid_ambient_temperature", "degC", ({ ambientDegC }) => ambientDegC);
  const clocks = all.map(({ middle }) => JSON.stringify(middle?.clocks ?? []));
  textFields(group, "mid_clocks", clocks);
  textFields(
    group,
    "mid_gap",
    all.map(({ middle }) => (middle === null ? "not on record" : (middle.gap ?? ""))),
  );
}

/** An entry of the application definition for powder patterns at one wavelength. */
export function writePattern(
  file: Hdf5File,
  name: string,
  { campaign, cell }: CellFileParts,
  exposure: ExportedExposure,
  pattern: PowderPattern,
): void {
  const entry = nexusGroup(file, name, "NXentry");
  entry.create_attribute("default", "data");
  textField(entry, "definition", "NXmonopd");
  textField(entry, "title", `${campaign.header.campaign}, ${cell.barcode}, exposure ${exposure.exposureId}`);
  textField(entry, "start_time", isoTime(campaign.clock.startMs + exposureMs(exposure)));
  const instrument = nexusGroup(entry, "instrument", "NXinstrument");
  textField(instrument, "name", campaign.plan.siteTitle);
  const source = nexusGroup(instrument, "source", "NXsource");
  textField(source, "type", "Synchrotron X-ray Source");
  textField(source, "name", campaign.siteName);
  textField(source, "probe", "x-ray");
  const wavelengthA = pattern.wavelengthA ?? HC_KEV_ANGSTROM / campaign.plan.energyKeV;
  numberFields(nexusGroup(instrument, "crystal", "NXcrystal"), "wavelength", [wavelengthA], "angstrom");
  const beam = nexusGroup(instrument, "beam", "NXbeam");
  numberField(beam, "incident_energy", campaign.plan.energyKeV, "keV");
  numberField(beam, "fluence", exposure.fluencePhCm2, "1/cm^2");
  const detector = nexusGroup(instrument, "detector", "NXdetector");
  const angles = numberFields(detector, "polar_angle", pattern.twoThetaDeg, "degree");
  const counts = detector.create_dataset({ name: "data", data: pattern.counts, dtype: "<i" });
  counts.create_attribute("units", "counts");
  numberField(detector, "count_time", exposure.openTimeS, "s");
  const { geometry } = campaign.plan;
  if (geometry !== null) numberField(detector, "distance", geometry.distanceMm, "mm");
  const folder = `/${name}/instrument/detector`;
  angles.create_attribute("target", `${folder}/polar_angle`);
  counts.create_attribute("target", `${folder}/data`);
  writeSample(entry, cell);
  const control = nexusGroup(entry, "control", "NXmonitor");
  textField(control, "mode", "timer");
  numberField(control, "preset", exposure.openTimeS, "s");
  numberField(control, "integral", exposure.i0PhS * exposure.filterTransmission * exposure.openTimeS);
  const plot = nexusGroup(entry, "data", "NXdata");
  plotOf(plot, "data", "polar_angle");
  plot.create_hard_link(`${folder}/polar_angle`, "polar_angle");
  plot.create_hard_link(`${folder}/data`, "data");
}
