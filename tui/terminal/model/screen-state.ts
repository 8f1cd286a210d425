/** What a person has chosen to see, and what they are in the middle of typing. Pure data. */
import type { BusCommand } from "../../../protocols/bus/commands.ts";
import type { LogLine } from "./rack-view.ts";
import type { Background } from "../text/palette.ts";
import type { MeasureId } from "./measures.ts";

export const SCREEN_IDS = [
  "rack",
  "cell",
  "beam",
  "instruments",
  "alarms",
  "log",
  "dose",
  "campaign",
  "shift",
] as const;
export type ScreenId = (typeof SCREEN_IDS)[number];

export const SCREEN_TITLES: Readonly<Record<ScreenId, string>> = {
  rack: "Rack",
  cell: "Cell",
  beam: "Beam",
  instruments: "Instruments",
  alarms: "Alarms",
  log: "Log",
  dose: "Dose",
  campaign: "Campaign",
  shift: "Shift",
};

/** What each one answers. */
export const SCREEN_TELLS: Readonly<Record<ScreenId, string>> = {
  rack: "how are all cells, and who needs me?",
  cell: "what does this cell do, and what does it wait for?",
  beam: "may the shutter open, what is exposed, what comes next?",
  instruments: "who answers, and who does not?",
  alarms: "what is wrong, and what is to be done?",
  log: "what happened, line by line?",
  dose: "how much has each spot had, and how much may it have?",
  campaign: "how far are we, and when is it over?",
  shift: "what happened since 22:00, what waits for whom, what comes?",
};

/** A command as a person asks for it; who sends it adds id, author and deadline. */
export interface Order {
  readonly command: BusCommand;
  /** Obeyed only while what it was decided by still stands. */
  readonly precondition: { readonly topic: string; readonly version: number } | null;
  /** In the operator's words, for the answer: `hold cell B4`. */
  readonly title: string;
  /** Of an alarm that is taken: the one to be read once it is. */
  readonly nextAlarmId?: number;
}

/** What is asked before it is done. */
export interface Question {
  readonly order: Order;
  /** What will come to pass, and what will not. */
  readonly consequence: string;
  /** `reason`: a word why is typed first, which goes on record. `yes`: the letter y. */
  readonly by: "reason" | "yes";
}

export type Overlay =
  | { readonly kind: "help"; readonly scroll: number }
  | { readonly kind: "palette"; readonly typed: string; readonly chosen: number }
  | { readonly kind: "find"; readonly typed: string }
  | { readonly kind: "filter"; readonly typed: string }
  | { readonly kind: "question"; readonly question: Question; readonly typed: string };

export interface Notice {
  readonly text: string;
  readonly tone: "good" | "warn" | "alarm" | "dim";
  /** Terminal's own monotonic milliseconds after which it is no longer shown. */
  readonly untilMs: number;
}

export interface ScreenState {
  readonly screen: ScreenId;
  readonly positionIndex: number;
  readonly measure: MeasureId;
  /** First row shown, of the screens that scroll. */
  readonly scroll: Readonly<Record<ScreenId, number>>;
  /** Identity of the alarm under the cursor; null: the first, until it is drawn. */
  readonly alarmId: number | null;
  /** Full hours back from the one that runs, of the hand-over page. */
  readonly shiftHours: number;
  readonly logFilter: string;
  /** The log as it stood when it was stopped; null: it runs. */
  readonly logStopped: readonly LogLine[] | null;
  readonly overlay: Overlay | null;
  readonly background: Background;
  readonly notice: Notice | null;
}

export const FIRST_STATE: ScreenState = {
  screen: "rack",
  positionIndex: 0,
  measure: "state",
  scroll: { rack: 0, cell: 0, beam: 0, instruments: 0, alarms: 0, log: 0, dose: 0, campaign: 0, shift: 0 },
  alarmId: null,
  shiftHours: 8,
  logFilter: "",
  logStopped: null,
  overlay: null,
  background: "dark",
  notice: null,
};
