/**
 * One person at one terminal: keeps what is shown, takes keys, draws what changed at most five times a second, at once
 * after a key. Knows neither ink nor the network; both are handed in.
 */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import type { BusReply } from "../../protocols/bus/commands.ts";
import type { Pressed } from "./keys/key-press.ts";
import { paste, press, type Step } from "./keys/press.ts";
import type { Model } from "./model/model.ts";
import type { RackStore } from "./model/rack-store.ts";
import type { RackView } from "./model/rack-view.ts";
import { FIRST_STATE, type Notice, type Order, type ScreenState } from "./model/screen-state.ts";
import { withCursorKept } from "./keys/moves.ts";
import { drawFrame } from "./screens/frame.ts";
import { createPainter, type Look } from "./text/palette.ts";
import type { ScreenFeed } from "./ink/screen.tsx";

/** At most so often without a key. */
const FRAME_MS = 200;
const NOTICE_MS = 8000;
/** A long answer stays longer: a minute's reading is some thousand letters. */
const LETTER_MS = 60;

/** What became of an order: its one answer, or why there is none. */
export type Answer =
  | { readonly kind: "answered"; readonly reply: BusReply }
  /** Nobody knows whether it was obeyed. */
  | { readonly kind: "unknown"; readonly why: string }
  | { readonly kind: "not-sent"; readonly why: string };

export interface SessionDeps {
  readonly clock: Clock;
  readonly store: RackStore;
  readonly look: Look;
  readonly size: { readonly columns: number; readonly rows: number };
  readonly author: string | null;
  /** Resolves with what became of it; never rejects. */
  send(order: Order, reason: string): Promise<Answer>;
  quit(): void;
  readonly first?: Partial<ScreenState>;
}

export interface TerminalSession extends ScreenFeed {
  /** What is seen now; for tests and for a last word when it is left. */
  view(): RackView;
  state(): ScreenState;
  close(): void;
}

export function createTerminalSession(deps: SessionDeps): TerminalSession {
  const { clock, store } = deps;
  const listeners = new Set<() => void>();
  let state: ScreenState = { ...FIRST_STATE, background: deps.look.background, ...deps.first };
  let { columns, rows } = deps.size;
  let paint = createPainter(deps.look);
  let lines: readonly string[] = [];
  let timer: TimerHandle;
  let isClosed = false;

  function model(): Model {
    const wallMs = clock.wallMs();
    return { rack: store.look(wallMs), state, columns, rows, author: deps.author, wallMs };
  }

  function draw(): void {
    if (state.notice !== null && clock.monoMs() >= state.notice.untilMs) state = { ...state, notice: null };
    state = withCursorKept(model());
    const drawn = drawFrame(model()).map(paint);
    if (drawn.length === lines.length && drawn.every((line, index) => line === lines[index])) return;
    lines = drawn;
    for (const changed of listeners) changed();
  }

  function drawOften(): void {
    clock.clearTimeout(timer);
    if (isClosed) return;
    draw();
    timer = clock.setTimeout(drawOften, FRAME_MS);
  }

  /** What is an alarm stays until a key is pressed. */
  function notify(text: string, tone: Notice["tone"], givenMs?: number): void {
    const forMs = givenMs ?? (tone === "alarm" ? Infinity : Math.max(NOTICE_MS, text.length * LETTER_MS));
    state = { ...state, notice: { text, tone, untilMs: clock.monoMs() + forMs } };
  }

  function order(what: Order, reason: string): void {
    // It stays until the answer comes.
    notify(`Asked: ${what.title} ...`, "dim", Infinity);
    void deps.send(what, reason).then((answer) => {
      if (isClosed) return;
      if (answer.kind === "unknown") {
        notify(`${what.title}: NO ANSWER, ${answer.why}. Look what is the case before asking again.`, "alarm");
      } else if (answer.kind === "not-sent") notify(`Not sent, ${what.title}: ${answer.why}`, "warn");
      else if (answer.reply.outcome === "done") {
        const isWhole = (answer.reply.not_confirmed ?? []).length === 0;
        notify(`${what.title}: ${answer.reply.what}`, isWhole ? "good" : "alarm");
        readNext(what);
      } else notify(`Refused, ${what.title}: ${sentence(answer.reply.what)} ${answer.reply.advice}`, "warn");
      draw();
    });
  }

  /** The cursor leaves an alarm once it is taken, and not where that was refused. */
  function readNext({ command: { command, args }, nextAlarmId }: Order): void {
    const isThere = state.screen === "alarms" && command === "ack" && "alarm" in args && state.alarmId === args.alarm;
    if (isThere && nextAlarmId !== undefined) state = { ...state, alarmId: nextAlarmId };
  }

  function take(step: Step): void {
    ({ state } = step);
    for (const effect of step.effects) {
      if (effect.kind === "quit") deps.quit();
      else if (effect.kind === "send") order(effect.order, effect.reason);
      else paint = createPainter({ ...deps.look, background: effect.background });
    }
  }

  /** What came in one piece with the key that asked was not typed by somebody who has read the question. */
  function takeKeys(names: readonly string[]): void {
    for (const key of names) {
      const wasAsked = isAsked();
      take(press(model(), key, clock.monoMs()));
      if (!wasAsked && isAsked()) return;
    }
  }

  function isAsked(): boolean {
    return state.overlay?.kind === "question";
  }

  draw();
  timer = clock.setTimeout(drawOften, FRAME_MS);
  return {
    lines: () => lines,
    subscribe(changed) {
      listeners.add(changed);
      return () => {
        listeners.delete(changed);
      };
    },
    heard(keys: Pressed) {
      if (isClosed) return;
      if (keys.kind === "pasted") take(paste(model(), keys.text));
      else takeKeys(keys.names);
      draw();
    },
    resized(nextColumns, nextRows) {
      columns = nextColumns;
      rows = nextRows;
      draw();
    },
    view: () => store.look(clock.wallMs()),
    state: () => state,
    close() {
      isClosed = true;
      clock.clearTimeout(timer);
    },
  };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
