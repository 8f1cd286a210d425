/**
 * Who may order what, now: one holder of control, who is told before it is taken over and loses it by silence; each
 * command obeyed once or refused once. Pure: state and envelope in, verdict and state out. Times are those of the
 * machine's clock, UTC milliseconds, which is the clock of people and of deadlines.
 */
import type { BusCommand, BusEnvelope, CommandName, Refusal } from "../../protocols/bus/commands.ts";
import { COMMAND_ARGS } from "../../protocols/bus/commands.ts";
import { firstIssue } from "../../protocols/bus/messages.ts";
import { mayOrder, mayRead, type BusUser, type UserRole } from "../../protocols/bus/users.ts";

export interface Holder {
  readonly author: string;
  readonly role: UserRole;
  readonly sinceMs: number;
  /** Control lapses then, unless the holder gives another order. */
  readonly untilMs: number;
  readonly reason: string;
}

export interface TakingOver {
  readonly author: string;
  readonly role: UserRole;
  /** When control passes. */
  readonly atMs: number;
  readonly reason: string;
}

export interface Authority {
  readonly holder: Holder | null;
  readonly takingOver: TakingOver | null;
  /**
   * Of each user the ids that were answered, with the deadline after which each is stale: stale ones too, as long as there is
   * room, because a clock that ran ahead and is set right gives them back the time that they had.
   */
  readonly answered: Answered;
}

/** By user, then by id: nobody can use up the id of another's next order. */
export type Answered = ReadonlyMap<string, ReadonlyMap<string, number>>;

export const NOBODY: Authority = { holder: null, takingOver: null, answered: new Map() };

/** Control lapses after a quarter of an hour without an order. */
export const CONTROL_MS = 15 * 60_000;
/** The holder is told so long before; a beamline scientist need not wait as long. */
export const NOTICE_MS: Readonly<Record<"operator" | "beamline-scientist", number>> = {
  operator: 30_000,
  "beamline-scientist": 5000,
};
/** No deadline may lie further ahead, or what is answered would have to be remembered for ever. */
export const DEADLINE_AHEAD_MAX_MS = 10 * 60_000;
/** Commands of one user with open deadlines at the most; beyond them a new one is refused instead of forgetting an old one. */
export const ANSWERED_MAX = 2000;

/** What the judgement needs to know of the run. */
export interface CommandFacts {
  readonly nowMs: number;
  /** The user in whose topic the envelope came. */
  readonly user: BusUser;
  /** Owner of the cell at a position; undefined where the campaign has none. */
  readonly groupOf: (position: string) => string | undefined;
  /** Of a topic that carries one; undefined for any other. */
  readonly versionOf: (topic: string) => number | undefined;
  readonly isAlarmOpen: (id: number) => boolean;
  /** Why this order makes no sense at the moment; null when it does. */
  readonly obstacle: (command: BusCommand, role: UserRole) => string | null;
}

export type Verdict =
  /** Answered before: it gets no second answer. */
  | { readonly kind: "replay" }
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly what: string; readonly advice: string }
  | { readonly kind: "obey"; readonly command: BusCommand; readonly what: string };

export interface Judged {
  readonly state: Authority;
  readonly verdict: Verdict;
}

/** What time alone changes: control that lapsed, a take-over that is due, stale ids for which there is no room. */
export function afterTime(state: Authority, nowMs: number): Authority {
  let { holder, takingOver } = state;
  if (holder !== null && nowMs >= holder.untilMs) holder = null;
  if (takingOver !== null && (holder === null || nowMs >= takingOver.atMs)) {
    holder = heldBy(takingOver, nowMs);
    takingOver = null;
  }
  const answered = withoutStale(state.answered, nowMs);
  if (holder === state.holder && takingOver === state.takingOver && answered === state.answered) return state;
  return { holder, takingOver, answered };
}

/** The machine's clock was set, by so much: what people were told lasts as long as they were told, and not as the clock says. */
export function afterClockSet(state: Authority, byMs: number): Authority {
  const { holder, takingOver } = state;
  return {
    ...state,
    holder: holder && { ...holder, sinceMs: holder.sinceMs + byMs, untilMs: holder.untilMs + byMs },
    takingOver: takingOver && { ...takingOver, atMs: takingOver.atMs + byMs },
  };
}

function openCount(own: ReadonlyMap<string, number> | undefined, nowMs: number): number {
  return own === undefined ? 0 : [...own.values()].filter((deadlineMs) => deadlineMs >= nowMs).length;
}

/** The oldest go first, and of those that are not stale none. */
function withoutStale(answered: Answered, nowMs: number): Answered {
  if (![...answered.values()].some((own) => own.size > ANSWERED_MAX && openCount(own, nowMs) < own.size))
    return answered;
  return new Map(
    [...answered].map(([user, own]) => {
      let tooMany = own.size - ANSWERED_MAX;
      return [user, new Map([...own].filter(([, deadlineMs]) => deadlineMs >= nowMs || (tooMany -= 1) < 0))] as const;
    }),
  );
}

/** Whether the command is to be obeyed, and who is in control after it. */
export function judgeCommand(before: Authority, envelope: BusEnvelope, facts: CommandFacts): Judged {
  const { nowMs, user } = facts;
  const state = afterTime(before, nowMs);
  const answered = state.answered.get(user.name);
  // After its deadline it is told that it is late.
  if ((answered?.get(envelope.id) ?? -Infinity) >= nowMs) return { state, verdict: { kind: "replay" } };
  const refused = (refusal: Refusal, what: string, advice: string, isRemembered = true): Judged => ({
    state: isRemembered ? remember(state, user.name, envelope) : state,
    verdict: { kind: "refused", refusal, what, advice },
  });
  const deadlineMs = Date.parse(envelope.deadline);
  if (deadlineMs < nowMs) {
    const lateS = ((nowMs - deadlineMs) / 1000).toFixed(1);
    const advice =
      "Look how things stand, then order anew; if that is late too, compare the clocks of the two machines.";
    return refused("late", `it came ${lateS} s after its deadline`, advice, false);
  }
  if (deadlineMs > nowMs + DEADLINE_AHEAD_MAX_MS) {
    const advice = "Give one at most ten minutes ahead; compare the clocks of the two machines.";
    return refused("too-far-ahead", `its deadline ${envelope.deadline} lies too far ahead`, advice, false);
  }
  if (openCount(answered, nowMs) >= ANSWERED_MAX && !isEmergencyStop(envelope)) {
    const what = `more commands of ${user.name} came than can be remembered`;
    return refused("not-now", what, "Wait some minutes.", false);
  }
  if (envelope.author !== user.name) {
    const what = `it says it is ${envelope.author}'s and came from ${user.name}`;
    return refused("other-author", what, "Order under your own name.");
  }
  const { command } = envelope;
  if (!mayOrder(user.role, command)) {
    const what = `${user.name} is ${roleText(user.role)}, who may not order ${command}`;
    return refused("role", what, "Ask somebody who operates the rack.");
  }
  const read = readCommand(envelope);
  if (read.kind === "unreadable") {
    return refused("unreadable", `${command}: ${read.why}`, "See docs/bus/command-args.json.");
  }
  const order = read.command;
  if (needsReason(order) && envelope.reason.trim() === "") {
    return refused("no-reason", `${command} needs a reason`, "Say why, for those who read the log.");
  }
  const place = placeOf(order);
  if (place !== null) {
    const group = facts.groupOf(place);
    const isForeign = user.role === "group-user" && group !== undefined && !user.groups.includes(group);
    if (group === undefined || isForeign) {
      return refused("unknown-place", `there is no cell of yours at ${place}`, "Look at the rack map.");
    }
  } else if (user.role === "group-user" && (command === "hold" || command === "resume")) {
    return refused("role", `${user.name} may order its own cells only`, "Name one of them.");
  }
  if ((order.command === "ack" || order.command === "shelve") && !facts.isAlarmOpen(order.args.alarm)) {
    return refused("unknown-place", `no alarm ${order.args.alarm} is open`, "Look at the list of alarms.");
  }
  if (order.command === "take-control") return takeControl(state, envelope, facts);
  if (!isOpenToAll(order, user.role) && state.holder?.author !== user.name) {
    return refused("not-in-control", notInControl(state, nowMs), "Take control first, or ask who has it.");
  }
  const stale = staleText(envelope, facts);
  if (stale !== null) return refused("precondition", stale, "Look how things stand, then order anew.");
  const obstacle = facts.obstacle(order, user.role);
  if (obstacle !== null) return refused("not-now", obstacle, "Look how things stand.");
  const kept = remember(state, user.name, envelope);
  if (order.command === "release-control") {
    return { state: afterTime({ ...kept, holder: null }, nowMs), verdict: obey(order, "control is free") };
  }
  return { state: renewed(kept, user.name, nowMs), verdict: obey(order, "ordered") };
}

function takeControl(state: Authority, envelope: BusEnvelope, { nowMs, user }: CommandFacts): Judged {
  const { holder, takingOver } = state;
  const kept = remember(state, user.name, envelope);
  const order = { command: "take-control", args: {} } as const;
  if (holder === null || holder.author === user.name) {
    const sinceMs = holder?.sinceMs ?? nowMs;
    const own = { author: user.name, role: user.role, sinceMs, untilMs: nowMs + CONTROL_MS, reason: envelope.reason };
    return { state: { ...kept, holder: own }, verdict: obey(order, `${user.name} is in control`) };
  }
  const refuse = (refusal: Refusal, what: string, advice: string): Judged => ({
    state: kept,
    verdict: { kind: "refused", refusal, what, advice },
  });
  if (user.role !== "operator" && user.role !== "beamline-scientist") {
    return refuse("not-in-control", notInControl(state, nowMs), "Ask who has it.");
  }
  if (takingOver !== null && takingOver.author !== user.name) {
    return refuse("not-now", `${takingOver.author} is taking over from ${holder.author} already`, "Talk to them.");
  }
  const atMs = Math.min(takingOver?.atMs ?? Infinity, nowMs + NOTICE_MS[user.role]);
  const inS = Math.ceil((atMs - nowMs) / 1000);
  return {
    state: { ...kept, takingOver: { author: user.name, role: user.role, atMs, reason: envelope.reason } },
    verdict: obey(order, `${holder.author} is told; control passes in ${inS} s, or as soon as it is released`),
  };
}

function obey(command: BusCommand, what: string): Verdict {
  return { kind: "obey", command, what };
}

/**
 * Nobody should have to take control before an emergency stop, or to write down what was seen. An agent asks for what the
 * campaign's own triggers let it.
 */
function isOpenToAll(order: BusCommand, role: UserRole): boolean {
  if (order.command === "expose") return role === "agent";
  if (order.command === "note" || order.command === "trouble") return true;
  return order.command === "stop" && order.args.class === "emergency";
}

/** What takes something away from a cell or from others is explained to them. An emergency is not asked for reasons. */
function needsReason(order: BusCommand): boolean {
  if (order.command === "stop") return order.args.class !== "emergency";
  if (order.command === "amend" || order.command === "align") return true;
  if (order.command === "swap" && order.args.act !== "end") return true;
  return order.command === "skip-step" || order.command === "end-step" || order.command === "hold";
}

function placeOf({ args }: BusCommand): string | null {
  return "position" in args ? (args.position ?? null) : null;
}

type ReadCommand =
  | { readonly kind: "command"; readonly command: BusCommand }
  | { readonly kind: "unreadable"; readonly why: string };

function readCommand({ command, args }: BusEnvelope): ReadCommand {
  const result = COMMAND_ARGS[command].safeParse(args);
  if (!result.success) return { kind: "unreadable", why: firstIssue(result.error) };
  // The schema of this very command has read the arguments.
  return { kind: "command", command: { command, args: result.data } as BusCommand };
}

function staleText({ precondition }: BusEnvelope, facts: CommandFacts): string | null {
  if (precondition === null) return null;
  // Whoever may not read a topic learns nothing of it by asking how it has changed.
  const isReadable = mayRead(facts.user, `beamrack/rack/${precondition.topic}`, facts.groupOf);
  const version = isReadable ? facts.versionOf(precondition.topic) : undefined;
  if (version === undefined) return `${precondition.topic} has no version to be held against`;
  if (version === precondition.version) return null;
  return `${precondition.topic} has changed since: version ${version}, not ${precondition.version}`;
}

function notInControl({ holder }: Authority, nowMs: number): string {
  if (holder === null) return "nobody is in control";
  return `${holder.author} is in control, for ${Math.round((nowMs - holder.sinceMs) / 1000)} s`;
}

function heldBy({ author, role, reason }: TakingOver, nowMs: number): Holder {
  return { author, role, reason, sinceMs: nowMs, untilMs: nowMs + CONTROL_MS };
}

function renewed(state: Authority, author: string, nowMs: number): Authority {
  const { holder } = state;
  if (holder?.author !== author) return state;
  return { ...state, holder: { ...holder, untilMs: nowMs + CONTROL_MS } };
}

function remember(state: Authority, user: string, { id, deadline }: BusEnvelope): Authority {
  const own = new Map(state.answered.get(user)).set(id, Date.parse(deadline));
  return { ...state, answered: new Map(state.answered).set(user, own) };
}

/** Whatever else came before it. */
function isEmergencyStop({ command, args }: BusEnvelope): boolean {
  return command === "stop" && args["class"] === "emergency";
}

function roleText(role: UserRole): string {
  return /^[aeiou]/.test(role) ? `an ${role}` : `a ${role.replace("-", " ")}`;
}

const SHA256 = /^[0-9a-f]{64}$/;

/** For the log, and for who gave it: what the command is about, in a few words. */
export function commandText({ command, args }: { readonly command: CommandName; readonly args: object }): string {
  const told = (value: string): string => (SHA256.test(value) ? value.slice(0, 12) : value);
  const words = Object.entries(args).map(([key, value]: readonly [string, unknown]) => {
    if (typeof value === "object" && value !== null) return `${Object.keys(value).length} ${key}`;
    return value === true ? key : told(String(value));
  });
  return [command, ...words].join(" ");
}
