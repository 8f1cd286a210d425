/** One written value, held against what its field takes. A value is taken as it stands or refused; nothing is guessed. */
import { wordAdvice } from "../input/suggest.ts";
import type { FieldKind } from "./manifest-fields.ts";
import { takesText } from "./manifest-fields.ts";
import type { WishedTrigger } from "./manifest.ts";
import type { Place, SheetValue } from "./sheet.ts";

export type FieldValue =
  | string
  | number
  | readonly string[]
  | readonly WishedTrigger[]
  | Readonly<Record<string, number>>;

export type ReadField =
  | { readonly kind: "value"; readonly value: FieldValue }
  | { readonly kind: "empty" }
  | { readonly kind: "refused"; readonly at: Place; readonly what: string; readonly advice: string };

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const DECIMAL_COMMA = /^[+-]?\d*,\d+$/;
const THOUSANDS = /^[+-]?\d{1,3}(?:[ ',.\u00a0\u202f]\d{3})+(?:[.,]\d+)?$/;
const WITH_UNIT = /^([+-]?\d+(?:[.,]\d+)?)\s*([A-Za-z°µμ%Ω][^\d]*)$/;
const MINUS_SIGN = /^[\u2212\u2013]\s*\d/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
/** As printed on cells, in manifests and in custody. */
export const BARCODE = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/;
const EMAIL = /^[^\s@,;<>"]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$/;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const YEAR_MIN = 2000;
const YEAR_MAX = 2100;

export function readField({ written, at }: SheetValue, takes: FieldKind): ReadField {
  const refuse = (what: string, advice = `Give ${takesText(takes)}.`, where: Place = at): ReadField => {
    return { kind: "refused", at: where, what, advice };
  };
  if (written.kind === "other") return refuse(`${written.text} will not do`);
  if (takes.kind === "number") {
    if (written.kind === "list") return refuse("a list will not do");
    if (written.kind === "number") return judgeNumber(written.value, written.text, takes, refuse);
    // An empty field of a sheet says nothing; an empty text in JSON is a text where a number belongs.
    if (written.text === "") return { kind: "empty" };
    return readNumber(written.text, takes, refuse);
  }
  if (written.kind === "number") return refuse(`${shown(written.text)} is a number`);
  if (takes.kind === "words" || takes.kind === "triggers" || takes.kind === "parameters") {
    const items = written.kind === "list" ? written.items : splitItems(written.text, at);
    if (items.length === 0) return { kind: "empty" };
    return readItems(items, takes, refuse);
  }
  if (written.kind === "list") return refuse("a list will not do");
  return written.text === "" ? { kind: "empty" } : readText(written.text, takes, refuse);
}

type Refuse = (what: string, advice?: string, where?: Place) => ReadField;
type NumberKind = Extract<FieldKind, { readonly kind: "number" }>;

function readNumber(text: string, takes: NumberKind, refuse: Refuse): ReadField {
  if (NUMBER.test(text)) return judgeNumber(Number(text), text, takes, refuse);
  if (DECIMAL_COMMA.test(text)) {
    return refuse(`${text} has a decimal comma`, `Write ${text.replace(",", ".")}, with a point.`);
  }
  if (THOUSANDS.test(text)) return refuse(`${text} has marks between its thousands`, "Write it without them.");
  if (MINUS_SIGN.test(text)) return refuse(`${text} has a dash for a minus`, "Write a plain hyphen before the number.");
  const unit = WITH_UNIT.exec(text);
  if (unit !== null) {
    const what = `${shown(text)} has its unit with it`;
    return refuse(what, `The unit is in the name of the column; write ${(unit[1] ?? "").replace(",", ".")}.`);
  }
  return refuse(`${shown(text)} is no number`);
}

function judgeNumber(value: number, text: string, takes: NumberKind, refuse: Refuse): ReadField {
  if (!Number.isFinite(value)) return refuse(`${shown(text)} is no number`);
  if (value < takes.least || value > takes.most) return refuse(`${shown(text)} is out of bounds`);
  if (takes.isWhole === true && !Number.isInteger(value)) return refuse(`${shown(text)} is no whole number`);
  return { kind: "value", value };
}

function readText(text: string, takes: FieldKind, refuse: Refuse): ReadField {
  const control = /[\p{Cc}\ufffd]/u.exec(text);
  if (control !== null) return refuse("a character that is no text", "Remove it; save the file in UTF-8.");
  switch (takes.kind) {
    case "text":
      return text.length > takes.lengthMax ? refuse(`a text of ${text.length} characters`) : valueOf(text);
    case "name":
      return NAME.test(text) && text.length <= takes.lengthMax ? valueOf(text) : refuse(`${shown(text)} is no name`);
    case "barcode":
      return BARCODE.test(text) ? valueOf(text) : refuse(`${shown(text)} is no barcode`);
    case "email":
      return EMAIL.test(text) && text.length <= 200 ? valueOf(text) : refuse(`${shown(text)} is no e-mail address`);
    case "date":
      return readDate(text, refuse);
    case "word":
      if (takes.words.includes(text)) return valueOf(text);
      return refuse(`unknown word ${shown(text)}`, wordAdvice(text, takes.words, "Known here"));
    case "protocol": {
      const [, kind, name = ""] = /^(library|file):(.*)$/.exec(text) ?? [];
      if (kind === undefined || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
        return refuse(
          `${shown(text)} names no protocol`,
          "Give library:NAME, or file:NAME of a file beside the manifest.",
        );
      }
      return valueOf(text);
    }
    case "number":
    case "words":
    case "parameters":
    case "triggers":
      return refuse(`${shown(text)} will not do`);
  }
}

function readDate(text: string, refuse: Refuse): ReadField {
  const [, year, month, day] = DATE.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined) return refuse(`${shown(text)} is no day`);
  const atMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // The calendar would take the 31st of February for a day in March.
  if (new Date(atMs).toISOString().slice(0, 10) !== text) return refuse(`${text} is not in the calendar`);
  if (Number(year) < YEAR_MIN || Number(year) > YEAR_MAX) return refuse(`the year of ${text} cannot be meant`);
  return { kind: "value", value: atMs };
}

interface Item {
  readonly text: string;
  readonly at: Place;
}

/** Parts of a field of a sheet, with a bar between them. */
function splitItems(text: string, { line, column }: Place): readonly Item[] {
  if (text === "") return [];
  let offset = 0;
  return text.split("|").map((part) => {
    const lead = part.length - part.trimStart().length;
    const item = { text: part.trim(), at: { line, column: column + offset + lead } };
    offset += part.length + 1;
    return item;
  });
}

function readItems(
  items: readonly Item[],
  takes: Extract<FieldKind, { readonly kind: "words" | "triggers" | "parameters" }>,
  refuse: Refuse,
): ReadField {
  const words: string[] = [];
  const triggers: WishedTrigger[] = [];
  const parameters: Record<string, number> = {};
  for (const { text, at } of items) {
    const twice = (isTwice: boolean): ReadField | undefined =>
      isTwice ? refuse(`${shown(text)} is given twice`, "Keep one.", at) : undefined;
    let refused: ReadField | undefined;
    if (takes.kind === "words") {
      refused = takes.words.includes(text)
        ? twice(words.includes(text))
        : refuse(`unknown word ${shown(text)}`, wordAdvice(text, takes.words, "Known here, with | between them"), at);
      words.push(text);
    } else if (takes.kind === "triggers") {
      const trigger = triggerOf(text);
      refused =
        trigger === undefined
          ? refuse(`${shown(text)} is no wish for an exposure`, `Give ${takesText(takes)}, with | between them.`, at)
          : twice(triggers.some((one) => JSON.stringify(one) === JSON.stringify(trigger)));
      if (trigger !== undefined) triggers.push(trigger);
    } else {
      const [, name = "", number = ""] = /^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(text) ?? [];
      if (name === "") refused = refuse(`${shown(text)} is no parameter`, "Give name=number, with | between them.", at);
      else {
        const read = readNumber(number, { kind: "number", least: -1e9, most: 1e9 }, (what, advice) =>
          refuse(what, advice === undefined ? "Give name=number, with | between them." : advice, at),
        );
        if (read.kind === "value" && typeof read.value === "number") {
          refused = twice(Object.hasOwn(parameters, name));
          parameters[name] = read.value;
        } else refused = read;
      }
    }
    if (refused !== undefined) return refused;
  }
  return { kind: "value", value: takes.kind === "words" ? words : takes.kind === "triggers" ? triggers : parameters };
}

const EVERY_MIN = { least: 1, most: 10_080 };
const STEP = { least: 0.01, most: 0.5 };

function triggerOf(text: string): WishedTrigger | undefined {
  if (text === "rest-end" || text === "step-edge" || text === "cycle") return { kind: text };
  const [, amount, unit] = /^every:(\d+(?:\.\d+)?)(min|h)$/.exec(text) ?? [];
  if (amount !== undefined) {
    const everyMin = Number(amount) * (unit === "h" ? 60 : 1);
    return everyMin >= EVERY_MIN.least && everyMin <= EVERY_MIN.most ? { kind: "every", everyMin } : undefined;
  }
  const share = /^soc:(0?\.\d+)$/.exec(text)?.[1];
  if (share === undefined) return undefined;
  const step = Number(share);
  return step >= STEP.least && step <= STEP.most ? { kind: "state-of-charge", step } : undefined;
}

function valueOf(value: string): ReadField {
  return { kind: "value", value };
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
