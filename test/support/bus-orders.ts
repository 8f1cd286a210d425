/** Orders on the bus, for tests: envelopes with what a test does not care for filled in. */
import type { CommandFacts } from "../../controller/bus/authority.ts";
import type { BusEnvelope } from "../../protocols/bus/commands.ts";
import type { BusUser } from "../../protocols/bus/users.ts";

export const NOON_MS = Date.UTC(2026, 2, 2, 12);

export const ANNA: BusUser = { name: "anna", role: "operator", groups: [] };
export const BORIS: BusUser = { name: "boris", role: "operator", groups: [] };
export const CLARA: BusUser = { name: "clara", role: "beamline-scientist", groups: [] };
export const GUEST: BusUser = { name: "guest", role: "group-user", groups: ["lno"] };
export const VIEWER: BusUser = { name: "viewer", role: "observer", groups: [] };
export const PLANNER: BusUser = { name: "planner", role: "agent", groups: [] };
export const USERS: readonly BusUser[] = [ANNA, BORIS, CLARA, GUEST, VIEWER, PLANNER];

let count = 0;

export function envelope(
  author: string,
  command: BusEnvelope["command"],
  more: Partial<BusEnvelope> = {},
  nowMs = NOON_MS,
): BusEnvelope {
  count += 1;
  return {
    v: 1,
    id: `order-${String(count).padStart(6, "0")}`,
    author,
    reply_to: "test",
    deadline: new Date(nowMs + 5000).toISOString(),
    precondition: null,
    command,
    args: {},
    reason: "a test",
    ...more,
  };
}

/** A rack with a cell of the group lno at A1 and one of another at B1; alarm 7 is open, the campaign has version 3. */
export function facts(user: BusUser, nowMs = NOON_MS): CommandFacts {
  const groups: Readonly<Record<string, string>> = { A1: "lno", B1: "nmc" };
  return {
    ...{ user, nowMs },
    groupOf: (position) => groups[position],
    versionOf: (topic) => (topic === "campaign" ? 3 : undefined),
    isAlarmOpen: (id) => id === 7,
    obstacle: () => null,
  };
}
