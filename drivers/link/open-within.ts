/** Opening a link, with an end: every driver opens through this, so that no port can keep its device waiting for ever. */
import { within, type Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link, OpenLink } from "../../protocols/roles/link.ts";

/** For drivers that state none of their own; less than the time an attempt to connect may take as a whole. */
export const OPEN_DEADLINE_MS = 5000;

/**
 * The link, or after `deadlineMs` a Fault `link.open-failed`. A link that opens later than that is closed at once:
 * it would hold the port against the next attempt. Rejects with what `openLink` rejects when that comes first.
 *
 * @param name the device that is waited for, in the operator's words
 */
export function openWithin(
  clock: Clock,
  openLink: OpenLink,
  name: string,
  deadlineMs: number = OPEN_DEADLINE_MS,
): Promise<Link> {
  let isLate = false;
  const opening = openLink();
  opening.then(
    (link) => {
      if (isLate) link.close();
    },
    // Told to the caller by the promise below, or too late to matter.
    () => undefined,
  );
  return within(clock, deadlineMs, opening, () => {
    isLate = true;
    return new Fault("link.open-failed", name, `The link did not open within ${deadlineMs} ms.`, { deadlineMs });
  });
}
