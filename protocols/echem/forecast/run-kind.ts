/**
 * Which runs of steps are alike, so that one of them tells of the next: the same technique with the same values, wherever
 * in the file it stands, after the same step or after some rest as the other was.
 */
import type { Protocol } from "../protocol.ts";

/** For each step the first one in the file that asks for the same. */
const KNOWN_KINDS = new WeakMap<Protocol, readonly number[]>();

function kindsOf(protocol: Protocol): readonly number[] {
  const known = KNOWN_KINDS.get(protocol);
  if (known !== undefined) return known;
  const first = new Map<string, number>();
  const kinds = protocol.steps.map((step, index) => {
    const text = JSON.stringify({ ...step, id: null });
    const kind = first.get(text) ?? index;
    first.set(text, kind);
    return kind;
  });
  KNOWN_KINDS.set(protocol, kinds);
  return kinds;
}

/** A number that runs of a step share when they are alike; `previousIndex` is -1 for none. */
export function runKind(protocol: Protocol, previousIndex: number, stepIndex: number): number {
  const kinds = kindsOf(protocol);
  const count = kinds.length;
  const isAfterRest = protocol.steps[previousIndex]?.kind === "open-circuit-voltage";
  const before = isAfterRest ? count : (kinds[previousIndex] ?? count + 1);
  return before + (count + 2) * (kinds[stepIndex] ?? count);
}
