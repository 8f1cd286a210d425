/**
 * BioLogic EC-Lab settings with one Modulo Bat technique as a document of the aurora-unicycler form. What they say and
 * that form cannot is refused where it stands; how the instrument measures is told and left out.
 */
import type { InputDocument, Path } from "../../input/document.ts";
import { valueText } from "../../input/document.ts";
import { STEP_COUNT_MAX } from "../read-protocol.ts";
import {
  createFormFindings,
  derivedDocument,
  scaled,
  sharedRecord,
  tooLong,
  unreadDocument,
  type FormFindings,
  type FormStep,
  type Places,
  type RecordWish,
} from "./derived-document.ts";
import { readHeader } from "./ec-lab-header.ts";
import {
  currentRangeName,
  EC_LAB_COLUMN_WIDTH,
  EC_LAB_DEFAULTS,
  EC_LAB_LAST_ROW,
  EC_LAB_SETTINGS,
  EC_LAB_TECHNIQUE,
} from "./ec-lab-table.ts";
import type { UnicyclerStep } from "./unicycler-document.ts";

/** Ten thousand steps, each with a column of twenty characters in every row. */
const LENGTH_MAX = 16 * 1024 * 1024;
const LINE_COUNT_MAX = 1000;

/** Rows that mean something to one kind of step, and nothing to the others: what is left in them is not looked at. */
const OWN_ROWS = new Set(["Ns", "ctrl_type", "I Range", "ctrl_Nd", "ctrl_Na", "ctrl_corr"]);
const LIMIT_OR_RECORD = /^(?:lim|rec)(?:_nb$|\d+_)/;

/** Never throws. `value` is undefined when a finding is an error. */
export function ecLabDocument(text: string, fileName: string): InputDocument {
  const { places, lines, error } = linesOf(text, fileName);
  if (error !== undefined) return unreadDocument(places, [error]);
  const findings = createFormFindings(places);
  const header = readHeader(lines, findings);
  if (header === undefined) return unreadDocument(places, findings.all);
  const table = readTable(lines, header.tableStart, findings);
  if (table === undefined) return unreadDocument(places, findings.all);
  const records: RecordWish[] = [];
  const steps: FormStep[] = [];
  for (let index = 0; index < table.count; index += 1) {
    const step = stepOf({ findings, table, index }, records);
    if (step !== undefined) steps.push(step);
  }
  tellRanges(findings, table);
  const record = sharedRecord(records, findings);
  const { sample, safety } = header;
  return derivedDocument(places, { sample, record, safety, steps }, findings.all);
}

/** Paths are a line, counted from 1, and where it holds a column of the table its number, from 0. */
function linesOf(
  text: string,
  fileName: string,
): {
  readonly places: Places;
  readonly lines: readonly string[];
  readonly error?: ReturnType<typeof tooLong>;
} {
  const line = (path: Path): number => (typeof path[0] === "number" ? path[0] : 1);
  const where = (path: Path): string => {
    const [, ...rest] = path;
    return `${fileName}:${line(path)}${rest.length === 0 ? "" : ` ${rest.join(" ")}`}`;
  };
  const places: Places = { fileName, line, where };
  const long = tooLong(places, text.length, LENGTH_MAX);
  if (long !== undefined) return { places, lines: [], error: long };
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0 && count <= LINE_COUNT_MAX; at = text.indexOf("\n", at + 1)) count += 1;
  if (count > LINE_COUNT_MAX) {
    const advice = `Settings of one technique have a hundred; at most ${LINE_COUNT_MAX} are read.`;
    const what = `more than ${LINE_COUNT_MAX} lines`;
    return { places, lines: [], error: { severity: "error", code: "file.too-large", where: fileName, what, advice } };
  }
  return { places, lines: text.split(/\r?\n/) };
}

interface Table {
  readonly count: number;
  /** By the row's name. */
  readonly rows: ReadonlyMap<string, { readonly line: number; readonly values: readonly string[] }>;
}

function readTable(lines: readonly string[], start: number, findings: FormFindings): Table | undefined {
  const rows = new Map<string, { readonly line: number; readonly values: readonly string[] }>();
  let count: number | undefined;
  for (let index = start; index < lines.length; index += 1) {
    const text = lines[index] ?? "";
    const line = index + 1;
    if (text.trim() === "") continue;
    const name = text.slice(0, EC_LAB_COLUMN_WIDTH).trim();
    const room = count ?? STEP_COUNT_MAX + 1;
    const values: string[] = [];
    for (let at = EC_LAB_COLUMN_WIDTH; at < text.length && values.length <= room; at += EC_LAB_COLUMN_WIDTH) {
      values.push(text.slice(at, at + EC_LAB_COLUMN_WIDTH).trim());
    }
    if (count === undefined) {
      while (values.at(-1) === "") values.pop();
      const isNumbered = name === "Ns" && values.every((value, at) => value === String(at));
      if (!isNumbered || values.length === 0 || values.length > STEP_COUNT_MAX) {
        const what = `the table of ${EC_LAB_TECHNIQUE} does not begin with the numbers of its sequences`;
        findings.refuse([line], what, `Give Ns with 0, 1, 2 and so on, at most ${STEP_COUNT_MAX}, 20 characters each.`);
        return undefined;
      }
      count = values.length;
    } else if (values.slice(count).some((value) => value !== "")) {
      const what = `${name} has a value for more than ${count} sequences`;
      findings.refuse([line], what, "Each value stands in its column of 20 characters; save the settings anew.");
    }
    if (rows.has(name)) findings.refuse([line], `${name} is given twice`, "Give each row once.");
    else rows.set(name, { line, values });
  }
  if (count === undefined) {
    findings.refuse([lines.length], "the settings have no table of sequences", "Save the settings anew.");
    return undefined;
  }
  const table: Table = { count, rows };
  refuseCutOff(findings, table, lines.length);
  tellRows(findings, table);
  return table;
}

/** How the instrument measures stands at the end of the table and is never empty: else the end is missing. */
function refuseCutOff(findings: FormFindings, { count, rows }: Table, lineCount: number): void {
  const isWhole = (name: string): boolean => {
    const values = rows.get(name)?.values.slice(0, count) ?? [];
    return values.length === count && !values.includes("");
  };
  const cut = EC_LAB_SETTINGS.find((name) => rows.has(name) && !isWhole(name));
  if (cut === undefined && rows.has(EC_LAB_LAST_ROW)) return;
  const what =
    cut === undefined
      ? `the table has no row ${EC_LAB_LAST_ROW}`
      : `${cut} has no value for some of the ${count} sequences`;
  findings.refuse([rows.get(cut ?? "")?.line ?? lineCount], `${what}: the file is cut off`, "Save the settings anew.");
}

/** Rows that no step here has a form for must hold what they hold in settings that mean nothing by them. */
function tellRows(findings: FormFindings, { count, rows }: Table): void {
  for (const [name, { line, values }] of rows) {
    if (OWN_ROWS.has(name) || LIMIT_OR_RECORD.test(name) || /^ctrl[123]_val|^ctrl_(?:seq|repeat)$/.test(name)) continue;
    const usual = EC_LAB_DEFAULTS[name] ?? "";
    const other = values.slice(0, count).findIndex((value) => value !== usual && value !== "");
    if (other < 0) continue;
    const what = `${name} is ${valueText(values[other])}`;
    if (EC_LAB_SETTINGS.includes(name)) {
      findings.leaveOut([line, `Ns ${other}`], what, "It is not kept: the instrument here has settings of its own.");
    } else {
      const advice = usual === "" ? "It has no form here: leave it empty." : `It has no form here but as ${usual}.`;
      findings.refuse([line, `Ns ${other}`], what, advice);
    }
  }
}

interface Look {
  readonly findings: FormFindings;
  readonly table: Table;
  readonly index: number;
}

function cell({ table, index }: Look, row: string): string {
  return table.rows.get(row)?.values[index] ?? "";
}

function at({ table, index }: Look, row: string): Path {
  return [table.rows.get(row)?.line ?? table.rows.get("Ns")?.line ?? 1, `Ns ${index}`];
}

function refuse(look: Look, row: string, what: string, advice: string): void {
  look.findings.refuse(at(look, row), what, advice);
}

function stepOf(look: Look, records: RecordWish[]): FormStep | undefined {
  const type = cell(look, "ctrl_type");
  const place = at(look, "ctrl_type");
  const one = (step: UnicyclerStep): FormStep => ({ kind: "technique", at: place, steps: [step] });
  if (type === "Loop") {
    empty(look, 1);
    const target = count(look, "ctrl_seq");
    const again = count(look, "ctrl_repeat");
    return { kind: "loop", at: place, target, cycleCount: again + 1 };
  }
  for (const row of ["ctrl_seq", "ctrl_repeat"]) {
    const value = cell(look, row);
    if (value !== "" && value !== "0") refuse(look, row, `${row} is ${value}`, "Only a Loop goes back: write 0.");
  }
  records.push(recordOf(look, type));
  switch (type) {
    case "Rest": {
      empty(look, 1);
      return one({ step: "open_circuit_voltage", until_time_s: limitsOf(look, []).timeS });
    }
    case "CC": {
      empty(look, 2);
      const currentMa = quantity(look, "ctrl1_val", CURRENT_MA);
      versus(look, "ctrl1_val_vs", ["<None>", ""], "Write the current itself, not its change.");
      const comp = (currentMa ?? 0) > 0 ? ">" : "<";
      const { timeS, voltageV } = limitsOf(look, [{ type: "Ewe", comp, units: VOLTAGE_V }]);
      return one({ step: "constant_current", current_mA: currentMa, until_time_s: timeS, until_voltage_V: voltageV });
    }
    case "CV": {
      empty(look, 2);
      const voltageV = quantity(look, "ctrl1_val", VOLTAGE_V);
      versus(look, "ctrl1_val_vs", ["Ref"], "Write the voltage against Ref, not what the cell has.");
      const { timeS, currentMa } = limitsOf(look, [{ type: "|I|", comp: "<", units: CURRENT_MA }]);
      return one({
        step: "constant_voltage",
        voltage_V: voltageV,
        until_time_s: timeS,
        until_current_mA: currentMa,
      });
    }
    case "PEIS":
    case "GEIS":
      return one(impedanceStep(look, type));
    case "VS": {
      noLimits(look);
      const sides = ["ctrl2_val", "ctrl3_val"].map((row) => {
        versus(look, `${row}_vs`, ["Ref"], "Write the voltage against Ref, not what the cell has.");
        return quantity(look, row, VOLTAGE_V);
      });
      const [start = null, end = null] = sides;
      return one({
        step: "voltage_scan",
        start_voltage_V: start,
        end_voltage_V: end,
        scan_rate_mV_per_s: quantity(look, "ctrl1_val", { "mV/s": 1, "V/s": 1e3 }),
      });
    }
    default: {
      const what = `a sequence of type ${valueText(type)} has no form here`;
      refuse(look, "ctrl_type", what, "Types that are read: Rest, CC, CV, PEIS, GEIS, VS, Loop.");
      return undefined;
    }
  }
}

function impedanceStep(look: Look, type: "PEIS" | "GEIS"): UnicyclerStep {
  noLimits(look);
  for (const row of ["ctrl1_val_vs", "ctrl2_val_vs", "ctrl3_val_vs"]) {
    versus(look, row, ["", "<None>"], "The sine here lies about where the cell stands.");
  }
  const correction = cell(look, "ctrl_corr");
  if (correction !== "0" && correction !== "1") refuse(look, "ctrl_corr", `ctrl_corr is ${correction}`, "Give 0 or 1.");
  return {
    step: "impedance_spectroscopy",
    amplitude_V: type === "PEIS" ? quantity(look, "ctrl1_val", VOLTAGE_V) : null,
    amplitude_mA: type === "GEIS" ? quantity(look, "ctrl1_val", CURRENT_MA) : null,
    start_frequency_Hz: quantity(look, "ctrl2_val", FREQUENCY_HZ),
    end_frequency_Hz: quantity(look, "ctrl3_val", FREQUENCY_HZ),
    points_per_decade: count(look, "ctrl_Nd"),
    measures_per_point: count(look, "ctrl_Na"),
    drift_correction: correction === "1",
  };
}

type Units = Readonly<Record<string, number>>;
const CURRENT_MA: Units = { A: 1e3, mA: 1, uA: 1e-3, "\u00b5A": 1e-3, nA: 1e-6 };
const VOLTAGE_V: Units = { V: 1, mV: 1e-3, uV: 1e-6, "\u00b5V": 1e-6 };
const FREQUENCY_HZ: Units = { MHz: 1e6, kHz: 1e3, Hz: 1, mHz: 1e-3 };
const TIME_S: Units = { h: 3600, mn: 60, s: 1, ms: 1e-3 };

function quantity(look: Look, row: string, units: Units): number | null {
  const text = cell(look, row);
  const unit = cell(look, `${row}_unit`);
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  const value = text === "" ? NaN : Number(text);
  if (factor !== undefined && Number.isFinite(value)) return scaled(value, factor);
  const what = `${row} is ${valueText(`${text} ${unit}`.trim())}`;
  refuse(look, row, what, `Give a number in ${Object.keys(units).join(", ")}.`);
  return null;
}

function count(look: Look, row: string): number {
  const text = cell(look, row);
  const value = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  if (value < 0) refuse(look, row, `${row} is ${valueText(text)}`, "Give a whole number.");
  return value;
}

function versus(look: Look, row: string, known: readonly string[], advice: string): void {
  const value = cell(look, row);
  if (!known.includes(value)) refuse(look, row, `${row} is ${valueText(value)}`, advice);
}

/** From this control value on the step has none. */
function empty(look: Look, from: 1 | 2): void {
  for (const row of ["ctrl1_val", "ctrl2_val", "ctrl3_val"].slice(from - 1)) {
    const value = cell(look, row);
    if (value === "") continue;
    refuse(look, row, `${row} is ${value}, which means nothing to this step`, "Leave it empty.");
  }
}

interface LimitRule {
  readonly type: "Ewe" | "|I|";
  readonly comp: string;
  readonly units: Units;
}

interface Limits {
  readonly timeS: number | null;
  readonly voltageV: number | null;
  readonly currentMa: number | null;
}

/** A step ends by time, and by what `rules` name: each once, and the next sequence after it. */
function limitsOf(look: Look, rules: readonly LimitRule[]): Limits {
  const found = new Map<string, number | null>();
  const known = [{ type: "Time", comp: ">", units: TIME_S }, ...rules];
  const limitCount = Math.min(count(look, "lim_nb"), 9);
  for (let number = 1; number <= limitCount; number += 1) {
    const row = (name: string): string => `lim${number}_${name}`;
    const type = cell(look, row("type"));
    const rule = known.find((candidate) => candidate.type === type);
    if (rule === undefined || found.has(type)) {
      const advice = `This step ends by ${known.map((one) => one.type).join(" or ")}, each once.`;
      refuse(look, row("type"), `a limit of type ${valueText(type)}`, advice);
      continue;
    }
    if (cell(look, row("comp")) !== rule.comp) {
      refuse(look, row("comp"), `${type} ${cell(look, row("comp"))}`, `Here a step ends by ${type} ${rule.comp}.`);
    }
    const next = String(look.index + 1);
    const isNext = cell(look, row("action")) === "Next sequence" && cell(look, row("seq")) === next;
    if (!isNext) {
      const what = `${cell(look, row("action"))} ${cell(look, row("seq"))} at the limit`;
      refuse(look, row("action"), what, `Here the next sequence follows: ${next}.`);
    }
    if (cell(look, row("Q")) !== "") refuse(look, row("Q"), "a limit of charge has no form here", "Leave it empty.");
    found.set(type, quantity(look, row("value"), rule.units));
  }
  return {
    timeS: found.get("Time") ?? null,
    voltageV: found.get("Ewe") ?? null,
    currentMa: found.get("|I|") ?? null,
  };
}

function noLimits(look: Look): void {
  const value = cell(look, "lim_nb");
  if (value !== "0") refuse(look, "lim_nb", `lim_nb is ${value}`, "This step ends by itself: write 0.");
}

const RECORD_UNITS: Readonly<Record<string, Units>> = { Time: TIME_S, Ewe: VOLTAGE_V, I: CURRENT_MA };

function recordOf(look: Look, type: string): RecordWish {
  const found = new Map<string, number | null>();
  const ruleCount = Math.min(count(look, "rec_nb"), 9);
  for (let number = 1; number <= ruleCount; number += 1) {
    const kind = cell(look, `rec${number}_type`);
    // Upstream counts three rules in a scan, and its table has rows for two.
    if (kind === "" && type === "VS" && !look.table.rows.has(`rec${number}_type`)) continue;
    const units = Object.hasOwn(RECORD_UNITS, kind) ? RECORD_UNITS[kind] : undefined;
    if (units === undefined) {
      const what = `a record by ${valueText(kind)} has no form here`;
      refuse(look, `rec${number}_type`, what, "Records here are by Time, Ewe or I.");
    } else found.set(kind, quantity(look, `rec${number}_value`, units));
  }
  return {
    timeS: found.get("Time") ?? null,
    voltageV: found.get("Ewe") ?? null,
    currentMa: found.get("I") ?? null,
  };
}

/** Once for the file: a range that the current asks for is what any instrument here would choose. */
function tellRanges(findings: FormFindings, table: Table): void {
  const known = new Set(["", "Auto"]);
  for (let index = 0; index < table.count; index += 1) {
    const look: Look = { findings, table, index };
    const range = cell(look, "I Range").replace(/ uA$/, " \u00b5A");
    const isCurrent = ["CC", "CV", "GEIS"].includes(cell(look, "ctrl_type"));
    if (known.has(range) || (isCurrent && currentRangeName(rangeMa(range)) === range)) continue;
    const what = `I Range is ${valueText(cell(look, "I Range"))}`;
    findings.leaveOut(at(look, "I Range"), what, "It is not kept: the instrument here chooses its range.");
    return;
  }
}

function rangeMa(name: string): number {
  const [, size = "", unit = ""] = /^(\d+) (\S+)$/.exec(name) ?? [];
  return Number(size) * (Object.hasOwn(CURRENT_MA, unit) ? (CURRENT_MA[unit] ?? NaN) : NaN);
}
