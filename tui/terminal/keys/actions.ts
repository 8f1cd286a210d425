/**
 * Everything that can be done at the screen, in one table: keys, palette and help are all drawn from it. An action is a
 * pure function from what is seen to what comes of it.
 */
import { MEASURE_IDS, MEASURES } from "../model/measures.ts";
import type { Model, Outcome } from "../model/model.ts";
import { SCREEN_IDS, SCREEN_TELLS, SCREEN_TITLES, type ScreenId } from "../model/screen-state.ts";
import {
  back,
  FAR_ROWS,
  goTo,
  moveCell,
  moveRows,
  nextInNeed,
  OF_CELLS,
  open,
  PAGE_ROWS,
  SCROLLED,
  stepCell,
  turnMeasure,
  turnScreen,
  turnShift,
} from "./moves.ts";
import { ORDER_ACTIONS } from "./order-actions.ts";

export interface Action {
  readonly id: string;
  /** Names of keys; none: in the palette only. */
  readonly keys: readonly string[];
  /** As help shows them, where the names would not do. */
  readonly shownKeys?: string;
  readonly title: string;
  /** Heading in the help. */
  readonly part: "go" | "look" | "order";
  readonly screens: readonly ScreenId[] | "all";
  /** A word for the line at the foot of the screen; none: it is not named there. */
  readonly footer?: string;
  /** Where it is named there; elsewhere it goes without saying. */
  readonly footerOn?: ScreenId;
  /** The palette does not offer it: it would do nothing there. */
  readonly isKeyOnly?: boolean;
  act(model: Model): Outcome;
}

const QUIT: Outcome = { effect: { kind: "quit" } };

export const ACTIONS: readonly Action[] = [
  {
    id: "help",
    keys: ["?"],
    title: "what is on this screen, and every key",
    part: "go",
    screens: "all",
    footer: "help",
    act: () => ({ state: { overlay: { kind: "help", scroll: 0 } } }),
  },
  {
    id: "palette",
    keys: [":", "ctrl-k"],
    shownKeys: ":",
    title: "find what to do by its name",
    part: "go",
    screens: "all",
    footer: "do",
    isKeyOnly: true,
    act: () => ({ state: { overlay: { kind: "palette", typed: "", chosen: 0 } } }),
  },
  ...SCREEN_IDS.map((screen, index): Action => ({
    id: `screen-${screen}`,
    keys: [String(index + 1)],
    title: `${SCREEN_TITLES[screen]}: ${SCREEN_TELLS[screen]}`,
    part: "go",
    screens: "all",
    act: () => goTo(screen),
  })),
  {
    id: "next-screen",
    keys: ["tab"],
    title: "the next screen",
    part: "go",
    screens: "all",
    isKeyOnly: true,
    act: (model) => turnScreen(model, 1),
  },
  {
    id: "previous-screen",
    keys: ["shift-tab"],
    title: "the screen before",
    part: "go",
    screens: "all",
    isKeyOnly: true,
    act: (model) => turnScreen(model, -1),
  },
  {
    id: "open",
    keys: ["enter"],
    title: "the cell in full",
    part: "go",
    screens: ["rack", "dose", "alarms", "beam"],
    footer: "open",
    isKeyOnly: true,
    act: open,
  },
  { id: "back", keys: ["escape"], title: "back to the rack", part: "go", screens: "all", isKeyOnly: true, act: back },
  {
    id: "find",
    keys: ["/"],
    title: "find a cell by position or barcode",
    part: "go",
    screens: "all",
    footer: "find",
    act: () => ({ state: { overlay: { kind: "find", typed: "" } } }),
  },
  {
    id: "next-in-need",
    keys: ["n"],
    title: "the next that needs a person",
    part: "go",
    screens: "all",
    footer: "next",
    act: (model) => nextInNeed(model, 1),
  },
  {
    id: "previous-in-need",
    keys: ["N"],
    title: "the one before that needs a person",
    part: "go",
    screens: "all",
    isKeyOnly: true,
    act: (model) => nextInNeed(model, -1),
  },
  {
    id: "quit",
    keys: ["q", "ctrl-c"],
    shownKeys: "q",
    title: "leave; the rack goes on by itself",
    part: "go",
    screens: "all",
    footer: "leave",
    act: () => QUIT,
  },

  {
    id: "up",
    keys: ["up"],
    title: "up",
    part: "look",
    screens: "all",
    isKeyOnly: true,
    act: (model) => moveRows(model, -1),
  },
  {
    id: "down",
    keys: ["down"],
    title: "down",
    part: "look",
    screens: "all",
    isKeyOnly: true,
    act: (model) => moveRows(model, 1),
  },
  {
    id: "left",
    keys: ["left"],
    title: "the cell to the left",
    part: "look",
    screens: OF_CELLS,
    isKeyOnly: true,
    act: (model) => (model.state.screen === "rack" ? moveCell(model, 0, -1) : stepCell(model, -1)),
  },
  {
    id: "right",
    keys: ["right"],
    title: "the cell to the right",
    part: "look",
    screens: OF_CELLS,
    isKeyOnly: true,
    act: (model) => (model.state.screen === "rack" ? moveCell(model, 0, 1) : stepCell(model, 1)),
  },
  {
    id: "shift-earlier",
    keys: ["left"],
    title: "tell from an hour earlier on",
    part: "look",
    screens: ["shift"],
    isKeyOnly: true,
    act: (model) => turnShift(model, 1),
  },
  {
    id: "shift-later",
    keys: ["right"],
    title: "tell from an hour later on",
    part: "look",
    screens: ["shift"],
    isKeyOnly: true,
    act: (model) => turnShift(model, -1),
  },
  {
    id: "page-up",
    keys: ["pageup"],
    title: "a page up",
    part: "look",
    screens: [...SCROLLED, "alarms"],
    isKeyOnly: true,
    act: (model) => moveRows(model, -PAGE_ROWS),
  },
  {
    id: "page-down",
    keys: ["pagedown"],
    title: "a page down",
    part: "look",
    screens: [...SCROLLED, "alarms"],
    isKeyOnly: true,
    act: (model) => moveRows(model, PAGE_ROWS),
  },
  {
    id: "home",
    keys: ["home"],
    title: "to the top",
    part: "look",
    screens: [...SCROLLED, "alarms"],
    isKeyOnly: true,
    act: (model) => moveRows(model, -FAR_ROWS),
  },
  {
    id: "end",
    keys: ["end"],
    title: "to the end",
    part: "look",
    screens: [...SCROLLED, "alarms"],
    isKeyOnly: true,
    act: (model) => moveRows(model, FAR_ROWS),
  },
  {
    id: "measure",
    keys: ["m"],
    title: "colour the rack by the next measure",
    part: "look",
    screens: ["rack"],
    footer: "measure",
    act: (model) => turnMeasure(model, 1),
  },
  {
    id: "measure-back",
    keys: ["M"],
    title: "colour the rack by the measure before",
    part: "look",
    screens: ["rack"],
    isKeyOnly: true,
    act: (model) => turnMeasure(model, -1),
  },
  ...MEASURE_IDS.map((measure): Action => ({
    id: `measure-${measure}`,
    keys: [],
    title: `colour the rack by ${MEASURES[measure].title}`,
    part: "look",
    screens: "all",
    act: () => ({ state: { measure, screen: "rack" } }),
  })),
  {
    id: "filter",
    keys: ["f"],
    title: "show only lines of the log with these words",
    part: "look",
    screens: ["log"],
    footer: "filter",
    act: ({ state }) => ({ state: { screen: "log", overlay: { kind: "filter", typed: state.logFilter } } }),
  },
  {
    id: "log-stop",
    keys: [" "],
    shownKeys: "space",
    title: "stop the log where it is, or let it run",
    part: "look",
    screens: ["log"],
    footer: "stop",
    act: ({ state, rack }) => ({ state: { logStopped: state.logStopped === null ? rack.log : null } }),
  },
  {
    id: "background",
    keys: ["t"],
    title: "colours for a light or a dark terminal",
    part: "look",
    screens: "all",
    act: ({ state }) => {
      const background = state.background === "dark" ? "light" : "dark";
      return { state: { background }, effect: { kind: "background", background } };
    },
  },
  ...ORDER_ACTIONS,
];

/** The action of a key on a screen. */
export function actionOf(key: string, screen: ScreenId): Action | undefined {
  return ACTIONS.find((action) => action.keys.includes(key) && isOn(action, screen));
}

export function isOn({ screens }: Action, screen: ScreenId): boolean {
  return screens === "all" || screens.includes(screen);
}

/** What the palette offers for what was typed: every word must be found. */
export function paletteActions(typed: string): readonly Action[] {
  const words = typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return ACTIONS.filter(
    (action) => action.isKeyOnly !== true && words.every((word) => action.title.toLowerCase().includes(word)),
  );
}
