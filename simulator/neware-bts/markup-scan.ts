/**
 * A lenient reader of tagged text, as the simulated client applies it to requests and step files: characters
 * that belong to no tag or text of interest are passed over, as the real client does with stray quotes.
 */

export interface Markup {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly inside: Markup[];
  text: string;
}

const TAG = /<(\/?)([A-Za-z_][A-Za-z0-9_]*)((?:\s+[A-Za-z_]\w*\s*=\s*"[^"]*")*)\s*(\/?)>/g;
const PAIR = /([A-Za-z_]\w*)\s*=\s*"([^"]*)"/g;
const DEPTH_MAX = 40;

/** Everything found, under an element without a name. */
export function scanMarkup(source: string): Markup {
  const top: Markup = { name: "", attributes: {}, inside: [], text: "" };
  const path: Markup[] = [top];
  let textFrom = 0;
  for (const match of source.matchAll(TAG)) {
    const [whole, slash, name = "", pairs = "", single] = match;
    const current = path[path.length - 1] ?? top;
    current.text += plain(source.slice(textFrom, match.index));
    textFrom = match.index + whole.length;
    if (slash === "/") {
      const depth = path.findLastIndex((element) => element.name === name);
      if (depth > 0) path.length = depth;
      continue;
    }
    const attributes: Record<string, string> = {};
    for (const [, key = "", value = ""] of pairs.matchAll(PAIR)) attributes[key] = plain(value);
    const element: Markup = { name, attributes, inside: [], text: "" };
    current.inside.push(element);
    if (single !== "/" && path.length < DEPTH_MAX) path.push(element);
  }
  return top;
}

/** The first element along the path of names. */
export function markupAt(from: Markup, ...names: readonly string[]): Markup | undefined {
  let at: Markup | undefined = from;
  for (const name of names) at = at?.inside.find((element) => element.name === name);
  return at;
}

function plain(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}
