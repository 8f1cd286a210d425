import { expect, it } from "vitest";
import type { Clock } from "../../../protocols/base/clock.ts";
import type { Notice } from "../../../tui/notify/notice.ts";
import { createOutbox, OUTBOX_MAX, partTrouble, routeTrouble } from "../../../tui/notify/outbox.ts";

const notice = (title: string): Notice => ({ rule: "all", severity: null, title, lines: [title], heldBack: 0 });

/** A route that answers as it is told, and a clock that is moved by hand. */
function bench(answers: readonly (string | null)[]) {
  let nowMs = 0;
  let timers: { readonly fn: () => void; readonly atMs: number }[] = [];
  const clock: Clock = {
    wallMs: () => nowMs,
    monoMs: () => nowMs,
    setTimeout(fn, ms) {
      const timer = { fn, atMs: nowMs + ms };
      timers.push(timer);
      return timer;
    },
    clearTimeout: () => undefined,
  };
  const left = [...answers];
  const sent: string[] = [];
  const states: (string | null)[] = [];
  const outbox = createOutbox({
    route: {
      name: "mail",
      send({ title, lines }) {
        const answer = left.shift() ?? null;
        if (answer?.startsWith("in part") === true) {
          sent.push(title);
          return Promise.reject(partTrouble("mail", answer));
        }
        if (answer !== null) return Promise.reject(routeTrouble("mail", answer, answer.startsWith("refused")));
        sent.push([title, ...lines.slice(1)].join(" | "));
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    },
    clock,
    state: (trouble) => states.push(trouble),
  });
  async function pass(ms: number): Promise<void> {
    for (let round = 0; round < 200; round += 1) {
      await Promise.resolve();
      const due = timers.filter(({ atMs }) => atMs <= nowMs + ms).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) continue;
      ms -= Math.max(0, due.atMs - nowMs);
      nowMs = Math.max(nowMs, due.atMs);
      timers = timers.filter((timer) => timer !== due);
      due.fn();
    }
    nowMs += ms;
  }
  return { outbox, sent, states, pass };
}

it("what could not be sent is tried again after growing pauses, in order; the route is told of once, and when it works", async () => {
  const { outbox, sent, states, pass } = bench(["no connection", "no connection", "no connection"]);
  outbox.put(notice("one"));
  outbox.put(notice("two"));
  await pass(4000);
  expect([sent, states]).toEqual([[], []]);
  await pass(11_000);
  expect([sent, states]).toEqual([[], ["no connection"]]);
  await pass(30_000);
  expect(sent).toEqual(["one", "two"]);
  expect(states).toEqual(["no connection", null]);
});

it("what is refused for good is given up, said with the next, and keeps nothing back", async () => {
  const { outbox, sent, states, pass } = bench(["refused: no such address"]);
  outbox.put(notice("one"));
  outbox.put(notice("two"));
  await pass(60_000);
  expect(sent).toEqual(["two | 1 earlier notices could not be sent this way"]);
  expect(states).toEqual(["refused: no such address", null]);
  expect(outbox.lostCount).toBe(1);
});

it("no more than a bounded number waits: the oldest are lost, and counted", async () => {
  const { outbox, pass } = bench(Array.from({ length: 500 }, () => "no connection"));
  for (let count = 0; count < OUTBOX_MAX + 30; count += 1) outbox.put(notice(String(count)));
  await pass(1000);
  expect(outbox.waitingCount).toBe(OUTBOX_MAX);
  expect(outbox.lostCount).toBe(30);
});

it("those who are reached do not wait for one who is not, who is told of until all are reached", async () => {
  const { outbox, sent, states, pass } = bench(["in part: not boris", "in part: not boris"]);
  for (const title of ["one", "two", "three"]) outbox.put(notice(title));
  await pass(100);
  expect(sent).toEqual(["one", "two", "three"]);
  expect(states).toEqual(["in part: not boris", null]);
  expect(outbox.lostCount).toBe(0);
});

it("a route that works again for some is not told of as if it worked for none", async () => {
  const { outbox, states, pass } = bench(["down", "down", "in part: not boris"]);
  outbox.put(notice("one"));
  await pass(20_000);
  outbox.put(notice("two"));
  await pass(100);
  expect(states).toEqual(["down", "in part: not boris", null]);
});
