/**
 * What keeps any controller from knowing how long a shutter was open: neither closed, and nobody could look, as no controller
 * lived or the unit that reads their switches did not answer, before one could see that neither did, and both were free again
 * before one could look again.
 */
import type { Opening } from "./shutter-truth.ts";
import type { WorldFault } from "./world-faults.ts";

export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Unknowable {
  /** Neither shutter closed; without an end where nobody has freed them. */
  readonly shuttersStuck: readonly TimeSpan[];
  /** Nobody could look. */
  readonly unattended: readonly TimeSpan[];
  /** What is charged for an exposure that nobody could watch covers so much after that began at least. */
  readonly coveredMs: number;
  /** Whoever could look knows so long after the shutter was told to close whether the beam is off. */
  readonly knownAfterMs: number;
}

/** Instants of controller and world differ by the links' latency and the shutter's travel. */
const MATCH_MS = 500;
/** Nothing of the unit is heard, whether it hears or not. */
const SILENT = ["link-hang", "link-unplugged", "link-deaf", "link-mute"] as const;
/** A unit that is gone is asked again at least so often, and then says first who it is. */
const ASKED_AGAIN_MS = 6000;

function silences(fault: WorldFault): fault is Extract<WorldFault, { kind: (typeof SILENT)[number] }> {
  return SILENT.some((kind) => kind === fault.kind);
}

/** When the unit did not answer, and who waits for it had not asked again. */
export function silentSpans(faults: readonly WorldFault[], link: string): readonly TimeSpan[] {
  return faults.flatMap((fault) => {
    if (!silences(fault) || fault.link !== link) return [];
    return [{ fromMs: fault.fromMs, toMs: (fault.toMs ?? Infinity) + ASKED_AGAIN_MS }];
  });
}

/** Those that overlap are one. */
export function joined(spans: readonly TimeSpan[]): readonly TimeSpan[] {
  const all: TimeSpan[] = [];
  for (const span of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = all.at(-1);
    if (last === undefined || span.fromMs > last.toMs) all.push(span);
    else all[all.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, span.toMs) };
  }
  return all;
}

/** Up to when what an opening gave can be known, and is owed in full. */
export function knowableEndMs(
  { startMs, litEndMs, orderedShutMs }: Opening,
  unknowable: Unknowable | undefined,
): number {
  if (unknowable === undefined) return litEndMs;
  const { shuttersStuck, unattended, coveredMs, knownAfterMs } = unknowable;
  const alone = unattended.find(
    (span) =>
      startMs <= span.fromMs &&
      span.fromMs <= orderedShutMs + knownAfterMs &&
      litEndMs <= span.toMs + MATCH_MS &&
      shuttersStuck.some(({ fromMs, toMs }) => fromMs <= span.fromMs + coveredMs && toMs <= span.toMs + MATCH_MS),
  );
  return alone === undefined ? litEndMs : Math.min(litEndMs, alone.fromMs + coveredMs);
}

/** Of an even beam, the share of the time up to then. */
export function knowableShare(opening: Opening, unknowable: Unknowable | undefined): number {
  const { startMs, litEndMs } = opening;
  const endMs = knowableEndMs(opening, unknowable);
  return endMs >= litEndMs ? 1 : (endMs - startMs) / (litEndMs - startMs);
}
