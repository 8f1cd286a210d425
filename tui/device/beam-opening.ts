/**
 * Beam let in by hand, for commissioning: booked before as the longest it can last, opened under a permit that every
 * heartbeat judges anew from fresh levels, closed in time, settled after with the highest flux the site can give.
 */
import { judgePermit, type PermitRequest } from "../../controller/safety/permit-judgement.ts";
import { sleep } from "../../protocols/base/clock.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Position } from "../../protocols/base/position.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import { shutterState, type BeamIo, type InputLevels } from "../../protocols/roles/beam-io.ts";
import { PERMIT_CYCLE_SHARE, permitLifeS } from "../../protocols/site/longest-open.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { ActBench } from "./act.ts";
import { levelsJson } from "./device-json.ts";
import { bookOnCell, type Given, type OpeningBooking } from "./opening-books.ts";

/** Beam let in, wherever it falls. */
export interface Opening {
  readonly what: "shutter" | "safety-shutter";
  /** Whose cell stands in the beam, by the operator's word; or what else does. */
  readonly position: string;
  readonly forS: number;
  /** Begun once the shutter reads open; when it is over the beam is no longer wanted, though `forS` is not over. */
  readonly work?: () => Promise<void>;
  /** More is to follow: a safety shutter that this opens stays open, unless something went wrong. */
  readonly goesOn?: boolean;
}

export interface OpeningOrder extends Opening {
  readonly position: Position;
  readonly spotIndex: number;
  readonly tables: () => AttenuationTables;
  /** What it is for, as the record has it; by hand where nothing is said. */
  readonly purpose?: string;
}

const LOOK_EVERY_MS = 20;
/** The shutter may take this long beyond its travel before it counts as stuck. */
const SWITCH_GRACE_MS = 1000;

/** Rejects with `interlock.tripped`, `dose.limit`, `dose.unknown`, `shutter.*`, `permit.lapsed`, `link.*`. */
export async function openBeam(bench: ActBench, order: OpeningOrder): Promise<Json> {
  const io = bench.drivers.io();
  await io.connect();
  try {
    return await openBeamOn(bench, io, order);
  } finally {
    io.disconnect();
  }
}

/** The same on a unit that is connected, and stays so. */
export function openBeamOn(bench: ActBench, io: BeamIo, order: OpeningOrder): Promise<Json> {
  return openBooked(bench, io, order, (levels) => bookOnCell(bench, order, levels));
}

/** The same with books of its own. */
export async function openBooked(
  bench: ActBench,
  io: BeamIo,
  order: Opening,
  book: (levels: InputLevels) => Promise<OpeningBooking>,
): Promise<Json> {
  const levels = await io.readInputs();
  refuseUnsafe(io, bench.site, levels);
  const booking = await book(levels);
  const given = await (order.what === "shutter"
    ? openShutter(bench, io, order, booking.seq, levels)
    : openSafetyShutter(bench, io, order));
  const told = await booking.settle(given);
  if (given.trouble !== null) throw given.trouble;
  if (given.askedAtMs !== null && given.closedAtMs === null) {
    const what =
      "the shutter did not report closed; permit and safety shutter were taken back, the booking is charged in full";
    throw new Fault("shutter.stuck-open", io.name, what);
  }
  return told;
}

function refuseUnsafe(io: BeamIo, site: Site, levels: InputLevels): void {
  const broken = site.interlocks.filter((name) => name !== "motionEnabled" && !levels.interlocks[name]);
  if (broken.length > 0) {
    throw new Fault("interlock.tripped", io.name, `not satisfied: ${broken.join(", ")}`, levelsJson(levels));
  }
  if (levels.watchdogTripped)
    throw new Fault("io.watchdog", io.name, "the output watchdog has tripped; `rearm` it first");
  if (shutterState(levels) === "contradiction") {
    throw new Fault("shutter.contradiction", io.name, "both shutter switches report at once");
  }
  if (shutterState(levels) !== "closed") {
    throw new Fault(
      "shutter.stuck-open",
      io.name,
      `the shutter reads ${shutterState(levels)} before it was asked open`,
    );
  }
}

/** Opens the safety shutter too, when it is closed; what this opens, this closes. Never rejects. */
async function openShutter(
  bench: ActBench,
  io: BeamIo,
  order: Opening,
  bookingSeq: number,
  before: InputLevels,
): Promise<Given> {
  const { clock, site } = bench;
  const { travelS } = site.shutter;
  const opensSafety = !before.safetyShutterOpenSwitch;
  let askedAtMs: number | null = null;
  let trouble: Error | null = null;
  let gate: HandGate | undefined;
  try {
    gate = await armGate(bench, order.forS);
    if (opensSafety) await openSafety(bench, io);
    const lifeMs = permitLifeS(site.shutter, order.forS) * 1000;
    const heart = createHeart(bench, io, { bookingSeq, lifeMs, filtersIn: before.filtersIn });
    await heart.beat();
    bench.signal.throwIfAborted();
    askedAtMs = clock.monoMs();
    heart.begin(askedAtMs);
    await io.requestShutterOpen();
    if (gate !== undefined) await gate.fire();
    await heldOpen(bench, io, order, heart, askedAtMs);
  } catch (error) {
    trouble = asError(error);
  }
  let closedAtMs: number | null = null;
  try {
    await io.requestShutterClosed();
    if (await seen(bench, io, travelS * 1000 + SWITCH_GRACE_MS, isClosed)) closedAtMs = clock.monoMs();
  } catch (error) {
    trouble ??= asError(error);
  }
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    await work().catch((error: unknown) => {
      trouble ??= asError(error);
    });
  };
  await attempt(() => io.permit.dropShutterPermit());
  if (gate !== undefined) await attempt(gate.end);
  const isOver = order.goesOn !== true || trouble !== null;
  if (closedAtMs === null || (opensSafety && isOver)) await attempt(() => closeSafety(bench, io));
  return { askedAtMs, closedAtMs, trouble };
}

/** A trigger in the shutter's drive line: its gate is longer than what is asked, and the shutter closed within it. */
interface HandGate {
  readonly fire: () => Promise<void>;
  readonly end: () => Promise<void>;
}

/** Undefined where none lies there. Leaves no link open when it rejects. */
async function armGate({ site, drivers }: ActBench, forS: number): Promise<HandGate | undefined> {
  const { gate, travelS } = site.shutter;
  const trigger = drivers.trigger();
  if (gate === undefined || trigger === undefined) return undefined;
  const widthS = forS + 2 * travelS + gate.leadS;
  try {
    await trigger.connect();
    await trigger.arm({ delayS: 0, widthS, count: 1, periodS: widthS });
  } catch (error) {
    trigger.disconnect();
    throw error;
  }
  return {
    async fire() {
      await trigger.fire();
    },
    async end() {
      try {
        await trigger.abort();
      } finally {
        trigger.disconnect();
      }
    },
  };
}

/** The fast shutter stays closed, and is seen closed at every look; otherwise all that was booked is charged. */
async function openSafetyShutter(bench: ActBench, io: BeamIo, order: Opening): Promise<Given> {
  const { clock, signal } = bench;
  const askedAtMs = clock.monoMs();
  let isDark = true;
  let trouble: Error | null = null;
  try {
    await openSafety(bench, io);
    bench.say(`The safety shutter reads open for ${order.forS} s. Ctrl-C closes it.`);
    const untilMs = clock.monoMs() + order.forS * 1000;
    while (clock.monoMs() < untilMs) {
      const levels = await io.readInputs();
      isDark &&= isClosed(levels);
      if (!isDark) throw new Fault("shutter.stuck-open", io.name, "the shutter does not read closed while it must be");
      await sleep(clock, LOOK_EVERY_MS, signal);
    }
  } catch (error) {
    trouble = asError(error);
  }
  try {
    await closeSafety(bench, io, (levels) => {
      isDark &&= isClosed(levels);
    });
  } catch (error) {
    isDark = false;
    trouble ??= asError(error);
  }
  return { askedAtMs: isDark ? null : askedAtMs, closedAtMs: null, trouble };
}

async function openSafety(bench: ActBench, io: BeamIo): Promise<void> {
  bench.signal.throwIfAborted();
  await io.requestSafetyShutter(true);
  const dueMs = 2000 * bench.site.shutter.safetyShutterCloseS + SWITCH_GRACE_MS;
  if (await seen(bench, io, dueMs, (levels) => levels.safetyShutterOpenSwitch)) return;
  throw new Fault("shutter.stuck-closed", io.name, "the safety shutter did not report open");
}

/** Rejects with `shutter.stuck-open` when it is not seen closed in its time. */
export async function closeSafety(
  bench: ActBench,
  io: BeamIo,
  look: (levels: InputLevels) => void = () => undefined,
): Promise<void> {
  await io.requestSafetyShutter(false);
  const dueMs = bench.site.shutter.safetyShutterCloseS * 1000 + SWITCH_GRACE_MS;
  const hasClosed = await seen(bench, io, dueMs, (levels) => {
    look(levels);
    return levels.safetyShutterClosedSwitch && !levels.safetyShutterOpenSwitch;
  });
  if (!hasClosed) throw new Fault("shutter.stuck-open", io.name, "the safety shutter did not report closed");
}

interface Heart {
  /** Reads the levels, judges them, and only then renews the permit. Rejects with `permit.lapsed`. */
  beat(): Promise<void>;
  /** From now on heartbeats end when the booking says so. */
  begin(askedAtMs: number): void;
  readonly isDue: boolean;
}

function createHeart(
  { clock, site }: ActBench,
  io: BeamIo,
  permit: Pick<PermitRequest, "bookingSeq" | "lifeMs" | "filtersIn">,
): Heart {
  const { watchdogMs } = site.shutter;
  let untilMs = clock.monoMs() + permit.lifeMs;
  let dueMs = 0;
  return {
    get isDue() {
      return clock.monoMs() >= dueMs;
    },
    begin(askedAtMs) {
      untilMs = askedAtMs + permit.lifeMs;
    },
    async beat() {
      dueMs = clock.monoMs() + PERMIT_CYCLE_SHARE * watchdogMs;
      const levels = await io.readInputs();
      const conditions = { nowMs: clock.monoMs(), levelsMaximumAgeMs: watchdogMs, latched: [] };
      const verdict = judgePermit({ ...permit, exposureId: "by hand", untilMs }, levels, conditions);
      if (!verdict.grant) throw new Fault("permit.lapsed", io.name, `no permit: ${verdict.reasons.join(", ")}`);
      await io.permit.renewShutterPermit();
    },
  };
}

/** Until it has been open for the time asked. */
async function heldOpen(bench: ActBench, io: BeamIo, order: Opening, heart: Heart, askedAtMs: number): Promise<void> {
  const { clock, signal, site } = bench;
  const openDueMs = askedAtMs + site.shutter.travelS * 1000 + SWITCH_GRACE_MS;
  let openAtMs: number | null = null;
  const work = { isOver: false, trouble: null as Error | null };
  for (;;) {
    if (work.trouble !== null) throw work.trouble;
    if (work.isOver) return;
    if (heart.isDue) await heart.beat();
    if (openAtMs === null) {
      if ((await io.readInputs()).shutterOpenSwitch) {
        openAtMs = clock.monoMs();
        if (order.work === undefined) {
          bench.say(`The shutter reads open: beam on ${order.position} for ${order.forS} s. Ctrl-C closes it.`);
        }
        void order.work?.().then(
          () => {
            work.isOver = true;
          },
          (error: unknown) => {
            work.trouble = asError(error);
          },
        );
      } else if (clock.monoMs() > openDueMs) {
        throw new Fault("shutter.stuck-closed", io.name, "the shutter did not report open");
      }
    }
    const leftMs = openAtMs === null ? LOOK_EVERY_MS : openAtMs + order.forS * 1000 - clock.monoMs();
    if (leftMs <= 0) return;
    await sleep(clock, Math.min(leftMs, LOOK_EVERY_MS), signal);
  }
}

/** Whether the levels come to it in time. */
async function seen(
  { clock }: ActBench,
  io: BeamIo,
  withinMs: number,
  condition: (levels: InputLevels) => boolean,
): Promise<boolean> {
  const untilMs = clock.monoMs() + withinMs;
  for (;;) {
    if (condition(await io.readInputs())) return true;
    if (clock.monoMs() > untilMs) return false;
    // Not to be interrupted: closing is waited for whatever else ends.
    await sleep(clock, LOOK_EVERY_MS);
  }
}

function isClosed(levels: InputLevels): boolean {
  return shutterState(levels) === "closed";
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
