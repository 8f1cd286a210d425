/** Good manifests in both forms, and ways to break them: each says where the slip stands. */
import { CELL_FIELDS } from "../../protocols/manifest/manifest-fields.ts";
import { jsonTemplate } from "../../protocols/manifest/manifest-template.ts";
import type { Place } from "../../protocols/manifest/sheet.ts";

export interface Chance {
  /** A whole number in 0..count-1. */
  readonly below: (count: number) => number;
}

export interface Broken {
  readonly text: string;
  /** Where the reader must say so; null where any line and column will do. */
  readonly at: Place | null;
  readonly how: string;
}

const SHIPMENT: readonly (readonly [string, string])[] = [
  ["manifest", "1"],
  ["proposal", "MA-1234"],
  ["group", "lno-lab"],
  ["contact_name", "Ada Example"],
  ["contact_email", "ada@example.org"],
  ["shipment", "box-1"],
  ["embargo_until", "2027-03-01"],
  ["after", "return"],
  ["return_address", "Example Lab"],
];

export function cellRow(index: number): Readonly<Record<string, string>> {
  const base = Object.fromEntries(CELL_FIELDS.map(({ name, example }) => [name, example]));
  return { ...base, barcode: `LNO-${String(index + 1).padStart(3, "0")}`, note: "" };
}

/** Without quotes in it, so that fields are easily found. */
export function goodCsv(cellCount = 4, separator = ","): string {
  const names = CELL_FIELDS.map(({ name }) => name);
  const rows = Array.from({ length: cellCount }, (_, index) => {
    const row = cellRow(index);
    return names.map((name) => row[name] ?? "");
  });
  return [...SHIPMENT, names, ...rows].map((fields) => fields.join(separator)).join("\n") + "\n";
}

const HEADER_LINE = SHIPMENT.length + 1;

/** A slip in one field of a cell, or of the header. */
type FieldSlip = readonly [how: string, column: string, value: string];

const FIELD_SLIPS: readonly FieldSlip[] = [
  ["decimal comma in quotes", "nominal_capacity_mAh", '"4,09"'],
  ["number with its unit", "positive_active_mass_mg", "20.4 mg"],
  ["no number", "current_max_mA", "five"],
  ["negative mass", "negative_active_mass_mg", "-14.1"],
  ["a mass in grams", "positive_active_mass_mg", "0.0204"],
  ["not a number", "voltage_max_V", "NaN"],
  ["infinity", "voltage_max_V", "1e999"],
  ["unknown chemistry", "chemistry", "lno-graphit"],
  ["unknown hazard", "hazards", "explosive"],
  ["none beside others", "hazards", "none|may_leak"],
  ["unknown case", "case", "CR2032"],
  ["unknown library protocol", "protocol", "library:formaton"],
  ["no protocol", "protocol", "formation"],
  ["path out of the folder", "protocol", "file:../secret.json"],
  ["unknown parameter", "protocol_parameters", "rate=0.1"],
  ["parameter out of bounds", "protocol_parameters", "rate_C=100"],
  ["unknown trigger", "triggers", "sometimes"],
  ["trigger too often", "triggers", "every:0min"],
  ["priority beyond", "priority", "7"],
  ["a day that is none", "measured_on", "2026-02-30"],
  ["a day of another order", "measured_on", "20.11.2026"],
  ["no barcode", "barcode", "LNO 001"],
  ["missing barcode", "barcode", ""],
  ["missing electrolyte", "electrolyte", ""],
  ["limit beyond the chemistry", "voltage_max_V", "4.9"],
  ["dose limit missing", "dose_limit_Gy", ""],
  ["too large an area", "positive_area_cm2", "12"],
  ["text for a role", "role", "main"],
  ["voltage beyond its limits", "open_circuit_V", "4.9"],
  ["sign of a typesetter", "current_max_mA", "\u22125"],
  ["bytes that are no UTF-8", "electrolyte", "LP57 \ufffd"],
  ["a NUL", "electrolyte", "LP\u000057"],
];

const names = CELL_FIELDS.map(({ name }) => name);

export function breakCsv(chance: Chance): Broken {
  const cellCount = 2 + chance.below(4);
  const lines = goodCsv(cellCount).trimEnd().split("\n");
  const cell = chance.below(cellCount);
  const cellLine = HEADER_LINE + 1 + cell;
  const fields = (lines[cellLine - 1] ?? "").split(",");
  const columnOf = (index: number): number => fields.slice(0, index).join(",").length + (index === 0 ? 1 : 2);
  const broken = (how: string, at: Place | null, line: number, content: string): Broken => {
    const changed = lines.map((old, index) => (index + 1 === line ? content : old));
    return { text: `${changed.join("\n")}\n`, at, how };
  };
  const kind = chance.below(FIELD_SLIPS.length + 14) - 14;
  const slip = FIELD_SLIPS[kind];
  if (slip !== undefined) {
    const [how, column, value] = slip;
    const index = names.indexOf(column);
    const changed = fields.map((old, at) => (at === index ? value : old)).join(",");
    const inner = how.startsWith("bytes") ? value.indexOf("\ufffd") : how === "a NUL" ? 2 : 0;
    // Some slips are seen in another field of the same row: masses against capacity.
    const isElsewhere = how === "a mass in grams" || how === "none beside others";
    return broken(how, isElsewhere ? null : { line: cellLine, column: columnOf(index) + inner }, cellLine, changed);
  }
  const index = chance.below(names.length - 1);
  const header = (lines[HEADER_LINE - 1] ?? "").split(",");
  const headerColumn = header.slice(0, index).join(",").length + (index === 0 ? 1 : 2);
  const end = (content: string): number => content.length + 1;
  switch (kind) {
    case -1: {
      const content = fields.map((old, at) => (at === index ? `"${old}` : old)).join(",");
      return broken("quote left open", { line: cellLine, column: columnOf(index) }, cellLine, content);
    }
    case -2: {
      const content = fields.map((old, at) => (at === index ? `x"y` : old)).join(",");
      return broken("quote in a bare field", { line: cellLine, column: columnOf(index) + 1 }, cellLine, content);
    }
    case -3: {
      const content = fields.map((old, at) => (at === index ? `"y"z` : old)).join(",");
      return broken("text after a quote", { line: cellLine, column: columnOf(index) + 3 }, cellLine, content);
    }
    case -4: {
      const content = `${fields.join(",")},more`;
      return broken("a field too many", { line: cellLine, column: content.length - 3 }, cellLine, content);
    }
    case -5: {
      const content = fields.slice(0, index + 1).join(",");
      return broken("cut off", { line: cellLine, column: end(content) }, cellLine, content);
    }
    case -6: {
      const at = 1 + chance.below(names.length - 1);
      const content = header.map((old, place) => (place === at ? `${old}_x` : old)).join(",");
      const column = header.slice(0, at).join(",").length + 2;
      return broken("unknown column", { line: HEADER_LINE, column }, HEADER_LINE, content);
    }
    case -7: {
      const at = 1 + chance.below(names.length - 1);
      const content = header.map((old, place) => (place === at ? "barcode" : old)).join(",");
      const column = header.slice(0, at).join(",").length + 2;
      return broken("column given twice", { line: HEADER_LINE, column }, HEADER_LINE, content);
    }
    case -8: {
      const other = (cell + 1) % cellCount;
      const later = Math.max(cell, other);
      const twin = lines[HEADER_LINE + Math.min(cell, other)] ?? "";
      return broken("barcode twice", { line: HEADER_LINE + 1 + later, column: 1 }, HEADER_LINE + 1 + later, twin);
    }
    case -9: {
      const line = 1 + chance.below(SHIPMENT.length);
      const [name = ""] = SHIPMENT[line - 1] ?? [];
      return broken("unknown name", { line, column: 1 }, line, `${name}s,x`);
    }
    case -10: {
      const line = 1 + chance.below(SHIPMENT.length);
      const [name = "", value = ""] = SHIPMENT[line - 1] ?? [];
      return broken("two values", { line, column: name.length + value.length + 3 }, line, `${name},${value},more`);
    }
    case -11:
      return broken("no e-mail address", { line: 5, column: 15 }, 5, "contact_email,ada at example");
    case -12:
      return broken("unknown end", { line: 8, column: 7 }, 8, "after,burn");
    case -13:
      return broken("other version", { line: 1, column: 10 }, 1, "manifest,2");
    default: {
      const text = lines.slice(0, HEADER_LINE - 1).join("\n");
      return {
        text,
        at: { line: HEADER_LINE - 1, column: end(lines[HEADER_LINE - 2] ?? "") },
        how: `no cells, ${index} ${headerColumn}`,
      };
    }
  }
}

/** Tokens of JSON after which its text is no manifest any more. */
export function breakJson(chance: Chance): Broken {
  const good = jsonTemplate();
  const placeAt = (offset: number): Place => {
    const before = good.slice(0, offset).split("\n");
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  };
  const offsets = (pattern: RegExp): readonly number[] => [...good.matchAll(pattern)].map(({ index }) => index);
  const one = (of: readonly number[]): number => of[chance.below(of.length)] ?? 0;
  const replaced = (how: string, offset: number, length: number, by: string): Broken => ({
    text: good.slice(0, offset) + by + good.slice(offset + length),
    at: placeAt(offset),
    how,
  });
  switch (chance.below(9)) {
    case 0: {
      const brackets = offsets(/[[\]{}]/g);
      return { ...replaced("bracket lost", one(brackets), 1, ""), at: null };
    }
    case 1:
      return { ...replaced("comma lost", one(offsets(/,\n/g)), 1, ""), at: null };
    case 2:
      return { ...replaced("colon lost", one(offsets(/: /g)), 1, ""), at: null };
    case 3: {
      const keys = [...good.matchAll(/"(\w+)":/g)];
      const key = keys[chance.below(keys.length)];
      return replaced("unknown name", key?.index ?? 0, 1 + (key?.[1]?.length ?? 0), `"${key?.[1] ?? ""}_x`);
    }
    case 4: {
      const numbers = [...good.matchAll(/: (-?\d[\d.]*)/g)];
      const number = numbers[chance.below(numbers.length)];
      return replaced("number as text", (number?.index ?? 0) + 2, number?.[1]?.length ?? 1, '"abc"');
    }
    case 5: {
      const numbers = [...good.matchAll(/: (-?\d[\d.]*)/g)];
      const number = numbers[chance.below(numbers.length)];
      return replaced("null for a number", (number?.index ?? 0) + 2, number?.[1]?.length ?? 1, "null");
    }
    case 6: {
      const texts = [...good.matchAll(/: (".*?")/g)];
      const text = texts[chance.below(texts.length)];
      return replaced("an object for a text", (text?.index ?? 0) + 2, text?.[1]?.length ?? 1, "{}");
    }
    case 7: {
      const at = 1 + chance.below(good.length - 3);
      return { text: good.slice(0, at), at: null, how: "cut off" };
    }
    default: {
      const barcode = good.lastIndexOf('"LNO-002"');
      return replaced("barcode twice", barcode, 9, '"LNO-001"');
    }
  }
}
