/** What the values of a cell say together, and the cells of a box to each other. */
import type { Finding, FindingSeverity } from "../base/finding.ts";
import { parsePosition } from "../base/position.ts";
import { CHEMISTRIES, isChemistryId, type ChemistryId } from "../campaign/chemistry.ts";
import { buildLibraryProtocol } from "../echem/library/library.ts";
import { libraryParameters } from "./library-parameters.ts";
import { protocolOf, type RowValues } from "./row-values.ts";
import { whereOf } from "./sheet.ts";

/** mAh per gram of active material that any of the chemistries can have (chosen, wide): beyond it a unit is wrong. */
const SPECIFIC_MIN = 20;
const SPECIFIC_MAX = 1000;
/** mg per cm2 of one coating (chosen, wide). */
const LOADING_MIN = 0.2;
const LOADING_MAX = 60;
/** Rates of coin cells (chosen). */
const RATE_MAX_C = 20;

/** Typed behind a code, or in its place. */
const WORDS_AT_SCANNER: readonly string[] = ["damaged", "leaks"];

export function judgeCells(fileName: string, rows: readonly RowValues[]): readonly Finding[] {
  const findings: Finding[] = [];
  const held = new Map<string, RowValues>();
  for (const row of rows) {
    const say = (severity: FindingSeverity, code: string, field: string, what: string, advice: string): void => {
      const where = whereOf(fileName, row.placeOf(field), `${row.name}.${field}`);
      findings.push({ severity, code: `manifest.${code}`, where, what, advice });
    };
    const barcode = row.get("barcode");
    if (typeof barcode === "string") {
      if (parsePosition(barcode) !== undefined || WORDS_AT_SCANNER.includes(barcode)) {
        const what = `barcode ${barcode} is what a slot is called, or a word of whoever scans`;
        say("error", "value", "barcode", what, "Print another code: at the rack it would be taken for that.");
      }
      const other = held.get(barcode);
      if (other === undefined) held.set(barcode, row);
      else {
        const what = `barcode ${barcode} is given twice, first in line ${other.at.line}`;
        say("error", "duplicate", "barcode", what, "Give each cell its own.");
      }
    }
    judgeLimits(row, say);
    judgeSizes(row, say);
    judgeWords(row, say);
    judgeProtocol(row, say);
  }
  return findings;
}

type Say = (severity: FindingSeverity, code: string, field: string, what: string, advice: string) => void;

function numberAt(row: RowValues, field: string): number | undefined {
  const value = row.get(field);
  return typeof value === "number" ? value : undefined;
}

function chemistryOf(row: RowValues): ChemistryId | undefined {
  const value = row.get("chemistry");
  return typeof value === "string" && isChemistryId(value) ? value : undefined;
}

function judgeLimits(row: RowValues, say: Say): void {
  const chemistryId = chemistryOf(row);
  const minV = numberAt(row, "voltage_min_V");
  const maxV = numberAt(row, "voltage_max_V");
  if (minV !== undefined && maxV !== undefined && minV >= maxV) {
    say("error", "limits", "voltage_max_V", `${maxV} V is not above voltage_min_V ${minV} V`, "Give a higher one.");
  }
  if (chemistryId !== undefined) {
    const { hardMinV, hardMaxV } = CHEMISTRIES[chemistryId];
    const window = `Stay within ${hardMinV} to ${hardMaxV} V.`;
    if (minV !== undefined && (minV < hardMinV || minV > hardMaxV)) {
      say("error", "limits", "voltage_min_V", `${minV} V is no limit for ${chemistryId}`, window);
    }
    if (maxV !== undefined && (maxV > hardMaxV || maxV < hardMinV)) {
      say("error", "limits", "voltage_max_V", `${maxV} V is no limit for ${chemistryId}`, window);
    }
  }
  const coldest = numberAt(row, "temperature_min_C");
  const warmest = numberAt(row, "temperature_max_C");
  if (coldest !== undefined && warmest !== undefined && coldest >= warmest) {
    const what = `${warmest} C is not above temperature_min_C ${coldest} C`;
    say("error", "limits", "temperature_max_C", what, "Give a higher one.");
  }
  const openV = numberAt(row, "open_circuit_V");
  if (openV !== undefined && minV !== undefined && maxV !== undefined && (openV < minV || openV > maxV)) {
    const what = `it had ${openV} V, outside its own limits of ${minV} to ${maxV} V`;
    say("error", "limits", "open_circuit_V", what, "A cell beyond its limits is not sent; or correct them.");
  }
  const dose = numberAt(row, "dose_limit_Gy");
  if (dose === undefined && !row.isRefused("dose_limit_Gy") && row.get("role") !== "dark-control") {
    const advice = "Say what it may get, or give it the role dark-control: no cell is exposed without a limit.";
    say("error", "missing", "dose_limit_Gy", "dose_limit_Gy is missing", advice);
  }
}

function judgeSizes(row: RowValues, say: Say): void {
  const capacity = numberAt(row, "nominal_capacity_mAh");
  const current = numberAt(row, "current_max_mA");
  for (const side of ["positive", "negative"] as const) {
    const mass = numberAt(row, `${side}_active_mass_mg`);
    const area = numberAt(row, `${side}_area_cm2`);
    if (mass !== undefined && area !== undefined && (mass / area < LOADING_MIN || mass / area > LOADING_MAX)) {
      const what = `${mass} mg on ${area} cm2 are ${short(mass / area)} mg/cm2`;
      say(
        "error",
        "sizes",
        `${side}_active_mass_mg`,
        what,
        `Between ${LOADING_MIN} and ${LOADING_MAX} can be: is it in mg?`,
      );
    }
    if (mass === undefined || capacity === undefined) continue;
    const specific = (1000 * capacity) / mass;
    if (specific >= SPECIFIC_MIN && specific <= SPECIFIC_MAX) continue;
    const what = `${capacity} mAh of ${mass} mg are ${short(specific)} mAh/g of the ${side} electrode`;
    say("error", "sizes", "nominal_capacity_mAh", what, "Mend the mass in mg or the capacity in mAh.");
  }
  const [positive, negative] = [numberAt(row, "positive_area_cm2"), numberAt(row, "negative_area_cm2")];
  if (positive !== undefined && negative !== undefined && negative < positive) {
    const what = `the negative electrode, ${negative} cm2, is smaller than the positive, ${positive} cm2`;
    say("warning", "sizes", "negative_area_cm2", what, "Lithium may plate at the edge; are the two exchanged?");
  }
  if (capacity !== undefined && current !== undefined && current > RATE_MAX_C * capacity) {
    const what = `${current} mA are ${short(current / capacity)} C`;
    say("error", "limits", "current_max_mA", what, `At most ${RATE_MAX_C} C: is it in mA?`);
  }
}

function judgeWords(row: RowValues, say: Say): void {
  const hazards = row.get("hazards");
  if (Array.isArray(hazards) && hazards.length > 1 && hazards.some((word) => word === "none")) {
    say("error", "value", "hazards", "none stands beside other hazards", "Give none alone, or leave it out.");
  }
  const measured = row.get("measured_on");
  const has = row.get("open_circuit_V") !== undefined || row.get("impedance_1kHz_ohm") !== undefined;
  if (has && measured === undefined && !row.isRefused("measured_on")) {
    const advice = "Give the day on which voltage or impedance was measured: cells drift.";
    say("error", "missing", "measured_on", "measured_on is missing", advice);
  }
  const triggers = row.get("triggers");
  if (row.get("role") === "dark-control" && triggers !== undefined) {
    say(
      "error",
      "value",
      "triggers",
      "a dark control wishes for exposures",
      "Leave triggers empty, or give another role.",
    );
  }
}

function judgeProtocol(row: RowValues, say: Say): void {
  if (row.get("protocol") === undefined) return;
  const protocol = protocolOf(row);
  if (protocol.kind === "file") {
    if (row.get("protocol_parameters") === undefined) return;
    say(
      "error",
      "protocol",
      "protocol_parameters",
      "a file takes no parameters",
      "Leave them out, or write them into the file.",
    );
    return;
  }
  const chemistryId = chemistryOf(row);
  if (chemistryId === undefined) return;
  const parameters = libraryParameters(protocol, chemistryId);
  const built = buildLibraryProtocol(protocol.name, parameters);
  if (!built.ok) {
    for (const { parameter, what, advice } of built.problems) {
      say("error", "protocol", parameter === null ? "protocol" : "protocol_parameters", what, advice);
    }
    return;
  }
  const [lower, upper] = built.entry.window.map((name) => parameters[name] ?? NaN);
  const minV = numberAt(row, "voltage_min_V");
  const maxV = numberAt(row, "voltage_max_V");
  if (upper !== undefined && maxV !== undefined && upper > maxV) {
    const advice = `Set ${built.entry.window[1]} to at most ${maxV} in protocol_parameters, or correct the limit.`;
    say("error", "protocol", "voltage_max_V", `${protocol.name} charges to ${upper} V, beyond ${maxV} V`, advice);
  }
  if (lower !== undefined && minV !== undefined && lower < minV) {
    const advice = `Set ${built.entry.window[0]} to at least ${minV} in protocol_parameters, or correct the limit.`;
    say("error", "protocol", "voltage_min_V", `${protocol.name} discharges to ${lower} V, below ${minV} V`, advice);
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
