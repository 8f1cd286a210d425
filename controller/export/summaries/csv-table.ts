/** Comma-separated text for people and their spreadsheets: what came from a file is never taken for a formula. */

export type Field = string | number | boolean | null;

/** What a spreadsheet reads as the begin of a formula; some take the wide forms of East Asian keyboards for the same. */
const FORMULA = /^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** Numbers are the shortest that read back the same; null and what is not a number are empty. */
export function csvField(field: Field): string {
  if (field === null) return "";
  if (typeof field === "number") return Number.isFinite(field) ? String(field) : "";
  if (typeof field === "boolean") return field ? "yes" : "no";
  const safe = FORMULA.test(field) ? `'${field}` : field;
  return /[",\r\n\t]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvText(head: readonly string[], rows: Iterable<readonly Field[]>): string {
  let text = `${head.join(",")}\n`;
  for (const row of rows) text += `${row.map(csvField).join(",")}\n`;
  return text;
}
