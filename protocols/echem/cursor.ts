/**
 * Where a cell stands in its protocol. A cursor is plain JSON, so that it can be written down and picked up again;
 * moving it on is a pure function, and loops are followed without ever being spelt out.
 */
import { unreachable } from "../base/assert.ts";
import type { Protocol, TechniqueStep } from "./protocol.ts";

export interface ProtocolCursor {
  /** Index of the technique step, counted from 0 over all steps of the file. */
  readonly stepIndex: number;
  /**
   * Counts from 1 at the first current; a new cycle begins each time the current turns back to the direction in
   * which the first one flowed. 0 before any current.
   */
  readonly cycle: number;
  /** Technique steps begun so far, this one included. */
  readonly ordinal: number;
  /** For each loop that is being run, by its step index: the pass that runs now, counted from 1. */
  readonly passes: Readonly<Record<string, number>>;
  readonly firstDirection: Direction;
  readonly lastDirection: Direction;
}

/** Direction of current: charge, discharge, or none yet. */
export type Direction = 1 | -1 | 0;

/** The first technique step, or undefined when the protocol has none. */
export function firstStep(protocol: Protocol): ProtocolCursor | undefined {
  const before: ProtocolCursor = {
    stepIndex: -1,
    cycle: 0,
    ordinal: 0,
    passes: {},
    firstDirection: 0,
    lastDirection: 0,
  };
  return nextStep(protocol, before);
}

/** The technique step after this one, or undefined when the protocol is over. */
export function nextStep(protocol: Protocol, cursor: ProtocolCursor): ProtocolCursor | undefined {
  const passes: Record<string, number> = { ...cursor.passes };
  let index = cursor.stepIndex + 1;
  for (;;) {
    const step = protocol.steps[index];
    if (step === undefined) return undefined;
    switch (step.kind) {
      case "tag":
        index += 1;
        break;
      case "loop": {
        const key = String(index);
        const pass = passes[key] ?? 1;
        if (pass < step.cycleCount) {
          passes[key] = pass + 1;
          index = step.targetIndex;
        } else {
          // Forgotten, so that an outer loop runs it in full again.
          Reflect.deleteProperty(passes, key);
          index += 1;
        }
        break;
      }
      case "open-circuit-voltage":
      case "constant-current":
      case "constant-voltage":
      case "impedance-spectroscopy":
      case "voltage-scan":
        return arriveAt(cursor, step, index, passes);
      default:
        return unreachable(step);
    }
  }
}

/** The technique step a cursor stands on. */
export function stepAt(protocol: Protocol, cursor: ProtocolCursor): TechniqueStep {
  const step = protocol.steps[cursor.stepIndex];
  if (step === undefined || step.kind === "tag" || step.kind === "loop") {
    throw new RangeError(`no technique at step ${cursor.stepIndex + 1} of ${protocol.name}`);
  }
  return step;
}

/** Every technique step in order, loops followed. Lazy: a protocol may well run for a million steps. */
export function* expandProtocol(
  protocol: Protocol,
): Generator<{ readonly cursor: ProtocolCursor; readonly step: TechniqueStep }> {
  for (let cursor = firstStep(protocol); cursor !== undefined; cursor = nextStep(protocol, cursor)) {
    yield { cursor, step: stepAt(protocol, cursor) };
  }
}

/** Number of technique steps the protocol runs in all, loops followed; exact without running them. */
export function stepCountOf(protocol: Protocol): number {
  return timeBoundOf(protocol, () => 1);
}

/** Sum over all technique steps, loops followed, of what `boundOf` says of one, such as its longest time. */
export function timeBoundOf(protocol: Protocol, boundOf: (step: TechniqueStep) => number): number {
  const sums: number[] = [];
  protocol.steps.forEach((step, index) => {
    if (step.kind === "tag") {
      sums[index] = 0;
    } else if (step.kind === "loop") {
      sums[index] = total(sums.slice(step.targetIndex, index)) * (step.cycleCount - 1);
    } else {
      sums[index] = boundOf(step);
    }
  });
  return total(sums);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function arriveAt(
  cursor: ProtocolCursor,
  step: TechniqueStep,
  stepIndex: number,
  passes: Readonly<Record<string, number>>,
): ProtocolCursor {
  const direction = directionOf(step);
  const ordinal = cursor.ordinal + 1;
  if (direction === 0) return { ...cursor, stepIndex, ordinal, passes };
  const firstDirection = cursor.firstDirection === 0 ? direction : cursor.firstDirection;
  const begins = direction === firstDirection && cursor.lastDirection !== direction;
  return {
    stepIndex,
    ordinal,
    passes,
    cycle: cursor.cycle + (begins ? 1 : 0),
    firstDirection,
    lastDirection: direction,
  };
}

function directionOf(step: TechniqueStep): Direction {
  if (step.kind !== "constant-current") return 0;
  const current = step.rateC ?? step.currentMa ?? 0;
  return current > 0 ? 1 : current < 0 ? -1 : 0;
}
