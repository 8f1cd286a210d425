/** Comma-separated text for people and their spreadsheets: what came from a file is never taken for a formula. */

export type Field = string | number | boolean | null;

/** What a spreadsheet reads as the begin of a formula; some take the wide forms of East Asian keyboards for the same. */
const FORMULA = /^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** Of the control characters, those that lay out a text: others end it for many a reader, or steer a terminal. */
const LAID_OUT = "\t\r\n";

/** Numbers are the shortest that read back the same; null and what is not a number are empty. */
export function csvField(field: Field): string {
  if (field === null) return "";
  if (typeof field === "number") return Number.isFinite(field) ? String(field) : "";
  if (typeof field === "boolean") return field ? "yes" : "no";
  const plain = field.replace(/\p{Cc}/gu, (sign) => (LAID_OUT.includes(sign) ? sign : "\ufffd"));
  const safe = FORMULA.test(plain) ? `'${plain}` : plain;
  return /[",\r\n\t]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvText(head: readonly string[], rows: Iterable<readonly Field[]>): string {
  let text = `${head.join(",")}\n`;
  for (const row of rows) text += `${row.map(csvField).join(",")}\n`;
  return text;
}
