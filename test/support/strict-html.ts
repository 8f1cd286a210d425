/** Holds a page to rules that are stricter than a browser's: what is wrong with it, a line each. */

const VOID = new Set(["meta", "br", "input", "hr", "img", "link"]);
const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s+[A-Za-z][A-Za-z0-9-]*(?:="[^"<]*")?)*)\s*(\/?)>/y;
const ATTRIBUTE = /([A-Za-z][A-Za-z0-9-]*)(?:="([^"]*)")?/g;
const REFERENCE = /&(?!(?:amp|lt|gt|quot|#39);)/;

export interface CheckedPage {
  readonly problems: readonly string[];
  /** Text of the page without tags, style and script, as a person reads it. */
  readonly text: string;
  readonly elements: ReadonlyMap<string, number>;
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

export function checkPage(page: string): CheckedPage {
  const problems: string[] = [];
  const open: string[] = [];
  const elements = new Map<string, number>();
  const attributes: [string, string][] = [];
  let text = "";
  let at = page.startsWith("<!doctype html>\n") ? "<!doctype html>\n".length : 0;
  if (at === 0) problems.push("no doctype");
  while (at < page.length && problems.length < 20) {
    const next = page.indexOf("<", at);
    const between = page.slice(at, next === -1 ? undefined : next);
    if (REFERENCE.test(between)) problems.push(`bare & in ${between.trim().slice(0, 60)}`);
    text += between;
    if (next === -1) break;
    if (page.startsWith("<!--", next)) {
      at = page.indexOf("-->", next) + 3;
      continue;
    }
    TAG.lastIndex = next;
    const match = TAG.exec(page);
    if (match === null) {
      problems.push(`no tag: ${page.slice(next, next + 80)}`);
      break;
    }
    at = TAG.lastIndex;
    const [, end = "", name = "", rest = "", self = ""] = match;
    if (end === "/") {
      if (open.pop() !== name) problems.push(`</${name}> closes something else, at ${page.slice(next - 60, next)}`);
      continue;
    }
    elements.set(name, (elements.get(name) ?? 0) + 1);
    for (const [, key = "", value = ""] of rest.matchAll(ATTRIBUTE)) {
      if (REFERENCE.test(value)) problems.push(`bare & in ${key}="${value.slice(0, 60)}"`);
      attributes.push([key, decoded(value)]);
    }
    if (self === "/" || VOID.has(name)) continue;
    open.push(name);
    if (name !== "style" && name !== "script") continue;
    at = page.indexOf(`</${name}>`, at);
    if (at === -1) break;
  }
  if (open.length > 0) problems.push(`left open: ${open.join(" ")}`);
  return { problems: [...problems, ...referenceProblems(attributes)], text: decoded(text), elements, attributes };
}

/** Names given twice, and links to names that nothing has. */
function referenceProblems(attributes: CheckedPage["attributes"]): readonly string[] {
  const ids = attributes.filter(([key]) => key === "id").map(([, value]) => value);
  const known = new Set(ids);
  const twice = ids.length === known.size ? [] : ["an id is given twice"];
  const lost = attributes.flatMap(([key, value]) => {
    if (key === "href" && value.startsWith("#") && !known.has(value.slice(1))) return [`${value} leads nowhere`];
    return (key === "aria-labelledby" || key === "for") && !known.has(value) ? [`${key} ${value} names nothing`] : [];
  });
  return [...twice, ...lost];
}

function decoded(text: string): string {
  const signs: Readonly<Record<string, string>> = {
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#39;": "'",
  };
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (reference) => signs[reference] ?? reference);
}
