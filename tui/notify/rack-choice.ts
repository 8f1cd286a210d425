/**
 * Which rack of a broker is told of where nobody named one: the one that has a controller now. A broker of the site's may
 * keep what a rack said months ago, and tomorrow's campaign may be of another site: whatever spoke first is not it.
 */
import type { BusMessage } from "../../protocols/bus/messages.ts";
import { createHappenings, type Happenings } from "./happenings.ts";

export interface RackChoice {
  /** Null as long as none is known. */
  readonly rack: string | null;
  /** What happens on it. */
  readonly happenings: Happenings | undefined;
  /** Racks that have a controller now and are told of to nobody. */
  readonly others: readonly string[];
  take(rack: string, message: BusMessage): void;
  /** The session with the broker was lost or opened again. */
  link(isOpen: boolean): void;
  /** To be called once what has happened is told: how a controller went comes before another rack follows. */
  moveOn(): void;
}

/** More are on no broker that is in order. */
const RACKS_MAX = 20;
/** A broker that was killed keeps `present` of a controller that died meanwhile: its beats are missing. */
const SILENT_MS = 60_000;
/** So long a controller that went may be started again before one beside it is told of in its stead. */
export const STAY_MS = 300_000;

interface HeardRack {
  readonly happenings: Happenings;
  state: "present" | "ended" | "gone" | null;
  heardMs: number;
}

/** `named`: the one that was asked for, and no other. */
export function createRackChoice(named: string | undefined, clockMs: () => number): RackChoice {
  const racks = new Map<string, HeardRack>();
  let chosen: string | null = named ?? null;
  let isTold = false;
  let isLinked = true;
  let left: { readonly atMs: number; readonly beside: readonly string[] } | null = null;

  const present = (): readonly string[] =>
    [...racks]
      .filter(([, { state, heardMs }]) => state === "present" && (!isLinked || clockMs() - heardMs <= SILENT_MS))
      .map(([rack]) => rack)
      .sort();

  /** Without any controller: how the only one went is told too. */
  function choose(): void {
    const known = [...racks].filter(([, { state }]) => state !== null).map(([rack]) => rack);
    chosen = present()[0] ?? chosen ?? (known.length === 1 ? (known[0] ?? null) : null);
  }

  function heard(rack: string): HeardRack | undefined {
    const before = racks.get(rack);
    if (before !== undefined || racks.size >= RACKS_MAX) return before;
    const fresh: HeardRack = { happenings: createHappenings(clockMs), state: null, heardMs: clockMs() };
    racks.set(rack, fresh);
    return fresh;
  }

  return {
    get rack() {
      return chosen;
    },
    get happenings() {
      return chosen === null ? undefined : racks.get(chosen)?.happenings;
    },
    get others() {
      return named === undefined ? present().filter((rack) => rack !== chosen) : [];
    },
    take(rack, message) {
      if (named !== undefined && rack !== named) return;
      const own = heard(rack);
      if (own === undefined) return;
      own.happenings.take(message);
      if (message.kind === "heartbeat" || message.kind === "controller") own.heardMs = clockMs();
      if (message.kind !== "controller") return;
      own.state = message.value.state;
      // As long as nothing was told of any, what is retained may come in any order.
      if (named === undefined && !isTold && !(chosen !== null && present().includes(chosen))) choose();
    },
    link(isOpen) {
      isLinked = isOpen;
      for (const one of racks.values()) {
        one.happenings.link(isOpen);
        if (isOpen) one.heardMs = clockMs();
      }
    },
    moveOn() {
      if (named !== undefined) return;
      isTold ||= chosen !== null;
      const now = present();
      if (chosen === null || now.includes(chosen)) {
        left = null;
        return;
      }
      left ??= { atMs: clockMs(), beside: now };
      const { atMs, beside } = left;
      // One that comes after it follows at once; those that were there all along were never told of.
      const next = now.find((rack) => !beside.includes(rack) || clockMs() - atMs >= STAY_MS);
      if (next !== undefined) [chosen, left] = [next, null];
    },
  };
}
