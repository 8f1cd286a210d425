/** Which function draws which screen, and how much room each gets of the terminal. Pure. */
import type { Model } from "../model/model.ts";
import type { ScreenId } from "../model/screen-state.ts";
import { alarmsScreen } from "./alarms-screen.ts";
import { beamScreen } from "./beam-screen.ts";
import { campaignScreen } from "./campaign-screen.ts";
import { cellScreen } from "./cell-screen.ts";
import { doseScreen } from "./dose-screen.ts";
import { instrumentsScreen } from "./instruments-screen.ts";
import { logScreen } from "./log-screen.ts";
import { noteRows } from "./note-rows.ts";
import type { Drawn } from "./parts.ts";
import { rackScreen } from "./rack-screen.ts";
import { shiftScreen } from "./shift-screen.ts";

const SCREENS: Readonly<Record<ScreenId, (model: Model, width: number, height: number) => Drawn>> = {
  rack: rackScreen,
  cell: cellScreen,
  beam: beamScreen,
  instruments: instrumentsScreen,
  alarms: alarmsScreen,
  log: logScreen,
  dose: doseScreen,
  campaign: campaignScreen,
  shift: shiftScreen,
};

/** Under them stand the notes. */
const HEAD_ROWS = 2;
const FOOT_ROWS = 2;

/** Between head and foot: one row and one column less than the terminal has, as a full frame would make it scroll. */
export function bodySize(model: Model): { readonly width: number; readonly height: number } {
  const width = model.columns - 1;
  return { width, height: model.rows - 1 - HEAD_ROWS - noteRows(model, width).length - FOOT_ROWS };
}

/** The screen that is chosen, without its first row, which is its title. */
export function drawScreen(model: Model): Drawn {
  const { width, height } = bodySize(model);
  return SCREENS[model.state.screen](model, width - 2, height - 1);
}

/** How far the chosen screen can be scrolled. */
export function scrollMax(model: Model): number {
  return drawScreen(model).scrollMax ?? 0;
}
