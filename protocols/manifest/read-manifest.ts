/**
 * Reads a shipment manifest, CSV or JSON, and holds it against what a rack can take. Never throws on what the text holds:
 * every trouble is a finding with line and column, and all of them are told.
 */
import { hasErrors, type Finding } from "../base/finding.ts";
import { isChemistryId } from "../campaign/chemistry.ts";
import { readCsvSheet } from "./csv-sheet.ts";
import { judgeCells } from "./judge-cells.ts";
import { readJsonSheet } from "./json-sheet.ts";
import { CELL_FIELDS, SHIPMENT_FIELDS, takesText } from "./manifest-fields.ts";
import { CASES, CELLS_MAX, HAZARDS, MANIFEST_ROLES, type Manifest, type ManifestCell } from "./manifest.ts";
import {
  numberOf,
  numberOrNull,
  protocolOf,
  readRow,
  textOf,
  textOrNull,
  triggersOf,
  type RowValues,
} from "./row-values.ts";
import { FINDINGS_MAX, sheetFinding, whereOf, type ReadSheet, type Sheet } from "./sheet.ts";

export interface ReadManifest {
  /** Undefined when a finding is an error. */
  readonly manifest: Manifest | undefined;
  readonly findings: readonly Finding[];
}

const TEXT_LENGTH_MAX = 4 * 1024 * 1024;

/** The form is told by the first character that is no blank: `{` or `[` begins JSON. */
export function readManifest(text: string, fileName: string): ReadManifest {
  if (text.length > TEXT_LENGTH_MAX) {
    const what = `${text.length} characters`;
    return refused(
      sheetFinding(fileName, "file.too-large", { line: 1, column: 1 }, "", what, "No manifest is so long."),
    );
  }
  const isJson = /^\uFEFF?\s*[[{]/.test(text);
  const { sheet, findings: slips }: ReadSheet = isJson ? readJsonSheet(text, fileName) : readCsvSheet(text, fileName);
  const findings: Finding[] = [...slips];
  if (sheet === undefined) return { manifest: undefined, findings: shortened(findings) };
  const { fileName: file, shipment, cells, cellNamesAt } = sheet;
  const own = readRow(file, shipment, "", SHIPMENT_FIELDS, null, findings);
  judgeShipment(file, own, findings);
  if (cells.length === 0 && !hasErrors(findings)) {
    const at = cellNamesAt ?? shipment.at;
    findings.push(
      sheetFinding(file, "manifest.cells", at, "cells", "there is no cell in it", "Give a line for each cell."),
    );
  }
  const beyond = cells[CELLS_MAX];
  if (beyond !== undefined) {
    const advice = `At most ${CELLS_MAX} in one manifest.`;
    findings.push(sheetFinding(file, "manifest.cells", beyond.at, "cells", `more than ${CELLS_MAX} cells`, advice));
  }
  tellMissingColumns(sheet, findings);
  const rows = cells
    .slice(0, CELLS_MAX)
    .map((row, index) => readRow(file, row, `cells[${index}]`, CELL_FIELDS, cellNamesAt, findings));
  findings.push(...judgeCells(file, rows));
  if (hasErrors(findings)) return { manifest: undefined, findings: shortened(findings) };
  const manifest = assemble(file, own, rows);
  return { manifest, findings: shortened(findings) };
}

function refused(finding: Finding): ReadManifest {
  return { manifest: undefined, findings: [finding] };
}

/** In the order of the file; what is beyond a bearable number is counted. */
function shortened(findings: readonly Finding[]): readonly Finding[] {
  const sorted = findings
    .map((finding) => ({ finding, line: lineOf(finding), column: columnOf(finding) }))
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ finding }) => finding);
  const first = sorted[FINDINGS_MAX];
  if (first === undefined) return sorted;
  const what = `${sorted.length - FINDINGS_MAX} more findings`;
  const more: Finding = {
    ...first,
    severity: hasErrors(sorted) ? "error" : "note",
    what,
    advice: "Mend the first ones.",
  };
  return [...sorted.slice(0, FINDINGS_MAX), more];
}

const PLACE = /:(\d+):(\d+)(?: |$)/;
const lineOf = ({ where }: Finding): number => Number(PLACE.exec(where)?.[1] ?? 0);
const columnOf = ({ where }: Finding): number => Number(PLACE.exec(where)?.[2] ?? 0);

/** Of a sheet: a column that is not there is told once, and not for each cell. */
function tellMissingColumns({ form, fileName, cells, cellNamesAt }: Sheet, findings: Finding[]): void {
  const [first] = cells;
  if (form !== "csv" || cellNamesAt === null || first === undefined) return;
  for (const { name, isNeeded, takes, meaning } of CELL_FIELDS) {
    if (!isNeeded || first.values.has(name)) continue;
    const advice = `Give ${takesText(takes)}: ${meaning}.`;
    findings.push(sheetFinding(fileName, "manifest.missing", cellNamesAt, name, `column ${name} is missing`, advice));
  }
}

function judgeShipment(fileName: string, row: RowValues, findings: Finding[]): void {
  if (row.get("after") === "return" && row.get("return_address") === undefined) {
    const advice = "Give the address to which the cells go back.";
    const at = row.placeOf("after");
    findings.push(
      sheetFinding(fileName, "manifest.missing", at, "return_address", "return_address is missing", advice),
    );
  }
}

function assemble(fileName: string, row: RowValues, rows: readonly RowValues[]): Manifest {
  return {
    fileName,
    proposal: textOf(row, "proposal"),
    group: textOf(row, "group"),
    contactName: textOf(row, "contact_name"),
    contactEmail: textOf(row, "contact_email"),
    shipment: textOf(row, "shipment"),
    embargoUntilMs: numberOrNull(row, "embargo_until"),
    after: row.get("after") === "return" ? "return" : "dispose",
    returnAddress: textOrNull(row, "return_address"),
    sharesDarkControls: row.get("share_dark_controls") === "yes",
    note: textOrNull(row, "note"),
    cells: rows.flatMap((cell) => cellOf(fileName, cell)),
  };
}

function cellOf(fileName: string, row: RowValues): readonly ManifestCell[] {
  const chemistry = textOf(row, "chemistry");
  if (!isChemistryId(chemistry)) return [];
  const priority = row.get("priority");
  const words = row.get("hazards");
  return [
    {
      barcode: textOf(row, "barcode"),
      chemistry,
      case: CASES.find((one) => one === row.get("case")) ?? "R2032",
      positiveActiveMassMg: numberOf(row, "positive_active_mass_mg"),
      negativeActiveMassMg: numberOf(row, "negative_active_mass_mg"),
      positiveAreaCm2: numberOf(row, "positive_area_cm2"),
      negativeAreaCm2: numberOf(row, "negative_area_cm2"),
      electrolyte: textOf(row, "electrolyte"),
      electrolyteUl: numberOrNull(row, "electrolyte_uL"),
      nominalCapacityMah: numberOf(row, "nominal_capacity_mAh"),
      voltageMinV: numberOf(row, "voltage_min_V"),
      voltageMaxV: numberOf(row, "voltage_max_V"),
      currentMaxMa: numberOf(row, "current_max_mA"),
      temperatureMinC: numberOrNull(row, "temperature_min_C"),
      temperatureMaxC: numberOrNull(row, "temperature_max_C"),
      doseLimitGy: numberOrNull(row, "dose_limit_Gy"),
      hazards: HAZARDS.filter((hazard) => Array.isArray(words) && words.some((word) => word === hazard)),
      protocol: protocolOf(row),
      triggers: triggersOf(row),
      priority: priority === 1 || priority === 3 ? priority : 2,
      role: MANIFEST_ROLES.find((one) => one === row.get("role")) ?? "exposed",
      openCircuitV: numberOrNull(row, "open_circuit_V"),
      impedanceOhm: numberOrNull(row, "impedance_1kHz_ohm"),
      measuredMs: numberOrNull(row, "measured_on"),
      note: textOrNull(row, "note"),
      where: whereOf(fileName, row.at, row.name),
    },
  ];
}
