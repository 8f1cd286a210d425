/** What people have done: after the search, a door or an emergency stop broke, nobody gets beam until one has re-armed. */
import type { WorldFault } from "./world-faults.ts";

export interface RearmWatch {
  broke(name: string): void;
  /** A person re-arms; what is still broken breaks anew, and is told of again. */
  rearmed(): void;
  /** What broke and nobody has re-armed since. */
  readonly awaited: readonly string[];
  /** A person told a cell something. */
  ordered(positionIndex: number, atMs: number): void;
  /** A little while ago: the cell may stop for it. */
  wasOrdered(positionIndex: number, atMs: number): boolean;
}

const ORDERED_STOP_MS = 120_000;

const NEED_A_PERSON: ReadonlySet<string> = new Set(["searched", "doorClosed", "emergencyOk"]);

export function createRearmWatch(): RearmWatch {
  const awaited = new Set<string>();
  const orderedAtMs = new Map<number, number>();
  return {
    broke(name) {
      if (NEED_A_PERSON.has(name)) awaited.add(name);
    },
    rearmed() {
      awaited.clear();
    },
    get awaited() {
      return [...awaited];
    },
    ordered(positionIndex, atMs) {
      orderedAtMs.set(positionIndex, atMs);
    },
    wasOrdered: (positionIndex, atMs) => atMs - (orderedAtMs.get(positionIndex) ?? -Infinity) < ORDERED_STOP_MS,
  };
}

/** Before and after it, time enough for whoever was deaf to have looked. */
const MARGIN_MS = 10_000;
const DEAFENING: ReadonlySet<string> = new Set([
  ...[
    "controller-kill",
    "write-torn",
    "host-restarts",
    "host-stalls",
    "link-hang",
    "link-cut",
    "link-unplugged",
    "link-garbled",
  ],
  ...["link-late", "link-drops", "link-doubles", "link-repeats", "link-deaf", "link-mute", "link-flaps"],
  ...["instrument-reboots", "disk-full", "disk-slow", "disk-sync-fails"],
]);

/** False where the break may have come and gone while nobody could hear of it: then only the site's own chain knew. */
export function isHeard(fault: WorldFault, faults: readonly WorldFault[]): boolean {
  const [fromMs, toMs] = timeOf(fault);
  return !faults.some((other) => {
    if (!DEAFENING.has(other.kind)) return false;
    const [otherFromMs, otherToMs] = timeOf(other);
    return otherFromMs < toMs + MARGIN_MS && otherToMs > fromMs - MARGIN_MS;
  });
}

function timeOf(fault: WorldFault): readonly [fromMs: number, toMs: number] {
  return [fault.fromMs, "toMs" in fault ? (fault.toMs ?? Infinity) : fault.fromMs];
}
