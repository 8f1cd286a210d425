/**
 * A CATS or ISARA robot as sample changer of the rack. Its "diffractometer" is the handover place: the stage brings
 * a position there, so that the robot's own paths serve unchanged, and `setdiffr` tells it what the stage has brought
 * or taken away. An echo is only acceptance: what the monitor socket says before, during and after a path decides.
 */
import { type Clock, sleep } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import type { SampleChanger, Transfer, TraySlot } from "../../protocols/roles/sample-changer.ts";
import {
  type CatsTrajectory,
  encodePlain,
  encodeSetDiffractometer,
  encodeTrajectory,
} from "../../protocols/wire/irelec-cats/cats-commands.ts";
import { inLid } from "../../protocols/wire/irelec-cats/cats-lids.ts";
import { createAttempts, type Attempt } from "../link/attempts.ts";
import { forgetCode } from "./cats-code.ts";
import { identifyRobot } from "./cats-identify.ts";
import { type CatsOrderOptions, createCatsOrder } from "./cats-orders.ts";
import { type CatsModel, type CatsReading, readRobot } from "./cats-reader.ts";
import {
  contradictions,
  evidence,
  heldSlot,
  isSameSituation,
  isSameSlot,
  obstacles,
  obstaclesToPower,
  slotText,
} from "./cats-readiness.ts";
import { createCatsSocket } from "./cats-socket.ts";
import { createCatsStops } from "./cats-stops.ts";
import { failedGet, followPath, type FollowedPath } from "./cats-path.ts";

/** Family name in the site file. */
export const IRELEC_CATS = "irelec-cats";

export interface CatsChangerDeps {
  /** Name in the site file. */
  readonly name: string;
  /** Commands that act; port 1000 as delivered. */
  readonly openOperate: OpenLink;
  /** Questions; port 10000 as delivered. */
  readonly openMonitor: OpenLink;
  readonly clock: Clock;
  /** Decides which input is the presence sensor and where trays are seen. */
  readonly model: CatsModel;
  readonly trayCount: number;
  /** SPINE 10, unipuck 16. */
  readonly slotsPerTray: number;
  /** Number of the gripper in commands: 2, 3 or 5. */
  readonly tool: 2 | 3 | 5;
  /** The robot's number of the kind of tray. Default 1. */
  readonly sampleType?: number;
  /** There is a code reader on the way (`put_bcrd`). Default false. */
  readonly readsCodes?: boolean;
  /** One answer. Default 3000. */
  readonly replyDeadlineMs?: number;
  /** From an order to the first movement. Public drivers give 10 s, the default: 10 000. */
  readonly beginDeadlineMs?: number;
  /** One path from its order to rest. Default 300 000. */
  readonly pathDeadlineMs?: number;
}

/** Its number among the robot's tools. */
const DOUBLE_GRIPPER = 5;
const REPLY_DEADLINE_MS = 3000;
const BEGIN_DEADLINE_MS = 10_000;
const PATH_DEADLINE_MS = 300_000;
/** The public drivers wait this long after switching on before they look. */
const POWER_ON_MS = 2000;
/** To a person, of a sample between the jaws that keeps the arm from starting. */
const EMPTY_IT = "put it into its own place on the rack, empty the gripper on the robot's own panel, then go on";

export function createCatsChanger(deps: CatsChangerDeps): SampleChanger {
  const { name, clock, model } = deps;
  const faultHandlers = new Set<(fault: Fault) => void>();
  const deadlineMs = deps.replyDeadlineMs ?? REPLY_DEADLINE_MS;
  const sampleType = deps.sampleType ?? 1;
  const readsCodes = deps.readsCodes ?? false;
  const isDouble = deps.tool === DOUBLE_GRIPPER;
  const attempts = createAttempts(name);
  let isConnected = false;

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  /** As the robot counts it in orders. */
  function ordered(slot: TraySlot): TraySlot {
    return model === "CATS" ? inLid(slot, deps.slotsPerTray) : slot;
  }

  function socket(which: "operate" | "monitor", openLink: OpenLink) {
    return createCatsSocket({
      name: `${name} (${which})`,
      openLink,
      clock,
      deadlineMs,
      onLoss(why) {
        if (isConnected) report(new Fault("link.closed", name, `The ${which} socket closed: ${why}.`));
      },
    });
  }
  const operate = socket("operate", deps.openOperate);
  const monitor = socket("monitor", deps.openMonitor);

  function needConnection(): void {
    if (!isConnected) throw new Fault("link.closed", name, "The changer's links are not open.");
  }

  function look(): Promise<CatsReading> {
    return readRobot(name, monitor, clock, model, deps.slotsPerTray);
  }

  async function connect(attempt: Attempt): Promise<Identity> {
    attempt.needWanted();
    closeLinks();
    try {
      await monitor.open();
      await operate.open();
      await identifyRobot({ name, monitor, model, trayCount: deps.trayCount, look });
      attempt.needWanted();
    } catch (error) {
      if (attempt.isWanted) disconnect();
      throw error;
    }
    isConnected = true;
    return { model, serialNumber: null, firmware: null };
  }

  function closeLinks(): void {
    isConnected = false;
    operate.close();
    monitor.close();
  }

  function disconnect(): void {
    attempts.end();
    closeLinks();
  }

  /** Two readings that agree: nothing else guards a line without checksum before the arm is let loose. */
  async function agreedReading(): Promise<CatsReading> {
    let before = await look();
    for (let tries = 0; tries < 3; tries += 1) {
      const again = await look();
      if (isSameSituation(before, again)) return again;
      before = again;
    }
    throw notReady("its readings do not agree with one another", before);
  }

  async function readyReading(): Promise<CatsReading> {
    const reading = await agreedReading();
    const found = obstacles(reading);
    if (found.length > 0) throw notReady(found.join("; "), reading);
    return reading;
  }

  const order = createCatsOrder(name, operate);
  const stops = createCatsStops({
    ...{ name, clock, look },
    orderNow(line) {
      // A stop goes out even where nobody is connected.
      operate.wake();
      monitor.wake();
      return order(line, { urgent: true });
    },
  });
  const { inTurn, needGo, isStopped } = stops;

  function orderInTurn(line: string): Promise<boolean> {
    return order(line, { needGo });
  }

  async function abort(): Promise<void> {
    try {
      await stops.abort();
    } finally {
      if (!attempts.isWanted) closeLinks();
    }
  }

  /** Bookkeeping only, and read back: may be sent again without harm. */
  async function setDelivered(slot: TraySlot | null, options: CatsOrderOptions = { needGo }): Promise<void> {
    const place = slot === null ? null : ordered(slot);
    const line = encodeSetDiffractometer(place?.tray ?? 0, place?.slot ?? 0, place === null ? 0 : sampleType);
    if (!(await order(line, options))) await order(line, options);
    const reading = await look();
    if (isSameSlot(reading.delivered, slot)) return;
    throw notReady(
      `it does not take note of ${slot === null ? "an empty handover place" : slotText(slot)} there`,
      reading,
    );
  }

  async function travel(
    path: CatsTrajectory,
    slot: TraySlot | null,
    before: CatsReading,
    signal?: AbortSignal,
  ): Promise<FollowedPath> {
    needGo(signal);
    let stopping: Promise<void> | undefined;
    const onAbort = (): void => {
      // The caller is given the reason of the abort; that the stop itself failed must not be lost beside it.
      stopping = abort().catch((error: unknown) => {
        if (!isFault(error)) throw error;
        report(error);
      });
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    const place = slot === null || path === "get" || path === "back" ? null : ordered(slot);
    const line = encodeTrajectory(path, {
      tool: deps.tool,
      ...(place === null ? {} : { tray: place.tray, sample: place.slot, type: sampleType }),
    });
    const told = { isSent: false };
    const needGoNow = (): void => {
      needGo(signal);
      told.isSent = true;
    };
    try {
      const isAccepted = await order(line, { needGo: needGoNow });
      return await followPath({
        name,
        clock,
        path,
        isAccepted,
        before,
        look,
        isAborted: isStopped,
        callOff: abort,
        deadlineMs: deps.pathDeadlineMs ?? PATH_DEADLINE_MS,
        beginDeadlineMs: deps.beginDeadlineMs ?? BEGIN_DEADLINE_MS,
        onFailedGet: () => recoverFailedGet(slot),
      });
    } catch (error) {
      await stopping;
      // One that was not sent must read as such.
      if (told.isSent) signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Stops the arm, and puts the bookkeeping back: the cell is still there. */
  function recoverFailedGet(slot: TraySlot | null): Promise<never> {
    return failedGet(name, async () => {
      await abort();
      // Of the stop itself, which keeps back only what was asked before it.
      await setDelivered(slot, {});
      return look();
    });
  }

  async function load(from: TraySlot, signal?: AbortSignal): Promise<Transfer> {
    needConnection();
    needGo(signal);
    checkSlot(from);
    const before = await readyReading();
    refuseHeld(before, from);
    if (before.isPresent) throw notReady("the sensor sees a cell at the handover place", before);
    if (before.traysPresent[from.tray - 1] !== true) throw notReady(`tray ${from.tray} is not there`, before);
    // The stage has taken the last one away, as it should; the robot cannot know.
    if (before.delivered !== null) await setDelivered(null);
    const path = readsCodes ? "put_bcrd" : "put";
    const codeOf = await forgetCode({ readsCodes, look, order: orderInTurn }, before);
    const { reading: after } = await travel(path, from, { ...before, delivered: null }, signal);
    proven(after, { delivered: from, isPresent: true }, `from ${slotText(from)} to the handover place`);
    return { slot: from, code: codeOf(after) };
  }

  async function unload(to: TraySlot, signal?: AbortSignal): Promise<Transfer> {
    needConnection();
    needGo(signal);
    checkSlot(to);
    const before = await readyReading();
    refuseHeld(before);
    if (!before.isPresent) throw notReady("the sensor sees no cell at the handover place", before);
    if (before.traysPresent[to.tray - 1] !== true) throw notReady(`tray ${to.tray} is not there`, before);
    // The robot brings a sample back to where its bookkeeping says it came from.
    if (!isSameSlot(before.delivered, to)) await setDelivered(to);
    const { reading: after } = await travel("get", to, { ...before, delivered: to }, signal);
    proven(after, { delivered: null, isPresent: false }, `from the handover place to ${slotText(to)}`);
    return { slot: to, code: null };
  }

  /** What may be between the jaws: nothing, or with a double gripper what was fetched. */
  function refuseHeld(reading: CatsReading, fetched: TraySlot | null = null): void {
    const { held, heldToo = null } = reading;
    const isFetched = isDouble && held !== null && heldToo === null && isSameSlot(held, fetched);
    const slot = heldSlot(reading);
    if (slot !== null && !isFetched) throw notReady(`it holds ${slotText(slot)}: ${EMPTY_IT}`, reading);
  }

  async function fetch(from: TraySlot, signal?: AbortSignal): Promise<void> {
    needConnection();
    needGo(signal);
    checkSlot(from);
    const before = await readyReading();
    if (isSameSlot(before.held, from) && before.heldToo == null) return;
    refuseHeld(before);
    if (before.traysPresent[from.tray - 1] !== true) throw notReady(`tray ${from.tray} is not there`, before);
    const { delivered, isPresent } = before;
    const { reading: after } = await travel("pick", from, before, signal);
    proven(after, { delivered, isPresent, held: from }, `from ${slotText(from)} into the gripper`);
  }

  async function exchange(back: TraySlot, next: TraySlot, signal?: AbortSignal): Promise<Transfer> {
    needConnection();
    needGo(signal);
    checkSlot(back);
    checkSlot(next);
    const before = await readyReading();
    refuseHeld(before, next);
    if (!before.isPresent) throw notReady("the sensor sees no cell at the handover place", before);
    for (const { tray } of [back, next]) {
      if (before.traysPresent[tray - 1] !== true) throw notReady(`tray ${tray} is not there`, before);
    }
    if (!isSameSlot(before.delivered, back)) await setDelivered(back);
    const path = readsCodes ? "getput_bcrd" : "getput";
    const codeOf = await forgetCode({ readsCodes, look, order: orderInTurn }, before);
    const { reading: after, sawEmpty } = await travel(path, next, { ...before, delivered: back }, signal);
    proven(after, { delivered: next, isPresent: true }, `of an exchange of ${slotText(back)} for ${slotText(next)}`);
    if (!sawEmpty) {
      // Nothing else tells a gripper that went off without the old one: bookkeeping and sensor read the same.
      throw new Fault(
        "changer.lost",
        name,
        `In the exchange of ${slotText(back)} for ${slotText(next)} the sensor never saw the handover place empty.`,
        evidence(after),
      );
    }
    return { slot: next, code: codeOf(after) };
  }

  async function stow(signal?: AbortSignal): Promise<void> {
    needConnection();
    needGo(signal);
    const before = await readyReading();
    if (before.heldToo != null)
      throw notReady(`it holds ${slotText(before.heldToo)} with its other jaws: ${EMPTY_IT}`, before);
    if (before.held === null) return;
    const { delivered, isPresent } = before;
    const { reading: after } = await travel("back", before.held, before, signal);
    proven(after, { delivered, isPresent }, `from the gripper to ${slotText(before.held)}`);
  }

  function proven(after: CatsReading, expected: Parameters<typeof contradictions>[1], way: string): void {
    const found = contradictions(after, expected);
    if (found.length === 0) return;
    throw new Fault("changer.lost", name, `After the way ${way}: ${found.join("; ")}.`, evidence(after));
  }

  async function home(): Promise<void> {
    needConnection();
    const before = await readyReading();
    refuseHeld(before);
    if (before.isAtHome) return;
    const { reading: after } = await travel("home", null, before);
    if (!after.isAtHome) {
      throw new Fault("changer.alarm", name, "The path home ended, and the robot is not at home.", evidence(after));
    }
  }

  async function powerOn(): Promise<void> {
    needConnection();
    const before = await agreedReading();
    const found = obstaclesToPower(before);
    if (found.length > 0) throw notReady(found.join("; "), before);
    if (before.isPowered) return;
    needGo();
    await orderInTurn(encodePlain("on"));
    await sleep(clock, POWER_ON_MS);
    const after = await look();
    if (!after.isPowered) throw notReady("its drives did not come on", after);
  }

  function checkSlot({ tray, slot }: TraySlot): void {
    const isThere = (value: number, max: number): boolean => Number.isInteger(value) && value >= 1 && value <= max;
    if (isThere(tray, deps.trayCount) && isThere(slot, deps.slotsPerTray)) return;
    throw new Fault("changer.not-ready", name, `There is no tray ${tray}, slot ${slot}.`);
  }

  function notReady(why: string, reading: CatsReading): Fault {
    return new Fault("changer.not-ready", name, `The changer cannot start: ${why}.`, evidence(reading));
  }

  return {
    name,
    driver: IRELEC_CATS,
    capabilities: {
      trayCount: deps.trayCount,
      slotsPerTray: deps.slotsPerTray,
      readsCodes,
    },
    connect() {
      const attempt = attempts.begin();
      return inTurn(() => connect(attempt));
    },
    disconnect,
    onFault(handler) {
      faultHandlers.add(handler);
      return () => {
        faultHandlers.delete(handler);
      };
    },
    async read() {
      needConnection();
      return look();
    },
    powerOn: () => inTurn(powerOn),
    home: () => inTurn(home),
    load: (from, signal) => inTurn(() => load(from, signal)),
    unload: (to, signal) => inTurn(() => unload(to, signal)),
    ...(isDouble
      ? {
          double: {
            fetch: (from: TraySlot, signal?: AbortSignal) => inTurn(() => fetch(from, signal)),
            exchange: (back: TraySlot, next: TraySlot, signal?: AbortSignal) =>
              inTurn(() => exchange(back, next, signal)),
            stow: (signal?: AbortSignal) => inTurn(() => stow(signal)),
          },
        }
      : {}),
    abort,
  };
}
