/**
 * The simulated controller's own reading of G-code: words, modal groups and the numbered errors of GRBL 1.1, for
 * the part of the language that moves a table (G0 G1 G4 G10 G20 G21 G53-G59 G90 G91 and the modal words around
 * them). Arcs, probing, stored positions and offsets of G92 are answered as unsupported (error 20).
 */

export interface ModalState {
  motion: 0 | 1 | 80;
  isInches: boolean;
  isRelative: boolean;
  plane: 17 | 18 | 19;
  /** 0..5 for G54..G59. */
  workSystem: number;
  spindle: 3 | 4 | 5;
  coolant: 7 | 8 | 9;
  tool: number;
  /** mm/min */
  feed: number;
  spindleSpeed: number;
}

export function initialModalState(): ModalState {
  return {
    motion: 0,
    isInches: false,
    isRelative: false,
    plane: 17,
    workSystem: 0,
    spindle: 5,
    coolant: 9,
    tool: 0,
    feed: 0,
    spindleSpeed: 0,
  };
}

export interface Axes {
  x?: number;
  y?: number;
  z?: number;
}

export type GcodeAction =
  | { readonly kind: "nothing" }
  /** Targets in millimetres, only the axes named; absolute in machine coordinates, absolute in work ones, or relative. */
  | { readonly kind: "move"; readonly frame: "machine" | "work" | "relative"; readonly axes: Axes }
  | { readonly kind: "dwell"; readonly seconds: number }
  /** G10 L2 sets the offset itself, L20 makes the present place read as the values given. System -1 is the active one. */
  | { readonly kind: "offset"; readonly fromPresent: boolean; readonly workSystem: number; readonly axes: Axes };

export type GcodeResult = { readonly error: number } | { readonly action: GcodeAction; readonly modal: ModalState };

interface Word {
  readonly letter: string;
  readonly value: number;
}

/** Words of a line without white space, or the error number. */
function readWords(line: string): Word[] | number {
  const words: Word[] = [];
  let index = 0;
  while (index < line.length) {
    const letter = line.charAt(index);
    if (letter < "A" || letter > "Z") return 1;
    const match = /^[+-]?(\d+\.?\d*|\.\d+)/.exec(line.slice(index + 1));
    if (match === null) return 2;
    words.push({ letter, value: Number(match[0]) });
    index += 1 + match[0].length;
  }
  return words;
}

type Group =
  | "motion"
  | "nonmodal"
  | "plane"
  | "distance"
  | "feed-mode"
  | "units"
  | "system"
  | "spindle"
  | "coolant"
  | "stop";

const G_GROUPS: Readonly<Record<number, Group>> = {
  0: "motion",
  1: "motion",
  80: "motion",
  4: "nonmodal",
  10: "nonmodal",
  53: "nonmodal",
  17: "plane",
  18: "plane",
  19: "plane",
  20: "units",
  21: "units",
  54: "system",
  55: "system",
  56: "system",
  57: "system",
  58: "system",
  59: "system",
  90: "distance",
  91: "distance",
  94: "feed-mode",
};
const M_GROUPS: Readonly<Record<number, Group>> = {
  0: "stop",
  2: "stop",
  30: "stop",
  3: "spindle",
  4: "spindle",
  5: "spindle",
  7: "coolant",
  8: "coolant",
  9: "coolant",
};

/** One line, already upper case and free of white space and comments. Does not change `modal`. */
export function parseGcode(line: string, modal: ModalState): GcodeResult {
  const words = readWords(line);
  if (typeof words === "number") return { error: words };
  const groups = new Map<Group, number>();
  const values = new Map<string, number>();
  let axisCommandCount = 0;
  for (const { letter, value } of words) {
    if (letter === "G" || letter === "M") {
      if (!Number.isInteger(value)) return { error: value % 1 > 0 && letter === "G" ? 20 : 23 };
      const group = (letter === "G" ? G_GROUPS : M_GROUPS)[value];
      if (group === undefined) return { error: 20 };
      if (groups.has(group)) return { error: 21 };
      groups.set(group, value);
      if (letter === "G" && (value === 0 || value === 1 || value === 10)) axisCommandCount += 1;
      continue;
    }
    if (!"XYZFSTNPLIJKR".includes(letter)) return { error: 20 };
    if (values.has(letter)) return { error: 25 };
    if (value < 0 && "FSTNP".includes(letter)) return { error: 4 };
    if (letter === "N" && value > 9_999_999) return { error: 27 };
    values.set(letter, value);
  }
  if (axisCommandCount > 1) return { error: 24 };
  return interpret(groups, values, modal);
}

function interpret(groups: Map<Group, number>, values: Map<string, number>, before: ModalState): GcodeResult {
  const modal = { ...before };
  values.delete("N");
  const units = groups.get("units");
  if (units !== undefined) modal.isInches = units === 20;
  const scale = modal.isInches ? 25.4 : 1;
  const plane = groups.get("plane");
  if (plane === 17 || plane === 18 || plane === 19) modal.plane = plane;
  const distance = groups.get("distance");
  if (distance !== undefined) modal.isRelative = distance === 91;
  const system = groups.get("system");
  if (system !== undefined) modal.workSystem = system - 54;
  const spindle = groups.get("spindle");
  if (spindle === 3 || spindle === 4 || spindle === 5) modal.spindle = spindle;
  const coolant = groups.get("coolant");
  if (coolant === 7 || coolant === 8 || coolant === 9) modal.coolant = coolant;
  const motion = groups.get("motion");
  if (motion === 0 || motion === 1 || motion === 80) modal.motion = motion;
  const feed = taken(values, "F");
  if (feed !== undefined) modal.feed = feed * scale;
  modal.spindleSpeed = taken(values, "S") ?? modal.spindleSpeed;
  modal.tool = taken(values, "T") ?? modal.tool;

  const axes = takenAxes(values, scale);
  const hasAxes = axes.x !== undefined || axes.y !== undefined || axes.z !== undefined;
  const nonmodal = groups.get("nonmodal");
  let action: GcodeAction = { kind: "nothing" };
  if (nonmodal === 4) {
    const seconds = taken(values, "P");
    if (seconds === undefined) return { error: 28 };
    if (hasAxes) return { error: 31 };
    action = { kind: "dwell", seconds };
  } else if (nonmodal === 10) {
    if (!hasAxes) return { error: 26 };
    const which = taken(values, "L");
    const number = taken(values, "P");
    if (which === undefined || number === undefined) return { error: 28 };
    if (which !== 2 && which !== 20) return { error: 20 };
    if (!Number.isInteger(number)) return { error: 23 };
    if (number > 6) return { error: 29 };
    action = { kind: "offset", fromPresent: which === 20, workSystem: number - 1, axes };
  } else if (nonmodal === 53) {
    if (modal.motion === 80) return { error: 30 };
    if (hasAxes) action = { kind: "move", frame: "machine", axes };
  } else if (hasAxes) {
    if (modal.motion === 80) return { error: 31 };
    action = { kind: "move", frame: modal.isRelative ? "relative" : "work", axes };
  }
  if (action.kind === "move" && modal.motion === 1 && modal.feed === 0) return { error: 22 };
  if (values.size > 0) return { error: 36 };
  return { action, modal };
}

export type JogResult =
  | { readonly error: number }
  | { readonly frame: "machine" | "work" | "relative"; readonly axes: Axes };

/** What follows `$J=`: units, distance, G53, axes and a feed of its own; nothing of it is modal. */
export function parseJog(text: string, modal: ModalState): JogResult {
  const words = readWords(text);
  if (typeof words === "number") return { error: words };
  let { isInches, isRelative } = modal;
  let isMachine = false;
  const values = new Map<string, number>();
  for (const { letter, value } of words) {
    if (letter === "G") {
      if (value === 20 || value === 21) isInches = value === 20;
      else if (value === 90 || value === 91) isRelative = value === 91;
      else if (value === 53) isMachine = true;
      else return { error: 16 };
    } else if (!"XYZFN".includes(letter)) {
      return { error: 16 };
    } else if (values.has(letter)) {
      return { error: 25 };
    } else {
      values.set(letter, value);
    }
  }
  const feed = taken(values, "F");
  const axes = takenAxes(values, isInches ? 25.4 : 1);
  if (axes.x === undefined && axes.y === undefined && axes.z === undefined) return { error: 26 };
  if (feed === undefined || feed <= 0) return { error: 22 };
  return { frame: isMachine ? "machine" : isRelative ? "relative" : "work", axes };
}

function taken(values: Map<string, number>, letter: string): number | undefined {
  const value = values.get(letter);
  values.delete(letter);
  return value;
}

function takenAxes(values: Map<string, number>, scale: number): Axes {
  const axes: Axes = {};
  const x = taken(values, "X");
  const y = taken(values, "Y");
  const z = taken(values, "Z");
  if (x !== undefined) axes.x = x * scale;
  if (y !== undefined) axes.y = y * scale;
  if (z !== undefined) axes.z = z * scale;
  return axes;
}

/** `[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]` */
export function modalStateLine(modal: ModalState): string {
  return `[GC:G${modal.motion} G${54 + modal.workSystem} G${modal.plane} G${modal.isInches ? 20 : 21} G${
    modal.isRelative ? 91 : 90
  } G94 M${modal.spindle} M${modal.coolant} T${modal.tool} F${Math.round(modal.feed / (modal.isInches ? 25.4 : 1))} S${Math.round(
    modal.spindleSpeed,
  )}]`;
}
