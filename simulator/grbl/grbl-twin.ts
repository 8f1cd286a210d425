/**
 * A GRBL 1.1h controller as seen from its serial port: greeting, one `ok` or `error:N` per line, real-time bytes,
 * status reports with their cadence, alarms that go deaf, homing in silence. Simplified: the plant has one speed, so
 * a feed rate is demanded and remembered but every move runs at the rapid rate; Z has no plant and arrives with X, Y.
 */
import type { DeviceEnd, StagePlant, WorldClock } from "../plant/plant.ts";
import { createTwinConsole } from "./grbl-twin-console.ts";
import { createTwinCoordinates, isBeyondLimits } from "./grbl-twin-coordinates.ts";
import {
  type GcodeAction,
  initialModalState,
  modalStateLine,
  type ModalState,
  parseGcode,
  parseJog,
} from "./grbl-twin-gcode.ts";
import { createTwinMotion, type MachinePlace, PLANNER_BLOCKS } from "./grbl-twin-motion.ts";
import { createReportCadence } from "./grbl-twin-report.ts";
import { createTwinSettings } from "./grbl-twin-settings.ts";
import { runSystemCommand } from "./grbl-twin-system.ts";

export interface GrblTwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  readonly stage: StagePlant;
  /** Overrides of the reference site's settings, by `$` number. */
  readonly settings?: Readonly<Record<number, number>>;
  /** The board resets when its port is opened (DTR). Default true, as common boards do. */
  readonly resetsOnOpen?: boolean;
  /** Boot loader's time before the greeting. */
  readonly bootMs?: number;
}

export interface GrblTwin {
  /** Power off and on: counters, queue and modal state are lost, settings stay. */
  powerCycle(): void;
  /** The next homing ends with this alarm (8 or 9). */
  failNextHoming(alarm: number): void;
  /** A limit switch closes: alarm 1. */
  hitLimitSwitch(): void;
}

type State = "Idle" | "Run" | "Jog" | "Alarm" | "Check" | "Home" | "Sleep";

const LINE_LENGTH_MAX = 79;
/** The pause of the firmware after an alarm. */
const ALARM_PAUSE_MS = 500;
/** Dwells run in whole grains of this. */
const DWELL_GRAIN_MS = 50;
const GREETING = "\r\nGrbl 1.1h ['$' for help]\r\n";

export function createGrblTwin(deps: GrblTwinDeps): GrblTwin {
  const { end, clock } = deps;
  const settings = createTwinSettings(deps.settings);
  const cadence = createReportCadence();
  const motion = createTwinMotion({
    stage: deps.stage,
    clock,
    settings,
    onProgress: () => {
      if (motion.blockCount === 0 && (state === "Run" || state === "Jog")) state = "Idle";
      goOn();
    },
  });
  let state: State = "Idle";
  let modal: ModalState = initialModalState();
  const coordinates = createTwinCoordinates();
  let isDead = false;
  /** In the endless loop of a critical alarm: only a reset gets through. */
  let isDeaf = false;
  let homingAlarm = 0;
  let wasAskedWhileHoming = false;
  const serial = createTwinConsole({
    end,
    clock,
    // A hold suspends the reading of lines as well.
    isSuspended: () => isDead || isDeaf || motion.hold !== "none" || state === "Sleep",
    execute,
  });
  const { say, answer, block, goOn, later, flush } = serial;

  function execute(line: string): void {
    if (line.length > LINE_LENGTH_MAX) answer(11);
    else if (line === "") answer(0);
    else if (line.startsWith("$")) executeSystem(line);
    else if (state === "Alarm" || state === "Jog") answer(9);
    else executeGcode(line);
  }

  function executeGcode(line: string): void {
    const result = parseGcode(line, modal);
    if ("error" in result) {
      answer(result.error);
      return;
    }
    const offsetBefore = modal.workSystem;
    modal = result.modal;
    if (offsetBefore !== modal.workSystem) cadence.workOffsetChanged();
    perform(result.action);
  }

  function perform(action: GcodeAction): void {
    switch (action.kind) {
      case "nothing":
        answer(0);
        return;
      case "dwell":
        if (state === "Check") {
          ok();
          return;
        }
        block(isPlannerEmpty, () => {
          const dwellMs = Math.ceil((action.seconds * 1000) / DWELL_GRAIN_MS) * DWELL_GRAIN_MS;
          const endMs = clock.nowMs() + dwellMs;
          if (dwellMs > 0) later(dwellMs, goOn);
          block(() => clock.nowMs() >= endMs, ok);
        });
        return;
      case "offset":
        block(isPlannerEmpty, () => {
          coordinates.set(action, action.workSystem < 0 ? modal.workSystem : action.workSystem, motion.believed());
          cadence.workOffsetChanged();
          answer(0);
        });
        return;
      case "move": {
        const target = coordinates.target(action.frame, action.axes, modal.workSystem, motion.planned());
        if (isBeyondLimits(settings, target)) raiseSoftLimit();
        else if (state === "Check") ok();
        else startMove(target, "Run");
        return;
      }
    }
  }

  function startMove(target: MachinePlace, moving: "Run" | "Jog"): void {
    const hasSpace = (): boolean => motion.blockCount < PLANNER_BLOCKS;
    block(hasSpace, () => {
      motion.queue(target);
      if (motion.blockCount > 0) state = moving;
      ok();
    });
  }

  function ok(): void {
    answer(0);
  }

  function isPlannerEmpty(): boolean {
    return motion.blockCount === 0;
  }

  function raiseSoftLimit(): void {
    // The line that offended still gets its `ok`, but only once a reset has ended the loop.
    block(
      () => false,
      () => undefined,
    );
    // Running motion is brought to rest first.
    motion.startHold(() => {
      motion.clear();
      raiseCritical(2);
      flush();
    });
  }

  function raiseCritical(alarm: number): void {
    state = "Alarm";
    isDeaf = true;
    say(`ALARM:${alarm}`);
    later(ALARM_PAUSE_MS, () => {
      say("[MSG:Reset to continue]");
    });
  }

  function executeSystem(line: string): void {
    const isAtRest = state === "Idle" || state === "Alarm";
    if (line === "$G") {
      say(modalStateLine(modal));
      answer(0);
    } else if (line.startsWith("$J=")) {
      executeJog(line.slice(3));
    } else if (line === "$C" && state === "Check") {
      answer(0);
      reset();
    } else if (!isAtRest) {
      answer(8);
    } else {
      executeAtRest(line);
    }
  }

  function executeAtRest(line: string): void {
    const result = runSystemCommand(line, settings, coordinates, state === "Alarm");
    for (const printed of result.lines) say(printed);
    switch (result.effect) {
      case "home":
        runHoming();
        return;
      case "unlock":
        state = "Idle";
        break;
      case "check":
        state = "Check";
        break;
      case "sleep":
        state = "Sleep";
        break;
      case "none":
        break;
    }
    answer(result.error);
  }

  function executeJog(words: string): void {
    if (state !== "Idle" && state !== "Jog") {
      answer(8);
      return;
    }
    const jog = parseJog(words, modal);
    if ("error" in jog) {
      answer(jog.error);
      return;
    }
    const target = coordinates.target(jog.frame, jog.axes, modal.workSystem, motion.planned());
    if (isBeyondLimits(settings, target)) answer(15);
    else startMove(target, "Jog");
  }

  function runHoming(): void {
    state = "Home";
    wasAskedWhileHoming = false;
    let isDone = false;
    motion.home(() => {
      isDone = true;
      if (homingAlarm === 0) goOn();
      else endHomingWith(homingAlarm);
    });
    block(
      () => isDone,
      () => {
        if (wasAskedWhileHoming) say(statusLine());
        state = "Idle";
        // Lines sent meanwhile were discarded with the receive buffer.
        serial.discardInput();
        answer(0);
      },
    );
  }

  function endHomingWith(alarm: number): void {
    homingAlarm = 0;
    state = "Alarm";
    isDeaf = true;
    say(`ALARM:${alarm}`);
    flush();
    later(ALARM_PAUSE_MS, () => {
      answer(0);
      restart();
    });
  }

  /** 0x18 */
  function reset(): void {
    const { isLineOpen } = serial;
    if (state === "Home") {
      motion.stopDead();
      endHomingWith(6);
      return;
    }
    if (motion.isMoving) {
      motion.stopDead();
      serial.newEpoch();
      state = "Alarm";
      isDeaf = true;
      serial.discardInput();
      say("ALARM:3");
      flush();
      later(ALARM_PAUSE_MS, () => {
        if (isLineOpen) answer(0);
        restart();
      });
      return;
    }
    if (isLineOpen) answer(0);
    restart();
  }

  function restart(): void {
    serial.newEpoch();
    serial.abandonLine();
    serial.discardInput();
    isDeaf = false;
    modal = initialModalState();
    cadence.restart();
    state = state === "Alarm" || state === "Sleep" ? "Alarm" : "Idle";
    serial.print(GREETING);
    if (state === "Alarm") say("[MSG:'$H'|'$X' to unlock]");
    motion.clear();
    flush();
  }

  function powerUp(): void {
    isDead = false;
    motion.forgetPlace();
    state = settings.get(22) === 0 ? "Idle" : "Alarm";
    restart();
  }

  function powerCycle(): void {
    serial.newEpoch();
    serial.discardInput();
    isDead = true;
    motion.stopDead();
    later(deps.bootMs ?? 1500, powerUp);
  }

  function statusLine(): string {
    const isHeld = motion.hold !== "none" && state !== "Jog";
    return cadence.report({
      state: isHeld ? `Hold:${motion.hold === "slowing" ? 1 : 0}` : state,
      machine: motion.believed(),
      workOffset: coordinates.offset(modal.workSystem),
      feedMmMin: motion.feedMmMin(),
      mask: settings.get(10),
      isInches: settings.get(13) !== 0,
      freeBlocks: PLANNER_BLOCKS - motion.blockCount,
      freeBytes: serial.freeByteCount,
    });
  }

  function feedHold(): void {
    if (state === "Jog") jogCancel();
    else if (state === "Run" || state === "Idle") motion.startHold(goOn);
  }

  function resume(): void {
    if (motion.hold !== "stopped") return;
    motion.resume();
    goOn();
  }

  function jogCancel(): void {
    if (state !== "Jog") return;
    motion.startHold(() => {
      serial.discardInput();
      motion.clear();
      state = "Idle";
      goOn();
    });
  }

  function realtime(byte: number): boolean {
    switch (byte) {
      case 0x18:
        reset();
        return true;
      case 0x3f:
        if (state === "Home") wasAskedWhileHoming = true;
        else if (!isDeaf) say(statusLine());
        return true;
      case 0x21:
        feedHold();
        return true;
      case 0x7e:
        resume();
        return true;
      case 0x85:
        jogCancel();
        return true;
      default:
        return byte > 0x7f;
    }
  }

  end.onOpen(() => {
    if (deps.resetsOnOpen ?? true) powerCycle();
  });
  end.onData((chunk) => {
    if (isDead) return;
    for (const byte of chunk) {
      if (!realtime(byte)) serial.receive(byte);
    }
    goOn();
  });

  state = settings.get(22) === 0 ? "Idle" : "Alarm";

  return {
    powerCycle,
    failNextHoming(alarm) {
      homingAlarm = alarm;
    },
    hitLimitSwitch() {
      motion.stopDead();
      raiseCritical(1);
      flush();
    },
  };
}
