/** What stands before the table in EC-Lab settings: the sample, the safety limits, which technique follows. */
import type { FormFindings } from "./derived-document.ts";
import { EC_LAB_RANGE_V, EC_LAB_TECHNIQUE, EC_LAB_TITLE } from "./ec-lab-table.ts";

export interface EcLabHeader {
  readonly sample: { readonly name?: string; readonly capacity_mAh?: number };
  readonly safety: Readonly<Record<string, number | null>>;
  /** Index of the first line of the table. */
  readonly tableStart: number;
}

const NUMBER = String.raw`([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)`;
const RANGE = new RegExp(`^Ewe ctrl range : min = ${NUMBER} V, max = ${NUMBER} V$`);
const LEAST_VOLTAGE = new RegExp(`^Ewe min = ${NUMBER} V$`);
const MOST_VOLTAGE = new RegExp(`^Ewe max = ${NUMBER} V$`);
const MOST_CURRENT = new RegExp(`^\\|I\\| = ${NUMBER} (mA|A)$`);
const DELAY = new RegExp(`^for t > ${NUMBER} ms$`);
const CAPACITY = new RegExp(`^Battery capacity : ${NUMBER} (A|mA|uA|\u00b5A)\\.h$`);

/** Lines that say what the cell is or how the programme shows it: nothing that is run. */
const TOLD_BEFORE =
  /^(?:Electrode|Electrolyte|Initial state|Mass of active material|at x =|Molecular weight|Atomic weight|Number of e-|for DX|Acquisition started|Reference electrode|Volume|Device|CE vs|Characteristic mass|Cycle Definition : Charge\/Discharge|Turn to OCV)/;

/** Undefined where no table follows; that is a finding then. */
export function readHeader(lines: readonly string[], findings: FormFindings): EcLabHeader | undefined {
  const safety: Record<string, number | null> = {};
  let name: string | undefined;
  let capacityMah: number | undefined;
  let tableStart: number | undefined;
  for (let index = 1; index < lines.length && tableStart === undefined; index += 1) {
    const text = (lines[index] ?? "").trim();
    const at = [index + 1];
    const match = (pattern: RegExp): RegExpExecArray | null => pattern.exec(text);
    let found: RegExpExecArray | null;
    if (text === "" || text === "Safety Limits :" || text === "Do not start on E overload") continue;
    if (text.startsWith("Number of linked techniques :")) {
      if (!/: 1$/.test(text)) findings.refuse(at, text, "One technique is read: save Modulo Bat by itself.");
    } else if ((found = match(RANGE)) !== null) {
      if (Number(found[1]) !== EC_LAB_RANGE_V.min || Number(found[2]) !== EC_LAB_RANGE_V.max)
        findings.leaveOut(at, text, "The range is not kept: the instrument here has its own.");
    } else if ((found = match(LEAST_VOLTAGE)) !== null) safety["min_voltage_V"] = Number(found[1]);
    else if ((found = match(MOST_VOLTAGE)) !== null) safety["max_voltage_V"] = Number(found[1]);
    else if ((found = match(MOST_CURRENT)) !== null) {
      const currentMa = Number(found[1]) * (found[2] === "A" ? 1000 : 1);
      safety["max_current_mA"] = currentMa;
      safety["min_current_mA"] = -currentMa;
    } else if ((found = match(DELAY)) !== null) safety["delay_s"] = Number(found[1]) / 1000;
    else if ((found = match(CAPACITY)) !== null) capacityMah = Number(found[1]) * (CAPACITY_MAH[found[2] ?? ""] ?? 1);
    else if (text.startsWith("Comments :")) {
      const comment = text.slice("Comments :".length).trim();
      if (name === undefined && comment !== "") name = comment;
      else if (comment !== "") findings.leaveOut(at, text, "Only the first comment is kept, as the sample's name.");
    } else if (text.startsWith("Technique :")) {
      const technique = (lines[index + 1] ?? "").trim();
      if (technique !== EC_LAB_TECHNIQUE)
        findings.refuse([index + 2], `the technique ${technique.slice(0, 60)}`, `Save it as ${EC_LAB_TECHNIQUE}.`);
      tableStart = index + 2;
    } else if (TOLD_BEFORE.test(text)) {
      if (!text.startsWith("Cycle Definition"))
        findings.leaveOut(at, text, "It is not kept: cells stand in the campaign.");
    } else findings.refuse(at, `${text.slice(0, 80)} has no form here`, "It would be lost: remove the line.");
  }
  if (tableStart === undefined) {
    findings.refuse([lines.length], "the settings have no technique", `Save them with ${EC_LAB_TECHNIQUE}.`);
    return undefined;
  }
  return {
    sample: {
      ...(name === undefined ? {} : { name }),
      ...(capacityMah === undefined ? {} : { capacity_mAh: capacityMah }),
    },
    safety,
    tableStart,
  };
}

const CAPACITY_MAH: Readonly<Record<string, number>> = { A: 1e3, mA: 1, uA: 1e-3, "\u00b5A": 1e-3 };

/** How such a file begins. */
export function isEcLab(text: string): boolean {
  return text.startsWith(EC_LAB_TITLE);
}
