/** Waits for axes to say by themselves that they came to rest. Only ever shortens a wait: alerts may be lost. */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";

export interface RestWatch {
  /** Forgets what was expected and what came. */
  clear(): void;
  /** This axis moves and will say when it stops; it may have said so already. */
  expect(axis: string): void;
  cameToRest(axis: string): void;
  /** Resolves when all expected axes came to rest, when woken, or after `ms`. With nothing expected, after `ms`. */
  all(ms: number): Promise<void>;
  wake(): void;
}

export function createRestWatch(clock: Clock): RestWatch {
  const expected = new Set<string>();
  const resting = new Set<string>();
  let waiter: { readonly timer: TimerHandle; readonly resolve: () => void } | undefined;

  function wake(): void {
    const woken = waiter;
    waiter = undefined;
    if (woken === undefined) return;
    clock.clearTimeout(woken.timer);
    woken.resolve();
  }

  function isComplete(): boolean {
    return expected.size > 0 && [...expected].every((axis) => resting.has(axis));
  }

  return {
    clear() {
      expected.clear();
      resting.clear();
    },
    expect(axis) {
      expected.add(axis);
    },
    cameToRest(axis) {
      resting.add(axis);
      if (isComplete()) wake();
    },
    all(ms) {
      if (isComplete()) return Promise.resolve();
      return new Promise((resolve) => {
        waiter = { timer: clock.setTimeout(wake, ms), resolve };
      });
    },
    wake,
  };
}
