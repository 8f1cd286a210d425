/** What the campaign machine knows, hears and is given: apart from the machine, so that others need not know it. */
import type { ActorRefFrom } from "xstate";
import type { Clock } from "../../protocols/base/clock.ts";
import type { CorrectionFrame } from "../../protocols/calibration/correction-frames.ts";
import type { CutExposure, RuledExposure } from "../beam/partial-rule.ts";
import type { LastNumbers } from "../beam/request-numbers.ts";
import type { BeamAct, ParkingPlace, SweepState } from "../beam/sweeps.ts";
import type { WantedExposure, WholePlan, WishNews } from "../beam/wanted.ts";
import type { CorrectionDesk } from "../corrections/correction-desk.ts";
import type { CellMachine } from "./cell-machine.ts";
import type { CarryEvent, CellActEvent, CellInput, CellNews } from "./cell-news.ts";
import type { FaultNote } from "./errors.ts";
import type { ExposureMachine } from "./exposure-machine.ts";
import type { ExposureNews } from "./exposure-order.ts";
import type { ExposureOrder, ExposureOutcome } from "./exposure-order.ts";
import type { InstrumentLinkInput, InstrumentLinkMachine, LinkNews } from "./instrument-link-machine.ts";
import type { Recorder } from "./recorder.ts";
import type { PermitNews, SafetySupervisorMachine } from "./safety-supervisor-machine.ts";
import type { Waiting } from "./waiting.ts";

/** A machine that runs for as long as the campaign does, and says what it waits for. */
export interface CrewMember {
  /** Where an operator would look for it: a cell, an instrument, `exposure`, `supervisor`. */
  readonly place: string;
  readonly machine:
    | ActorRefFrom<InstrumentLinkMachine>
    | ActorRefFrom<CellMachine>
    | ActorRefFrom<ExposureMachine>
    | ActorRefFrom<SafetySupervisorMachine>;
}

export interface CampaignContext {
  /** In the order in which they were begun. */
  readonly crew: readonly CrewMember[];
  /** Names of the instruments that are ready now. */
  readonly ready: ReadonlySet<string>;
  readonly isolated: ReadonlySet<string>;
  readonly finishedCellCount: number;
  readonly sweep: SweepState;
  /** Exposures that steps of cells and triggers asked for and did not get yet. */
  readonly wanted: readonly WantedExposure[];
  readonly lastNumbers: LastNumbers;
  readonly act: BeamAct | CorrectionAct | AlignAct;
  /** When the last exposure was ordered. */
  readonly orderedAtMs: number;
  readonly fault: FaultNote | null;
  readonly waiting: Waiting | null;
  readonly failuresInRowCount: number;
  /** Not after it failed to come where it should wait, until it has come to a cell. */
  readonly mayPark: boolean;
  /** The stage has found its reference since its link was made. */
  readonly isHomed: boolean;
  /** The safety supervisor reads the hutch. */
  readonly isGuarded: boolean;
  /** A part of beamrack that touches beam or hutch broke: nothing is exposed until a person resumes. */
  readonly defect: FaultNote | null;
  /** Before a restart exposing was held, and no person has resumed it since. */
  readonly wasHeld: boolean;
}

/** A frame of what is no cell. */
export interface CorrectionAct {
  readonly kind: "correct";
  readonly frame: CorrectionFrame;
}

/** The next point of the rack's alignment. */
export interface AlignAct {
  readonly kind: "align";
}

/** With what is exposed in the pause that it plans. */
export type BesidePlan<Plan> = Plan & { readonly correction?: CorrectionFrame; readonly aligns?: true };

/** What is exposed in the pause that was planned; null for nothing. */
export function besideOf({ aligns, correction }: BesidePlan<object>): CorrectionAct | AlignAct | null {
  if (aligns === true) return { kind: "align" };
  return correction === undefined ? null : { kind: "correct", frame: correction };
}

export type CampaignEvent =
  | LinkNews
  | CellNews
  | ExposureNews
  | PermitNews
  | WishNews
  | { readonly type: "INSTRUMENT_FAULT"; readonly name: string; readonly fault: FaultNote }
  | { readonly type: "CHANNEL_NEWS"; readonly cellIndex: number; readonly event: ChannelNews }
  | { readonly type: "BEAM_LOST" }
  | { readonly type: "BEAM_BACK" }
  /** A level in the hutch changed, or a person re-armed: what stood in the way may be gone. */
  | { readonly type: "HUTCH_CHANGED" }
  | { readonly type: "STOP_EXPOSING"; readonly author: string; readonly reason: string }
  /** Every cell on open circuit, or these, now: the stop class `open-circuit`. */
  | {
      readonly type: "STOP_CELLS";
      readonly author: string;
      readonly reason: string;
      readonly positions?: readonly string[];
    }
  /** A person's order for one cell, or the robot's. */
  | { readonly type: "CELL_ORDERED"; readonly position: string; readonly event: CellActEvent | CarryEvent }
  /** Cells that the campaign has from here on; links of channels that it had none to. */
  | {
      readonly type: "CELLS_JOINED";
      readonly links: readonly InstrumentLinkInput[];
      readonly cells: readonly CellInput[];
    }
  | { readonly type: "RESUME_EXPOSING"; readonly author: string }
  | { readonly type: "RE_ARM"; readonly author: string }
  | { readonly type: "TIME_OVER" }
  | { readonly type: "DEADLINE" };

/** Facts from a channel's stream, for its cell. */
export type ChannelNews =
  | {
      readonly type: "STEP_ENDED";
      readonly end: "voltage" | "current" | "time" | "limit" | "aborted";
      readonly voltageV: number;
      readonly currentA: number;
      readonly chargeAh: number;
    }
  | { readonly type: "STEP_FAILED"; readonly fault: FaultNote }
  | { readonly type: "LIMIT_PASSED"; readonly fault: FaultNote }
  /** Not the channel's, but of the same cell: it lies in its slot now. */
  | { readonly type: "CELL_HAS_COME" };

export interface CampaignMachineDeps {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly linkMachine: InstrumentLinkMachine;
  readonly cellMachine: CellMachine;
  readonly exposureMachine: ExposureMachine;
  readonly supervisorMachine: SafetySupervisorMachine;
  /** Instruments by name, in the order they are connected. What joins is added to them before `CELLS_JOINED` is sent. */
  readonly links: readonly InstrumentLinkInput[];
  readonly cells: readonly CellInput[];
  readonly ioName: string;
  readonly stageName: string;
  /** Finds the reference, under a motion permit; an aborted signal stops the motion. */
  readonly home: (signal: AbortSignal) => Promise<void>;
  /** The hutch allows motion, as levels; and there is still something to move for. */
  readonly mayHome: () => boolean;
  /** Brings the stage where it is to wait, under a motion permit; an aborted signal stops the motion. */
  readonly park?: (place: ParkingPlace, signal: AbortSignal) => Promise<void>;
  /** What links, cells and supervisor tell, for alarms. Never throws. */
  readonly noteNews: (news: PublicNews) => void;
  readonly startDeadlineMs: number;
  readonly homingDeadlineMs: number;
  readonly parkingDeadlineMs?: number;
  /** The campaign's time has passed: nothing new is begun. */
  readonly isOver: () => boolean;
  /** Pure planning on the facts of the moment. */
  readonly plan: (context: CampaignContext) => BesidePlan<WholePlan>;
  readonly order: (act: Extract<BeamAct, { kind: "expose" }> | CorrectionAct | AlignAct) => ExposureOrder;
  /** Counts with the shutter closed; an aborted signal ends it. Left out where no such frames are taken. */
  readonly dark?: Pick<CorrectionDesk, "takeDark" | "darkFailed" | "leaveDark"> & { readonly deadlineMs: number };
  /** Books what planning and exposing came to: asked, met, missed. Never throws. */
  readonly notePlan: (plan: WholePlan) => void;
  readonly noteWanted: (wanted: WantedExposure) => void;
  /** The window of what a trigger asked for is another one. */
  readonly noteRetimed?: (wanted: WantedExposure) => void;
  readonly noteWithdrawn?: (wanted: WantedExposure, reason: string) => void;
  /** By this key of a wish something was asked before. */
  readonly hasAsked?: (key: string) => boolean;
  readonly noteAnswered: (wanted: WantedExposure, exposureId: string) => void;
  readonly noteExposure: (
    order: ExposureOrder,
    outcome: ExposureOutcome,
    fault: FaultNote | null,
    asked: {
      readonly sweep: number;
      readonly latestMs: number;
      readonly wanted: WantedExposure | null;
      /** Null when the shutter was not seen open. */
      readonly openedAtMs: number | null;
      readonly ruled: RuledExposure;
    },
  ) => void;
  /** One beside the cells is over. Never throws. */
  readonly noteBeside?: (order: ExposureOrder, outcome: ExposureOutcome, fault: FaultNote | null) => void;
  /** When the last exposure's shutter was seen open; null when it was not. */
  readonly openedAtMs?: () => number | null;
  /** What becomes of a request whose exposure was not made. Never throws. */
  readonly rule: (cut: CutExposure) => RuledExposure;
  /** A control visit: what is wanted on the same cell right after an exposure of a sweep that was made. */
  readonly controlAfter?: (
    order: ExposureOrder,
    sweep: number,
  ) => { readonly controlIndex: number; readonly reason: string; readonly withinS: number } | null;
  /** Steps of cells may ask for exposures beside the sweeps. */
  readonly mayBeAsked: boolean;
  /** A cell has come to this: positions of the cells that wait for it. */
  readonly noteSignal: (position: string, stepIndex: number | null) => readonly string[];
  /** Beyond its own length: the most an exposure can take by its own deadlines. */
  readonly exposureOverheadMaxMs: number;
  /** Pause after a failed exposure before the next is tried. */
  readonly troublePauseMs: number;
  /** False while an input at the rack tells of trouble: nobody resumes exposing then. */
  readonly mayResume: () => boolean;
  /** Failed exposures in a row after which a person is asked. */
  readonly failuresInRowMax: number;
  /** After a restart: the sweep under way, and what exposing was held for. */
  readonly resumed?: {
    readonly sweep: SweepState | null;
    readonly wanted: readonly WantedExposure[];
    readonly lastNumbers: LastNumbers;
    readonly held: { readonly fault: FaultNote | null } | null;
  };
}

export function linkActorId(name: string): string {
  return `link-${name}`;
}

export function cellActorId(position: string): string {
  return `cell-${position}`;
}

/** The cell for which a channel's news, or a person's order, is. */
export function cellMeant(
  cells: readonly CellInput[],
  event: Extract<CampaignEvent, { type: "CHANNEL_NEWS" | "CELL_ORDERED" }>,
): CellInput | undefined {
  return event.type === "CHANNEL_NEWS"
    ? cells[event.cellIndex]
    : cells.find(({ position }) => position === event.position);
}

const PUBLIC_NEWS = [
  "LINK_READY",
  "LINK_LOST",
  "LINK_ISOLATED",
  "CELL_ISOLATED",
  "CELL_SPARED",
  "CELL_NOT_OFF",
  "INTERLOCK_BROKEN",
  "SUPERVISOR_BLIND",
  "SUPERVISOR_SEES",
  "BEAM_NOT_OFF",
] as const;

type ToldNews = Extract<LinkNews | CellNews | ExposureNews | PermitNews, { type: (typeof PUBLIC_NEWS)[number] }>;

/** After too many failures in a row nothing is exposed until a person resumes; with the last of them. */
export interface ExposingHeld {
  readonly type: "EXPOSING_HELD";
  readonly fault: FaultNote | null;
}

/** News that people should hear of, as alarms. */
export type PublicNews = ToldNews | ExposingHeld;

export function isNews(event: CampaignEvent): event is ToldNews {
  return PUBLIC_NEWS.some((type) => type === event.type);
}
