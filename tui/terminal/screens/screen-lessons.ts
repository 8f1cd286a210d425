/** What a newcomer is told of each screen, under `?`. */
import type { ScreenId } from "../model/screen-state.ts";

export const SCREEN_LESSONS: Readonly<Record<ScreenId, readonly string[]>> = {
  rack: [
    "Each place of the map is a cell, as they stand in the rack. m colours it by another measure, which the line under the map explains; beside it is the cell under the cursor.",
    "Below: what the beam does, what cells wait for and of whom, and alarms.",
  ],
  cell: [
    "Left: what the cell does, what it waits for, since and until when; notes, exposures, and the dose of each layer on each spot of it. Right: voltage and current over time, voltage over charge.",
    "Its times are forecasts: 95 of 100 ends lie within ±.",
  ],
  beam: [
    "Now: the exposure under way, or what it waits for. Permit: all that must hold for the shutter to open, and how old the last reading of it is.",
    "Ahead: who comes next, when and why. Missed: what was asked for and could not be done.",
  ],
  instruments: [
    "Those in trouble stand first, then what all cells need, then the channels. Lost: how often the link was lost and opened again by itself.",
  ],
  alarms: [
    "Alarms nobody has taken stand first. Taking one says: I know of it; it stays until its cause is gone. Below: what to do about the one under the cursor; enter opens its cell.",
  ],
  log: ["Every event on record, the newest at the foot. ↑ goes back and stops it, end lets it run on."],
  dose: [
    "Left: cells by how near they are to a dose limit, uncertainty included. Right: the limits of the one under the cursor, who vouches for them, and what each of its spots was given.",
  ],
  campaign: [
    "How far the campaign is, what was asked of the beam and what became of it, when each group's last cell will be over, who is in control, and how the controller itself does.",
  ],
  shift: [
    "What one shift tells the next: what happened since the hour at the top (← and → change it), what people noted, what waits for whom, and what is to be expected. Times are by the clock of the place, where the campaign names it.",
  ],
};
