/**
 * A GRBL 1.1h controller as seen from its serial port: greeting, one `ok` or `error:N` per line, real-time bytes,
 * status reports with their cadence, alarms that go deaf, homing in silence. Simplified: the plant has one speed, so
 * a feed rate is demanded and remembered but every move runs at the rapid rate; Z has no plant and arrives with X, Y.
 */
import type { DeviceEnd, StagePlant, WorldClock } from "../plant/plant.ts";
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

const RX_BUFFER = 128;
const LINE_LENGTH_MAX = 79;
/** The pause of the firmware after an alarm. */
const ALARM_PAUSE_MS = 500;
/** Dwells run in whole grains of this. */
const DWELL_GRAIN_MS = 50;
const GREETING = "\r\nGrbl 1.1h ['$' for help]\r\n";
const UNLOCK_HINT = "[MSG:'$H'|'$X' to unlock]\r\n";

export function createGrblTwin(deps: GrblTwinDeps): GrblTwin {
  const { end, clock } = deps;
  const settings = createTwinSettings(deps.settings);
  const cadence = createReportCadence();
  const encoder = new TextEncoder();
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
  let received = "";
  let text = "";
  /** What the line being executed waits for; null while lines flow. */
  let blockedBy: (() => boolean) | null = null;
  let afterBlock: (() => void) | null = null;
  let isDead = false;
  /** In the endless loop of a critical alarm: only a reset gets through. */
  let isDeaf = false;
  let homingAlarm = 0;
  let wasAskedWhileHoming = false;
  let epoch = 0;

  function say(line: string): void {
    text += `${line}\r\n`;
  }

  function flush(): void {
    if (text === "") return;
    const chunk = encoder.encode(text);
    text = "";
    end.send(chunk);
  }

  function later(ms: number, fn: () => void): void {
    const asked = epoch;
    clock.at(clock.nowMs() + ms, () => {
      if (epoch !== asked) return;
      fn();
      flush();
    });
  }

  function block(until: () => boolean, then: () => void): void {
    if (until()) {
      then();
      return;
    }
    blockedBy = until;
    afterBlock = then;
  }

  /** Runs what waits, then the lines received, until something waits again. */
  function goOn(): void {
    for (;;) {
      // A hold suspends the reading of lines as well.
      if (isDead || isDeaf || motion.hold !== "none" || state === "Sleep") break;
      if (blockedBy !== null) {
        if (!blockedBy()) break;
        const then = afterBlock;
        blockedBy = null;
        afterBlock = null;
        then?.();
        continue;
      }
      const lineEnd = received.search(/[\r\n]/);
      if (lineEnd < 0) break;
      const line = received.slice(0, lineEnd);
      received = received.slice(lineEnd + 1);
      execute(line);
    }
    flush();
  }

  function answer(error: number): void {
    say(error === 0 ? "ok" : `error:${error}`);
  }

  function execute(rawLine: string): void {
    const line = strip(rawLine);
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
          answer(0);
          return;
        }
        block(isPlannerEmpty, () => {
          const grains = Math.ceil((action.seconds * 1000) / DWELL_GRAIN_MS);
          if (grains === 0) {
            answer(0);
            return;
          }
          const endMs = clock.nowMs() + grains * DWELL_GRAIN_MS;
          later(grains * DWELL_GRAIN_MS, goOn);
          block(
            () => clock.nowMs() >= endMs,
            () => {
              answer(0);
            },
          );
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
        if (isBeyondLimits(settings, target)) {
          raiseSoftLimit();
          return;
        }
        if (state === "Check") {
          answer(0);
          return;
        }
        block(
          () => motion.blockCount < PLANNER_BLOCKS,
          () => {
            startMove(target, "Run");
            answer(0);
          },
        );
        return;
      }
    }
  }

  function startMove(target: MachinePlace, moving: "Run" | "Jog"): void {
    motion.queue(target);
    if (motion.blockCount > 0) state = moving;
  }

  function isPlannerEmpty(): boolean {
    return motion.blockCount === 0;
  }

  function raiseSoftLimit(): void {
    // The line that offended still gets its `ok`, but only once a reset has ended the loop.
    blockedBy = () => false;
    afterBlock = null;
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
    else {
      block(
        () => motion.blockCount < PLANNER_BLOCKS,
        () => {
          startMove(target, "Jog");
          answer(0);
        },
      );
    }
  }

  function runHoming(): void {
    state = "Home";
    wasAskedWhileHoming = false;
    let isDone = false;
    const asked = epoch;
    motion.home(() => {
      if (epoch !== asked) return;
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
        received = "";
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
    if (isDead) return;
    const isLineOpen = blockedBy !== null;
    if (state === "Home") {
      motion.stopDead();
      endHomingWith(6);
      return;
    }
    if (motion.isMoving) {
      motion.stopDead();
      epoch += 1;
      state = "Alarm";
      isDeaf = true;
      received = "";
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
    epoch += 1;
    blockedBy = null;
    afterBlock = null;
    isDeaf = false;
    received = "";
    modal = initialModalState();
    cadence.restart();
    if (state !== "Alarm" && state !== "Sleep") state = "Idle";
    else state = "Alarm";
    text += GREETING;
    if (state === "Alarm") text += UNLOCK_HINT;
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
    epoch += 1;
    isDead = true;
    text = "";
    received = "";
    motion.stopDead();
    later(deps.bootMs ?? 1500, powerUp);
  }

  function statusLine(): string {
    const isHeld = motion.hold !== "none" && state !== "Jog";
    const name = isHeld ? `Hold:${motion.hold === "slowing" ? 1 : 0}` : state;
    return cadence.report({
      state: name,
      machine: motion.believed(),
      workOffset: coordinates.offset(modal.workSystem),
      feedMmMin: motion.feedMmMin(),
      mask: settings.get(10),
      isInches: settings.get(13) !== 0,
      freeBlocks: PLANNER_BLOCKS - motion.blockCount,
      freeBytes: RX_BUFFER - received.length,
    });
  }

  function feedHold(): void {
    if (state === "Jog") {
      jogCancel();
    } else if (state === "Run" || state === "Idle") {
      motion.startHold(goOn);
    }
  }

  function resume(): void {
    if (motion.hold !== "stopped") return;
    motion.resume();
    goOn();
  }

  function jogCancel(): void {
    if (state !== "Jog") return;
    motion.startHold(() => {
      received = "";
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
  end.onClose(() => undefined);
  end.onData((chunk) => {
    if (isDead) return;
    for (const byte of chunk) {
      if (realtime(byte)) continue;
      if (received.length < RX_BUFFER) received += String.fromCharCode(byte);
      // Lines are read as they come in, so that the buffer only fills while something blocks.
      if (byte === 0x0a || byte === 0x0d) goOn();
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

/** White space, control characters and comments go, letters become capitals. */
function strip(line: string): string {
  let out = "";
  let isInComment = false;
  for (const character of line) {
    if (isInComment) isInComment = character !== ")";
    else if (character === ";") break;
    else if (character === "(") isInComment = true;
    else if (character > " " && character !== "/") out += character.toUpperCase();
  }
  return out;
}
