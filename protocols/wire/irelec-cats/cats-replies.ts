/**
 * What a CATS or ISARA robot answers: the name of the question with its fields in brackets, or free text. There is
 * no checksum, so that everything is tested for being possible. Decoding never throws.
 */

export type CatsDecoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

export interface CatsSlot {
  readonly tray: number;
  readonly slot: number;
}

/** The fields of `state` that a rack of cells has a use for; the rest is about cold. */
export interface CatsState {
  readonly isPowered: boolean;
  readonly isAutomatic: boolean;
  readonly hasFault: boolean;
  readonly tool: string;
  /** Empty when none. */
  readonly pathName: string;
  readonly isPathRunning: boolean;
  readonly onTool: CatsSlot | null;
  readonly onTool2: CatsSlot | null;
  readonly onDiffractometer: CatsSlot | null;
  /** Null when none was read. */
  readonly code: string | null;
  readonly speedPercent: number;
}

export const CATS_STATE_FIELD_COUNT = 26;
/** Inputs and outputs come as one string of at most this many. */
export const CATS_BIT_COUNT_MAX = 99;
/** Longest line kept. */
export const CATS_LINE_LENGTH_MAX = 512;

/** Indexes into `di`. */
export const CATS_INPUT = {
  emergencyAndAirOk: 1,
  collisionOk: 2,
  cellPresentCats: 11,
  cellPresentIsara: 10,
  /** Cassettes 1 to 9 follow one another; CATS only. */
  cassette1: 12,
  toolOpened: 24,
  toolClosed: 25,
  alive: 31,
} as const;

/** Indexes into `do`. */
export const CATS_OUTPUT = { idle: 47, atHome: 48, inArea1: 49, inArea2: 50, lidOpen: 51 } as const;

/** `state(1,1,0,Double,,,,1,5,,,,0,1,0,50.0,,,1,,,,0,,,)`. */
export function decodeCatsState(line: string): CatsDecoded<CatsState> {
  const inside = bracketsOf(line, "state");
  if (inside === undefined) return bad("not an answer to state");
  const fields = inside.split(",");
  if (fields.length !== CATS_STATE_FIELD_COUNT) return bad(`${fields.length} fields instead of 26`);
  const field = (index: number): string => (fields[index] ?? "").trim();
  const isPowered = flag(field(0));
  const isAutomatic = flag(field(1));
  const hasFault = flag(field(2));
  const isPathRunning = flag(field(12));
  if (isPowered === undefined || isAutomatic === undefined || hasFault === undefined || isPathRunning === undefined) {
    return bad("a flag that is neither 0 nor 1");
  }
  const onTool = slotOf(field(5), field(6));
  const onDiffractometer = slotOf(field(7), field(8));
  const onTool2 = slotOf(field(20), field(21));
  if (onTool === undefined || onDiffractometer === undefined || onTool2 === undefined) {
    return bad("a sample without its lid, or no number");
  }
  const speedPercent = Number(field(15));
  if (!/^\d{1,3}(\.\d{1,3})?$/.test(field(15)) || speedPercent > 100) return bad("no speed");
  const code = field(11);
  return {
    ok: true,
    value: {
      isPowered,
      isAutomatic,
      hasFault,
      tool: field(3),
      pathName: field(4),
      isPathRunning,
      onTool,
      onTool2,
      onDiffractometer,
      code: code === "" || code === "-1" ? null : code,
      speedPercent,
    },
  };
}

/** `di(0110...)`: one character for each bit. */
export function decodeCatsBits(line: string, question: "di" | "di2" | "do"): CatsDecoded<readonly boolean[]> {
  const inside = bracketsOf(line, question);
  if (inside === undefined) return bad(`not an answer to ${question}`);
  if (!/^[01]+$/.test(inside) || inside.length > CATS_BIT_COUNT_MAX) return bad("not a row of 0 and 1");
  const needed = question === "do" ? CATS_OUTPUT.lidOpen : question === "di" ? CATS_INPUT.alive : 0;
  if (inside.length <= needed) return bad(`only ${inside.length} bits`);
  return { ok: true, value: Array.from(inside, (character) => character === "1") };
}

/** Six numbers: millimetres and degrees. */
export function decodeCatsPosition(line: string): CatsDecoded<readonly number[]> {
  const inside = bracketsOf(line, "position");
  if (inside === undefined) return bad("not an answer to position");
  const fields = inside.split(",").map((text) => text.trim());
  if (fields.length !== 6 || !fields.every((text) => /^-?\d{1,6}(\.\d{1,6})?$/.test(text)))
    return bad("not six numbers");
  return { ok: true, value: fields.map(Number) };
}

/** An action is accepted by the echo of its name; anything else is the robot's reason. */
export function isEcho(line: string, name: string): boolean {
  return line === name || line.startsWith(`${name}(`);
}

function bracketsOf(line: string, question: string): string | undefined {
  if (!line.startsWith(`${question}(`) || !line.endsWith(")")) return undefined;
  const inside = line.slice(question.length + 1, -1);
  return /^[\x20-\x7e]*$/.test(inside) ? inside : undefined;
}

function flag(text: string): boolean | undefined {
  return text === "1" ? true : text === "0" ? false : undefined;
}

/** Empty, 0 and -1 mean none; one of the two alone is impossible. */
function slotOf(trayText: string, slotText: string): CatsSlot | null | undefined {
  const tray = counted(trayText);
  const slot = counted(slotText);
  if (tray === undefined || slot === undefined || (tray === 0) !== (slot === 0)) return undefined;
  return tray === 0 ? null : { tray, slot };
}

function counted(text: string): number | undefined {
  if (text === "" || text === "-1") return 0;
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

function bad(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why };
}

/** All but a character of the order's name: a bit was wrong on the way, and the arm may be off. */
export function isBentEcho(said: string, command: string): boolean {
  let wrong = 0;
  for (let at = 0; at < command.length; at += 1) if (said[at] !== command[at]) wrong += 1;
  return wrong <= 1;
}

/** The name of any order, alone or with its arguments. */
export function isAnyEcho(said: string): boolean {
  return /^(on|off|abort|pause|reset|restart|put|get|getput|put_bcrd|getput_bcrd|pick|back|home|setdiffr|clearbcrd)(\(|$)/.test(
    said,
  );
}
