/**
 * The simulated robot's arm: paths step by step over a true changer, and what its bookkeeping makes of them. The
 * bookkeeping follows the programme, not the cells: a cell that fell is still on the tool for it.
 */
import type { ChangerPlant } from "../changer/changer-plant.ts";
import type { Place } from "../changer/place.ts";
import type { WorldClock } from "../plant/plant.ts";

export interface TwinSlot {
  readonly tray: number;
  readonly slot: number;
}

export interface TwinArmDeps {
  readonly clock: WorldClock;
  readonly changer: ChangerPlant;
  /** What the stage holds under the handover place; null: nothing that could take a cell. */
  readonly handover: (atMs: number) => Place | null;
  /** From an order to the bit that says so. */
  readonly beginMs: number;
  /** From the last movement to rest. */
  readonly returnMs: number;
}

/** The number of the double gripper in orders. */
const DOUBLE_GRIPPER = 5;

export interface TwinArm {
  readonly path: string;
  readonly isRunning: boolean;
  readonly isAtHome: boolean;
  readonly area: 0 | 1 | 2;
  held: TwinSlot | null;
  /** Between the second pair of jaws. */
  heldToo: TwinSlot | null;
  delivered: TwinSlot | null;
  code: string;
  isPaused: boolean;
  /** Begins after `beginMs`; false when nothing of the kind can be done. */
  begin(path: string, tray: number, sample: number, tool?: number): boolean;
  /** Ends what runs as soon as the movement under way is over. */
  stop(): void;
  /** The next `get` closes its jaws beside the cell. */
  missNextGet(): void;
}

interface Act {
  readonly area: 0 | 1 | 2;
  /** Starts it and returns when it will be done. */
  readonly start: (atMs: number) => number;
  readonly done: () => void;
}

/** A pick that closes beside the cell. */
const MISSED_MS = 3500;

export function createTwinArm(deps: TwinArmDeps): TwinArm {
  const { clock, changer } = deps;
  let epoch = 0;
  let path = "";
  let isRunning = false;
  let isAtHome = true;
  let area: 0 | 1 | 2 = 0;
  let busyUntilMs = 0;
  let missesNextGet = false;

  const tray = ({ tray: number, slot }: TwinSlot): Place => ({ kind: "tray", tray: number, slot });
  const handover = (): Place => deps.handover(clock.nowMs()) ?? { kind: "floor" };

  function take(slot: TwinSlot): Act {
    return {
      area: 1,
      start: (atMs) => changer.pick(atMs, tray(slot)),
      done: () => {
        arm.held = slot;
      },
    };
  }

  function readCode(): Act {
    return {
      area: 1,
      start: (atMs) => changer.readCode(atMs),
      done: () => {
        const reading = changer.reading(clock.nowMs());
        // What it could not read leaves the last one standing.
        if (reading.kind === "code") arm.code = reading.code;
      },
    };
  }

  function deliver(slot: TwinSlot): Act {
    return {
      area: 2,
      start: (atMs) => changer.place(atMs, handover()),
      done: () => {
        arm.held = null;
        arm.delivered = slot;
      },
    };
  }

  function fetch(slot: TwinSlot): Act {
    const isMissed = missesNextGet;
    missesNextGet = false;
    return {
      area: 2,
      start: (atMs) => (isMissed ? atMs + MISSED_MS : changer.pick(atMs, handover())),
      done: () => {
        arm.held = slot;
        arm.delivered = null;
      },
    };
  }

  function putBack(slot: TwinSlot): Act {
    return {
      area: 1,
      start: (atMs) => changer.place(atMs, tray(slot)),
      done: () => {
        arm.held = null;
      },
    };
  }

  /** With the free jaws, while the others hold what is to lie there next. */
  function fetchToo(slot: TwinSlot): Act {
    const isMissed = missesNextGet;
    missesNextGet = false;
    return {
      area: 2,
      start: (atMs) => (isMissed ? atMs + MISSED_MS : changer.pick(atMs, handover(), 2)),
      done: () => {
        arm.heldToo = slot;
        arm.delivered = null;
      },
    };
  }

  function putBackToo(slot: TwinSlot): Act {
    return {
      area: 1,
      start: (atMs) => changer.place(atMs, tray(slot), 2),
      done: () => {
        arm.heldToo = null;
      },
    };
  }

  function isHeld(slot: TwinSlot): boolean {
    return arm.held?.tray === slot.tray && arm.held.slot === slot.slot;
  }

  /** What is fetched already is not taken again. */
  function taken(slot: TwinSlot): readonly Act[] {
    return isHeld(slot) ? [] : [take(slot)];
  }

  /** Both stand before the place at once: one pair of jaws takes, the other sets down. */
  function swap(slot: TwinSlot, back: TwinSlot, readsCode: boolean): readonly Act[] {
    const code = readsCode ? [readCode()] : [];
    return [...taken(slot), ...code, fetchToo(back), deliver(slot), putBackToo(back), goHome()];
  }

  function goHome(): Act {
    return {
      area: 0,
      start: (atMs) => atMs + deps.returnMs,
      done: () => {
        isAtHome = true;
      },
    };
  }

  function actsOf(name: string, slot: TwinSlot, tool: number): readonly Act[] | undefined {
    const back = arm.delivered;
    const isDouble = tool === DOUBLE_GRIPPER;
    switch (name) {
      case "put":
        return [...taken(slot), deliver(slot), goHome()];
      case "put_bcrd":
        return [...taken(slot), readCode(), deliver(slot), goHome()];
      case "get":
        return back === null ? undefined : [fetch(back), putBack(back), goHome()];
      case "getput":
        if (isDouble) return back === null ? undefined : swap(slot, back, false);
        return back === null ? undefined : [fetch(back), putBack(back), take(slot), deliver(slot), goHome()];
      case "getput_bcrd":
        if (isDouble) return back === null ? undefined : swap(slot, back, true);
        return back === null
          ? undefined
          : [fetch(back), putBack(back), take(slot), readCode(), deliver(slot), goHome()];
      case "pick":
        return [take(slot)];
      case "back":
        return arm.held === null ? [goHome()] : [putBack(arm.held), goHome()];
      case "home":
      case "safe":
      case "recover":
      case "dry":
      case "soak":
        return [goHome()];
      default:
        return undefined;
    }
  }

  function finish(): void {
    isRunning = false;
    path = "";
    area = 0;
  }

  function perform(acts: readonly Act[], asked: number): void {
    if (epoch !== asked) return;
    const [act, ...rest] = acts;
    if (act === undefined) {
      finish();
      return;
    }
    if (arm.isPaused) {
      clock.at(clock.nowMs() + 100, () => {
        perform(acts, asked);
      });
      return;
    }
    isAtHome = false;
    area = act.area;
    busyUntilMs = act.start(clock.nowMs());
    clock.at(busyUntilMs, () => {
      if (epoch !== asked) return;
      act.done();
      area = 0;
      perform(rest, asked);
    });
  }

  const arm: TwinArm = {
    get path() {
      return path;
    },
    get isRunning() {
      return isRunning;
    },
    get isAtHome() {
      return isAtHome;
    },
    get area() {
      return area;
    },
    held: null,
    heldToo: null,
    delivered: null,
    code: "",
    isPaused: false,
    begin(name, trayNumber, sample, tool = 0) {
      const acts = actsOf(name, { tray: trayNumber, slot: sample }, tool);
      if (acts === undefined) return false;
      epoch += 1;
      const asked = epoch;
      clock.at(clock.nowMs() + deps.beginMs, () => {
        if (epoch !== asked) return;
        path = name;
        isRunning = true;
        perform(acts, asked);
      });
      return true;
    },
    stop() {
      epoch += 1;
      const asked = epoch;
      clock.at(Math.max(clock.nowMs(), busyUntilMs), () => {
        if (epoch === asked) finish();
      });
    },
    missNextGet() {
      missesNextGet = true;
    },
  };
  return arm;
}
