/** Moving about: cursor, lists, screens. Pure functions from what is seen to what is seen next. */
import { COLUMN_COUNT, POSITION_COUNT, ROW_COUNT } from "../../../protocols/base/position.ts";
import { MEASURE_IDS } from "../model/measures.ts";
import type { Model, Outcome } from "../model/model.ts";
import { needsPerson, untakenCount } from "../model/rack-view.ts";
import { SCREEN_IDS, type ScreenId, type ScreenState } from "../model/screen-state.ts";
import { nearestToLimit } from "../model/nearest-to-limit.ts";
import { shownAlarms } from "../model/shown-alarms.ts";
import { scrollMax } from "../screens/screen-table.ts";
import { positionIndexOf } from "./orders.ts";

/** Screens with a cell under the cursor. */
export const OF_CELLS: readonly ScreenId[] = ["rack", "cell", "dose"];
export const SCROLLED: readonly ScreenId[] = ["cell", "beam", "instruments", "log", "dose", "campaign", "shift"];
/** Far more than any list has rows; drawing brings it back to the last. */
export const FAR_ROWS = 1_000_000;
export const PAGE_ROWS = 10;

/** Who comes to the alarms begins with the first. */
export function goTo(screen: ScreenId): Outcome {
  return { state: screen === "alarms" ? { screen, alarmId: null } : { screen } };
}

/** The alarm that is drawn under the cursor stays there: a newer one does not slip under a finger that is about to take it. */
export function withCursorKept({ rack, state }: Model): ScreenState {
  if (state.screen !== "alarms") return state;
  const shown = shownAlarms(rack);
  if (shown.some(({ id }) => id === state.alarmId)) return state;
  const alarmId = shown[0]?.id ?? null;
  return alarmId === state.alarmId ? state : { ...state, alarmId };
}

export function moveCell({ state }: Model, rowsDown: number, columnsRight: number): Outcome {
  const row = Math.floor(state.positionIndex / COLUMN_COUNT) + rowsDown;
  const column = (state.positionIndex % COLUMN_COUNT) + columnsRight;
  if (row < 0 || row >= ROW_COUNT || column < 0 || column >= COLUMN_COUNT) return {};
  return { state: { positionIndex: row * COLUMN_COUNT + column } };
}

export function stepCell({ state }: Model, by: 1 | -1): Outcome {
  const positionIndex = (state.positionIndex + by + POSITION_COUNT) % POSITION_COUNT;
  return { state: { positionIndex, scroll: { ...state.scroll, cell: 0, dose: 0 } } };
}

function scrollBy(model: Model, rows: number): Outcome {
  const { state } = model;
  const most = scrollMax(model);
  const top = Math.max(0, Math.min(most, Math.min(most, state.scroll[state.screen]) + rows));
  return { state: { scroll: { ...state.scroll, [state.screen]: top } } };
}

/** Who goes back stops the log, or it would run away under the eyes; at its end it runs again. */
function scrollLog(model: Model, by: number): Outcome {
  const { state, rack } = model;
  if (by >= FAR_ROWS) return { state: { logStopped: null, scroll: { ...state.scroll, log: 0 } } };
  const stopped: Model = { ...model, state: { ...state, logStopped: state.logStopped ?? (by < 0 ? rack.log : null) } };
  return { state: { ...scrollBy(stopped, -by).state, logStopped: stopped.state.logStopped } };
}

/** Along the list of those nearest to a limit. */
function moveInDoses({ rack, state }: Model, by: number): Outcome {
  const order = nearestToLimit(rack);
  const at = order.indexOf(state.positionIndex);
  const next = order[Math.min(order.length - 1, Math.max(0, at + by))];
  return next === undefined ? {} : { state: { positionIndex: next, scroll: { ...state.scroll, dose: 0 } } };
}

function moveAlarm(model: Model, by: number): Outcome {
  const shown = shownAlarms(model.rack);
  const at = Math.max(
    0,
    shown.findIndex(({ id }) => id === model.state.alarmId),
  );
  const next = shown[Math.min(shown.length - 1, Math.max(0, at + by))];
  return next === undefined ? {} : { state: { alarmId: next.id } };
}

/** Up and down, by whatever the screen has in rows. */
export function moveRows(model: Model, by: number): Outcome {
  const { screen } = model.state;
  if (screen === "alarms") return moveAlarm(model, by);
  if (screen === "rack") return moveCell(model, by, 0);
  if (screen === "log") return scrollLog(model, by);
  return screen === "dose" && Math.abs(by) === 1 ? moveInDoses(model, by) : scrollBy(model, by);
}

/** From the cursor on, around the rack. */
export function nextInNeed(model: Model, by: 1 | -1): Outcome {
  const { rack, state } = model;
  for (let step = 1; step <= POSITION_COUNT; step += 1) {
    const positionIndex = (state.positionIndex + by * step + POSITION_COUNT * 2) % POSITION_COUNT;
    if (needsPerson(rack, positionIndex)) {
      const screen = OF_CELLS.includes(state.screen) ? state.screen : "rack";
      return { state: { positionIndex, screen } };
    }
  }
  if (untakenCount(rack) > 0) return goTo("alarms");
  return { refusal: "Nothing needs a person: no cell is isolated or held, and no alarm is untaken." };
}

export function open(model: Model): Outcome {
  const { rack, state } = model;
  if (state.screen === "alarms") {
    const shown = shownAlarms(rack);
    const alarm = shown.find(({ id }) => id === state.alarmId) ?? shown[0];
    if (alarm === undefined) return {};
    const positionIndex = positionIndexOf(alarm.where);
    return positionIndex === null ? goTo("instruments") : { state: { screen: "cell", positionIndex } };
  }
  if (state.screen === "beam") {
    const positionIndex = positionIndexOf(rack.exposure?.current?.position ?? "");
    return positionIndex === null ? {} : { state: { screen: "cell", positionIndex } };
  }
  return goTo("cell");
}

export function turnMeasure({ state }: Model, by: 1 | -1): Outcome {
  const count = MEASURE_IDS.length;
  const measure = MEASURE_IDS[(MEASURE_IDS.indexOf(state.measure) + by + count) % count] ?? "state";
  return { state: { measure, screen: "rack" } };
}

/** The hand-over page since an hour earlier or later; the bus tells of a day. */
export function turnShift({ state }: Model, by: 1 | -1): Outcome {
  const shiftHours = Math.max(0, Math.min(23, state.shiftHours + by));
  return { state: { shiftHours, scroll: { ...state.scroll, shift: 0 } } };
}

export function turnScreen({ state }: Model, by: 1 | -1): Outcome {
  const count = SCREEN_IDS.length;
  return goTo(SCREEN_IDS[(SCREEN_IDS.indexOf(state.screen) + by + count) % count] ?? "rack");
}

export function back({ state }: Model): Outcome {
  if (state.screen === "log" && state.logFilter !== "") return { state: { logFilter: "" } };
  return goTo("rack");
}
