/** JSON with one spelling per value: keys sorted, no white space, so that equal values hash alike. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Throws on NaN and infinities: a value that JSON cannot hold must not slip into a record as null. */
export function canonicalJson(value: Json): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new RangeError(`not a JSON number: ${value}`);
    // The same as JSON's own, minus zero too.
    return String(value);
  }
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  // Put together in one go: the log writes hundreds of thousands of these.
  if (isList(value)) {
    let items = "";
    for (let index = 0; index < value.length; index += 1) {
      if (index > 0) items += ",";
      items += canonicalJson(value[index] ?? null);
    }
    return `[${items}]`;
  }
  let fields = "";
  for (const key of Object.keys(value).sort()) {
    const item = value[key];
    if (item === undefined) continue;
    if (fields !== "") fields += ",";
    fields += `${JSON.stringify(key)}:${canonicalJson(item)}`;
  }
  return `{${fields}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
