/** `beamrack cell CASE.json`: one simulated cell through a protocol, or its impedance (CONTRACTS: beamrack cell). */
import { parseArgs } from "node:util";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { bareWordFault, readCaseText } from "../../protocols/dose/case-text.ts";
import { type CellCaseResult, evaluateCellCase } from "../../simulator/cell/cell-case.ts";
import { parseCellDesign, parseCellModels } from "../../simulator/cell/cell-design.ts";
import type { CommandContext } from "../command-context.ts";

const FOLDER = "protocols/data/cells";

/** Resolves to 0; throws a Fault of severity `refuse` (exit 2) that names file and field when the case is not one. */
export function cellCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    resolve(printCell(context, args));
  });
}

function printCell(context: CommandContext, args: readonly string[]): number {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true, strict: true, options: {} });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) {
    throw new Fault("command.usage", "beamrack cell", "give one case file: beamrack cell CASE.json");
  }
  const result = evaluateFile(context, path);
  if (context.json) context.print(JSON.stringify(result));
  else for (const line of linesOf(result)) context.print(line);
  return 0;
}

function evaluateFile(context: CommandContext, path: string): CellCaseResult {
  const { json, bareWordLine } = readCaseText(context.readText(path), path);
  const table = (name: string): unknown => JSON.parse(context.readPackageText(`${FOLDER}/${name}.json`));
  try {
    const result = evaluateCellCase(
      {
        designOf: (id) => parseCellDesign(table(id), `${FOLDER}/${id}.json`),
        models: parseCellModels(table("models"), `${FOLDER}/models.json`),
      },
      json,
    );
    if (bareWordLine === null) return result;
  } catch (error) {
    if (!isFault(error) || error.code !== "cell.input") throw error;
    throw new Fault("cell.input", `${path} ${error.where}`, error.message, { ...error.detail, file: path }, error);
  }
  throw bareWordFault(path, bareWordLine);
}

function linesOf(result: CellCaseResult): readonly string[] {
  const head = `${result.cell}, nominal ${result.nominal_capacity_mAh.toPrecision(4)} mAh`;
  if (result.impedance !== null) {
    const { frequency_Hz, z_real_ohm, z_imag_ohm } = result.impedance;
    const rows = frequency_Hz.map((frequency, index) => [
      frequency.toPrecision(5),
      (z_real_ohm[index] ?? NaN).toFixed(4),
      (z_imag_ohm[index] ?? NaN).toFixed(4),
    ]);
    return [head, "", ...columns([["frequency Hz", "Re Z ohm", "Im Z ohm"], ...rows])];
  }
  const rows = result.steps.map((step) => [
    String(step.index),
    step.start_s.toFixed(1),
    step.end_s.toFixed(1),
    step.ended_by,
    (step.charge_Ah * 1000).toFixed(4),
  ]);
  const last = result.voltage_V.at(-1);
  return [
    head,
    "",
    ...columns([["step", "start s", "end s", "ended by", "charge mAh"], ...rows]),
    "",
    `${result.time_s.length} rows, at the end ${last === undefined ? "nothing" : `${last.toFixed(4)} V`}; --json gives them all`,
  ];
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, entry] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, entry.length);
  }
  return rows.map((row) => row.map((entry, column) => entry.padStart(widths[column] ?? 0)).join("  "));
}
