/** `beamrack dose CASE.json`: dose of a layer stack, as a table or as one JSON document (CONTRACTS: beamrack dose). */
import { parseArgs } from "node:util";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { evaluateDoseCase, type DoseCaseResult } from "../../protocols/dose/case.ts";
import { bareWordFault, readCaseText } from "../../protocols/dose/case-text.ts";
import type { SequenceDoseResult } from "../../protocols/dose/sequence.ts";
import type { StaticDoseResult } from "../../protocols/dose/static-case.ts";
import type { CommandContext } from "../command-context.ts";

/** Resolves to 0; throws a Fault of severity `refuse` (exit 2) that names file and field when the case is not one. */
export function doseCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    resolve(printDose(context, args));
  });
}

function printDose(context: CommandContext, args: readonly string[]): number {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true, strict: true, options: {} });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) {
    throw new Fault("command.usage", "beamrack dose", "give one case file: beamrack dose CASE.json");
  }
  const evaluated = evaluateFile(context, path);
  if (context.json) context.print(JSON.stringify(evaluated.result));
  else for (const line of tableOf(evaluated)) context.print(line);
  return 0;
}

function evaluateFile(context: CommandContext, path: string): DoseCaseResult {
  const { json, bareWordLine } = readCaseText(context.readText(path), path);
  try {
    const evaluated = evaluateDoseCase(context.attenuationTables(), json);
    if (bareWordLine === null) return evaluated;
  } catch (error) {
    if (!isFault(error) || error.code !== "dose.input") throw error;
    throw new Fault("dose.input", `${path} ${error.where}`, error.message, { ...error.detail, file: path }, error);
  }
  throw bareWordFault(path, bareWordLine);
}

function tableOf(evaluated: DoseCaseResult): readonly string[] {
  return evaluated.kind === "static" ? staticTable(evaluated.result) : sequenceTable(evaluated.result);
}

function staticTable(result: StaticDoseResult): readonly string[] {
  return [
    `convention ${result.convention}; filters let ${figure(result.filter_transmission)} through, ` +
      `the stack ${figure(result.stack_transmission)}`,
    `peak fluence rate ${figure(result.peak_fluence_rate_ph_cm2_s)} ph/(cm2 s)`,
    "",
    ...table([
      ["layer", "front T", "surface Gy/s", "mean Gy/s", "surface Gy", "mean Gy", "beam average Gy"],
      ...result.layers.map((layer) => [
        layer.name,
        figure(layer.front_transmission),
        figure(layer.peak_dose_rate_surface_Gy_s),
        figure(layer.peak_dose_rate_mean_Gy_s),
        figure(layer.peak_dose_surface_Gy),
        figure(layer.peak_dose_mean_Gy),
        figure(layer.beam_averaged_dose_mean_Gy),
      ]),
    ]),
  ];
}

function sequenceTable(result: SequenceDoseResult): readonly string[] {
  const hottest = result.hottest_point;
  const probeHeads = (result.layers[0]?.probes ?? []).map((_, index) => `probe ${index} Gy`);
  const lines = [
    `convention ${result.convention}; filters let ${figure(result.filter_transmission)} through, ` +
      `the stack ${figure(result.stack_transmission)}`,
    hottest === null
      ? "nothing was delivered"
      : `hottest place x ${figure(hottest.x_mm)} mm, y ${figure(hottest.y_mm)} mm`,
    "",
    ...table([
      ["layer", "hottest mean Gy", "hottest surface Gy", ...probeHeads],
      ...result.layers.map((layer) => [
        layer.name,
        figure(layer.hottest_point_dose_mean_Gy),
        figure(layer.hottest_point_dose_surface_Gy),
        ...layer.probes.map((probe) => figure(probe.dose_mean_Gy)),
      ]),
    ]),
  ];
  const { limit } = result;
  if (limit === null) return [...lines, "", "no limit given: every exposure counted as delivered"];
  return [
    ...lines,
    "",
    ...table([
      ["exposure", "", "transmission for the rate limit"],
      ...limit.refusal_reasons.map((reasons, index) => [
        String(index),
        reasons.length === 0 ? "accepted" : `refused: ${reasons.join(", ")}`,
        figure(limit.required_filter_transmission_for_rate_limit[index] ?? 1),
      ]),
    ]),
  ];
}

/** Four significant digits, plain between 0.001 and 100000. */
function figure(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return "0";
  return size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(4))) : value.toExponential(3);
}

/** Columns as wide as their widest entry; the first to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, entry] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, entry.length);
  }
  return rows.map((row) =>
    row
      .map((entry, column) => (column === 0 ? entry.padEnd(widths[0] ?? 0) : entry.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
