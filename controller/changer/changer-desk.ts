/**
 * Brings cells to the beam with a robot, and back to their places, where they go on cycling. One transfer at a time;
 * each is on record before the arm moves and after it has come to rest. No cell is taken before its channel has ended
 * what ran and read it back off; none is exposed that does not carry the code it should. With a double gripper the next
 * cell is fetched while the last is exposed. What nobody can prove is asked of a person, and nothing moves until then.
 */
import { sleep } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Channel } from "../../protocols/roles/channel.ts";
import type { ChangerReading } from "../../protocols/roles/sample-changer.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import type { CarryEvent } from "../machines/cell-news.ts";
import { faultNote } from "../machines/errors.ts";
import { findPlace, isSameSlot } from "./find-place.ts";
import { createRobotMoves, type RobotMovesDeps } from "./robot-moves.ts";
import { createWrongCells, type WrongCellsDeps } from "./wrong-cells.ts";

export interface ChangerDeskDeps extends RobotMovesDeps, WrongCellsDeps {
  readonly channels: readonly Pick<Channel, "measureOpenCircuitV">[];
  readonly stateOf: (cellIndex: number) => string;
  readonly tellCell: (cellIndex: number, event: CarryEvent) => void;
  /** They keep what a cell reads, off, before it is taken. */
  readonly samples: () => Pick<SampleIntake, "releasedAt" | "totals" | "mayHaveFlowed">;
  /** The holder is empty: nothing stands in the beam. */
  readonly cleared: () => void;
  /** For a channel to confirm a cell off. */
  readonly offDeadlineMs: number;
  /** Who is next after the one that is exposed now; null for nobody soon. */
  readonly next: () => number | null;
  /** What kept cells from being brought may be gone. */
  readonly found: () => void;
  readonly fail: (error: unknown) => void;
}

export interface ChangerDesk {
  /** Resolves when this cell, and no other, lies in the beam. What is under way ends by itself when the signal is aborted, as far as the hutch allows. */
  bring(cellIndex: number, signal: AbortSignal): Promise<void>;
  /** The last look: the cell lies in the beam, by all that is known. */
  isInBeam(cellIndex: number): boolean;
  /** The beam is on a cell: time to take the next one out of its place. Never throws. */
  fetchAhead(): void;
  /** Whether there is time to have everything back in its place. Never throws. */
  wantClear(isWanted: boolean): void;
  /** A cell is out of its place, and can be brought back. */
  isOut(): boolean;
  /** The arm is doing something, or about to, which ends by itself; looking for what was lost is none. */
  isBusy(): boolean;
  /** In the gripper, ready to be set down; null for none. */
  readonly fetched: number | null;
  readonly inBeam: number | null;
  /** What keeps cells from being brought; null for nothing. */
  obstacle(): { readonly reason: string; readonly who: string } | null;
  /** Of a cell that would be believed in as much. */
  belief<B extends string>(cellIndex: number, base: B): B | "confirmed" | "believed" | "unknown";
  /** When the stage, or what it holds, was moved last; -Infinity for never. */
  movedAtMs(): number;
  /** Levels of the hutch have changed. */
  hutchChanged(): void;
  /** A person says that it may go on: what was lost is looked for. */
  resumed(): void;
  /** Stop class `motion` or above: the arm stops where it is, and is sent nowhere before `resumed`. */
  halt(): void;
  /** The arm ends what it is carrying, and is sent nowhere before `resumed`. */
  stand(why: string): void;
  /** A transfer is under way. */
  readonly isMoving: boolean;
  start(): void;
}

/** In these a cell's machine has its channel off, and confirmed. */
const OFF: readonly string[] = ["away", "held", "complete", "stopped"];
const GONE: readonly string[] = ["isolated", "opening"];
const LOOK_MS = 50;
const REST_LOOK_MS = 500;
const REST_DEADLINE_MS = 300_000;
/** All other cells wait for a channel that says nothing. */
const MUTE_AFTER_MS = 30_000;
const CLEAR_AGAIN_MS = 5000;
const CLEAR_TRIES = 3;

export function createChangerDesk(deps: ChangerDeskDeps): ChangerDesk {
  const { clock, changer, alarms } = deps;
  const moves = createRobotMoves(deps);
  const wrongCells = createWrongCells(deps);
  const { records, places, cellOf, at, put, move, transfer, lose, mayMove } = moves;
  let tail: Promise<unknown> = Promise.resolve();
  let underWay = 0;
  let mustLook = places.size > 0 || (deps.left?.carried.length ?? 0) > 0;
  let wantsClear = false;
  let clearTries = 0;

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    underWay += 1;
    const done = tail.then(work).finally(() => {
      underWay -= 1;
    });
    tail = done.catch(() => undefined);
    return done;
  }

  /** Off, read back, and its voltage. A cell that is not has its place back. */
  async function release(cellIndex: number): Promise<number> {
    const { position } = cellOf(cellIndex);
    deps.tellCell(cellIndex, { type: "TAKE_OUT" });
    try {
      const untilMs = clock.monoMs() + deps.offDeadlineMs;
      while (!OFF.includes(deps.stateOf(cellIndex))) {
        const state = deps.stateOf(cellIndex);
        if (clock.monoMs() >= untilMs || GONE.includes(state)) {
          throw new Fault(
            "changer.cell-on",
            position,
            `it was not taken: its channel did not confirm it off (${state})`,
          );
        }
        await sleep(clock, LOOK_MS);
      }
      const openCircuitV = await deps.channels[cellIndex]?.measureOpenCircuitV();
      if (openCircuitV !== undefined && Number.isFinite(openCircuitV)) {
        deps.samples().releasedAt(cellIndex, openCircuitV);
        return openCircuitV;
      }
      throw new Fault("changer.cell-on", position, "it was not taken: its channel gave no voltage with the cell off");
    } catch (error) {
      deps.tellCell(cellIndex, { type: "PUT_BACK" });
      throw error;
    }
  }

  function giveBack(cellIndex: number): void {
    deps.tellCell(cellIndex, { type: "PUT_BACK" });
  }

  function refuseWhileLost(): void {
    const why = obstacle();
    if (why !== null) throw new Fault("changer.place-unknown", changer.name, `nothing is brought: ${why.reason}`);
  }

  async function stowFetched(): Promise<void> {
    const fetched = at("gripper");
    const { double } = changer;
    if (fetched === null || double === undefined) return;
    await transfer("stow", [move(fetched, "rack", null)], async (signal) => {
      await double.stow(signal);
      return undefined;
    });
    giveBack(fetched);
  }

  async function unload(then = giveBack): Promise<void> {
    const cellIndex = at("beam");
    if (cellIndex === null) return;
    const { slot } = cellOf(cellIndex);
    await transfer("unload", [move(cellIndex, "rack", null)], (signal) => changer.unload(slot, signal));
    deps.cleared();
    then(cellIndex);
  }

  async function bringNow(cellIndex: number, signal: AbortSignal): Promise<void> {
    moves.needGo();
    refuseWhileLost();
    signal.throwIfAborted();
    const isThere = at("beam") === cellIndex;
    if (isThere && (!changer.capabilities.readsCodes || moves.isProven(cellIndex))) {
      await proveStanding(cellIndex);
      return;
    }
    const { slot } = cellOf(cellIndex);
    const { double } = changer;
    const fetched = at("gripper");
    if (fetched !== null && fetched !== cellIndex) await stowFetched();
    // Its code is read on the way only.
    if (isThere) await unload();
    const before = at("beam");
    const openCircuitV = fetched === cellIndex ? null : await release(cellIndex);
    let code: string | null;
    try {
      signal.throwIfAborted();
      if (before !== null && double !== undefined) {
        const back = cellOf(before).slot;
        const both = [move(before, "rack", null), move(cellIndex, "beam", openCircuitV)];
        code = await transfer("exchange", both, (told) => double.exchange(back, slot, told));
        giveBack(before);
      } else {
        await unload();
        signal.throwIfAborted();
        const one = [move(cellIndex, "beam", openCircuitV)];
        code = await transfer("load", one, (told) => changer.load(slot, told));
      }
    } catch (error) {
      if (!places.has(cellIndex)) giveBack(cellIndex);
      throw error;
    }
    await needCode(cellIndex, code);
  }

  /** What lies there since before is looked at once more. */
  async function proveStanding(cellIndex: number): Promise<void> {
    const { slot, position } = cellOf(cellIndex);
    const seen = await changer.read();
    if (seen.isPresent && isSameSlot(seen.delivered, slot) && seen.path === null && !seen.isArmAtRack) return;
    put(cellIndex, "unknown");
    const what = seen.isPresent ? "the robot has another one there" : "the sensor sees none";
    lose(`it should lie in the beam, and ${what}`);
    throw new Fault("changer.place-unknown", position, `it should lie in the beam, and ${what}`);
  }

  /** The code that was read on the way is the one the campaign has there, or the cell goes back unexposed. */
  async function needCode(cellIndex: number, code: string | null): Promise<void> {
    if (!changer.capabilities.readsCodes) return;
    const { position, barcode } = cellOf(cellIndex);
    if (code === barcode) {
      moves.prove(cellIndex);
      wrongCells.known(cellIndex);
      alarms.clearAll(position, ["changer.no-code"]);
      return;
    }
    if (code === null || code === "") {
      const fault = new Fault(
        "changer.no-code",
        position,
        `the code of ${barcode} was not read on its way to the beam`,
      );
      alarms.raise(faultNote(fault));
      await unload();
      throw fault;
    }
    const { fault, isOff } = wrongCells.found(cellIndex, code);
    await unload(() => undefined).finally(isOff);
    throw fault;
  }

  async function fetchNow(): Promise<void> {
    const { double } = changer;
    const next = deps.next();
    if (double === undefined || next === null || obstacle() !== null || moves.stands !== null || !mayMove()) return;
    if (places.has(next) || at("gripper") !== null || at("beam") === null) return;
    const openCircuitV = await release(next);
    const { slot } = cellOf(next);
    try {
      await transfer("fetch", [move(next, "gripper", openCircuitV)], async (signal) => {
        await double.fetch(slot, signal);
        return undefined;
      });
    } catch (error) {
      if (!places.has(next)) giveBack(next);
      throw error;
    }
  }

  async function clearNow(): Promise<void> {
    if (!wantsClear || obstacle() !== null || moves.stands !== null) return;
    await stowFetched();
    await unload();
  }

  function isOutOfPlace(): boolean {
    return at("beam") !== null || at("gripper") !== null;
  }

  /** Cells do not wait in the beam while nothing is exposed: their time there is time not cycled. */
  function tryClear(): void {
    if (!wantsClear || moves.stands !== null || clearTries >= CLEAR_TRIES || !isOutOfPlace()) return;
    if (!mayMove() || obstacle() !== null) return;
    if (underWay > 0) {
      clock.setTimeout(tryClear, CLEAR_AGAIN_MS);
      return;
    }
    inTurn(clearNow).catch((error: unknown) => {
      if (!isFault(error)) {
        deps.fail(error);
        return;
      }
      clearTries += 1;
      if (clearTries >= CLEAR_TRIES) alarms.raise(faultNote(error));
      else clock.setTimeout(tryClear, CLEAR_AGAIN_MS);
    });
  }

  /** For what nobody waits for: a fault is an alarm, anything else the run's failure. */
  function alone(work: Promise<unknown>, signal?: AbortSignal): void {
    work.catch((error: unknown) => {
      // What was called off says no more than that.
      if (signal?.aborted === true && error === signal.reason) return;
      if (isFault(error) && error.code === "changer.not-ready" && moves.stands !== null) return;
      if (isFault(error)) alarms.raise(faultNote(error));
      else deps.fail(error);
    });
  }

  async function readAtRest(): Promise<ChangerReading> {
    const untilMs = clock.monoMs() + REST_DEADLINE_MS;
    for (;;) {
      try {
        const reading = await changer.read();
        if (reading.path === null) return reading;
      } catch (error) {
        if (!isFault(error) || clock.monoMs() >= untilMs) throw error;
      }
      if (clock.monoMs() >= untilMs) throw new Fault("changer.alarm", changer.name, "the arm does not come to rest");
      await sleep(clock, REST_LOOK_MS);
    }
  }

  /** Whether a cell lies in its contacts, by its voltage; null where the channel cannot say, or was given up. */
  async function isInContacts(cellIndex: number, withinMs: number): Promise<boolean | null> {
    const untilMs = clock.monoMs() + withinMs;
    for (;;) {
      try {
        return Math.abs((await deps.channels[cellIndex]?.measureOpenCircuitV()) ?? 0) > NO_CELL_V;
      } catch (error) {
        if (!isFault(error)) throw error;
      }
      if (clock.monoMs() >= untilMs || deps.stateOf(cellIndex) === "isolated") return null;
      await sleep(clock, REST_LOOK_MS);
    }
  }

  /**
   * What neither holder nor gripper has lies in its place, if its channel sees it there. Where that is mute, a person who has
   * looked is believed: no current flows there before the channel has seen it.
   */
  async function isBack(cellIndex: number, asked: "restart" | "person"): Promise<boolean> {
    const withinMs = asked === "person" ? MUTE_AFTER_MS : REST_DEADLINE_MS;
    return (await isInContacts(cellIndex, withinMs)) ?? asked === "person";
  }

  /** Where everything is by the word of robot, sensor and channels; what they cannot prove stays unknown. */
  async function look(asked: "restart" | "person"): Promise<void> {
    const isAway = (cellIndex: number): boolean => deps.stateOf(cellIndex) === "away";
    const sought = new Set([...places.keys(), ...(deps.left?.carried ?? []).filter(isAway)]);
    const reading = await readAtRest().catch((error: unknown) => {
      if (!isFault(error)) throw error;
      for (const cellIndex of sought) put(cellIndex, "unknown");
      lose(`the robot does not say: ${error.message}`);
      throw error;
    });
    for (const cellIndex of sought) {
      const { position, barcode, slot } = cellOf(cellIndex);
      const found = findPlace(reading, { slot, barcode, readsCodes: changer.capabilities.readsCodes, asked });
      const place = found === "rack" && !(await isBack(cellIndex, asked)) ? "unknown" : found;
      put(cellIndex, place);
      if (place === "beam" && reading.code === barcode) {
        moves.prove(cellIndex);
        wrongCells.known(cellIndex);
      }
      records.settled(position, barcode, place, asked === "restart" ? "robot" : "person and robot");
      if (place !== "unknown") alarms.clearAll(position, ["changer.place-unknown"]);
      if (place === "rack") giveBack(cellIndex);
    }
    if (at("unknown") === null) alarms.clearAll(changer.name, ["changer."]);
    if (at("beam") === null) deps.cleared();
    lose("neither robot, sensor nor channel can say");
    await moves.written();
  }

  function beginLook(asked: "restart" | "person"): void {
    mustLook = true;
    alone(
      inTurn(() => look(asked)).finally(() => {
        mustLook = false;
        deps.found();
      }),
    );
  }

  function obstacle(): { readonly reason: string; readonly who: string } | null {
    if (mustLook) return { reason: "the robot to say where its cells are", who: changer.name };
    const lost = at("unknown");
    if (lost === null) return null;
    const { position, barcode } = cellOf(lost);
    return { reason: `a person to find the cell ${barcode} of ${position}`, who: "operator" };
  }

  return {
    bring(cellIndex, signal) {
      wantsClear = false;
      const work = inTurn(() => bringNow(cellIndex, signal));
      return new Promise((resolve, reject) => {
        // The arm goes on: halted halfway, with a cell in its jaws, it would do more harm.
        signal.addEventListener(
          "abort",
          () => {
            alone(work, signal);
            reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
          },
          { once: true },
        );
        work.then(resolve, reject);
      });
    },
    isInBeam: (cellIndex) => at("beam") === cellIndex && moves.movedAtMs() !== Infinity,
    fetchAhead() {
      if (changer.double !== undefined) alone(inTurn(fetchNow));
    },
    wantClear(isWanted) {
      if (isWanted && !wantsClear) clearTries = 0;
      wantsClear = isWanted;
      tryClear();
    },
    isOut: () => isOutOfPlace() && moves.stands === null && clearTries < CLEAR_TRIES && obstacle() === null,
    isBusy: () => underWay > 0 && !mustLook,
    get fetched() {
      return at("gripper");
    },
    get inBeam() {
      return at("beam");
    },
    obstacle,
    belief(cellIndex, base) {
      const place = places.get(cellIndex);
      if (place === undefined) return base;
      if (place === "unknown" || base === "unknown") return "unknown";
      return moves.isProven(cellIndex) ? "confirmed" : "believed";
    },
    movedAtMs: () => moves.movedAtMs(),
    hutchChanged() {
      if (!mayMove()) moves.abort("the hutch allows no motion", "stage.no-permit");
      else tryClear();
    },
    resumed() {
      moves.stand(null);
      clearTries = 0;
      if (at("unknown") !== null) beginLook("person");
    },
    halt() {
      moves.stand("stopped by a person");
      moves.abort("stopped by a person");
    },
    stand(why) {
      moves.stand(why);
    },
    get isMoving() {
      return moves.isUnderWay;
    },
    start() {
      if (mustLook) beginLook("restart");
    },
  };
}

/** What leads pick up where nothing lies between them stays below this. */
const NO_CELL_V = 0.05;
