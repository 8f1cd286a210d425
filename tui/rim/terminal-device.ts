/** The terminal of this process for a full-screen display. */
import { writeSync } from "node:fs";
import type { TerminalDevice } from "../terminal/terminal-device.ts";

// Rows are cut, not wrapped: while a window changes its size, a frame for the old one may still come.
const ENTER = "\u001b[?1049h\u001b[?7l\u001b[?25l\u001b[2J\u001b[H";
// Cleared first: what was seen before comes back, but for rows that the terminal has only had since it grew.
const LEAVE = "\u001b[2J\u001b[?7h\u001b[?25h\u001b[?1049l";
/** Names of terminals that have no colours. */
const WITHOUT_COLOUR = /^vt\d+|-m(ono)?$/;
/** Colours of a terminal's background, as COLORFGBG numbers them. */
const LIGHT_BACKGROUNDS: ReadonlySet<string> = new Set(["7", "15"]);

export function createTerminalDevice(environment: NodeJS.ProcessEnv = process.env): TerminalDevice {
  const { stdin, stdout } = process;
  const terminal = environment["TERM"] ?? "";
  const noColour = environment["NO_COLOR"];
  const isInteractive = stdin.isTTY && stdout.isTTY && terminal !== "dumb";
  const locale = environment["LC_ALL"] ?? environment["LC_CTYPE"] ?? environment["LANG"] ?? "";
  let isEntered = false;
  const leave = (): void => {
    if (!isEntered) return;
    isEntered = false;
    try {
      writeSync(stdout.fd, LEAVE);
    } catch {
      // The terminal is gone: there is nothing to give back.
    }
  };
  return {
    stdin,
    stdout,
    isInteractive,
    colour: isInteractive && (noColour === undefined || noColour === "") && !WITHOUT_COLOUR.test(terminal),
    manyColours: /256|direct|truecolor/.test(`${terminal} ${environment["COLORTERM"] ?? ""}`),
    background: LIGHT_BACKGROUNDS.has(environment["COLORFGBG"]?.split(";").at(-1) ?? "") ? "light" : "dark",
    asciiOnly: locale !== "" && !/utf-?8/i.test(locale),
    enter() {
      isEntered = true;
      process.once("exit", leave);
      writeSync(stdout.fd, ENTER);
    },
    leave,
  };
}
