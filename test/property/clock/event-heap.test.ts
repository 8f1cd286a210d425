import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventHeap } from "../../../simulator/clock/event-heap.ts";

interface Waiting {
  readonly timeMs: number;
  readonly id: number;
  readonly handle: number;
}

/** Few times, so that many events fall on the same one; more of them than the heap remembers queues. */
const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("push" as const), timeMs: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("pop" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which: fc.nat() }) },
);

describe("the virtual world's agenda", () => {
  it("hands events out by time and, at equal times, in the order they came in, whatever was cancelled between", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 400 }), (actions) => {
        const heap = createEventHeap();
        let waiting: Waiting[] = [];
        let popped = -1;
        let nextId = 0;
        const pop = (): void => {
          const first = [...waiting].sort((a, b) => a.timeMs - b.timeMs || a.id - b.id)[0];
          expect(heap.nextMs()).toBe(first?.timeMs ?? Infinity);
          if (first === undefined) return;
          heap.pop()();
          expect([heap.poppedMs, popped]).toEqual([first.timeMs, first.id]);
          waiting = waiting.filter((event) => event !== first);
          expect(heap.cancel(first.handle)).toBe(false);
        };
        for (const step of actions) {
          if (step.kind === "push") {
            const id = nextId;
            nextId += 1;
            const handle = heap.push(step.timeMs, 0, () => {
              popped = id;
            });
            waiting.push({ timeMs: step.timeMs, id, handle });
          } else if (step.kind === "pop") pop();
          else {
            const chosen = waiting[step.which % Math.max(1, waiting.length)];
            if (chosen === undefined) continue;
            expect(heap.cancel(chosen.handle)).toBe(true);
            expect(heap.cancel(chosen.handle)).toBe(false);
            waiting = waiting.filter((event) => event !== chosen);
          }
        }
        while (waiting.length > 0) pop();
        expect(heap.nextMs()).toBe(Infinity);
      }),
    );
  });

  it("keeps the order of thousands at three times when most of them are cancelled at once", () => {
    const heap = createEventHeap();
    const seen: number[] = [];
    const handles = Array.from({ length: 5000 }, (_, id) => heap.push(id % 3, 0, () => seen.push(id)));
    // The last of each time first, so that nothing may come behind them any more.
    for (let id = handles.length - 1; id >= 0; id -= 1) if (id % 5 !== 0) heap.cancel(handles[id] ?? -1);
    const late = Array.from({ length: 700 }, (_, index) => 5000 + index);
    for (const id of late) heap.push(id % 3, 0, () => seen.push(id));
    while (heap.nextMs() !== Infinity) heap.pop()();
    const left = Array.from({ length: 1000 }, (_, index) => 5 * index).concat(late);
    expect(seen).toEqual([...left].sort((a, b) => (a % 3) - (b % 3) || a - b));
  });
});
