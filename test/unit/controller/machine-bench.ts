/** A parent that hears what a machine tells, and a trace of every state it passes through, the fleeting ones too. */
import {
  createActor,
  fromCallback,
  type AnyActorRef,
  type AnyEventObject,
  type AnyStateMachine,
  type AnyStateNode,
  type InspectionEvent,
} from "xstate";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { createVirtualClock, type VirtualClock } from "../../../simulator/clock/virtual-clock.ts";

export interface Trace {
  /** Leaf states in the order they were in force, without repetitions in a row. */
  readonly path: readonly string[];
  readonly entered: ReadonlySet<string>;
  readonly left: ReadonlySet<string>;
}

export interface Parent {
  /** To be given to the actor as its parent. */
  readonly ref: AnyActorRef;
  readonly heard: readonly AnyEventObject[];
  readonly trace: Trace;
  heardTypes(): readonly string[];
  count(type: string): number;
}

export function testClock(): VirtualClock {
  return createVirtualClock(0, { drain: () => new Promise((resolve) => setImmediate(resolve)) });
}

/** Follows one child. `answer` is called with everything the child tells, while the child still works on it. */
export function createParent(answer?: (event: AnyEventObject) => void): Parent {
  const heard: AnyEventObject[] = [];
  const path: string[] = [];
  const entered = new Set<string>();
  const left = new Set<string>();
  let now: readonly string[] = [];

  function note(states: readonly string[]): void {
    for (const state of now) if (!states.includes(state)) left.add(state);
    for (const state of states) entered.add(state);
    now = states;
    const text = states.join("+");
    if (path.at(-1) !== text) path.push(text);
  }

  const ref: AnyActorRef = createActor(
    fromCallback(({ receive }) => {
      receive((event) => {
        heard.push(event);
        answer?.(event);
      });
    }),
    {
      // Of all that runs below this parent only machines have a state value.
      inspect(event: InspectionEvent) {
        if (event.type !== "@xstate.microstep" && event.type !== "@xstate.snapshot") return;
        if ("value" in event.snapshot) note(leavesOf(event.snapshot.value));
      },
    },
  );
  ref.start();
  return {
    ref,
    heard,
    trace: { path, entered, left },
    heardTypes: () => heard.map((event) => event.type),
    count: (type) => heard.filter((event) => event.type === type).length,
  };
}

/** Names of all leaf states of a machine, nested ones with dots. */
export function leafStates(machine: AnyStateMachine): readonly string[] {
  const below = (node: AnyStateNode): readonly string[] => {
    const children = Object.values(node.states);
    return children.length === 0 ? [node.path.join(".")] : children.flatMap(below);
  };
  return [...below(machine.root)].sort();
}

export interface RecordedEvent {
  readonly type: string;
  readonly data: { readonly [key: string]: Json };
}

export function createRecorder() {
  const events: RecordedEvent[] = [];
  return {
    events,
    record(type: string, data: { readonly [key: string]: Json }): void {
      events.push({ type, data });
    },
    types: (): readonly string[] => events.map((event) => event.type),
  };
}

/** A promise that nobody keeps. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

function leavesOf(value: unknown, prefix = ""): readonly string[] {
  if (typeof value === "string") return [`${prefix}${value}`];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, `${prefix}${key}.`));
}
