/** Keys as people know them. Pure. */
import type { Action } from "./actions.ts";

export function keysText({ keys, shownKeys }: Pick<Action, "keys" | "shownKeys">): string {
  return shownKeys ?? keys.map((key) => KEY_SIGNS[key] ?? key).join(" ");
}

const KEY_SIGNS: Readonly<Record<string, string>> = {
  up: "↑",
  down: "↓",
  left: "←",
  right: "→",
  pageup: "PgUp",
  pagedown: "PgDn",
  "shift-tab": "⇧tab",
  escape: "esc",
};
