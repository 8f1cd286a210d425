/** A cycle on the clock: one turn, a pause, the next, until it says no, fails or is left. Turns never overlap. */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";

/**
 * `turn` is told whether the cycle has been left meanwhile, and resolves with whether to go on. `onError` hears of a
 * turn that rejected, unless the cycle was left. Returns the way to leave.
 */
export function repeat(
  clock: Clock,
  pauseMs: number,
  turn: (isLeft: () => boolean) => Promise<boolean>,
  onError: (error: unknown) => void,
): () => void {
  let hasLeft = false;
  let pause: TimerHandle;
  const isLeft = (): boolean => hasLeft;

  function begin(): void {
    turn(isLeft).then(
      (goesOn) => {
        if (goesOn && !hasLeft) pause = clock.setTimeout(begin, pauseMs);
      },
      (error: unknown) => {
        if (!hasLeft) onError(error);
      },
    );
  }

  begin();
  return () => {
    hasLeft = true;
    clock.clearTimeout(pause);
  };
}
