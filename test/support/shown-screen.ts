/** A session on a terminal in memory, fed with messages of the bus, through the components that people see. */
import type { Clock } from "../../protocols/base/clock.ts";
import { createRackStore, type RackStore } from "../../tui/terminal/model/rack-store.ts";
import type { Order, ScreenState } from "../../tui/terminal/model/screen-state.ts";
import { showTerminal, type ShownTerminal } from "../../tui/terminal/show-terminal.tsx";
import { createTerminalSession, type Answer, type TerminalSession } from "../../tui/terminal/terminal-session.ts";
import { createFakeTerminal, type FakeTerminal } from "./fake-terminal.ts";
import { WALL_MS, type Said } from "./terminal-rack.ts";

export interface ShownScreen {
  readonly terminal: FakeTerminal;
  readonly store: RackStore;
  readonly session: TerminalSession;
  readonly shown: ShownTerminal;
  readonly orders: { readonly order: Order; readonly reason: string }[];
  readonly isQuit: () => boolean;
  say(messages: readonly Said[], isRetained?: boolean): Promise<void>;
  /** The day's clock goes on, and whatever is due is done. */
  pass(ms: number): Promise<void>;
  /** Types, and lets ink hear it. */
  press(...keys: readonly string[]): Promise<void>;
  close(): void;
}

export interface ShowOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly colour?: boolean;
  readonly first?: Partial<ScreenState>;
  readonly author?: string | null;
  readonly answer?: (order: Order) => Promise<Answer>;
  /** Not even a broker. */
  readonly isUnconnected?: boolean;
}

const DONE: Answer = {
  kind: "answered",
  reply: {
    v: 1,
    id: "order-1",
    outcome: "done",
    refusal: null,
    what: "done",
    advice: "",
    said_at: "2026-11-21T03:14:09Z",
  },
};

export async function showScreen(options: ShowOptions = {}): Promise<ShownScreen> {
  const { columns = 80, rows = 24, colour = true, first = {}, author = "ada" } = options;
  const terminal = createFakeTerminal({ columns, rows, colour });
  const { clock, pass } = steppedClock();
  const store = createRackStore(clock.wallMs());
  const orders: { order: Order; reason: string }[] = [];
  let isQuit = false;
  if (options.isUnconnected !== true) store.session({ kind: "open", sinceMs: clock.wallMs() });
  const { device } = terminal;
  const session = createTerminalSession({
    ...{ clock, store, author, first, look: device, size: { columns, rows } },
    send(order, reason) {
      orders.push({ order, reason });
      return options.answer?.(order) ?? Promise.resolve(DONE);
    },
    quit() {
      isQuit = true;
    },
  });
  const shown = showTerminal(device, session);
  await ready();
  return {
    ...{ terminal, store, session, shown, orders },
    isQuit: () => isQuit,
    async say(messages, isRetained = false) {
      for (const { topic, payload } of messages) store.hear(topic, payload, isRetained, clock.wallMs());
      pass(200);
      await ready();
    },
    async pass(ms) {
      pass(ms);
      await ready();
    },
    async press(...keys) {
      for (const key of keys) {
        await ready();
        terminal.type(key);
        await ready();
      }
    },
    close() {
      session.close();
      shown.close();
    },
  };
}

/** Streams and effects have had their turn. */
async function ready(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function steppedClock(): { readonly clock: Clock; readonly pass: (ms: number) => void } {
  let nowMs = 0;
  let nextId = 0;
  const timers = new Map<number, { readonly atMs: number; readonly fn: () => void }>();
  return {
    clock: {
      wallMs: () => WALL_MS + nowMs,
      monoMs: () => nowMs,
      setTimeout(fn, ms) {
        nextId += 1;
        if (Number.isFinite(ms)) timers.set(nextId, { atMs: nowMs + ms, fn });
        return nextId;
      },
      clearTimeout(handle) {
        if (typeof handle === "number") timers.delete(handle);
      },
    },
    pass(ms) {
      const untilMs = nowMs + ms;
      // A long silence is not drawn frame by frame.
      nowMs = Math.max(nowMs, untilMs - 1000);
      for (;;) {
        const [id, due] = [...timers].sort(([, left], [, right]) => left.atMs - right.atMs)[0] ?? [];
        if (id === undefined || due === undefined || due.atMs > untilMs) break;
        timers.delete(id);
        nowMs = Math.max(nowMs, due.atMs);
        due.fn();
      }
      nowMs = untilMs;
    },
  };
}
