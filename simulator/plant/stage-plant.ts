/**
 * The true stage: straight moves, trapezoidal on the axis with the longer way, the other in step with it. Moves
 * asked for while moving follow each other. Coordinates are those of whoever moves it.
 */
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
}

export interface ObservedStagePlant extends StagePlant {
  /** Appends the instants strictly between the two times where a motion starts or ends. */
  addBreaks(fromMs: number, toMs: number, into: number[]): void;
  /** The past before `atMs` will not be asked for again. */
  forgetBefore(atMs: number): void;
  /** Told of every move that is begun, homing included; one handler. */
  onMove(handler: (atMs: number) => void): void;
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
}

/** More moves than fall into one opening of the shutter, whose past may still be asked for. */
const LEGS_KEPT = 64;

export function createStagePlant(options: StagePlantOptions): ObservedStagePlant {
  const legs: Leg[] = [];
  const rest = { xMm: options.startXMm, yMm: options.startYMm };
  let isHomed = false;
  let homedAtMs = Infinity;
  let moveHandler: ((atMs: number) => void) | undefined;

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

  function addLeg(atMs: number, xMm: number, yMm: number, limitMmS: number): number {
    const last = lastLeg();
    const startMs = last === undefined ? atMs : Math.max(atMs, last.endMs);
    const fromX = last?.endXMm ?? rest.xMm;
    const fromY = last?.endYMm ?? rest.yMm;
    const length = Math.max(Math.abs(xMm - fromX), Math.abs(yMm - fromY));
    if (length === 0) return startMs;
    moveHandler?.(atMs);
    const motion = trapezoid(length, limitMmS, options.accelerationMmS2);
    const endMs = startMs + motion.durationS * 1000;
    if (legs.length >= LEGS_KEPT) legs.splice(0, LEGS_KEPT / 2);
    legs.push({
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
    });
    return endMs;
  }

  return {
    moveTo: (atMs, xMm, yMm) => addLeg(atMs, xMm, yMm, options.speedMmS),
    home(atMs) {
      isHomed = true;
      homedAtMs = addLeg(atMs, options.homeXMm, options.homeYMm, options.homingSpeedMmS ?? 25);
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
      });
      return endMs;
    },
    xMm: xAt,
    yMm: yAt,
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
