/**
 * A stage whose two axes are moved each by itself, as axis controllers do: each runs its own trapezoid. For the
 * rest of the world it is the same table as any other.
 */
import { createStagePlant, type ObservedStagePlant, type StagePlantOptions } from "./stage-plant.ts";

/** One axis, in millimetres of whoever moves it. */
export interface StageAxis {
  /** Starts a move, in place of the one under way, and returns when it will be at rest. */
  moveTo(atMs: number, mm: number): number;
  /** Starts homing and returns when it will be done. */
  home(atMs: number): number;
  /** Controlled stop; returns when at rest. */
  halt(atMs: number): number;
  mm(atMs: number): number;
  isMoving(atMs: number): boolean;
}

export interface TwoAxisStagePlant extends ObservedStagePlant {
  readonly axes: { readonly x: StageAxis; readonly y: StageAxis };
}

export function createTwoAxisStagePlant(options: StagePlantOptions): TwoAxisStagePlant {
  const { homeXMm, homeYMm, startXMm, startYMm, limits, ...common } = options;
  // Each is a table of its own that only ever moves along its first direction.
  const x = createStagePlant({
    ...common,
    homeXMm,
    startXMm,
    homeYMm: 0,
    startYMm: 0,
    ...(limits === undefined ? {} : { limits: { travelXMm: limits.travelXMm, travelYMm: Infinity } }),
  });
  const y = createStagePlant({
    ...common,
    homeXMm: homeYMm,
    startXMm: startYMm,
    homeYMm: 0,
    startYMm: 0,
    ...(limits === undefined ? {} : { limits: { travelXMm: limits.travelYMm, travelYMm: Infinity } }),
  });
  return {
    axes: { x: axisOf(x), y: axisOf(y) },
    moveTo: (atMs, xMm, yMm) => Math.max(x.moveTo(atMs, xMm, 0), y.moveTo(atMs, yMm, 0)),
    home: (atMs) => Math.max(x.home(atMs), y.home(atMs)),
    halt: (atMs) => Math.max(x.halt(atMs), y.halt(atMs)),
    xMm: (atMs) => x.xMm(atMs),
    yMm: (atMs) => y.xMm(atMs),
    tableXMm: (atMs) => x.tableXMm(atMs),
    tableYMm: (atMs) => y.tableXMm(atMs),
    isMoving: (atMs) => x.isMoving(atMs) || y.isMoving(atMs),
    get isHomed() {
      return x.isHomed && y.isHomed;
    },
    loseSteps(xMm, yMm) {
      x.loseSteps(xMm, 0);
      y.loseSteps(yMm, 0);
    },
    onLimitAhead(handler) {
      x.onLimitAhead((atMs) => {
        handler(atMs, "x");
      });
      y.onLimitAhead((atMs) => {
        handler(atMs, "y");
      });
    },
    addBreaks(fromMs, toMs, into) {
      x.addBreaks(fromMs, toMs, into);
      y.addBreaks(fromMs, toMs, into);
    },
    forgetBefore(atMs) {
      x.forgetBefore(atMs);
      y.forgetBefore(atMs);
    },
    onMove(handler) {
      x.onMove(handler);
      y.onMove(handler);
    },
  };
}

function axisOf(table: ObservedStagePlant): StageAxis {
  return {
    moveTo(atMs, mm) {
      if (table.isMoving(atMs)) table.halt(atMs);
      return table.moveTo(atMs, mm, 0);
    },
    home(atMs) {
      if (table.isMoving(atMs)) table.halt(atMs);
      return table.home(atMs);
    },
    halt: (atMs) => table.halt(atMs),
    mm: (atMs) => table.xMm(atMs),
    isMoving: (atMs) => table.isMoving(atMs),
  };
}
