/**
 * How tones look. One accent colour; yellow and red only for what a person should look at; the rest is the terminal's
 * own foreground, so both light and dark terminals stay readable. Without colour nothing but text is written.
 */
import type { Row, Tone } from "./rows.ts";

export type Background = "dark" | "light";

export interface Look {
  readonly colour: boolean;
  /** 256 colours: the steps of a map are told apart by shade. */
  readonly manyColours: boolean;
  readonly background: Background;
  /** Only ASCII is drawn: a terminal that knows no other letters. */
  readonly asciiOnly: boolean;
}

export const PLAIN_LOOK: Look = { colour: false, manyColours: false, background: "dark", asciiOnly: false };

type Codes = Readonly<Record<Tone, string>>;

const HEAT_DARK = [240, 24, 31, 38, 81, 159] as const;
const HEAT_LIGHT = [250, 110, 67, 25, 19, 17] as const;
/** Where a terminal has 16 colours only. */
const HEAT_FEW = ["2", "", "36", "36", "36;1", "1"] as const;
const HEAT_FEW_LIGHT = ["2", "", "34", "34", "34;1", "1"] as const;

function codesOf({ manyColours, background }: Look): Codes {
  const isDark = background === "dark";
  const accent = isDark ? "36" : "34";
  const shades = isDark ? HEAT_DARK : HEAT_LIGHT;
  const few = isDark ? HEAT_FEW : HEAT_FEW_LIGHT;
  const heat = (step: 0 | 1 | 2 | 3 | 4 | 5): string => (manyColours ? `38;5;${shades[step]}` : few[step]);
  return {
    plain: "",
    strong: "1",
    dim: manyColours ? (isDark ? "38;5;245" : "38;5;243") : "2",
    accent,
    good: "32",
    warn: manyColours ? (isDark ? "38;5;214" : "38;5;130") : "33",
    alarm: isDark ? "91;1" : "31;1",
    cursor: "7",
    bar: isDark ? "36;7" : "34;7",
    alarmBar: "31;7;1",
    heat0: heat(0),
    heat1: heat(1),
    heat2: heat(2),
    heat3: heat(3),
    heat4: heat(4),
    heat5: heat(5),
  };
}

const RESET = "\u001b[0m";

const ASCII: Readonly<Record<string, string>> = {
  "…": "~",
  "·": "-",
  "●": "*",
  "○": "o",
  "◐": "%",
  "─": "-",
  "│": "|",
  "└": "+",
  "┤": "|",
  "┴": "+",
  "█": "#",
  "▒": "=",
  "░": ".",
  "▸": ">",
  "▾": "v",
  "↑": "^",
  "↓": "v",
  "←": "<",
  "→": ">",
  "±": "+-",
  "×": "x",
  "≈": "~",
  "✓": "+",
  "✗": "x",
  "⚠": "!",
};

/** The same width, letter by letter: a dot for what has no like (braille dots too). */
function asciiOf(text: string): string {
  return text.replace(/[^ -~]/gu, (character) =>
    (ASCII[character] ?? (character === "\u2800" ? " " : ".")).slice(0, 1),
  );
}

/** Rows to strings with escape codes, by a look that is chosen once. */
export function createPainter(look: Look): (cells: Row) => string {
  const codes = codesOf(look);
  const shown = (text: string): string => (look.asciiOnly ? asciiOf(text) : text);
  if (!look.colour) return (cells) => cells.map(({ text }) => shown(text)).join("");
  return (cells) => {
    let text = "";
    let open = "";
    for (const cell of cells) {
      if (cell.text === "") continue;
      const code = codes[cell.tone];
      // Blank between two words of one colour: no need to change it and back.
      const isSame = code === open || (code === "" && !SEEN_ON_BLANKS.test(open) && BLANKS.test(cell.text));
      if (!isSame) {
        text += `${open === "" ? "" : RESET}${code === "" ? "" : `\u001b[${code}m`}`;
        open = code;
      }
      text += shown(cell.text);
    }
    return open === "" ? text : `${text}${RESET}`;
  };
}

const BLANKS = /^ +$/;
/** Inverse video and underline. */
const SEEN_ON_BLANKS = /(^|;)[47](;|$)/;
