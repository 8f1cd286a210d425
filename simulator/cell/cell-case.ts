/** A cell case as a file gives it: one simulated cell through a protocol, or its impedance at rest (CONTRACTS). */
import { Fault } from "../../protocols/base/fault.ts";
import type { Finding } from "../../protocols/base/finding.ts";
import { type InputDocument, type Path, pathText, valueText } from "../../protocols/input/document.ts";
import { stepCountOf } from "../../protocols/echem/cursor.ts";
import { readProtocol } from "../../protocols/echem/read-protocol.ts";
import { stepCurrentA } from "../../protocols/echem/channel-step.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import { createChance } from "../chance/chance.ts";
import type { CellDesign, CellModels } from "./cell-design.ts";
import { cellParameters } from "./cell-parameters.ts";
import { type CaseFields, readCaseFields } from "./cell-case-fields.ts";
import type { RunChannel, RunSample, StepRun } from "./cell-run.ts";
import { runProtocol } from "./cell-run.ts";
import { type Cell, type CellInitial, createCell } from "./cell.ts";
import { overriddenDesign } from "./design-overrides.ts";
import { impedanceOhm } from "./impedance.ts";
import { createMeasuredValues, type MeasuredValues } from "./measured-values.ts";
import { clipHolder } from "./thermal-balance.ts";

export const CELL_DESIGN_IDS = ["nmc811-graphite-siox", "lfp-graphite", "lno-graphite", "lco-graphite"] as const;
export type CellDesignId = (typeof CELL_DESIGN_IDS)[number];

export interface CellTables {
  readonly designOf: (id: CellDesignId) => CellDesign;
  readonly models: CellModels;
}

interface ElectrodeColumns {
  readonly mean_stoichiometry: number[];
  readonly surface_stoichiometry: number[];
}

/** The output document of `beamrack cell`. Charge current is positive; `capacity_Ah` is net charge since the start. */
export interface CellCaseResult {
  readonly cell: string;
  readonly nominal_capacity_mAh: number;
  readonly time_s: number[];
  readonly current_A: number[];
  readonly voltage_V: number[];
  readonly capacity_Ah: number[];
  readonly temperature_C: number[];
  readonly step: number[];
  readonly negative: ElectrodeColumns;
  readonly positive: ElectrodeColumns;
  readonly steps: {
    readonly index: number;
    readonly start_s: number;
    readonly end_s: number;
    readonly ended_by: StepRun["endedBy"];
    readonly charge_Ah: number;
  }[];
  readonly impedance: {
    readonly frequency_Hz: readonly number[];
    readonly z_real_ohm: number[];
    readonly z_imag_ohm: number[];
  } | null;
}

/** More current than this many times the nominal capacity in an hour is a slip, not an experiment. */
export const RATE_MAX_C = 100;
const ROWS_MAX = 2_000_000;

/** Evaluates the parsed JSON of a case. Throws Fault `cell.input`: `where` is the field as the file names it. */
export function evaluateCellCase(tables: CellTables, json: unknown): CellCaseResult {
  const fields = readCaseFields(json);
  const id = CELL_DESIGN_IDS.find((known) => known === fields.cell);
  if (id === undefined) {
    throw refusal("cell", `${valueText(fields.cell)} is no design; there are ${CELL_DESIGN_IDS.join(", ")}`);
  }
  const design = overriddenDesign(tables.designOf(id), fields.overrides);
  const parameters = cellParameters(design, tables.models, undefined, {
    temperatureC: fields.temperature_C,
    sideReactions: fields.side_reactions,
  });
  const measured = fields.noise
    ? createMeasuredValues(tables.models, createChance(fields.seed).stream("channel"))
    : undefined;
  const result = emptyResult(id, design);
  if (fields.impedance !== undefined) {
    const { soc, frequency_Hz } = fields.impedance;
    const cell = createCell(design, parameters, { soc });
    return { ...result, impedance: spectrum(cell, tables.models, fields, frequency_Hz, measured) };
  }
  const cell = createCell(design, parameters, initialOf(fields));
  const protocol = protocolOf(fields, json);
  const channel = channelOf(protocol, design, tables.models);
  checkSteps(protocol, design, channel);
  const stepCount = stepCountOf(protocol);
  // The end of every step is a row.
  if (!(stepCount <= ROWS_MAX)) {
    throw refusal("steps", `runs ${stepCount} steps, its loops followed; give fewer cycles, at most ${ROWS_MAX} steps`);
  }
  const steps = runProtocol(
    cell,
    protocol,
    {
      nominalCapacityMah: design.cell.nominalCapacity_mAh,
      sampleS: fields.sample_s,
      sampleTimesS: fields.sample_times_s,
      thermal: fields.thermal ? clipHolder(tables.models, fields.temperature_C) : undefined,
      channel,
    },
    (sample) => {
      addRow(result, sample, measured);
    },
  );
  for (const step of steps) {
    result.steps.push({
      index: step.index,
      start_s: step.startS,
      end_s: step.endS,
      ended_by: step.endedBy,
      charge_Ah: step.chargeC / 3600,
    });
  }
  return result;
}

function emptyResult(id: string, design: CellDesign): CellCaseResult {
  return {
    cell: id,
    nominal_capacity_mAh: design.cell.nominalCapacity_mAh,
    time_s: [],
    current_A: [],
    voltage_V: [],
    capacity_Ah: [],
    temperature_C: [],
    step: [],
    negative: { mean_stoichiometry: [], surface_stoichiometry: [] },
    positive: { mean_stoichiometry: [], surface_stoichiometry: [] },
    steps: [],
    impedance: null,
  };
}

function addRow(result: CellCaseResult, sample: RunSample, measured: MeasuredValues | undefined): void {
  if (result.time_s.length >= ROWS_MAX) {
    throw refusal("sample_s", `gives more than ${ROWS_MAX} rows; report less often or end the steps earlier`);
  }
  result.time_s.push(sample.timeS);
  result.current_A.push(measured === undefined ? sample.currentA : measured.currentA(sample.currentA));
  result.voltage_V.push(measured === undefined ? sample.voltageV : measured.voltageV(sample.voltageV));
  result.capacity_Ah.push(sample.chargeC / 3600);
  result.temperature_C.push(measured === undefined ? sample.temperatureC : measured.temperatureC(sample.temperatureC));
  result.step.push(sample.step);
  result.negative.mean_stoichiometry.push(sample.negativeMean);
  result.negative.surface_stoichiometry.push(sample.negativeSurface);
  result.positive.mean_stoichiometry.push(sample.positiveMean);
  result.positive.surface_stoichiometry.push(sample.positiveSurface);
}

function spectrum(
  cell: Cell,
  models: CellModels,
  fields: CaseFields,
  frequenciesHz: readonly number[],
  measured: MeasuredValues | undefined,
): NonNullable<CellCaseResult["impedance"]> {
  const options = {
    seriesOhm: cell.seriesOhm(),
    inductanceH: fields.side_reactions ? models.impedance.inductance_H : 0,
    phaseExponent: fields.side_reactions ? models.impedance.cpeExponent : 1,
  };
  const rest = { negative: cell.state.negativeMean, positive: cell.state.positiveMean };
  const points = frequenciesHz.map((frequencyHz) => {
    const truth = impedanceOhm(cell.parameters, rest, options, frequencyHz);
    return measured === undefined ? truth : measured.impedanceOhm(truth);
  });
  return {
    frequency_Hz: frequenciesHz,
    z_real_ohm: points.map((point) => point.re),
    z_imag_ohm: points.map((point) => point.im),
  };
}

function initialOf(fields: CaseFields): CellInitial {
  const { initial } = fields;
  if (initial === undefined) throw refusal("initial", "is missing; give { soc: 0..1 }");
  if ("soc" in initial) return { soc: initial.soc };
  if ("pristine" in initial) return { pristine: true };
  return { negative: initial.negative_stoichiometry, positive: initial.positive_stoichiometry };
}

/** Steps of the protocol format stand in the case under `steps`, a safety rule under `safety`. */
function protocolOf(fields: CaseFields, json: unknown): Protocol {
  const safety: unknown = typeof json === "object" && json !== null && "safety" in json ? json.safety : undefined;
  const value = { record: { time_s: 1 }, method: fields.steps, ...(safety === undefined ? {} : { safety }) };
  const where = (path: Path): string => pathText(path[0] === "method" ? ["steps", ...path.slice(1)] : path);
  const document: InputDocument = { fileName: "", value, findings: [], line: () => 1, where };
  const { protocol, findings } = readProtocol(document, [], "case");
  if (fields.steps?.length === 0) throw refusal("steps", "is an empty list; give at least one step");
  const errors = findings.filter((finding) => finding.severity === "error");
  const [first, ...others] = errors;
  if (first !== undefined) {
    const text = (finding: Finding): string => `${finding.what}. ${finding.advice}`;
    const rest = others.map((finding) => `; ${finding.where} ${text(finding)}`);
    throw refusal(first.where, text(first) + rest.join(""));
  }
  if (protocol === undefined) throw refusal("steps", "cannot be read");
  return protocol;
}

/** The instrument's own range, narrowed by the safety rule of the case. */
function channelOf(protocol: Protocol, design: CellDesign, models: CellModels): RunChannel {
  const [lowestV, highestV] = models.measurement.voltage.range_V;
  const { safety } = protocol;
  const currentA = (RATE_MAX_C * design.cell.nominalCapacity_mAh) / 1000;
  return {
    voltageMinV: Math.max(lowestV, safety.minVoltageV ?? -Infinity),
    voltageMaxV: Math.min(highestV, safety.maxVoltageV ?? Infinity),
    currentMaxA: Math.min(currentA, safety.maxCurrentMa === null ? Infinity : safety.maxCurrentMa / 1000),
    currentMinA: Math.max(-currentA, safety.minCurrentMa === null ? -Infinity : safety.minCurrentMa / 1000),
  };
}

function checkSteps(protocol: Protocol, design: CellDesign, channel: RunChannel): void {
  const nominalMah = design.cell.nominalCapacity_mAh;
  for (const [index, step] of protocol.steps.entries()) {
    if (step.kind === "impedance-spectroscopy" || step.kind === "voltage-scan") {
      throw refusal(
        `steps[${index}].step`,
        `${step.kind} is not run here; for a spectrum give impedance instead of steps`,
      );
    }
    if (step.kind === "constant-current") {
      const rateC = Math.abs(stepCurrentA(step, nominalMah) * 1000) / nominalMah;
      if (rateC > RATE_MAX_C) {
        const field = step.rateC === null ? "current_mA" : "rate_C";
        throw refusal(
          `steps[${index}].${field}`,
          `is ${rateC.toPrecision(4)}C; the cell cannot take more than ${RATE_MAX_C}C, ${RATE_MAX_C * nominalMah} mA`,
        );
      }
    }
    if (
      step.kind === "constant-voltage" &&
      !(step.voltageV >= channel.voltageMinV && step.voltageV <= channel.voltageMaxV)
    ) {
      throw refusal(
        `steps[${index}].voltage_V`,
        `is ${step.voltageV} V; the channel goes from ${channel.voltageMinV} to ${channel.voltageMaxV} V`,
      );
    }
  }
}

function refusal(where: string, what: string): Fault {
  return new Fault("cell.input", where, what);
}
