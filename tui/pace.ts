/** How fast a simulated campaign goes, on the command line: so many of its seconds in one of the day. */
import { Fault } from "../protocols/base/fault.ts";

const LEAST = 0.1;
const MOST = 100_000;

/** Throws Fault `command.usage`. */
export function parsePace(option: string, text: string): number {
  const pace = Number(text);
  if (pace >= LEAST && pace <= MOST) return pace;
  throw new Fault("command.usage", option, `${text} is not a number from ${LEAST} to ${MOST}`);
}
