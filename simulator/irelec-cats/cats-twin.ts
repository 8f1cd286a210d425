/**
 * A CATS or ISARA robot as seen from its two sockets: orders echoed or refused in words on one, state, inputs, outputs
 * and its message on the other. What a rack of cells does not use (cold, plates, calibration) is echoed and has no
 * effect.
 */
import type { ChangerPlant } from "../changer/changer-plant.ts";
import type { Place } from "../changer/place.ts";
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";
import { createTwinArm, type TwinSlot } from "./cats-twin-arm.ts";
import { createLineReader, createNumbering, readOrder, type TwinOrder } from "./cats-twin-lines.ts";

export interface CatsTwinDeps {
  readonly operate: DeviceEnd;
  readonly monitor: DeviceEnd;
  readonly clock: WorldClock;
  readonly changer: ChangerPlant;
  /** What the stage holds under the handover place; null: nothing that could take a cell. */
  readonly handover: (atMs: number) => Place | null;
  readonly model?: "CATS" | "ISARA";
  readonly trayCount?: number;
  /** Of a CATS, which numbers the samples of the three cassettes under a lid through. Default 16, as a unipuck has. */
  readonly samplesPerCassette?: number;
  /** Drives on when the world begins. Default true. */
  readonly isPowered?: boolean;
  /** From an order to the bit that says so. Default 400 ms. */
  readonly beginMs?: number;
  /** From the last movement of a path to rest. Default 1500 ms. */
  readonly returnMs?: number;
  /** The doors of its cell, as they are at the moment; left out: closed, unless `openDoors` opens them. */
  readonly areDoorsClosed?: () => boolean;
  /** Told when the arm begins a path, with the slot it was ordered to; null for a path without one. */
  readonly onPath?: (path: string, slot: TwinSlot | null) => void;
}

export interface CatsTwin {
  /** Orders that reached the robot, as they were sent. */
  readonly orders: readonly string[];
  readonly isRunning: boolean;
  /** The doors of the robot's cell: open they stop the arm and switch its drives off. */
  openDoors(areOpen: boolean): void;
  /** The collision sensor trips: fault, arm stopped, drives off. */
  collide(): void;
  takePendant(isTaken: boolean): void;
  /** A person clears its books at the panel: nothing held, nothing delivered. */
  clearMemory(): void;
  takeTray(tray: number, isThere: boolean): void;
  /** The next `get` closes its jaws beside the cell. */
  missNextGet(): void;
  /** The arm accepts its next path and never begins it. */
  ignoreNextPath(): void;
}

const PLAIN =
  "on off panic abort pause reset restart openlid1 openlid2 openlid3 openlid4 closelid1 closelid2 closelid3 closelid4 openlid closelid opentool closetool opentool2 closetool2 magneton magnetoff heateron heateroff regulon reguloff warmon warmoff speedup speeddown remotespeedon remotespeedoff clearbcrd resetMotion toolcal vdi90on vdi90off vdi91on vdi91off".split(
    " ",
  );
const WITH_SPACE = ["clear memory", "reset parameters"];
const PATHS =
  "put get getput put_bcrd getput_bcrd put_HT get_HT getput_HT pick barcode dry soak home safe back recover gotodif transfer".split(
    " ",
  );
const TOOLS = [0, 2, 3, 5];
const BITS = 99;

export function createCatsTwin(deps: CatsTwinDeps): CatsTwin {
  const { operate, monitor, clock, changer } = deps;
  const model = deps.model ?? "CATS";
  const numbering = createNumbering(model, deps.samplesPerCassette ?? 16);
  const encoder = new TextEncoder();
  const orders: string[] = [];
  const trays = Array.from({ length: 9 }, (_, index) => index < (deps.trayCount ?? 3));
  const lids = [false, false, false];
  const arm = createTwinArm({
    clock,
    changer,
    handover: deps.handover,
    beginMs: deps.beginMs ?? 400,
    returnMs: deps.returnMs ?? 1500,
  });
  let isPowered = deps.isPowered ?? true;
  let isRemote = true;
  let hasFault = false;
  let isCollisionOk = true;
  let wereDoorsOpened = false;
  let message = "";
  let tool = 5;
  let isToolOpen = false;
  let speedPercent = 50;
  let isRegulating = false;
  let ignoresNextPath = false;

  function halt(why: string): void {
    arm.stop();
    isPowered = false;
    message = why;
  }

  function areDoorsOpen(): boolean {
    return wereDoorsOpened || deps.areDoorsClosed?.() === false;
  }

  /** What keeps the arm from moving, in the robot's words. */
  function refusal(): string | undefined {
    if (!isRemote) return "Remote Mode requested";
    if (areDoorsOpen()) return "doors opened";
    if (!isCollisionOk) return "collision detection";
    if (!isPowered) return "robot power disabled";
    return arm.isRunning ? "Disable when path is running" : undefined;
  }

  function runPath({ name, numbers }: TwinOrder): string {
    const why = refusal();
    if (why !== undefined) {
      message = why;
      return why;
    }
    const [toolNumber = -1, first = 0, second = 0] = numbers;
    if (numbers.length !== 20 || !TOOLS.includes(toolNumber)) return "Bad arguments";
    const slot = numbering.slotOf(first, second);
    if (slot === undefined) return "Bad arguments";
    tool = toolNumber;
    if (ignoresNextPath) {
      ignoresNextPath = false;
      return name;
    }
    if (!arm.begin(name, slot?.tray ?? 0, slot?.slot ?? 0, toolNumber)) return "No sample on diffractometer";
    deps.onPath?.(name, slot);
    return name;
  }

  function bookkeeping({ name, numbers }: TwinOrder): string {
    const [first = 0, second = 0] = numbers;
    const what = numbering.slotOf(first, second);
    if (numbers.length !== 3 || what === undefined) return "Bad arguments";
    if (name === "setdiffr") arm.delivered = what;
    else if (name === "settool") arm.held = what;
    return name;
  }

  function plain(name: string): string {
    switch (name) {
      case "on":
        if (areDoorsOpen()) return (message = "doors opened");
        if (!isCollisionOk) return (message = "collision detection");
        isPowered = true;
        message = "";
        return name;
      case "off":
        arm.stop();
        isPowered = false;
        return name;
      case "panic":
        halt("");
        return name;
      case "abort":
        arm.stop();
        return name;
      case "pause":
      case "restart":
        arm.isPaused = name === "pause";
        return name;
      case "reset":
        hasFault = false;
        isCollisionOk = true;
        message = "";
        return name;
      case "opentool":
      case "closetool":
        isToolOpen = name === "opentool";
        return name;
      case "clearbcrd":
        arm.code = "";
        return name;
      case "clear memory":
        arm.held = null;
        arm.heldToo = null;
        arm.delivered = null;
        return name;
      case "speedup":
      case "speeddown":
        speedPercent = Math.min(100, Math.max(1, speedPercent * (name === "speedup" ? 2 : 0.5)));
        return name;
      case "regulon":
      case "reguloff":
        isRegulating = name === "regulon";
        return name;
      default:
        moveLids(name);
        return name;
    }
  }

  function moveLids(name: string): void {
    const match = /^(open|close)lid([123])?$/.exec(name);
    if (match === null) return;
    lids.forEach((_, index) => {
      if (match[2] === undefined || Number(match[2]) === index + 1) lids[index] = match[1] === "open";
    });
  }

  function obey(line: string): string {
    orders.push(line);
    const order = readOrder(line);
    if (order === undefined) return "Bad command";
    if (PATHS.includes(order.name)) return runPath(order);
    if (["setdiffr", "settool", "settool2"].includes(order.name)) return bookkeeping(order);
    if (order.numbers.length === 0 && [...PLAIN, ...WITH_SPACE].includes(order.name)) return plain(order.name);
    return "Bad command";
  }

  function bitsOf(set: ReadonlyMap<number, boolean>): string {
    return Array.from({ length: BITS }, (_, index) => (set.get(index) === true ? "1" : "0")).join("");
  }

  function inputs(): string {
    const place = deps.handover(clock.nowMs());
    const isPresent = place !== null && changer.isPresent(clock.nowMs(), place);
    return bitsOf(
      new Map([
        [0, true],
        [1, true],
        [2, isCollisionOk],
        [model === "ISARA" ? 10 : 11, isPresent],
        ...trays.map((isThere, index): [number, boolean] => [12 + index, isThere && model === "CATS"]),
        ...lids.map((isOpen, index): [number, boolean] => [21 + index, isOpen]),
        [24, isToolOpen],
        [25, changer.gripperIsClosed(clock.nowMs())],
        [31, Math.floor(clock.nowMs() / 500) % 2 === 0],
        [37, lids.every((isOpen) => !isOpen)],
      ]),
    );
  }

  function outputs(): string {
    return bitsOf(
      new Map([
        [5, !isCollisionOk],
        [47, !arm.isRunning],
        [48, arm.isAtHome],
        [49, arm.area === 1],
        [50, arm.area === 2],
        [51, lids.includes(true)],
      ]),
    );
  }

  function state(): string {
    const flag = (isSo: boolean): string => (isSo ? "1" : "0");
    const slot = (what: TwinSlot | null): readonly string[] =>
      what === null ? ["", ""] : numbering.numbersOf(what).map(String);
    const names: Readonly<Record<number, string>> = { 0: "Flange", 2: "Spine", 3: "Plate", 5: "Double" };
    return [
      flag(isPowered),
      flag(isRemote),
      flag(hasFault),
      names[tool] ?? "",
      arm.path,
      ...slot(arm.held),
      ...slot(arm.delivered),
      "",
      "",
      arm.code,
      flag(arm.isRunning),
      flag(isRegulating),
      "0",
      speedPercent.toFixed(1),
      ...["", "", "1", "", ...slot(arm.heldToo), "0", "", "", ""],
    ].join(",");
  }

  function answer(question: string): string {
    switch (question) {
      case "state":
        return `state(${state()})`;
      case "di":
        return `di(${inputs()})`;
      case "di2":
        return model === "ISARA" ? `di2(${trays.map(Number).join("")})` : "Bad command";
      case "do":
        return `do(${outputs()})`;
      case "position":
        return `position(${
          [
            [0, 0, 400],
            [350.5, -120, 80],
            [-20, 512.25, 61],
          ][arm.area]?.join(",") ?? "0,0,0"
        },0.0,90.0,-45.5)`;
      case "message":
        return message;
      case "config":
        return "config(1,0)";
      default:
        return "Bad command";
    }
  }

  operate.onData(
    createLineReader((line) => {
      operate.send(encoder.encode(`${obey(line)}\r`));
    }),
  );
  monitor.onData(
    createLineReader((line) => {
      monitor.send(encoder.encode(`${answer(line)}\r`));
    }),
  );

  return {
    orders,
    get isRunning() {
      return arm.isRunning;
    },
    openDoors(areOpen) {
      wereDoorsOpened = areOpen;
      if (areOpen) halt("doors opened");
    },
    collide() {
      isCollisionOk = false;
      hasFault = true;
      halt("collision detection");
    },
    takePendant(isTaken) {
      isRemote = !isTaken;
    },
    clearMemory() {
      plain("clear memory");
    },
    takeTray(tray, isThere) {
      if (tray >= 1 && tray <= trays.length) trays[tray - 1] = isThere;
    },
    missNextGet() {
      arm.missNextGet();
    },
    ignoreNextPath() {
      ignoresNextPath = true;
    },
  };
}
