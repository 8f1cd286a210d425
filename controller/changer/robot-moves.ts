/**
 * The robot's single moves: where every cell is that is not in its place, and one path of the arm after the other, each
 * under a motion permit and on record before the arm moves and after it has come to rest.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Position } from "../../protocols/base/position.ts";
import type { BeamIo, InputLevels, Interlock } from "../../protocols/roles/beam-io.ts";
import type { SampleChanger, Transfer, TraySlot } from "../../protocols/roles/sample-changer.ts";
import type { Stage, StagePosition } from "../../protocols/roles/stage.ts";
import { faultNote } from "../machines/errors.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { Alarms } from "../run/alarms.ts";
import { motionRefusals, shadowRefusals } from "../safety/permit-judgement.ts";
import {
  createTransferRecords,
  type CellPlace,
  type Move,
  type RecordedTransfers,
  type TransferAct,
  type TransferRecords,
} from "./transfer-record.ts";

export interface ChangerCell {
  readonly position: Position;
  readonly barcode: string;
  readonly slot: TraySlot;
}

export interface RobotMovesDeps {
  readonly clock: Clock;
  /** In the campaign's order, as the channels are. */
  readonly cells: readonly ChangerCell[];
  readonly changer: SampleChanger;
  readonly stage: Pick<Stage, "moveTo">;
  /** Where the stage holds the holder out to the robot. */
  readonly handover: StagePosition;
  readonly io: Pick<BeamIo, "readInputs">;
  readonly recorder: Recorder;
  readonly alarms: Pick<Alarms, "raise" | "clear" | "clearAll" | "open">;
  /** What was written is durable when it resolves. */
  readonly commit: () => Promise<void>;
  /** Nothing more is exposed until a person says so. */
  readonly stopExposing: (reason: string) => void;
  readonly showLevels: (levels: InputLevels) => void;
  readonly lastLevels: () => InputLevels | null;
  readonly latched: () => readonly Interlock[];
  readonly levelsMaximumAgeMs: number;
  /** After a restart. */
  readonly left?: { readonly transfers: RecordedTransfers; readonly carried: readonly number[] };
}

export type CellMove = Move & { readonly cellIndex: number };

export interface RobotMoves {
  readonly records: TransferRecords;
  /** Of the cells that are not in their places. */
  readonly places: ReadonlyMap<number, Exclude<CellPlace, "rack">>;
  readonly cellOf: (cellIndex: number) => ChangerCell;
  /** Which cell is there; null for none. */
  readonly at: (place: CellPlace) => number | null;
  readonly put: (cellIndex: number, place: CellPlace) => void;
  /** The code was read from what lies there now. */
  readonly prove: (cellIndex: number) => void;
  readonly isProven: (cellIndex: number) => boolean;
  /** By the levels as they were seen last; their age is judged at the act. */
  readonly mayMove: () => boolean;
  /** From where it is; with its voltage before it left its contacts, where it leaves them. */
  readonly move: (cellIndex: number, to: CellPlace, openCircuitV: number | null) => CellMove;
  /**
   * Resolves with the code that was read on the way. Where it fails on the way, what it carried has no place any more,
   * and a person is asked. Rejects with `stage.no-permit`, with
   * `changer.not-ready` where it was stopped before the arm was sent, or as the robot does.
   */
  readonly transfer: (
    act: TransferAct,
    moves: readonly CellMove[],
    go: (signal: AbortSignal) => Promise<Transfer | undefined>,
  ) => Promise<string | null>;
  /** Says of every cell whose place is unknown that it is, and has a person asked. */
  readonly lose: (why: string) => void;
  /** Resolves when what is known is durable, or the disk refuses it: that is told and waited for elsewhere. */
  readonly written: () => Promise<void>;
  /** Stops the arm where it is, if it moves; a transfer that is being prepared is not made. */
  readonly abort: (why: string, unsentCode?: "changer.not-ready" | "stage.no-permit") => void;
  /** The arm is sent nowhere until it is let go; what it is carrying it carries to its end. Null: it is let go. */
  readonly stand: (why: string | null) => void;
  readonly stands: string | null;
  /** Throws Fault `changer.not-ready` while it stands. */
  readonly needGo: () => void;
  /** A transfer was begun and has not ended. */
  readonly isUnderWay: boolean;
  /** When the stage, or what it holds, was moved last; Infinity meanwhile, -Infinity for never. */
  readonly movedAtMs: () => number;
}

/** By the robot's own word nothing was moved. */
const NOT_BEGUN: readonly string[] = ["changer.not-ready", "device.refused", "device.unknown-outcome", "link.closed"];

export function createRobotMoves(deps: RobotMovesDeps): RobotMoves {
  const { clock, cells, changer, alarms } = deps;
  const records = createTransferRecords(deps.recorder);
  const places = new Map<number, Exclude<CellPlace, "rack">>();
  const proven = new Set<number>();
  let count = deps.left?.transfers.count ?? 0;
  let movedAtMs = -Infinity;
  let underWay: AbortController | null = null;
  let isSent = false;
  let stands = deps.left?.transfers.stands ?? null;

  cells.forEach(({ position }, cellIndex) => {
    const place = deps.left?.transfers.places.get(position);
    if (place !== undefined) places.set(cellIndex, place);
  });

  function cellOf(cellIndex: number): ChangerCell {
    const cell = cells[cellIndex];
    if (cell === undefined) throw new Error(`no cell ${cellIndex}`);
    return cell;
  }

  function at(place: CellPlace): number | null {
    for (const [cellIndex, where] of places) if (where === place) return cellIndex;
    return null;
  }

  function put(cellIndex: number, place: CellPlace): void {
    if (place !== "beam") proven.delete(cellIndex);
    if (place === "rack") places.delete(cellIndex);
    else places.set(cellIndex, place);
  }

  function conditions() {
    const { levelsMaximumAgeMs } = deps;
    return { nowMs: clock.monoMs(), levelsMaximumAgeMs, latched: deps.latched() };
  }

  /** As levels were seen last; their age is judged at the act. */
  function mayMove(): boolean {
    const levels = deps.lastLevels();
    if (levels === null) return false;
    return shadowRefusals({ ...levels, readAtMs: clock.monoMs() }, conditions()).length === 0;
  }

  /** Stage and robot move only under levels just read; `reaches` into the place in the beam only past a closed shutter. */
  async function needPermit(reaches: boolean): Promise<void> {
    const levels = await deps.io.readInputs();
    deps.showLevels(levels);
    const reasons = reaches ? motionRefusals(levels, conditions()) : shadowRefusals(levels, conditions());
    if (reasons.length > 0) throw new Fault("stage.no-permit", changer.name, `no transfer: ${reasons.join("; ")}`);
  }

  function needGo(): void {
    if (stands === null) return;
    const what = `the arm is not sent before a person lets exposing go on: ${stands}`;
    throw new Fault("changer.not-ready", changer.name, what);
  }

  /** Stage, robot and hutch are ready for the arm; whoever stops it meanwhile is obeyed after each step. */
  async function prepare(reaches: boolean, signal: AbortSignal): Promise<void> {
    const needOrder = (): void => {
      signal.throwIfAborted();
      needGo();
    };
    await deps.commit();
    needOrder();
    if (reaches) {
      await needPermit(true);
      needOrder();
      movedAtMs = Infinity;
      await deps.stage.moveTo(deps.handover, signal);
      needOrder();
    }
    if (!(await changer.read()).isPowered) {
      needOrder();
      await changer.powerOn();
    }
    needOrder();
    await needPermit(reaches);
    needOrder();
  }

  function move(cellIndex: number, to: CellPlace, openCircuitV: number | null): CellMove {
    const { position, barcode } = cellOf(cellIndex);
    return { position, cell: barcode, from: places.get(cellIndex) ?? "rack", to, openCircuitV, cellIndex };
  }

  /** One path of the arm, with its two records. Where it fails on the way, what it carried has no place any more. */
  async function transfer(
    act: TransferAct,
    moves: readonly CellMove[],
    go: (signal: AbortSignal) => Promise<Transfer | undefined>,
  ): Promise<string | null> {
    needGo();
    count += 1;
    const number = count;
    const told = new AbortController();
    underWay = told;
    records.begun(number, act, moves);
    try {
      await prepare(act !== "fetch" && act !== "stow", told.signal);
    } catch (error) {
      underWay = null;
      movedAtMs = clock.monoMs();
      records.failed(number, act, moves, false, faultNote(error));
      throw error;
    }
    let done: Transfer | undefined;
    isSent = true;
    try {
      done = await go(told.signal);
      for (const { cellIndex, to } of moves) put(cellIndex, to);
      records.ended(number, act, moves, done?.code ?? null);
      alarms.clearAll(changer.name, ["changer."]);
    } catch (error) {
      const isMoved = !isFault(error) || !NOT_BEGUN.includes(error.code);
      records.failed(number, act, moves, isMoved, faultNote(error));
      if (isMoved) {
        for (const { cellIndex } of moves) put(cellIndex, "unknown");
        lose(`the robot did not finish: ${error instanceof Error ? error.message : String(error)}`);
      }
      throw isFault(error) ? error : new Fault("changer.alarm", changer.name, faultNote(error).what, {}, error);
    } finally {
      isSent = false;
      underWay = null;
      movedAtMs = clock.monoMs();
    }
    await written();
    return done?.code ?? null;
  }

  /** A disk that refuses says nothing of where a cell is, and keeps none from its place; nothing is exposed meanwhile. */
  async function written(): Promise<void> {
    try {
      await deps.commit();
    } catch (error) {
      if (!isFault(error)) throw error;
    }
  }

  /** Says of every cell whose place is unknown that it is, and has a person asked. */
  function lose(why: string): void {
    const lost = [...places].flatMap(([cellIndex, place]) => (place === "unknown" ? [cellOf(cellIndex)] : []));
    for (const { position, barcode } of lost) {
      const what = `where the cell ${barcode} of ${position} is, is not known: ${why}`;
      alarms.raise(faultNote(new Fault("changer.place-unknown", position, what)));
    }
    if (lost.length > 0) {
      deps.stopExposing(`the place of ${lost.map(({ position }) => position).join(", ")} is not known: ${why}`);
    }
  }

  return {
    ...{ records, places, cellOf, at, put, mayMove, move, transfer, lose, written },
    prove(cellIndex) {
      proven.add(cellIndex);
    },
    isProven: (cellIndex) => proven.has(cellIndex),
    abort(why, unsentCode = "changer.not-ready") {
      underWay?.abort(
        isSent
          ? new Fault("changer.alarm", changer.name, `the arm was stopped: ${why}`)
          : new Fault(unsentCode, changer.name, `the arm was not sent: ${why}`),
      );
    },
    stand(why) {
      stands = why;
    },
    get stands() {
      return stands;
    },
    needGo,
    get isUnderWay() {
      return underWay !== null;
    },
    movedAtMs: () => movedAtMs,
  };
}
