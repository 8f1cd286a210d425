/**
 * An XY stage on a GRBL 1.1 controller. A move is done when the planner is empty and a report asked for after that
 * says Idle at the target; an `ok` alone is never success. The position counts only from a homing seen by this
 * driver on this link, with no greeting and no alarm since.
 *
 * Coordinates: rack millimetres, counted from the rack's origin towards the limit switches. After homing the
 * controller's range is -travel..0 with the switches at 0, so that machine = offset + rack - travel.
 */
import { type Clock, sleep } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import type { Stage, StagePosition, StageReading } from "../../protocols/roles/stage.ts";
import {
  encodeRapidTo,
  GRBL_BUILD_INFO,
  GRBL_HOME,
  GRBL_SETTINGS,
  GRBL_WAIT_FOR_REST,
} from "../../protocols/wire/grbl/grbl-commands.ts";
import type { GrblMessage, GrblStatus } from "../../protocols/wire/grbl/grbl-replies.ts";
import { grblSettingMismatches } from "../../protocols/wire/grbl/grbl-settings.ts";
import { trapezoidMs } from "../motion/trapezoid-time.ts";
import { homingBoundMs } from "./grbl-motion-time.ts";
import { createGrblSession, alarmFault, type GrblSession } from "./grbl-session.ts";
import { refuseOtherFirmware } from "../link/known-firmware.ts";
import { createOneAtATime } from "../link/one-at-a-time.ts";
import { openWithin } from "../link/open-within.ts";

export interface GrblStageDeps {
  /** Name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  /** Where the rack's origin lies, from the end of travel that is away from the limit switches. Default: there. */
  readonly geometry?: { readonly offsetXMm: number; readonly offsetYMm: number };
  readonly travelMm: { readonly x: number; readonly y: number };
  readonly motion: { readonly speedMmS: number; readonly accelerationMmS2: number };
  /** At least the size of a step: reports are rounded to whole steps. */
  readonly positionToleranceMm: number;
  /** How long a board that resets when its port is opened may take to greet. */
  readonly greetingWaitMs?: number;
  /** How long a status report may take; default 300 ms. */
  readonly statusWaitMs?: number;
}

/** GRBL 0.9 has other reports and settings. */
const FIRMWARE_MAJORS = [1];
const REPLY_DEADLINE_MS = 500;
const STATUS_WAIT_MS = 300;
const RESET_DEADLINE_MS = 2000;
/** GRBL asks for at most 5-10 reports a second; only waits that a report alone can end poll at all. */
const POLL_MS = 100;
/** Beyond the computed motion, before a missing answer counts as lost. */
const MOVE_MARGIN_MS = 1000;
const HOLD_MARGIN_MS = 1000;
/** A board on which motion went on while the link was down gets this long to come to rest. */
const REST_DEADLINE_MS = 20_000;

export function createGrblStage(deps: GrblStageDeps): Stage {
  const { name, clock, travelMm, motion, statusWaitMs = STATUS_WAIT_MS } = deps;
  const geometry = deps.geometry ?? { offsetXMm: 0, offsetYMm: 0 };
  const faultHandlers = new Set<(fault: Fault) => void>();
  const oneAtATime = createOneAtATime(name);
  let session: GrblSession | undefined;
  let isHomed = false;
  let isHoming = false;
  /** Raised and not yet followed by a greeting: the controller may be deaf to all but a reset. */
  let alarmCode: number | undefined;
  let isConnecting = false;
  let homingDeadlineMs = 0;
  let lastKnown: StagePosition | undefined;
  let halting: Promise<void> | null = null;

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  function live(): GrblSession {
    if (session?.isOpen !== true) throw new Fault("link.closed", name, "The stage's link is not open.");
    return session;
  }

  function loseReference(): void {
    isHomed = false;
    lastKnown = undefined;
  }

  async function open(): Promise<GrblSession> {
    session?.close();
    session = undefined;
    loseReference();
    alarmCode = undefined;
    const link = await openWithin(clock, deps.openLink, name);
    const opened = createGrblSession(name, link, clock, {
      greeting(version) {
        const hadReference = isHomed;
        loseReference();
        const followsAlarm = alarmCode !== undefined;
        alarmCode = undefined;
        // Following an alarm the greeting only says what the alarm said before.
        if (followsAlarm || isConnecting) return;
        report(
          new Fault(
            "stage.not-homed",
            name,
            `The controller restarted by itself (GRBL ${version})${hadReference ? "; its position is lost" : ""}.`,
          ),
        );
      },
      alarm(code) {
        loseReference();
        alarmCode = code;
        report(alarmFault(name, code));
      },
      closed(why) {
        loseReference();
        if (session === opened) report(new Fault("link.closed", name, `The stage's link closed: ${why}.`));
      },
    });
    session = opened;
    return opened;
  }

  /** Discards whatever the controller still holds. Keeps the position only when the motors rest. */
  async function reset(on: GrblSession): Promise<void> {
    on.realtime("reset");
    await on.greeting(RESET_DEADLINE_MS);
    alarmCode = undefined;
  }

  async function connect(): Promise<Identity> {
    isConnecting = true;
    try {
      const on = await open();
      await greetingOrAnswer(on);
      await comeToRest(on);
      const identity = identityFrom(await on.send([GRBL_BUILD_INFO], REPLY_DEADLINE_MS));
      if (identity === undefined) throw new Fault("device.wrong", name, "The device does not identify itself as GRBL.");
      refuseOtherFirmware(name, identity.firmware ?? "", FIRMWARE_MAJORS);
      const settings = new Map<number, number>();
      for (const message of await on.send([GRBL_SETTINGS], REPLY_DEADLINE_MS)) {
        if (message.kind === "setting") settings.set(message.number, message.value);
      }
      const mismatches = grblSettingMismatches(settings, {
        ...motion,
        travelXMm: travelMm.x,
        travelYMm: travelMm.y,
      });
      if (mismatches.length > 0) {
        throw new Fault(
          "device.wrong",
          name,
          `The controller's settings are not the site's: ${mismatches.join("; ")}.`,
          {
            mismatches,
          },
        );
      }
      homingDeadlineMs = homingBoundMs(settings, travelMm);
      return identity;
    } catch (error) {
      session?.close();
      throw error;
    } finally {
      isConnecting = false;
    }
  }

  /** Boards that reset on opening greet after their boot loader; others say nothing, and a report proves them. */
  async function greetingOrAnswer(on: GrblSession): Promise<void> {
    try {
      await on.greeting(deps.greetingWaitMs ?? 3000);
    } catch (error) {
      if (!on.isOpen) throw error;
      try {
        // An empty line ends whatever half line an earlier session may have left in the buffer.
        await on.send(["\n"], REPLY_DEADLINE_MS).catch((refused: unknown) => {
          if (!(refused instanceof Fault) || refused.code !== "device.refused") throw refused;
        });
      } catch {
        // Deaf in a critical alarm, or waiting for motion to end: only a reset or a report can tell.
        const state = await on.status(statusWaitMs).catch(() => undefined);
        if (state === undefined || state.state === "Alarm") await reset(on);
      }
    }
  }

  async function comeToRest(on: GrblSession): Promise<void> {
    const untilMs = clock.monoMs() + REST_DEADLINE_MS;
    for (;;) {
      const { state, subState } = await on.status(statusWaitMs);
      if (state === "Idle" || state === "Alarm") return;
      if ((state === "Hold" && subState === 0) || state === "Check" || state === "Door" || state === "Sleep") {
        await reset(on);
      } else if (clock.monoMs() > untilMs) {
        throw new Fault("link.timeout", name, `The stage does not come to rest: ${state}.`);
      } else {
        await sleep(clock, POLL_MS);
      }
    }
  }

  async function home(): Promise<void> {
    const on = live();
    if (alarmCode !== undefined) await reset(on);
    loseReference();
    isHoming = true;
    try {
      await on.send([GRBL_HOME], homingDeadlineMs);
    } finally {
      isHoming = false;
    }
    const reading = toRack(await on.status(statusWaitMs));
    if (!reading.atRest) throw new Fault("stage.position", name, "The stage is not at rest after homing.");
    isHomed = true;
    lastKnown = reading;
  }

  async function moveTo(target: StagePosition, signal?: AbortSignal): Promise<StageReading> {
    signal?.throwIfAborted();
    const on = live();
    if (!isHomed) throw notHomed();
    const machineXMm = geometry.offsetXMm + target.xMm - travelMm.x;
    const machineYMm = geometry.offsetYMm + target.yMm - travelMm.y;
    if (!withinTravel(machineXMm, travelMm.x) || !withinTravel(machineYMm, travelMm.y)) {
      throw new Fault("stage.position", name, `The target ${placeText(target)} lies outside the stage's travel.`, {
        xMm: Number.isFinite(target.xMm) ? target.xMm : null,
        yMm: Number.isFinite(target.yMm) ? target.yMm : null,
      });
    }
    const deadlineMs = motionMs(target) + MOVE_MARGIN_MS;
    // Where it is while it moves is not known; the next deadline must not trust a start that no longer holds.
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
      const reading = await performMove(on, encodeRapidTo(machineXMm, machineYMm), deadlineMs, target);
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

  async function performMove(
    on: GrblSession,
    line: string,
    deadlineMs: number,
    target: StagePosition,
  ): Promise<StageReading> {
    try {
      await on.send([line, GRBL_WAIT_FOR_REST], deadlineMs);
    } catch (error) {
      // No answer is no proof that nothing moved: what the stage itself says decides.
      if (!(error instanceof Fault) || error.code !== "link.timeout" || !on.isOpen) throw error;
    }
    const restSinceMs = clock.monoMs();
    const status = await on.status(statusWaitMs);
    const reading = toRack(status);
    if (!reading.atRest) {
      await halt();
      throw new Fault("stage.position", name, `The stage was still in ${status.state} when its move was due.`);
    }
    if (!isHomed) throw notHomed();
    const offXMm = Math.abs(reading.xMm - target.xMm);
    const offYMm = Math.abs(reading.yMm - target.yMm);
    if (Math.max(offXMm, offYMm) > deps.positionToleranceMm) {
      throw new Fault(
        "stage.position",
        name,
        `The stage rests at ${placeText(reading)}, not at ${placeText(target)}.`,
        {
          xMm: reading.xMm,
          yMm: reading.yMm,
          toleranceMm: deps.positionToleranceMm,
        },
      );
    }
    return { ...reading, restSinceMs };
  }

  /** One at a time: a reset that met another's would look like a restart. */
  function halt(): Promise<void> {
    halting ??= haltNow().finally(() => {
      halting = null;
    });
    return halting;
  }

  async function haltNow(): Promise<void> {
    const on = live();
    if (isHoming) {
      // A feed hold does not reach homing; there is no position to keep.
      on.abandon(stopped());
      await reset(on);
      return;
    }
    const untilMs = clock.monoMs() + (motion.speedMmS / motion.accelerationMmS2) * 1000 + HOLD_MARGIN_MS;
    on.realtime("feedHold");
    for (;;) {
      const { state, subState } = await on.status(statusWaitMs);
      // At rest, and nothing left that a resume could start.
      if (state === "Alarm" || state === "Sleep" || state === "Check") return;
      if (state === "Hold" && subState === 0) break;
      if (clock.monoMs() > untilMs) throw new Fault("link.timeout", name, `The stage did not stop: ${state}.`);
      await sleep(clock, POLL_MS);
      on.realtime("feedHold");
    }
    // In Hold:0 a reset raises no alarm and keeps the step count; it discards the rest of the move. What still
    // waits for an answer is given up first: the late `ok` of an interrupted line is not success.
    on.abandon(stopped());
    await reset(on);
    lastKnown = undefined;
  }

  async function read(): Promise<StageReading> {
    const on = live();
    const reading = toRack(await on.status(statusWaitMs));
    if (!isHomed) throw notHomed();
    return reading;
  }

  function toRack(status: GrblStatus): StageReading {
    if (status.machine === null) {
      throw new Fault("link.garbled", name, "The status report carries no machine position; $10 must have bit 0 set.");
    }
    return {
      xMm: rounded(status.machine.xMm + travelMm.x - geometry.offsetXMm),
      yMm: rounded(status.machine.yMm + travelMm.y - geometry.offsetYMm),
      atRest: status.state === "Idle" || (status.state === "Hold" && status.subState === 0),
    };
  }

  /** Trapezoid of the slower axis; from an unknown place, the whole travel. */
  function motionMs(target: StagePosition): number {
    const xMm = lastKnown === undefined ? travelMm.x : Math.abs(target.xMm - lastKnown.xMm);
    const yMm = lastKnown === undefined ? travelMm.y : Math.abs(target.yMm - lastKnown.yMm);
    return trapezoidMs(Math.max(xMm, yMm), motion.speedMmS, motion.accelerationMmS2);
  }

  function notHomed(): Fault {
    return new Fault("stage.not-homed", name, "The stage has not been homed since its link was opened.");
  }

  function stopped(): Fault {
    return new Fault("stage.position", name, "The motion was stopped on request before its target was reached.");
  }

  return {
    name,
    driver: "grbl",
    connect: () => oneAtATime(connect),
    disconnect() {
      const closing = session;
      session = undefined;
      loseReference();
      closing?.close();
    },
    onFault(handler) {
      faultHandlers.add(handler);
      return () => {
        faultHandlers.delete(handler);
      };
    },
    home: () => oneAtATime(home),
    moveTo: (target, signal) => oneAtATime(() => moveTo(target, signal)),
    read,
    halt,
  };
}

/** `$I` answers `[VER:1.1h.20190830:note]` and `[OPT:...]`. */
function identityFrom(messages: readonly GrblMessage[]): Identity | undefined {
  for (const message of messages) {
    if (message.kind !== "feedback" || message.name !== "VER") continue;
    const [version = "", note = ""] = message.text.split(":");
    return {
      model: `GRBL ${version.split(".").slice(0, 2).join(".")}`,
      serialNumber: note === "" ? null : note,
      firmware: version,
    };
  }
  return undefined;
}

function withinTravel(machineMm: number, travelMm: number): boolean {
  // Half of the wire's resolution: what is sent is rounded to it.
  return machineMm > -travelMm - 0.0005 && machineMm < 0.0005;
}

/** Reports have three decimals; the sums must not add more. */
function rounded(mm: number): number {
  return Math.round(mm * 1000) / 1000;
}

function placeText(place: StagePosition): string {
  return `X ${place.xMm.toFixed(3)} mm, Y ${place.yMm.toFixed(3)} mm`;
}
