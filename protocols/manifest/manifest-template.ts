/** A manifest to begin with, made from the fields that the validator knows: two cells that pass, and what each name means. */
import { CELL_FIELDS, SHIPMENT_FIELDS, takesText, type ManifestField } from "./manifest-fields.ts";

/** Fields of the second cell that differ from the example. */
const SECOND: Readonly<Record<string, string>> = {
  barcode: "LNO-002",
  triggers: "soc:0.1|rest-end",
  open_circuit_V: "3.034",
  impedance_1kHz_ohm: "9.1",
};

export function csvTemplate(): string {
  const lines = [
    "# beamrack shipment manifest. Lines that begin with # are for people and are not read.",
    "# Numbers have a decimal point and no unit: the unit is in the name. Several words have | between them.",
    "# First the shipment: a name and its value in each line.",
    ...SHIPMENT_FIELDS.map((field) => `# ${explained(field)}`),
    ...SHIPMENT_FIELDS.flatMap(({ name, example }) => (example === "" ? [] : [[name, quoted(example)].join(",")])),
    "# Then the cells: a line of names, then a line for each cell. Columns marked with ? may be left out, or left empty.",
    ...CELL_FIELDS.map((field) => `# ${explained(field)}`),
    CELL_FIELDS.map(({ name }) => name).join(","),
    CELL_FIELDS.map(({ example }) => quoted(example)).join(","),
    CELL_FIELDS.map(({ name, example }) => quoted(SECOND[name] ?? example)).join(","),
  ];
  return `${lines.join("\n")}\n`;
}

export function jsonTemplate(): string {
  const shipment = SHIPMENT_FIELDS.flatMap((field) =>
    field.example === "" ? [] : [[field.name, valueOf(field, field.example)]],
  );
  const cell = (own: Readonly<Record<string, string>>): object =>
    Object.fromEntries(
      CELL_FIELDS.flatMap((field) => {
        const text = own[field.name] ?? field.example;
        return text === "" ? [] : [[field.name, valueOf(field, text)]];
      }),
    );
  return `${JSON.stringify({ ...Object.fromEntries(shipment), cells: [cell({}), cell(SECOND)] }, null, 2)}\n`;
}

function explained({ name, takes, isNeeded, meaning }: ManifestField): string {
  return `${isNeeded ? " " : "?"} ${name}: ${meaning}; ${takesText(takes)}`;
}

function quoted(text: string): string {
  return /[",;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function valueOf({ takes }: ManifestField, text: string): unknown {
  if (takes.kind === "number") return Number(text);
  if (takes.kind === "words" || takes.kind === "triggers" || takes.kind === "parameters") return text.split("|");
  return text;
}
