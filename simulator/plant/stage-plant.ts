/**
 * The true stage: straight moves, trapezoidal on the axis with the longer way, the other in step with it. Moves
 * asked for while moving follow each other. Coordinates are those of whoever moves it.
 *
 * Motors and table are two things. The motors are where the steps sent put them, and that is what a controller
 * counts; the table, with the cells on it, falls behind when steps are lost, and swings a little after each stop.
 */
import type { Felt } from "./felt.ts";
import type { StagePlant } from "./plant.ts";
import { speedMmS, trapezoid, wayMm, type Trapezoid } from "./trapezoid.ts";

export interface StagePlantOptions {
  readonly speedMmS: number;
  readonly accelerationMmS2: number;
  readonly homingSpeedMmS?: number;
  /** Where homing leaves it. */
  readonly homeXMm: number;
  readonly homeYMm: number;
  /** Where it stands when the world begins. */
  readonly startXMm: number;
  readonly startYMm: number;
  /** The table's own frequency; without it the table does not swing. */
  readonly swingHz?: number;
  /** The swing falls by e in this time, and is over after five of them. Default 15 ms. */
  readonly swingDecayMs?: number;
  /** Between the limit switches; without them the table meets nothing. */
  readonly limits?: { readonly travelXMm: number; readonly travelYMm: number };
}

export interface ObservedStagePlant extends StagePlant {
  /** Where the table truly is. */
  tableXMm(atMs: number): number;
  tableYMm(atMs: number): number;
  /** The next move stalls: at its end the table is short of the motors by this much, until it is homed. */
  loseSteps(xMm: number, yMm: number, felt?: Felt): void;
  /** Told, when a move is begun, at what time it will run the table onto a limit switch; one handler. */
  onLimitAhead(handler: (atMs: number, axis: "x" | "y") => void): void;
  /** Appends the instants strictly between the two times where a motion starts or ends. */
  addBreaks(fromMs: number, toMs: number, into: number[]): void;
  /** The past before `atMs` will not be asked for again. */
  forgetBefore(atMs: number): void;
  /** Told of every move that is begun, homing included, and whether it is the one off the switch that homing found; one handler. */
  onMove(handler: (atMs: number, endsHoming: boolean) => void): void;
}

interface Leg {
  readonly startMs: number;
  readonly endMs: number;
  readonly xMm: number;
  readonly yMm: number;
  /** Way in x and y per millimetre of the deciding axis. */
  readonly perX: number;
  readonly perY: number;
  readonly motion: Trapezoid;
  /** Seconds into `motion` at `startMs`: a stop begins in the middle of one. */
  readonly offsetS: number;
  readonly endXMm: number;
  readonly endYMm: number;
  /** Table less motors, before and after. */
  readonly slipX: number;
  readonly slipY: number;
  readonly endSlipX: number;
  readonly endSlipY: number;
}

/** More moves than fall into one opening of the shutter, whose past may still be asked for. */
const LEGS_KEPT = 64;
/** The switches stand this far outside the travel. */
const SWITCH_MM = 1;
const SWING_DECAYS = 5;

export function createStagePlant(options: StagePlantOptions): ObservedStagePlant {
  const legs: Leg[] = [];
  const rest = { xMm: options.startXMm, yMm: options.startYMm };
  let isHomed = false;
  let homedAtMs = Infinity;
  let moveHandler: ((atMs: number, endsHoming: boolean) => void) | undefined;
  let limitHandler: ((atMs: number, axis: "x" | "y") => void) | undefined;
  const toLose = { xMm: 0, yMm: 0 };
  let feltLoss: Felt | undefined;
  const decayMs = options.swingDecayMs ?? 15;
  const swingPerMs = (2 * Math.PI * (options.swingHz ?? 0)) / 1000;
  /** What the deceleration has bent the table by when it ends. */
  const swingMm = options.swingHz === undefined ? 0 : options.accelerationMmS2 / (2 * Math.PI * options.swingHz) ** 2;

  function lastLeg(): Leg | undefined {
    return legs[legs.length - 1];
  }

  function legAt(atMs: number): Leg | undefined {
    let found: Leg | undefined;
    for (const leg of legs) if (leg.startMs <= atMs) found = leg;
    return found;
  }

  function wayAt(leg: Leg, atMs: number): number {
    return wayMm(leg.motion, leg.offsetS + (atMs - leg.startMs) / 1000) - wayMm(leg.motion, leg.offsetS);
  }

  function xAt(atMs: number): number {
    const leg = legAt(atMs);
    if (leg === undefined) return rest.xMm;
    return atMs >= leg.endMs ? leg.endXMm : leg.xMm + leg.perX * wayAt(leg, atMs);
  }

  function yAt(atMs: number): number {
    const leg = legAt(atMs);
    if (leg === undefined) return rest.yMm;
    return atMs >= leg.endMs ? leg.endYMm : leg.yMm + leg.perY * wayAt(leg, atMs);
  }

  /** How far through its way a leg is, 0..1. */
  function done(leg: Leg, atMs: number): number {
    if (atMs >= leg.endMs) return 1;
    const length = Math.max(Math.abs(leg.endXMm - leg.xMm), Math.abs(leg.endYMm - leg.yMm));
    return length === 0 ? 0 : Math.max(0, wayAt(leg, atMs)) / length;
  }

  function swing(leg: Leg, atMs: number): number {
    const sinceMs = atMs - leg.endMs;
    if (swingMm === 0 || sinceMs <= 0 || sinceMs >= SWING_DECAYS * decayMs) return 0;
    return swingMm * Math.exp(-sinceMs / decayMs) * Math.sin(swingPerMs * sinceMs);
  }

  function tableX(atMs: number): number {
    const leg = legAt(atMs);
    if (leg === undefined) return rest.xMm;
    return xAt(atMs) + leg.slipX + (leg.endSlipX - leg.slipX) * done(leg, atMs) + leg.perX * swing(leg, atMs);
  }

  function tableY(atMs: number): number {
    const leg = legAt(atMs);
    if (leg === undefined) return rest.yMm;
    return yAt(atMs) + leg.slipY + (leg.endSlipY - leg.slipY) * done(leg, atMs) + leg.perY * swing(leg, atMs);
  }

  function lookForLimit(leg: Leg): void {
    if (options.limits === undefined || limitHandler === undefined) return;
    const { travelXMm, travelYMm } = options.limits;
    const isOn = (mm: number, travelMm: number): boolean => mm < -SWITCH_MM || mm > travelMm + SWITCH_MM;
    for (const [axis, at, travelMm] of [
      ["x", tableX, travelXMm],
      ["y", tableY, travelYMm],
    ] as const) {
      if (!isOn(at(leg.endMs), travelMm)) continue;
      let low = leg.startMs;
      let high = leg.endMs;
      for (let turn = 0; turn < 50 && !isOn(at(low), travelMm); turn += 1) {
        const middle = (low + high) / 2;
        if (isOn(at(middle), travelMm)) high = middle;
        else low = middle;
      }
      limitHandler(high, axis);
      return;
    }
  }

  function addLeg(atMs: number, xMm: number, yMm: number, limitMmS: number, isHoming = false): number {
    const last = lastLeg();
    const startMs = last === undefined ? atMs : Math.max(atMs, last.endMs);
    // Homing goes by the switches, so it starts from where the table is, and what was lost is found again.
    const slipX = isHoming ? 0 : (last?.endSlipX ?? 0);
    const slipY = isHoming ? 0 : (last?.endSlipY ?? 0);
    const fromX = (last?.endXMm ?? rest.xMm) + (isHoming ? (last?.endSlipX ?? 0) : 0);
    const fromY = (last?.endYMm ?? rest.yMm) + (isHoming ? (last?.endSlipY ?? 0) : 0);
    const length = Math.max(Math.abs(xMm - fromX), Math.abs(yMm - fromY));
    if (length === 0) return startMs;
    moveHandler?.(atMs, !isHoming && atMs === homedAtMs);
    const motion = trapezoid(length, limitMmS, options.accelerationMmS2);
    const endMs = startMs + motion.durationS * 1000;
    if (legs.length >= LEGS_KEPT) legs.splice(0, LEGS_KEPT / 2);
    const leg: Leg = {
      startMs,
      endMs,
      xMm: fromX,
      yMm: fromY,
      perX: (xMm - fromX) / length,
      perY: (yMm - fromY) / length,
      motion,
      offsetS: 0,
      endXMm: xMm,
      endYMm: yMm,
      slipX,
      slipY,
      endSlipX: slipX - (isHoming ? 0 : toLose.xMm),
      endSlipY: slipY - (isHoming ? 0 : toLose.yMm),
    };
    // Homing finds the place, whatever was to be lost.
    if (!isHoming) feltLoss?.();
    feltLoss = undefined;
    toLose.xMm = 0;
    toLose.yMm = 0;
    legs.push(leg);
    if (!isHoming) lookForLimit(leg);
    return endMs;
  }

  return {
    moveTo: (atMs, xMm, yMm) => addLeg(atMs, xMm, yMm, options.speedMmS),
    home(atMs) {
      isHomed = true;
      homedAtMs = addLeg(atMs, options.homeXMm, options.homeYMm, options.homingSpeedMmS ?? 25, true);
      return homedAtMs;
    },
    halt(atMs) {
      const leg = legAt(atMs);
      if (homedAtMs > atMs) isHomed = false;
      while ((lastLeg()?.startMs ?? -Infinity) > atMs) legs.pop();
      if (leg === undefined || atMs >= leg.endMs) return atMs;
      const sinceS = leg.offsetS + (atMs - leg.startMs) / 1000;
      const speed = speedMmS(leg.motion, sinceS);
      const { accelerationMmS2 } = options;
      // The second half of a trapezoid that peaks at the present speed.
      const stopMm = (speed * speed) / (2 * accelerationMmS2);
      const stopS = speed / accelerationMmS2;
      const motion = trapezoid(2 * stopMm, speed, accelerationMmS2);
      const xMm = xAt(atMs);
      const yMm = yAt(atMs);
      const endMs = atMs + stopS * 1000;
      const share = done(leg, atMs);
      const slipX = leg.slipX + (leg.endSlipX - leg.slipX) * share;
      const slipY = leg.slipY + (leg.endSlipY - leg.slipY) * share;
      legs.push({
        startMs: atMs,
        endMs,
        xMm,
        yMm,
        perX: leg.perX,
        perY: leg.perY,
        motion,
        offsetS: stopS,
        endXMm: xMm + leg.perX * stopMm,
        endYMm: yMm + leg.perY * stopMm,
        slipX,
        slipY,
        endSlipX: slipX,
        endSlipY: slipY,
      });
      return endMs;
    },
    xMm: xAt,
    yMm: yAt,
    tableXMm: tableX,
    tableYMm: tableY,
    loseSteps(xMm, yMm, felt) {
      feltLoss = felt;
      toLose.xMm += xMm;
      toLose.yMm += yMm;
    },
    onLimitAhead(handler) {
      limitHandler = handler;
    },
    isMoving(atMs) {
      const leg = legAt(atMs);
      return leg !== undefined && atMs < leg.endMs;
    },
    get isHomed() {
      return isHomed;
    },
    addBreaks(fromMs, toMs, into) {
      for (const leg of legs) {
        if (leg.startMs > fromMs && leg.startMs < toMs) into.push(leg.startMs);
        if (leg.endMs > fromMs && leg.endMs < toMs) into.push(leg.endMs);
      }
    },
    onMove(handler) {
      moveHandler = handler;
    },
    forgetBefore(atMs) {
      while (legs.length > 1 && (legs[1]?.startMs ?? Infinity) <= atMs) legs.shift();
    },
  };
}
