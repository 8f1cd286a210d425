/** What a run waits for, in one line for its screen. */
import type { Clock } from "../../protocols/base/clock.ts";
import type { Waiting } from "../machines/waiting.ts";

export interface NotedRun {
  /** State of the campaign's machine. */
  readonly value: unknown;
  readonly context: {
    readonly waiting: Waiting | null;
    readonly ready: ReadonlySet<string>;
    readonly isolated: ReadonlySet<string>;
  };
}

/** From here on those that owe an answer are named. */
const NAMED_AFTER_MS = 3000;
const NAMED_MAX = 4;

/**
 * Null when nothing is waited for. While instruments are asked who they are: how many of how many answered, and after
 * three seconds which did not.
 *
 * @param names of all instruments, in the order of connecting
 * @param access who has access to a cell, or asked for it: told besides, where the beam waits for something else
 */
export function runNote(
  { value, context }: NotedRun,
  names: readonly string[],
  clock: Clock,
  access: { readonly reason: string } | null = null,
): string | null {
  const { waiting, ready, isolated } = context;
  if (waiting === null || value !== "connecting") return withAccess(waiting?.reason ?? null, access);
  const counted = `${waiting.reason}: ${ready.size} of ${names.length}`;
  const silent = names.filter((name) => !ready.has(name) && !isolated.has(name));
  const givenUp = isolated.size === 0 ? "" : `, ${isolated.size} given up`;
  if (silent.length === 0 || clock.monoMs() - waiting.sinceMs < NAMED_AFTER_MS) return `${counted}${givenUp}`;
  const more = silent.length > NAMED_MAX ? ` and ${silent.length - NAMED_MAX} more` : "";
  return `${counted}${givenUp}; not yet: ${silent.slice(0, NAMED_MAX).join(", ")}${more}`;
}

function withAccess(reason: string | null, access: { readonly reason: string } | null): string | null {
  if (access === null || reason?.includes(access.reason) === true) return reason;
  return reason === null ? access.reason : `${reason}; besides, for ${access.reason}`;
}
