/** Asks an instrument again and again at a constant interval. */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { isFault, type Fault } from "../../protocols/base/fault.ts";

/**
 * Calls `read` every `intervalS`, on a grid of its own, so that slow answers do not stretch the interval; a place on
 * the grid that is past is left out. Ends when `read` gives false, or by calling what is returned. A fault that `read`
 * rejects with is reported, and reading goes on.
 */
export function readOnGrid(
  clock: Clock,
  intervalS: number,
  read: () => Promise<boolean>,
  report: (fault: Fault) => void,
): () => void {
  const startedMs = clock.monoMs();
  let timer: TimerHandle;
  let isOver = false;

  async function at(number: number): Promise<void> {
    let goesOn = true;
    try {
      goesOn = await read();
    } catch (error) {
      if (!isFault(error)) throw error;
      report(error);
    }
    if (goesOn && !isOver) later(number + 1);
  }

  function later(number: number): void {
    const next = Math.max(number, Math.ceil((clock.monoMs() - startedMs) / (intervalS * 1000)));
    timer = clock.setTimeout(() => void at(next), startedMs + next * intervalS * 1000 - clock.monoMs());
  }

  later(1);
  return () => {
    isOver = true;
    clock.clearTimeout(timer);
  };
}

/** What is wrong with a sensor's times, for the fault that refuses them; undefined when nothing is. */
export function readingTimesProblem(intervalS: number, maximumAgeS: number): string | undefined {
  if (!(maximumAgeS > 0 && maximumAgeS < Infinity)) return `a maximum age of ${maximumAgeS} s`;
  if (intervalS > 0 && intervalS < maximumAgeS) return undefined;
  return `a reading every ${intervalS} s does not keep one younger than ${maximumAgeS} s`;
}
