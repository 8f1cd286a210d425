/** Alarms that exposures raised before a restart: the next one that goes well clears them, as it clears those of its own run. */
import { refusalNote } from "../machines/exposure-notes.ts";
import type { Alarm } from "../run/alarms.ts";

/** What a try to expose comes to grief of; a code that ends in a dot means all that begin with it. */
const OF_EXPOSURES: readonly string[] = [
  ...["stage.", "detector.", "trigger.", "attenuator.", "device.", "io."],
  ...["shutter.stuck-open", "shutter.stuck-closed", "shutter.contradiction"],
  ...["link.timeout", "link.closed", "link.open-failed", "link.refused", "link.garbled", "link.oversized"],
  "store.refused",
];

/** What the supervisor said of an interlock itself bears the interlock's name. */
const REFUSED_PERMIT = refusalNote([]);

export interface NotAtBeam {
  readonly cells: readonly { readonly position: string }[];
  readonly channels: readonly { readonly name: string }[];
}

/** `open`: all that were. None of what a cell or its channel said: an exposure that goes well says nothing of it. */
export function alarmsOfExposures(open: readonly Alarm[], { cells, channels }: NotAtBeam): readonly Alarm[] {
  const others = new Set([...cells.map(({ position }) => position), ...channels.map(({ name }) => name)]);
  const isListed = (code: string): boolean =>
    OF_EXPOSURES.some((known) => (known.endsWith(".") ? code.startsWith(known) : code === known));
  return open.filter(({ code, where }) =>
    code === REFUSED_PERMIT.code ? where === REFUSED_PERMIT.where : isListed(code) && !others.has(where),
  );
}
