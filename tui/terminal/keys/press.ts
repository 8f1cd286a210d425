/**
 * What a key press comes to: the next state of the screen, and what is to be done outside of it. Pure. Nothing is ordered
 * by one key alone but what harms nobody: the rest asks again and names the consequence.
 */
import { NOTE_LENGTH_MAX } from "../../../protocols/bus/commands.ts";
import type { Effect, Model, Outcome } from "../model/model.ts";
import type { Order, Overlay, ScreenState } from "../model/screen-state.ts";
import { actionOf, paletteActions } from "./actions.ts";
import { helpScrollMax } from "../screens/overlays.ts";
import { findCell } from "./find-cell.ts";
import { edited, letterOf } from "./key-press.ts";

export interface Step {
  readonly state: ScreenState;
  readonly effects: readonly Effect[];
}

/** How long a line about what was pressed stays, milliseconds. */
const NOTICE_MS = 6000;

/** @param nowMs monotonic, of the terminal */
export function press(model: Model, key: string, nowMs: number): Step {
  const { state } = model;
  if (key === "ctrl-c") return { state, effects: [{ kind: "quit" }] };
  const cleared: ScreenState = state.notice === null ? state : { ...state, notice: null };
  const shown = { ...model, state: cleared };
  const { overlay } = state;
  if (overlay === null) {
    const action = actionOf(key, state.screen);
    return action === undefined ? { state: cleared, effects: [] } : settle(shown, action.act(shown), nowMs);
  }
  if (key === "escape") return stay(shown, null);
  switch (overlay.kind) {
    case "help":
      return inHelp(shown, overlay, key);
    case "palette":
      return inPalette(shown, overlay, key, nowMs);
    case "find":
      return inFind(shown, overlay, key, nowMs);
    case "filter": {
      if (key === "enter") return stay(shown, null);
      const typed = edited(overlay.typed, key) ?? overlay.typed;
      return { state: { ...cleared, logFilter: typed, overlay: { ...overlay, typed } }, effects: [] };
    }
    case "question":
      return inQuestion(shown, overlay, key, nowMs);
  }
}

/** Pasted text goes into what is being typed, and nowhere else. */
export function paste(model: Model, text: string): Step {
  const { overlay } = model.state;
  if (overlay === null || !("typed" in overlay)) return { state: model.state, effects: [] };
  const typed = Array.from(text).reduce((line, letter) => edited(line, letter) ?? line, overlay.typed);
  const logFilter = overlay.kind === "filter" ? typed : model.state.logFilter;
  return { state: { ...model.state, logFilter, overlay: { ...overlay, typed } }, effects: [] };
}

function settle(model: Model, outcome: Outcome, nowMs: number): Step {
  const { state } = model;
  const next: ScreenState = { ...state, ...outcome.state };
  if (outcome.refusal !== undefined) {
    return {
      state: { ...next, notice: { text: outcome.refusal, tone: "warn", untilMs: nowMs + NOTICE_MS } },
      effects: [],
    };
  }
  if (outcome.ask !== undefined) {
    return { state: { ...next, overlay: { kind: "question", question: outcome.ask, typed: "" } }, effects: [] };
  }
  return { state: next, effects: outcome.effect === undefined ? [] : [outcome.effect] };
}

function stay({ state }: Model, overlay: Overlay | null): Step {
  return { state: { ...state, overlay }, effects: [] };
}

type OverlayOf<Kind extends Overlay["kind"]> = Extract<Overlay, { readonly kind: Kind }>;

function inHelp(model: Model, overlay: OverlayOf<"help">, key: string): Step {
  const by = { up: -1, down: 1, pageup: -10, pagedown: 10, home: -Infinity, end: 1000 }[key];
  if (by === undefined) return stay(model, null);
  const most = helpScrollMax(model);
  return stay(model, { ...overlay, scroll: Math.max(0, Math.min(most, Math.min(most, overlay.scroll) + by)) });
}

function inPalette(model: Model, overlay: OverlayOf<"palette">, key: string, nowMs: number): Step {
  const offered = paletteActions(overlay.typed);
  if (key === "enter") {
    const action = offered[Math.min(overlay.chosen, offered.length - 1)];
    const closed: Model = { ...model, state: { ...model.state, overlay: null } };
    return action === undefined ? stay(model, overlay) : settle(closed, action.act(closed), nowMs);
  }
  if (key === "up") return stay(model, { ...overlay, chosen: Math.max(0, overlay.chosen - 1) });
  if (key === "down") return stay(model, { ...overlay, chosen: Math.min(offered.length - 1, overlay.chosen + 1) });
  const typed = edited(overlay.typed, key);
  return typed === null ? stay(model, overlay) : stay(model, { ...overlay, typed, chosen: 0 });
}

function inFind(model: Model, overlay: OverlayOf<"find">, key: string, nowMs: number): Step {
  if (key === "enter") {
    const found = findCell(model, overlay.typed);
    const closed: Model = { ...model, state: { ...model.state, overlay: null } };
    if (found === null) return settle(closed, { refusal: `No cell is called "${overlay.typed}".` }, nowMs);
    const screen = ["rack", "cell", "dose"].includes(model.state.screen) ? model.state.screen : "cell";
    return settle(closed, { state: { positionIndex: found, screen } }, nowMs);
  }
  const typed = edited(overlay.typed, key);
  return typed === null ? stay(model, overlay) : stay(model, { ...overlay, typed });
}

/** What was typed is the note itself, or the reason of any other order. */
function withText(order: Order, typed: string): Effect {
  const { command } = order;
  if (command.command !== "note") return { kind: "send", order, reason: typed };
  return {
    kind: "send",
    order: { ...order, command: { ...command, args: { ...command.args, text: typed } } },
    reason: "",
  };
}

/** A key that was meant for something else must not answer: a reason takes words, a yes takes that letter. */
function inQuestion(model: Model, overlay: OverlayOf<"question">, key: string, nowMs: number): Step {
  const { question, typed } = overlay;
  const closed: Model = { ...model, state: { ...model.state, overlay: null } };
  if (question.by === "yes") {
    if (key === "y")
      return settle(closed, { effect: { kind: "send", order: question.order, reason: "emergency" } }, nowMs);
    return letterOf(key) === null
      ? stay(model, overlay)
      : settle(closed, { refusal: `Not done: ${question.order.title}.` }, nowMs);
  }
  if (key === "enter") {
    const reason = typed.trim();
    if (reason === "") return stay(model, overlay);
    return settle(closed, { effect: withText(question.order, reason) }, nowMs);
  }
  const text = edited(typed, key, NOTE_LENGTH_MAX);
  return text === null ? stay(model, overlay) : stay(model, { ...overlay, typed: text });
}
