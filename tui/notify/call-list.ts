/**
 * Who of a list is called now: the first for whom a call is meant and who is on call, and, as long as nobody acknowledges
 * it, the next after each while, from the first again behind the last. Pure but for what it remembers.
 */
import type { BusAlarm } from "../../protocols/bus/rack-views.ts";
import type { NotifyConfig, NotifyRule } from "../../protocols/notify/notify-config.ts";
import type { AlarmNews, News } from "./happenings.ts";
import { isMeant } from "./notice.ts";

export interface ListedCalls {
  /** Nobody was called for them before. */
  readonly first: readonly AlarmNews[];
  /** Others were, and did not acknowledge them. */
  readonly again: readonly AlarmNews[];
}

export interface CallList {
  /** Whether the rule is in the list: of calls it tells only what `take` gives it. */
  has(rule: NotifyRule): boolean;
  /** By names of rules, what each is to tell now. Called again and again, also without news. */
  take(news: readonly News[], nowMs: number, deps: CallListDeps): ReadonlyMap<string, ListedCalls>;
}

export interface CallListDeps {
  /** As it stands now; undefined where it is over. */
  readonly alarm: (id: number) => BusAlarm | undefined;
  readonly isOnCall: (rule: NotifyRule) => boolean;
}

interface OpenCall {
  readonly id: number;
  readonly raisedAt: string;
  /** Place in the list of whoever was called last; -1 before. */
  place: number;
  calledMs: number;
}

const MINUTE_MS = 60_000;

/** News of somebody's being called now. */
export function isCall(news: News): news is AlarmNews {
  return news.kind === "alarm" && !news.isOver && news.alarm.call === "now";
}

function isSeen({ acknowledged, shelved }: BusAlarm): boolean {
  return acknowledged !== null || shelved !== null;
}

export function createCallList({ rules, call_list: list }: Pick<NotifyConfig, "rules" | "call_list">): CallList {
  const people = (list?.rules ?? []).flatMap((name) => rules.find((rule) => rule.name === name) ?? []);
  const afterMs = MINUTE_MS * (list?.escalate_after_min ?? Infinity);
  const open = new Map<number, OpenCall>();

  /** Behind `place`, and round to whoever stands there: where nobody else can be called, the same again. */
  function nextPlace(place: number, news: AlarmNews, isOnCall: CallListDeps["isOnCall"]): number | undefined {
    for (let step = 1; step <= people.length; step += 1) {
      const at = (place + step) % people.length;
      const rule = people[at];
      if (rule !== undefined && isMeant(rule, news) && isOnCall(rule)) return at;
    }
    return undefined;
  }

  return {
    has: (rule) => people.includes(rule),
    take(news, nowMs, { alarm, isOnCall }) {
      const calls = new Map<string, { readonly first: AlarmNews[]; readonly again: AlarmNews[] }>();
      if (people.length === 0) return calls;
      for (const one of news) {
        if (!isCall(one)) continue;
        const { id, raised_at: raisedAt } = one.alarm;
        open.set(id, { id, raisedAt, place: -1, calledMs: -Infinity });
      }
      for (const call of open.values()) {
        const now = alarm(call.id);
        // Whoever has seen the cause has seen what follows from it.
        const cause = now?.follows == null ? undefined : alarm(now.follows);
        if (now?.raised_at !== call.raisedAt || isSeen(now) || (cause !== undefined && isSeen(cause))) {
          open.delete(call.id);
          continue;
        }
        if (nowMs - call.calledMs < afterMs) continue;
        const told: AlarmNews = { kind: "alarm", alarm: now, isOver: false };
        const place = nextPlace(call.place, told, isOnCall);
        const name = place === undefined ? undefined : people[place]?.name;
        // Nobody is on call: whoever is the first to be again, is called then.
        if (place === undefined || name === undefined) continue;
        const of = calls.get(name) ?? { first: [], again: [] };
        (call.place === -1 ? of.first : of.again).push(told);
        calls.set(name, of);
        call.place = place;
        call.calledMs = nowMs;
      }
      return calls;
    },
  };
}
