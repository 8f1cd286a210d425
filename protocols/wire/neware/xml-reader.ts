/**
 * As much XML as the BTS dialect uses: elements, attributes, text, the declaration and comments. Document types,
 * CDATA and entities of their own are refused, so nothing in a reply can make the reader do work. Also the escapes
 * for what is written.
 */
import { decoded, unreadable, type Decoded } from "./decoded.ts";

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** All text directly inside, without surrounding white space. */
  readonly text: string;
}

interface OpenElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

const DEPTH_MAX = 32;
const NAME = /[A-Za-z_][\w.-]*/y;
const ATTRIBUTE = /\s+([A-Za-z_][\w.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_END = /\s*(\/?)>/y;

/** The root element of a whole document. */
export function readXml(text: string): Decoded<XmlElement> {
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  let at = 0;

  while (at < text.length) {
    const found = text.indexOf("<", at);
    const tagAt = found < 0 ? text.length : found;
    const outer = open.at(-1);
    const between = text.slice(at, tagAt);
    if (outer !== undefined) outer.text += between;
    else if (between.trim() !== "") return unreadable(`text outside the document at character ${at}`);
    if (found < 0) break;

    const next = text.charAt(tagAt + 1);
    if (next === "?" || text.startsWith("<!--", tagAt)) {
      const close = next === "?" ? "?>" : "-->";
      const end = text.indexOf(close, tagAt + 2);
      if (end < 0) return unreadable(`${close} is missing after character ${tagAt}`);
      at = end + close.length;
    } else if (next === "/") {
      const name = matchAt(NAME, text, tagAt + 2)?.[0] ?? "";
      const closed = open.pop();
      if (closed?.name !== name) return unreadable(`</${name}> closes nothing at character ${tagAt}`);
      const end = matchAt(TAG_END, text, tagAt + 2 + name.length);
      if (end === null || end[1] === "/") return unreadable(`bad end of </${name}>`);
      at = TAG_END.lastIndex;
      const element: XmlElement = { ...closed, text: unescapeXml(closed.text.trim()) };
      const parent = open.at(-1);
      if (parent !== undefined) parent.children.push(element);
      else root = element;
    } else {
      if (root !== undefined) return unreadable(`a second document at character ${tagAt}`);
      const name = matchAt(NAME, text, tagAt + 1)?.[0];
      if (name === undefined) return unreadable(`no element name at character ${tagAt}`);
      if (open.length >= DEPTH_MAX) return unreadable(`elements nested deeper than ${DEPTH_MAX}`);
      const attributes = new Map<string, string>();
      at = tagAt + 1 + name.length;
      for (let match = matchAt(ATTRIBUTE, text, at); match !== null; match = matchAt(ATTRIBUTE, text, at)) {
        attributes.set(match[1] ?? "", unescapeXml(match[2] ?? match[3] ?? ""));
        at = ATTRIBUTE.lastIndex;
      }
      const end = matchAt(TAG_END, text, at);
      if (end === null) return unreadable(`<${name} is not closed at character ${at}`);
      at = TAG_END.lastIndex;
      const element: OpenElement = { name, attributes, children: [], text: "" };
      if (end[1] !== "/") open.push(element);
      else if (open.length > 0) open.at(-1)?.children.push(element);
      else root = element;
    }
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) return unreadable(`<${unclosed.name}> is never closed`);
  return root === undefined ? unreadable("no document") : decoded(root);
}

/** The first child of that name. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

/** For text and for attribute values between double quotes. Control characters, which XML cannot hold, become spaces. */
export function escapeXml(text: string): string {
  let written = "";
  for (const character of text) written += ESCAPES[character] ?? (character < " " ? " " : character);
  return written;
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g;
const CODE_POINT_MAX = 0x10ffff;

/** Unknown entities stay as they are. */
function unescapeXml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(ENTITY, (whole: string, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= CODE_POINT_MAX ? String.fromCodePoint(code) : whole;
  });
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
