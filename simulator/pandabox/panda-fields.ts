/** Blocks and fields of a simulated PandABox: what each is, holds and takes. */

export type Field =
  /** Takes the name of a bit. */
  | { readonly kind: "bit_mux"; value: string }
  | { readonly kind: "bit_out"; read(): number }
  | { readonly kind: "pos_out"; capture: string; read(): number }
  | { readonly kind: "read"; readonly type: string; read(): string }
  /** In ticks of 8 ns. */
  | { readonly kind: "time"; ticks: number; units: TimeUnit }
  | { readonly kind: "number"; value: number; readonly min: number; readonly max: number; readonly type: string }
  | { readonly kind: "enum"; value: string; readonly labels: readonly string[] }
  | { readonly kind: "table"; words: number[]; parts: number[]; readonly rowWords: number };

export const TICKS_PER_S = 125_000_000;
/** What a time register of 48 bits holds. */
const TICKS_MAX = 2 ** 48 - 1;

const UNIT_S = { min: 60, s: 1, ms: 1e-3, us: 1e-6 } as const;
export type TimeUnit = keyof typeof UNIT_S;

export type Block = Map<string, Field>;

export interface Blocks {
  readonly byName: ReadonlyMap<string, readonly Block[]>;
  /** Names of all bits that a mux may take. */
  readonly bits: ReadonlySet<string>;
}

/** `OK` lines come without their line end; a refusal is the text after `ERR `. */
export type Answer = { readonly text: string } | { readonly refused: string };

const ok: Answer = { text: "OK" };
const value = (shown: string | number): Answer => ({ text: `OK =${shown}` });
const refuse = (refused: string): Answer => ({ refused });

/** Finds what a target such as `SEQ1.PRESCALE.RAW` names. */
export function findField(
  blocks: Blocks,
  target: string,
): { readonly field: Field; readonly attribute: string | undefined; readonly name: string } | { refused: string } {
  const [blockName = "", fieldName, attribute, ...more] = target.split(".");
  const match = /^([A-Z][A-Z0-9_]*?)(\d*)$/.exec(blockName);
  if (match === null) return { refused: "No name found" };
  const instances = blocks.byName.get(match[1] ?? "");
  if (instances === undefined) return { refused: "No such block" };
  const number = match[2] === "" ? (instances.length === 1 ? 1 : undefined) : Number(match[2]);
  if (number === undefined) return { refused: "Missing block number" };
  const block = instances[number - 1];
  if (block === undefined) return { refused: "Invalid block number" };
  if (fieldName === undefined) return { refused: "Missing field name" };
  const field = block.get(fieldName);
  if (field === undefined) return { refused: "No such field" };
  if (more.length > 0) return { refused: "Unexpected text after command" };
  const suffix = instances.length === 1 ? "" : String(number);
  return { field, attribute, name: `${String(match[1])}${suffix}.${fieldName}` };
}

/** Lists come apart: see `tableWords`. */
export function readField(field: Field, attribute: string | undefined): Answer {
  if (attribute !== undefined) return readAttribute(field, attribute);
  switch (field.kind) {
    case "bit_mux":
    case "enum":
      return value(field.value);
    case "bit_out":
    case "pos_out":
    case "read":
      return value(field.read());
    case "time":
      return value(shownTime(field.ticks / TICKS_PER_S / UNIT_S[field.units]));
    case "number":
      return value(field.value);
    case "table":
      return refuse("Field is a table");
  }
}

function readAttribute(field: Field, attribute: string): Answer {
  if (attribute === "INFO") return value(field.kind);
  if (field.kind === "time" && attribute === "RAW") return value(field.ticks);
  if (field.kind === "time" && attribute === "UNITS") return value(field.units);
  if (field.kind === "pos_out" && attribute === "CAPTURE") return value(field.capture);
  if (field.kind === "table" && attribute === "LENGTH") return value(field.words.length);
  if (field.kind === "table" && attribute === "ROW_WORDS") return value(field.rowWords);
  return refuse("No such attribute");
}

export function writeField(blocks: Blocks, field: Field, attribute: string | undefined, text: string): Answer {
  if (attribute !== undefined) return writeAttribute(field, attribute, text);
  switch (field.kind) {
    case "bit_mux":
      if (!blocks.bits.has(text)) return refuse("Invalid bit bus selection");
      field.value = text;
      return ok;
    case "enum":
      if (!field.labels.includes(text)) return refuse("Invalid enumeration value");
      field.value = text;
      return ok;
    case "time":
      return setTicks(field, Math.round(Number(text) * UNIT_S[field.units] * TICKS_PER_S), text);
    case "number": {
      const number = Number(text);
      if (!/^[+-]?\d+$/.test(text)) return refuse("Number missing");
      if (number < field.min || number > field.max) return refuse("Number out of range");
      field.value = number;
      return ok;
    }
    case "bit_out":
    case "pos_out":
    case "read":
      return refuse("Field not writeable");
    case "table":
      return refuse("Field not writeable");
  }
}

function writeAttribute(field: Field, attribute: string, text: string): Answer {
  if (field.kind === "time" && attribute === "RAW") return setTicks(field, Number(text), text);
  if (field.kind === "time" && attribute === "UNITS") {
    if (!(text in UNIT_S)) return refuse("Invalid enumeration value");
    field.units = text as TimeUnit;
    return ok;
  }
  if (field.kind === "pos_out" && attribute === "CAPTURE") {
    if (!["No", "Value", "Diff", "Sum", "Min", "Max", "Mean"].includes(text)) {
      return refuse("Invalid enumeration value");
    }
    field.capture = text;
    return ok;
  }
  return refuse(attribute === "INFO" ? "Attribute not writeable" : "No such attribute");
}

function setTicks(field: Field & { kind: "time" }, ticks: number, text: string): Answer {
  if (text === "" || !Number.isFinite(ticks)) return refuse("Number missing");
  if (!Number.isInteger(ticks) || ticks < 0 || ticks > TICKS_MAX) return refuse("Time setting out of range");
  field.ticks = ticks;
  return ok;
}

/** Ten digits, without those that say nothing. */
function shownTime(time: number): string {
  return String(Number(time.toPrecision(10)));
}

export function bitMux(start = "ZERO"): Field {
  return { kind: "bit_mux", value: start };
}

export function time(ticks = 0): Field {
  return { kind: "time", ticks, units: "s" };
}

export function number(start = 0, min = 0, max = 0xffffffff, type = "param uint"): Field {
  return { kind: "number", value: start, min, max, type };
}
