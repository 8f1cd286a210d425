/** The tables of keys in docs/terminal.md, from the table that the screens use. Pure. */
import { SCREEN_TITLES } from "../model/screen-state.ts";
import { ACTIONS, type Action } from "./actions.ts";
import { keysText } from "./keys-text.ts";

const BEGIN = "<!-- keys: made by scripts/terminal-page.ts -->";
const END = "<!-- end of keys -->";

/** The page with its tables as they should be. */
export function withKeys(page: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) return page;
  return `${page.slice(0, from + BEGIN.length)}\n\n${keyTable()}\n\n${page.slice(to)}`;
}

function keyTable(): string {
  const rows = ACTIONS.map((action) => `| ${keyCell(action)} | ${action.title} | ${screensText(action)} |`);
  return ["| key | what it does | where |", "|---|---|---|", ...rows].join("\n");
}

function keyCell(action: Action): string {
  return action.keys.length === 0 ? "by name" : `\`${keysText(action)}\``;
}

function screensText({ screens }: Action): string {
  return screens === "all" ? "everywhere" : screens.map((screen) => SCREEN_TITLES[screen]).join(", ");
}
