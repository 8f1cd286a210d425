/** Every name that a manifest may give, what it takes, and what is told of it: validator, template and page are made from this. */
import { CHEMISTRY_IDS } from "../campaign/chemistry.ts";
import { CASES, HAZARDS, MANIFEST_ROLES } from "./manifest.ts";

export type FieldKind =
  | { readonly kind: "text"; readonly lengthMax: number }
  /** Letters, digits, points and hyphens. */
  | { readonly kind: "name"; readonly lengthMax: number }
  | { readonly kind: "barcode" }
  | { readonly kind: "email" }
  | { readonly kind: "date" }
  | { readonly kind: "number"; readonly least: number; readonly most: number; readonly isWhole?: boolean }
  | { readonly kind: "word"; readonly words: readonly string[] }
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "protocol" }
  | { readonly kind: "parameters" }
  | { readonly kind: "triggers" };

export interface ManifestField {
  readonly name: string;
  readonly takes: FieldKind;
  readonly isNeeded: boolean;
  readonly meaning: string;
  /** In the template. */
  readonly example: string;
}

function field(name: string, takes: FieldKind, meaning: string, example: string): ManifestField {
  return { name, takes, isNeeded: true, meaning, example };
}

function optional(name: string, takes: FieldKind, meaning: string, example: string): ManifestField {
  return { name, takes, isNeeded: false, meaning, example };
}

function number(least: number, most: number): FieldKind {
  return { kind: "number", least, most };
}

const LABEL: FieldKind = { kind: "text", lengthMax: 200 };
const NAME: FieldKind = { kind: "name", lengthMax: 60 };

export const SHIPMENT_FIELDS: readonly ManifestField[] = [
  field("manifest", { kind: "number", least: 1, most: 1, isWhole: true }, "version of this form", "1"),
  field("proposal", NAME, "the proposal under which beam time was given", "MA-1234"),
  field("group", NAME, "short name of your group; data and reports go under it", "lno-lab"),
  field("contact_name", LABEL, "who answers for the cells, and for their dose limits", "Ada Example"),
  field("contact_email", { kind: "email" }, "where questions and reports go", "ada@example.org"),
  field("shipment", NAME, "name of the box, as written on it", "box-1"),
  optional("embargo_until", { kind: "date" }, "nothing is shown to others before this day", "2027-03-01"),
  field("after", { kind: "word", words: ["return", "dispose"] }, "what becomes of the cells", "return"),
  optional("return_address", { kind: "text", lengthMax: 400 }, "needed for return", "Example Lab, 1 Example Street"),
  optional("share_dark_controls", { kind: "word", words: ["yes", "no"] }, "dark controls may serve others too", "no"),
  optional("note", { kind: "text", lengthMax: 1000 }, "anything else for the staff", ""),
];

export const CELL_FIELDS: readonly ManifestField[] = [
  field("barcode", { kind: "barcode" }, "as printed on the cell; no two cells share one", "LNO-001"),
  field("chemistry", { kind: "word", words: CHEMISTRY_IDS }, "positive against negative electrode", "lno-graphite"),
  optional("case", { kind: "word", words: CASES }, "coin cell case; R2032 where empty", "R2032"),
  field("positive_active_mass_mg", number(0.01, 1000), "active material of the positive electrode", "20.4"),
  field("negative_active_mass_mg", number(0.01, 1000), "active material of the negative electrode", "14.1"),
  field("positive_area_cm2", number(0.05, 3.2), "coated area of the positive electrode", "1.54"),
  field("negative_area_cm2", number(0.05, 3.2), "coated area of the negative electrode", "1.77"),
  field("electrolyte", LABEL, "salt, solvents, additives", "LP57"),
  optional("electrolyte_uL", number(1, 1000), "its volume", "80"),
  field("nominal_capacity_mAh", number(0.01, 100), "rates refer to it", "4.09"),
  field("voltage_min_V", number(-1, 6), "safety limit, not the end of a step", "2.5"),
  field("voltage_max_V", number(-1, 6), "safety limit, not the end of a step", "4.25"),
  field("current_max_mA", number(0.001, 1000), "safety limit, either way", "5"),
  optional("temperature_min_C", number(-40, 120), "coldest it may stand", "15"),
  optional("temperature_max_C", number(-40, 120), "warmest it may stand", "35"),
  optional(
    "dose_limit_Gy",
    number(0.001, 1e9),
    "at the surface of the positive electrode, of one spot; needed where the cell is exposed",
    "30000",
  ),
  field(
    "hazards",
    { kind: "words", words: HAZARDS },
    "what those who handle it must know; none where there is none",
    "flammable_electrolyte",
  ),
  field("protocol", { kind: "protocol" }, "library:NAME, or file:NAME of a file sent along", "library:formation"),
  optional("protocol_parameters", { kind: "parameters" }, "of a library protocol: name=number", "rate_C=0.1|cycles=2"),
  optional(
    "triggers",
    { kind: "triggers" },
    "wished exposures: every:30min, soc:0.1, rest-end, step-edge, cycle",
    "every:30min",
  ),
  optional("priority", { kind: "number", least: 1, most: 3, isWhole: true }, "1 comes first; 2 where empty", "2"),
  optional(
    "role",
    { kind: "word", words: MANIFEST_ROLES },
    "exposed where empty; a dark control never meets the beam",
    "exposed",
  ),
  optional("open_circuit_V", number(-1, 6), "measured before it was packed: tells cells apart", "3.021"),
  optional("impedance_1kHz_ohm", number(0.01, 10_000), "measured before it was packed: tells cells apart", "8.4"),
  optional("measured_on", { kind: "date" }, "day of both; needed where one is given", "2026-11-20"),
  optional("note", { kind: "text", lengthMax: 400 }, "anything else about this cell", ""),
];

export const SHIPMENT_NAMES: readonly string[] = SHIPMENT_FIELDS.map(({ name }) => name);
export const CELL_NAMES: readonly string[] = CELL_FIELDS.map(({ name }) => name);

/** In words, for advice and page. */
export function takesText(takes: FieldKind): string {
  switch (takes.kind) {
    case "text":
      return `a text of at most ${takes.lengthMax} characters`;
    case "name":
      return "letters, digits, points, hyphens and underscores, without blanks";
    case "barcode":
      return "letters, digits and . _ : / -, at most 64";
    case "email":
      return "an e-mail address";
    case "date":
      return "a day as YYYY-MM-DD";
    case "number":
      return `a ${takes.isWhole === true ? "whole " : ""}number from ${takes.least} to ${takes.most}`;
    case "word":
      return `one of ${takes.words.join(", ")}`;
    case "words":
      return `one or more of ${takes.words.join(", ")}`;
    case "protocol":
      return "library:NAME or file:NAME";
    case "parameters":
      return "name=number";
    case "triggers":
      return "every:30min, soc:0.1, rest-end, step-edge, cycle";
  }
}
