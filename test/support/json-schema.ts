/**
 * Checks a value against a JSON Schema (draft 2020-12), for the keywords that the published schemas use. A
 * keyword that is not known here is an error, so that a newer schema cannot pass unread.
 */

type Schema = Readonly<Record<string, unknown>>;

/** They say nothing about what is valid. */
const ANNOTATIONS = ["title", "description", "default", "$defs", "discriminator"];

/** What is wrong, with its path; empty for a valid value. */
export function schemaProblems(root: Schema, value: unknown): readonly string[] {
  return problems(root, root, value, "");
}

function problems(root: Schema, schema: Schema, value: unknown, path: string): readonly string[] {
  const found: string[] = [];
  const wrong = (what: string): number => found.push(`${path} ${what}`);
  const number = typeof value === "number" ? value : undefined;
  for (const [keyword, rule] of Object.entries(schema)) {
    switch (keyword) {
      case "type":
        if (!isOfType(value, rule)) wrong(`is not of type ${String(rule)}`);
        break;
      case "const":
        if (value !== rule) wrong(`is not ${String(rule)}`);
        break;
      case "minimum":
        if (number !== undefined && !(number >= Number(rule))) wrong(`is below ${String(rule)}`);
        break;
      case "maximum":
        if (number !== undefined && !(number <= Number(rule))) wrong(`is above ${String(rule)}`);
        break;
      case "exclusiveMinimum":
        if (number !== undefined && !(number > Number(rule))) wrong(`is not above ${String(rule)}`);
        break;
      case "minItems":
        if (Array.isArray(value) && value.length < Number(rule)) wrong("has too few items");
        break;
      case "items":
        if (Array.isArray(value)) {
          value.forEach((item, index) => found.push(...problems(root, rule as Schema, item, `${path}[${index}]`)));
        }
        break;
      case "properties":
        for (const [key, inner] of Object.entries(rule as Readonly<Record<string, Schema>>)) {
          const own = objectOf(value);
          if (own !== undefined && Object.hasOwn(own, key)) {
            found.push(...problems(root, inner, own[key], `${path}.${key}`));
          }
        }
        break;
      case "additionalProperties":
        if (rule === true) break;
        for (const key of Object.keys(objectOf(value) ?? {})) {
          if (isNamed(schema, key)) continue;
          if (rule === false) wrong(`has the unknown key ${key}`);
          else found.push(...problems(root, rule as Schema, objectOf(value)?.[key], `${path}.${key}`));
        }
        break;
      case "patternProperties":
        for (const [pattern, inner] of Object.entries(rule as Readonly<Record<string, Schema>>)) {
          for (const [key, own] of Object.entries(objectOf(value) ?? {}))
            if (new RegExp(pattern, "u").test(key)) found.push(...problems(root, inner, own, `${path}.${key}`));
        }
        break;
      case "unevaluatedProperties": {
        if (rule !== false) throw new Error("unevaluatedProperties that is not false");
        const extra = Object.keys(objectOf(value) ?? {}).filter((key) => !isEvaluated(root, schema, key));
        if (extra.length > 0) wrong(`has unknown keys ${extra.join(" ")}`);
        break;
      }
      case "enum":
        if (!(rule as readonly unknown[]).includes(value)) wrong(`is none of ${String(rule)}`);
        break;
      case "pattern":
        if (typeof value === "string" && !new RegExp(String(rule), "u").test(value))
          wrong(`is not like ${String(rule)}`);
        break;
      case "minLength":
        if (typeof value === "string" && value.length < Number(rule)) wrong("is too short");
        break;
      case "maxItems":
        if (Array.isArray(value) && value.length > Number(rule)) wrong("has too many items");
        break;
      case "prefixItems":
        for (const [index, inner] of (rule as readonly Schema[]).entries())
          if (Array.isArray(value) && index < value.length)
            found.push(...problems(root, inner, value[index], `${path}[${index}]`));
        break;
      case "allOf":
        for (const one of rule as readonly Schema[]) found.push(...problems(root, one, value, path));
        break;
      case "required": {
        const own = objectOf(value);
        const missing = (rule as readonly string[]).filter((key) => own !== undefined && !Object.hasOwn(own, key));
        if (missing.length > 0) wrong(`lacks ${missing.join(" ")}`);
        break;
      }
      case "anyOf":
      case "oneOf": {
        const valid = (rule as readonly Schema[]).filter((one) => problems(root, one, value, path).length === 0);
        if (keyword === "anyOf" ? valid.length === 0 : valid.length !== 1) wrong(`is ${valid.length} of ${keyword}`);
        break;
      }
      case "$ref":
        found.push(...problems(root, referred(root, String(rule)), value, path));
        break;
      default:
        if (!ANNOTATIONS.includes(keyword)) throw new Error(`unknown keyword ${keyword}`);
    }
  }
  return found;
}

function isNamed(schema: Schema, key: string): boolean {
  if (Object.hasOwn(schema["properties"] ?? {}, key)) return true;
  return Object.keys(schema["patternProperties"] ?? {}).some((pattern) => new RegExp(pattern, "u").test(key));
}

/** Said something about by the schema itself, or by one that it is put together from. */
function isEvaluated(root: Schema, schema: Schema, key: string): boolean {
  if (isNamed(schema, key)) return true;
  if (schema["additionalProperties"] !== undefined && schema["additionalProperties"] !== false) return true;
  const parts = [...((schema["allOf"] ?? []) as readonly Schema[])];
  if (typeof schema["$ref"] === "string") parts.push(referred(root, schema["$ref"]));
  return parts.some((part) => isEvaluated(root, part, key));
}

function referred(root: Schema, reference: string): Schema {
  const name = /^#\/\$defs\/(\w+)$/.exec(reference)?.[1];
  const found = name === undefined ? undefined : (root["$defs"] as Readonly<Record<string, Schema>>)[name];
  if (found === undefined) throw new Error(`no definition ${reference}`);
  return found;
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case "object":
      return objectOf(value) !== undefined;
    case "array":
      return Array.isArray(value);
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "integer":
      return Number.isInteger(value);
    case "boolean":
      return typeof value === "boolean";
    case "null":
      return value === null;
    default:
      throw new Error(`unknown type ${String(type)}`);
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
}
