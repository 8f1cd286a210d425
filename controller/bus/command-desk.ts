/**
 * Where commands arrive: read, judged, logged, obeyed, answered. Whatever comes in, nothing here throws, waits or grows
 * without bound.
 */
import type { EventType } from "../record/event-types.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import { envelopeSchema, type BusEnvelope, type BusReply } from "../../protocols/bus/commands.ts";
import type { BusControl } from "../../protocols/bus/controller-views.ts";
import { firstIssue } from "../../protocols/bus/messages.ts";
import { BUS_VERSION, isTopicName, type BusTopic } from "../../protocols/bus/topics.ts";
import type { BusUser } from "../../protocols/bus/users.ts";
import {
  afterClockSet,
  afterTime,
  commandText,
  DEADLINE_AHEAD_MAX_MS,
  judgeCommand,
  NOBODY,
  type Answered,
  type Authority,
  type CommandFacts,
} from "./authority.ts";
import { reportText, unconfirmed } from "../stops/stop-report.ts";
import type { StopUnderWay } from "../stops/stop-desk.ts";
import type { Censor } from "../report/foreign-words.ts";
import { amendmentText } from "./amendment-reply.ts";
import type { AlignmentUnderWay, AmendmentUnderWay, CommandEffects } from "./command-effects.ts";

export interface CommandDeskDeps {
  readonly effects: CommandEffects;
  /** Undefined for who is no user any more. */
  readonly userOf: (name: string) => BusUser | undefined;
  readonly groupOf: CommandFacts["groupOf"];
  readonly versionOf: CommandFacts["versionOf"];
  readonly isAlarmOpen: CommandFacts["isAlarmOpen"];
  /** Cells of several groups: what is told to all names no cell and repeats no note. */
  readonly isShared: boolean;
  /** For one who sees these groups, and without any for all: what is said without words of others. */
  readonly censorOf: (groups: readonly string[]) => Censor;
  /** Orders of before a restart, by author and id. */
  readonly given: readonly GivenOrder[];
  /** Name of the cell that lies at a position, or is to. */
  readonly cellAt: (position: string) => string;
  readonly record: (type: EventType, data: { readonly [key: string]: Json }) => void;
  /** Makes durable what was recorded so far, and rejects where the disk does not take it. Left out where no kill can lose it. */
  readonly keep?: () => Promise<void>;
  /** By the machine's clock, UTC milliseconds. */
  readonly dayMs: () => number;
  /** The machine's clock: how long the answer to a stop waits for devices, and whether `dayMs` was set meanwhile. */
  readonly dayClock: Pick<Clock, "setTimeout" | "clearTimeout" | "monoMs">;
  readonly answer: (topic: BusTopic, reply: BusReply) => void;
  /** Who is in control, or what was ordered, has changed. */
  readonly changed: () => void;
}

export interface GivenOrder {
  readonly author: string;
  readonly id: string;
}

export interface CommandDesk {
  /** A message on `command/<user>`. */
  take(user: string, payload: Uint8Array): void;
  /** What time alone changes. */
  look(): void;
  readonly view: () => Omit<BusControl, "v" | "said_at">;
  /** Messages that were no commands, came too fast, were sent twice, or were refused. */
  readonly refusedCount: number;
  readonly obeyedCount: number;
}

/** Less than those wait who gave the order. */
const STOP_ANSWER_MS = 2000;
/** An answer waits so long for the record to be on the disk; those of stops wait for both at once. */
const KEPT_WITHIN_MS = 2000;
const MAKE_ROOM = FAULT_CATALOGUE["store.refused"].advice;
const NOT_KEPT = "it is done and not on record yet: the disk has not taken it";
const NOT_BEGUN = "the disk has not taken it yet: what it lets begin begins once it is on record";
/** Of what lets something begin with a cell. */
const BEGINS_ONCE_KEPT: ReadonlySet<string> = new Set(["resume", "skip-step", "end-step"]);
/** Longer envelopes are none: the longest has the codes of a whole rack, of 64 characters each. */
const ENVELOPE_BYTES_MAX = 8192;
const LAST_COMMANDS = 10;
/** From one user: so many at once, then so many a second. */
const BURST = 40;
const PER_SECOND = 20;
/** By less two clocks come apart by themselves, from look to look (chosen). */
const CLOCK_SET_MS = 100;
/** Emergency stops of one user, whatever else that user sent. */
const STOP_BURST = 5;
const STOPS_PER_SECOND = 1;
const EMERGENCY = '"emergency"';
/** Refusals of one user that are written down. */
const LOGGED_BURST = 20;
const LOGGED_PER_SECOND = 1;
/** Users of whom the pace is remembered. */
const PACES_MAX = 1000;

export function createCommandDesk(deps: CommandDeskDeps): CommandDesk {
  let authority: Authority = { ...NOBODY, answered: answeredBefore(deps.given, deps.dayMs()) };
  let refusedCount = 0;
  let obeyedCount = 0;
  let last: BusControl["last_commands"] = [];
  const mayCome = createPaces(BURST, PER_SECOND, deps.dayMs);
  const mayStop = createPaces(STOP_BURST, STOPS_PER_SECOND, deps.dayMs);
  const mayBeLogged = createPaces(LOGGED_BURST, LOGGED_PER_SECOND, deps.dayMs);

  /** Between the clock of people, which may be set, and the one that is not. */
  let aheadMs = deps.dayMs() - deps.dayClock.monoMs();

  function nowMs(): number {
    const atMs = deps.dayMs();
    const setMs = atMs - deps.dayClock.monoMs() - aheadMs;
    aheadMs += setMs;
    if (Math.abs(setMs) <= CLOCK_SET_MS) return atMs;
    authority = afterClockSet(authority, setMs);
    deps.changed();
    return atMs;
  }

  const dayText = (): string => new Date(deps.dayMs()).toISOString();

  function setAuthority(next: Authority): void {
    const before = authority;
    authority = next;
    if (before.holder?.author === next.holder?.author && before.takingOver === next.takingOver) return;
    deps.record("control-changed", {
      holder: next.holder?.author ?? null,
      taking_over: next.takingOver?.author ?? null,
      what: controlText(before, next),
    });
    deps.changed();
  }

  function answer(
    user: string,
    to: Pick<BusEnvelope, "id" | "reply_to">,
    reply: Omit<BusReply, "v" | "id" | "said_at">,
  ) {
    const topic = { kind: "reply", user, client: to.reply_to } as const;
    deps.answer(topic, { v: BUS_VERSION, id: to.id, ...reply, said_at: dayText() });
  }

  function note(envelope: BusEnvelope, user: string, outcome: "done" | "refused", what: string): void {
    const { id } = envelope;
    const isHidden = deps.isShared && "position" in envelope.args;
    const censor = deps.censorOf([]);
    const told = isHidden
      ? { command: envelope.command, what: outcome }
      : { command: censor(commandText(envelope)), what: censor(what) };
    last = [{ id, author: user, said_at: dayText(), outcome, ...told }, ...last].slice(0, LAST_COMMANDS);
  }

  function censorFor({ role, groups }: BusUser): Censor {
    return role === "group-user" ? deps.censorOf(groups) : (text) => text;
  }

  function unreadable(user: string, value: unknown, why: string): void {
    refusedCount += 1;
    const to = addressOf(value);
    if (to === undefined) return;
    const advice = "See docs/bus/command.json.";
    answer(user, to, { outcome: "refused", refusal: "unreadable", what: why, advice });
  }

  function judge(user: BusUser, envelope: BusEnvelope): void {
    const atMs = nowMs();
    const judged = judgeCommand(authority, envelope, {
      ...{ user, nowMs: atMs, groupOf: deps.groupOf, versionOf: deps.versionOf },
      ...{ isAlarmOpen: deps.isAlarmOpen },
      obstacle: (command, role) => deps.effects.obstacle(command, role, { author: user.name, reason: envelope.reason }),
    });
    const { verdict } = judged;
    const entry = {
      ...{ id: envelope.id, author: user.name, role: user.role },
      ...{ command: commandText(envelope), reason: envelope.reason },
    };
    if (verdict.kind === "replay") {
      setAuthority(judged.state);
      refusedCount += 1;
      return;
    }
    if (verdict.kind === "refused") {
      const { refusal, what, advice } = verdict;
      setAuthority(judged.state);
      refusedCount += 1;
      if (mayBeLogged(user.name)) deps.record("command-refused", { ...entry, refusal, what });
      note(envelope, user.name, "refused", what);
      const censor = censorFor(user);
      answer(user.name, envelope, { outcome: "refused", refusal, what: censor(what), advice: censor(advice) });
      return;
    }
    obeyedCount += 1;
    // On record before it is done.
    deps.record("command-given", entry);
    setAuthority(judged.state);
    const underWay = deps.effects.carryOut(verdict.command, {
      ...{ author: user.name, role: user.role, reason: envelope.reason },
    });
    noteAlarm(verdict.command, user.name);
    if (verdict.command.command === "note") {
      const { position, text } = verdict.command.args;
      deps.record("cell-noted", { position: deps.cellAt(position), text, author: user.name });
    }
    if (underWay === undefined || underWay.kind === "stop") note(envelope, user.name, "done", verdict.what);
    const afterKept = keeping();
    const done = (what: string, of: Pick<BusReply, "not_confirmed" | "amended">): void => {
      afterKept((isKept) => {
        const notKept = BEGINS_ONCE_KEPT.has(verdict.command.command) ? NOT_BEGUN : NOT_KEPT;
        const told = isKept ? { what, advice: "" } : { what: `${what}; ${notKept}`, advice: MAKE_ROOM };
        answer(user.name, envelope, { outcome: "done", refusal: null, ...told, ...of });
      });
    };
    if (underWay === undefined) done(verdict.what, {});
    else if (underWay.kind === "stop") answerStop(underWay, done);
    else if (underWay.kind === "amendment") answerAmendment(underWay, user.name, envelope, done);
    else answerAlignment(underWay, user.name, envelope, done);
    deps.changed();
  }

  /** Who was told that an order is done finds it on record, whatever becomes of this process. */
  function keeping(): (tell: (isKept: boolean) => void) => void {
    const { keep, dayClock } = deps;
    if (keep === undefined) {
      return (tell) => {
        tell(true);
      };
    }
    const kept = new Promise<boolean>((resolve) => {
      const late = dayClock.setTimeout(() => {
        resolve(false);
      }, KEPT_WITHIN_MS);
      const over = (isKept: boolean) => (): void => {
        dayClock.clearTimeout(late);
        resolve(isKept);
      };
      // What the disk refuses the run itself tells, as an alarm.
      keep().then(over(true), over(false));
    });
    return (tell) => {
      void kept.then(tell);
    };
  }

  /** Once all have confirmed it; after a while as far as it has come. */
  function answerStop(
    stop: StopUnderWay,
    done: (what: string, of: Required<Pick<BusReply, "not_confirmed">>) => void,
  ): void {
    let isAnswered = false;
    const tell = (): void => {
      if (isAnswered) return;
      isAnswered = true;
      deps.dayClock.clearTimeout(late);
      const report = stop.report();
      done(reportText(report), { not_confirmed: unconfirmed(report).map(({ name }) => name) });
    };
    const late = deps.dayClock.setTimeout(tell, STOP_ANSWER_MS);
    void stop.over.then(tell);
  }

  /** Once it is in force, or refused. */
  function answerAmendment(
    { over }: AmendmentUnderWay,
    user: string,
    envelope: BusEnvelope,
    done: (what: string, of: Pick<BusReply, "amended">) => void,
  ): void {
    void over.then((outcome) => {
      const told = amendmentText(outcome);
      note(envelope, user, outcome.kind === "refused" ? "refused" : "done", told.what);
      if (outcome.kind === "amended") done(told.what, { amended: outcome.number });
      else if (outcome.kind === "unchanged") done(told.what, {});
      else answer(user, envelope, { outcome: "refused", refusal: "not-now", ...told });
      deps.changed();
    });
  }

  /** Once the rack's place is known, or nothing was kept. */
  function answerAlignment(
    { over }: AlignmentUnderWay,
    user: string,
    envelope: BusEnvelope,
    done: (what: string, of: Pick<BusReply, "amended">) => void,
  ): void {
    void over.then((outcome) => {
      const isDone = outcome.kind === "aligned";
      note(envelope, user, isDone ? "done" : "refused", outcome.what);
      if (isDone) done(outcome.what, {});
      else
        answer(user, envelope, { outcome: "refused", refusal: "not-now", what: outcome.what, advice: outcome.advice });
      deps.changed();
    });
  }

  function noteAlarm(order: { readonly command: string; readonly args: object }, author: string): void {
    if (order.command !== "ack" && order.command !== "shelve") return;
    const type = order.command === "ack" ? "alarm-acknowledged" : "alarm-shelved";
    deps.record(type, { ...(order.args as { readonly [key: string]: Json }), author });
  }

  return {
    take(name, payload) {
      const user = deps.userOf(name);
      if (user === undefined || !(mayCome(name) || (isForEmergency(payload) && mayStop(name)))) {
        refusedCount += 1;
        return;
      }
      if (payload.length > ENVELOPE_BYTES_MAX) {
        unreadable(name, undefined, "too long");
        return;
      }
      const value = parsedJson(payload);
      const read = envelopeSchema.safeParse(value);
      if (read.success) judge(user, read.data);
      else unreadable(name, value, firstIssue(read.error));
    },
    look() {
      const atMs = nowMs();
      setAuthority(afterTime(authority, atMs));
    },
    view() {
      const { holder, takingOver } = authority;
      const censor = deps.censorOf([]);
      const text = (ms: number): string => new Date(ms).toISOString();
      return {
        holder:
          holder === null
            ? null
            : {
                ...{ author: holder.author, role: holder.role, reason: censor(holder.reason) },
                ...{ since: text(holder.sinceMs), until: text(holder.untilMs) },
              },
        taking_over:
          takingOver === null
            ? null
            : {
                ...{ author: takingOver.author, role: takingOver.role },
                ...{ at: text(takingOver.atMs), reason: censor(takingOver.reason) },
              },
        last_commands: last,
      };
    },
    get refusedCount() {
      return refusedCount;
    },
    get obeyedCount() {
      return obeyedCount;
    },
  };
}

/** As long as any deadline may still lie ahead. */
function answeredBefore(given: readonly GivenOrder[], nowMs: number): Answered {
  const answered = new Map<string, Map<string, number>>();
  for (const { author, id } of given) {
    const own = answered.get(author) ?? new Map<string, number>();
    answered.set(author, own.set(id, nowMs + DEADLINE_AHEAD_MAX_MS));
  }
  return answered;
}

/** By a look at its bytes: of a flood not everything is read. */
function isForEmergency(payload: Uint8Array): boolean {
  return payload.length <= ENVELOPE_BYTES_MAX && Buffer.from(payload).includes(EMERGENCY);
}

function controlText(before: Authority, after: Authority): string {
  const [was, is] = [before.holder?.author ?? null, after.holder?.author ?? null];
  if (was !== is) {
    if (is === null) return `${String(was)} is no longer in control; nobody is`;
    return was === null ? `${is} is in control` : `${is} is in control, no longer ${was}`;
  }
  const taking = after.takingOver;
  return taking === null ? "the take-over was called off" : `${taking.author} takes over from ${String(is)}`;
}

/** Whom to answer, of a message that is otherwise no command. */
function addressOf(value: unknown): Pick<BusEnvelope, "id" | "reply_to"> | undefined {
  if (typeof value !== "object" || value === null || !("id" in value) || !("reply_to" in value)) return undefined;
  const { id, reply_to: replyTo } = value;
  if (typeof id !== "string" || !isTopicName(id)) return undefined;
  return typeof replyTo === "string" && isTopicName(replyTo) ? { id, reply_to: replyTo } : undefined;
}

function parsedJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload)) as unknown;
  } catch {
    return undefined;
  }
}

/** A bucket for each user: whether one more may pass. */
function createPaces(burst: number, perSecond: number, nowMs: () => number): (user: string) => boolean {
  const buckets = new Map<string, { left: number; atMs: number }>();
  return (user) => {
    const atMs = nowMs();
    const bucket = buckets.get(user) ?? { left: burst, atMs };
    const left = Math.min(burst, bucket.left + (Math.max(0, atMs - bucket.atMs) / 1000) * perSecond);
    if (buckets.size >= PACES_MAX && !buckets.has(user)) buckets.clear();
    buckets.set(user, { left: left >= 1 ? left - 1 : left, atMs });
    return left >= 1;
  };
}
