/**
 * An XY stage of Zaber axes, on one controller or on several devices of one chain. A move is done when both axes
 * read back idle at their targets without a fault flag; `OK BUSY` is only acceptance. Alerts shorten the wait and
 * are never needed. The reference is the devices' own: it outlives the link, and `WR` or `WH` says that it is gone.
 */
import { type Clock, sleep } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import type { Stage, StagePosition, StageReading } from "../../protocols/roles/stage.ts";
import { zaberFlag } from "../../protocols/wire/zaber-ascii/zaber-codes.ts";
import { moveAbsoluteWords, type ZaberAddress } from "../../protocols/wire/zaber-ascii/zaber-commands.ts";
import type { ZaberReply } from "../../protocols/wire/zaber-ascii/zaber-replies.ts";
import { createAttempts, type Attempt } from "../link/attempts.ts";
import { createOneAtATime } from "../link/one-at-a-time.ts";
import { openWithin } from "../link/open-within.ts";
import { trapezoidMs } from "../motion/trapezoid-time.ts";
import { createRestWatch } from "./zaber-rest-watch.ts";
import { identifyChain, noZaber, REPLY_DEADLINE_MS } from "./zaber-identify.ts";
import { alarmed, axisMicrosteps, notHomed, placeText, rackMm, refuseOutside, stopped } from "./zaber-places.ts";
import { createZaberSession, type ZaberSession } from "./zaber-session.ts";

/** Family name in the site file. */
export const ZABER_ASCII = "zaber-ascii";

export interface ZaberAxis extends ZaberAddress {
  /** Size of a microstep, from the maker's sheet of stage and resolution. */
  readonly microstepUm: number;
  /** The axis' own position at which the rack's coordinate is 0. */
  readonly originMm: number;
  /** The rack's coordinate counts against the axis. */
  readonly isReversed?: boolean;
  /** Refuses any other device. */
  readonly serialNumber?: string;
}

export interface ZaberStageDeps {
  /** Name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  readonly axes: { readonly x: ZaberAxis; readonly y: ZaberAxis };
  /** Rack coordinates go from 0 to here. */
  readonly travelMm: { readonly x: number; readonly y: number };
  readonly motion: { readonly speedMmS: number; readonly accelerationMmS2: number };
  /** At least a microstep. */
  readonly positionToleranceMm: number;
}

/** Throws where the motion was stopped since it was asked for. */
type NeedGo = () => void;

type Both<T> = Readonly<Record<"x" | "y", T>>;

/** Fallback where an alert is lost, and the pace of waits that no alert ends. */
const POLL_MS = 100;
/** Beyond the computed motion, before a stage that still moves is stopped. */
const MOVE_MARGIN_MS = 1000;
/** An alert that has not come by then is not waited for. */
const ALERT_MARGIN_MS = 20;
const HALT_MARGIN_MS = 1000;
/** Looks in a row, of two questions each, that may stay without answer while a motion is followed. */
const LOST_LOOKS_MAX = 3;
const REST_DEADLINE_MS = 20_000;

const QUESTION = { deadlineMs: REPLY_DEADLINE_MS, repeatable: true };
const URGENT = { ...QUESTION, urgent: true };
const ONCE = { deadlineMs: REPLY_DEADLINE_MS, repeatable: false };

export function createZaberStage(deps: ZaberStageDeps): Stage {
  const { name, clock, axes, travelMm, motion } = deps;
  const faultHandlers = new Set<(fault: Fault) => void>();
  const oneAtATime = createOneAtATime(name);
  const rest = createRestWatch(clock);
  const attempts = createAttempts(name);
  let session: ZaberSession | undefined;
  let isHomed = false;
  let isBusy = false;
  let haltCount = 0;
  let linkCount = 0;
  let homingMs = 0;
  let lastKnown: StagePosition | undefined;

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  function live(): ZaberSession {
    if (session?.isOpen !== true) throw new Fault("link.closed", name, "The stage's link is not open.");
    return session;
  }

  function loseReference(): void {
    isHomed = false;
    lastKnown = undefined;
  }

  /** Flags come with every message; what they take away is taken away at once, whoever asked. */
  function heed(flag: string): void {
    const known = zaberFlag(flag);
    if (known?.positionLost !== true || !isHomed) return;
    loseReference();
    report(known.weight === "reference" ? notHomed(name, flag) : alarmed(name, flag));
  }

  function close(): void {
    const closing = session;
    session = undefined;
    loseReference();
    closing?.close();
  }

  async function open(attempt: Attempt): Promise<ZaberSession> {
    attempt.needWanted();
    close();
    const link = await attempt.open(() => openWithin(clock, deps.openLink, name));
    linkCount += 1;
    const opened = createZaberSession(
      name,
      link,
      clock,
      {
        alert({ device, axis, isBusy: isMoving, flag }) {
          heed(flag);
          if (!isMoving) rest.cameToRest(keyOf({ device, axis }));
          // Moved by its knob or by somebody else: the next deadline must not trust where it was.
          if (!isBusy) lastKnown = undefined;
        },
        reply: ({ flag }) => {
          heed(flag);
        },
        closed(why) {
          loseReference();
          rest.wake();
          if (session === opened) report(new Fault("link.closed", name, `The stage's link closed: ${why}.`));
        },
      },
      // Replies of an earlier link that a converter still holds must not fit the numbers of this one.
      linkCount * 37,
    );
    session = opened;
    return opened;
  }

  async function connect(attempt: Attempt): Promise<Identity> {
    const on = await open(attempt);
    try {
      const chain = await identifyChain(on, deps);
      homingMs = chain.homingMs;
      await comeToRest(on);
      const found = (await hasReference(on, axes.x)) && (await hasReference(on, axes.y));
      attempt.needWanted();
      isHomed = found;
      return chain.identity;
    } catch (error) {
      on.close();
      const said = on.lastGarbled;
      if (!isFault(error) || error.code !== "link.timeout" || said === undefined) throw error;
      throw noZaber(name, said);
    }
  }

  async function comeToRest(on: ZaberSession): Promise<void> {
    const untilMs = clock.monoMs() + REST_DEADLINE_MS;
    while (!isAtRest(await readBoth(on))) {
      if (clock.monoMs() > untilMs) throw new Fault("link.timeout", name, "The stage does not come to rest.");
      await sleep(clock, POLL_MS);
    }
  }

  /** All flags of the axis: one of higher priority may hide `WR` in a reply. */
  async function flagsOf(on: ZaberSession, axis: ZaberAxis): Promise<readonly string[]> {
    return (await on.ask(axis, "warnings", QUESTION)).data.split(" ").slice(1);
  }

  async function hasReference(on: ZaberSession, axis: ZaberAxis): Promise<boolean> {
    return !(await flagsOf(on, axis)).some((flag) => zaberFlag(flag)?.positionLost === true);
  }

  /** Faults stand until they are cleared: homing would fail by one from before it, which it makes good. */
  async function acknowledge(on: ZaberSession, axis: ZaberAxis, needGo: NeedGo): Promise<void> {
    const flags = await flagsOf(on, axis);
    if (!flags.some((flag) => zaberFlag(flag)?.weight === "alarm")) return;
    await on.ask(axis, "warnings clear", { ...QUESTION, needGo });
  }

  /** What a reply warns of may hide that the reference is gone; a note, which ranks lower, hides nothing. */
  async function seeThrough(on: ZaberSession, replies: Both<ZaberReply>): Promise<void> {
    for (const which of ["x", "y"] as const) {
      const { flag } = replies[which];
      if (flag.startsWith("N") || zaberFlag(flag)?.weight !== "note") continue;
      for (const hidden of await flagsOf(on, axes[which])) heed(hidden);
    }
  }

  async function readBoth(on: ZaberSession, options = QUESTION): Promise<Both<ZaberReply>> {
    const x = await on.ask(axes.x, "get pos", options);
    const y = await on.ask(axes.y, "get pos", options);
    return { x, y };
  }

  async function home(needGo: NeedGo): Promise<void> {
    needGo();
    const on = live();
    loseReference();
    for (const which of ["x", "y"] as const) await acknowledge(on, axes[which], needGo);
    await begin(on, needGo, { x: "home", y: "home" });
    const replies = await untilAtRest(on, needGo, POLL_MS, homingMs);
    for (const which of ["x", "y"] as const) {
      const { flag } = replies[which];
      if (zaberFlag(flag)?.weight === "alarm") throw alarmed(name, flag);
      if (!(await hasReference(on, axes[which]))) throw notHomed(name, (await on.ask(axes[which], "", QUESTION)).flag);
    }
    isHomed = true;
    lastKnown = toRack(replies);
  }

  /**
   * Starts both axes. A lost answer is no proof that nothing moved and no reason to send it again: the axis is asked
   * where it is, and only one that moves, or is at its target already, counts as begun.
   */
  async function begin(
    on: ZaberSession,
    needGo: NeedGo,
    words: Both<string>,
    target?: Both<number>,
  ): Promise<{ readonly mayMove: boolean }> {
    let mayMove = false;
    rest.clear();
    for (const which of ["x", "y"] as const) {
      try {
        const reply = await beginAxis(on, needGo, which, words[which], target?.[which]);
        if (reply.isBusy) {
          mayMove = true;
          rest.expect(keyOf(axes[which]));
        }
      } catch (error) {
        // One axis may be on its way already.
        if (mayMove && on.isOpen) await stopAxes(on);
        throw error;
      }
      needGo();
    }
    return { mayMove };
  }

  async function beginAxis(
    on: ZaberSession,
    needGo: NeedGo,
    which: "x" | "y",
    words: string,
    target?: number,
  ): Promise<ZaberReply> {
    try {
      return await on.ask(axes[which], words, { ...ONCE, needGo });
    } catch (error) {
      if (!isFault(error) || error.code !== "link.timeout" || !on.isOpen) throw error;
      const found = await on.ask(axes[which], "get pos", QUESTION);
      if (found.isBusy || found.data === String(target)) return found;
      throw new Fault(
        "stage.position",
        name,
        `The answer of axis ${which} to "${words}" was lost, and the axis does not move.`,
        {},
        error,
      );
    }
  }

  /** Waits for the alerts of what was begun, then for both axes to read idle; stops them when they are late. */
  async function untilAtRest(
    on: ZaberSession,
    needGo: NeedGo,
    firstWaitMs: number,
    deadlineMs: number,
  ): Promise<Both<ZaberReply>> {
    const untilMs = clock.monoMs() + deadlineMs;
    let waitMs = firstWaitMs;
    let lostLooks = 0;
    for (;;) {
      if (waitMs > 0) await rest.all(waitMs);
      needGo();
      const replies = await readBoth(on).catch((error: unknown) => {
        lostLooks += 1;
        const isLost = isFault(error) && error.code === "link.timeout";
        if (!isLost || !on.isOpen || lostLooks >= LOST_LOOKS_MAX) throw error;
        return undefined;
      });
      needGo();
      waitMs = POLL_MS;
      if (replies === undefined) continue;
      lostLooks = 0;
      if (isAtRest(replies)) return replies;
      if (clock.monoMs() > untilMs) {
        await stopAxes(on);
        throw new Fault("stage.position", name, "The stage was still moving when its motion was due.");
      }
      rest.clear();
    }
  }

  async function moveTo(needGo: NeedGo, target: StagePosition, signal?: AbortSignal): Promise<StageReading> {
    signal?.throwIfAborted();
    needGo();
    const on = live();
    if (!isHomed) throw notHomed(name);
    refuseOutside(name, target, travelMm);
    const expectedMs = motionMs(target);
    lastKnown = undefined;
    let stopping: Promise<void> | undefined;
    const onAbort = (): void => {
      // The caller is given the reason of the abort; that the stop itself failed must not be lost beside it.
      stopping = halt().catch((error: unknown) => {
        if (!isFault(error)) throw error;
        report(error);
      });
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const steps = { x: axisMicrosteps(axes.x, target.xMm), y: axisMicrosteps(axes.y, target.yMm) };
      const words = { x: moveAbsoluteWords(steps.x), y: moveAbsoluteWords(steps.y) };
      const { mayMove } = await begin(on, needGo, words, steps);
      const waitMs = mayMove ? expectedMs + ALERT_MARGIN_MS : 0;
      const replies = await untilAtRest(on, needGo, waitMs, expectedMs + MOVE_MARGIN_MS);
      await seeThrough(on, replies);
      const reading = judged(replies, target);
      signal?.throwIfAborted();
      lastKnown = reading;
      return reading;
    } catch (error) {
      await stopping;
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** At rest is not yet at the target: a stalled axis is idle too. */
  function judged(replies: Both<ZaberReply>, target: StagePosition): StageReading {
    for (const { flag } of [replies.x, replies.y]) {
      if (zaberFlag(flag)?.weight === "alarm") throw alarmed(name, flag);
    }
    if (!isHomed) throw notHomed(name);
    const reading = toRack(replies);
    const offMm = Math.max(Math.abs(reading.xMm - target.xMm), Math.abs(reading.yMm - target.yMm));
    if (offMm > deps.positionToleranceMm) {
      throw new Fault(
        "stage.position",
        name,
        `The stage rests at ${placeText(reading)}, not at ${placeText(target)}.`,
        { xMm: reading.xMm, yMm: reading.yMm, toleranceMm: deps.positionToleranceMm },
      );
    }
    return reading;
  }

  async function stopAxes(on: ZaberSession): Promise<void> {
    const outcomes = await Promise.allSettled([on.ask(axes.x, "stop", URGENT), on.ask(axes.y, "stop", URGENT)]);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  async function halt(): Promise<void> {
    haltCount += 1;
    const on = live();
    rest.wake();
    lastKnown = undefined;
    await stopAxes(on);
    const untilMs = clock.monoMs() + (motion.speedMmS / motion.accelerationMmS2) * 1000 + HALT_MARGIN_MS;
    while (!isAtRest(await readBoth(on, URGENT))) {
      if (clock.monoMs() > untilMs) throw new Fault("link.timeout", name, "The stage did not stop.");
      await sleep(clock, POLL_MS);
    }
  }

  async function read(): Promise<StageReading> {
    const on = live();
    const replies = await readBoth(on);
    await seeThrough(on, replies);
    if (!isHomed) throw notHomed(name);
    return toRack(replies);
  }

  function toRack(replies: Both<ZaberReply>): StageReading {
    return {
      xMm: rackMm(name, axes.x, replies.x.data),
      yMm: rackMm(name, axes.y, replies.y.data),
      atRest: isAtRest(replies),
    };
  }

  /** Trapezoid of the slower axis; from an unknown place, the whole travel. */
  function motionMs(target: StagePosition): number {
    const xMm = lastKnown === undefined ? travelMm.x : Math.abs(target.xMm - lastKnown.xMm);
    const yMm = lastKnown === undefined ? travelMm.y : Math.abs(target.yMm - lastKnown.yMm);
    return trapezoidMs(Math.max(xMm, yMm), motion.speedMmS, motion.accelerationMmS2);
  }

  /** A stop is meant for all that was asked before it, however far that has come. */
  function busily<T>(work: (needGo: NeedGo) => Promise<T>): Promise<T> {
    const asked = haltCount;
    const needGo = (): void => {
      if (haltCount !== asked) throw stopped(name);
    };
    return oneAtATime(async () => {
      isBusy = true;
      try {
        return await work(needGo);
      } finally {
        isBusy = false;
      }
    });
  }

  return {
    name,
    driver: ZABER_ASCII,
    connect() {
      const attempt = attempts.begin();
      return busily(() => connect(attempt));
    },
    disconnect() {
      attempts.end();
      close();
    },
    onFault(handler) {
      faultHandlers.add(handler);
      return () => {
        faultHandlers.delete(handler);
      };
    },
    home: () => busily(home),
    moveTo: (target, signal) => busily((needGo) => moveTo(needGo, target, signal)),
    read,
    halt,
  };
}

function isAtRest(replies: Both<ZaberReply>): boolean {
  return !replies.x.isBusy && !replies.y.isBusy;
}

function keyOf({ device, axis }: ZaberAddress): string {
  return `${device} ${axis}`;
}
