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
}

/** More are on no broker that is in order. */
const RACKS_MAX = 20;

interface HeardRack {
  readonly happenings: Happenings;
  state: "present" | "ended" | "gone" | null;
}

/** `named`: the one that was asked for, and no other. */
export function createRackChoice(named: string | undefined, clockMs: () => number): RackChoice {
  const racks = new Map<string, HeardRack>();
  let chosen: string | null = named ?? null;

  const present = (): readonly string[] =>
    [...racks].filter(([, { state }]) => state === "present").map(([rack]) => rack);

  /** One that has a controller stays chosen whatever comes beside it. */
  function choose(): void {
    if (named !== undefined) return;
    const now = present();
    if (chosen !== null && now.includes(chosen)) return;
    const known = [...racks].filter(([, { state }]) => state !== null).map(([rack]) => rack);
    // Without any controller: how the only one went is told too.
    chosen = [...now].sort()[0] ?? chosen ?? (known.length === 1 ? (known[0] ?? null) : null);
  }

  function heard(rack: string): HeardRack | undefined {
    const before = racks.get(rack);
    if (before !== undefined || racks.size >= RACKS_MAX) return before;
    const fresh: HeardRack = { happenings: createHappenings(clockMs), state: null };
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
      return named === undefined
        ? present()
            .filter((rack) => rack !== chosen)
            .sort()
        : [];
    },
    take(rack, message) {
      if (named !== undefined && rack !== named) return;
      const own = heard(rack);
      if (own === undefined) return;
      own.happenings.take(message);
      if (message.kind !== "controller") return;
      own.state = message.value.state;
      choose();
    },
    link(isOpen) {
      for (const { happenings } of racks.values()) happenings.link(isOpen);
    },
  };
}
