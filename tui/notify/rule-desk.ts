/** What each rule lets out, and what it keeps back until it may: told with the next notice, one by one up to a number. */
import type { Clock } from "../../protocols/base/clock.ts";
import type { BusAlarm } from "../../protocols/bus/rack-views.ts";
import type { NotifyConfig, NotifyRule } from "../../protocols/notify/notify-config.ts";
import { createCallList, isCall } from "./call-list.ts";
import type { News } from "./happenings.ts";
import { createPace, isQuiet, wakes, type Pace } from "./limits.ts";
import { composeNotice, plainLine, tell, urgency, type Notice, type Told } from "./notice.ts";

export interface RuleDesk {
  /** Called again and again, with what has happened since the last time, also when that is nothing. */
  take(news: readonly News[], causeOf: (id: number) => BusAlarm | undefined): void;
}

export interface RuleDeskDeps {
  readonly config: Pick<NotifyConfig, "rules" | "rate" | "quiet" | "call_list">;
  readonly clock: Pick<Clock, "monoMs" | "wallMs">;
  readonly rack: () => string;
  readonly send: (notice: Notice, to: readonly string[]) => void;
}

export const KEPT_MAX = 20;

interface RuleState {
  readonly rule: NotifyRule;
  readonly pace: Pace;
  kept: Told[];
  keptBeyond: number;
}

export function createRuleDesk({ config, clock, rack, send }: RuleDeskDeps): RuleDesk {
  const whole = createPace(config.rate);
  const callList = createCallList(config);
  const rules = config.rules.map((rule): RuleState => ({ rule, pace: createPace(rule.rate), kept: [], keptBeyond: 0 }));

  let toldOf = rack();

  /** What was kept back of a rack that is no longer told of goes out with its name, under that of the next. */
  function nameBefore(): void {
    const now = rack();
    if (toldOf !== "" && toldOf !== now) {
      const named = (told: Told): Told => ({ ...told, text: plainLine(`${toldOf}: ${told.text}`) });
      for (const state of rules) state.kept = state.kept.map(named);
    }
    toldOf = now;
  }

  function keep(state: RuleState, told: readonly Told[]): void {
    for (const one of told) {
      state.kept.push(one);
      if (state.kept.length <= KEPT_MAX) continue;
      // The least urgent gives way, of equals the latest: what wakes people must be named as it does.
      const least = Math.min(...state.kept.map(urgency));
      state.kept.splice(
        state.kept.findLastIndex((kept) => urgency(kept) === least),
        1,
      );
      state.keptBeyond += 1;
    }
  }

  function tellRule(state: RuleState, fresh: readonly Told[]): void {
    const { rule, pace } = state;
    keep(state, fresh);
    if (state.kept.length === 0) return;
    const quiet = rule.quiet ?? config.quiet;
    const isAsleep = quiet !== undefined && isQuiet(quiet, clock.wallMs());
    // Also what was kept back for another reason wakes people, if it is of that kind.
    if (isAsleep && ![...state.kept, ...fresh].some((told) => wakes(quiet, told))) return;
    const nowMs = clock.monoMs();
    if (!pace.mayPass(nowMs) || !whole.mayPass(nowMs)) return;
    pace.passed(nowMs);
    whole.passed(nowMs);
    const notice = composeNotice(rack(), rule.name, urgentFirst(state.kept, fresh), state.keptBeyond);
    [state.kept, state.keptBeyond] = [[], 0];
    send(notice, rule.to);
  }

  return {
    take(news, causeOf) {
      nameBefore();
      const isOnCall = ({ on_call: hours }: NotifyRule): boolean =>
        hours === undefined || isQuiet(hours, clock.wallMs());
      const calls = callList.take(news, clock.monoMs(), { alarm: causeOf, isOnCall });
      const others = news.filter((one) => !isCall(one));
      for (const state of rules) {
        const { rule } = state;
        if (!callList.has(rule)) {
          tellRule(state, isOnCall(rule) ? tell(rule, news, causeOf) : []);
          continue;
        }
        const { first = [], again = [] } = calls.get(rule.name) ?? {};
        const told = isOnCall(rule) ? tell(rule, [...first, ...others], causeOf) : [];
        tellRule(state, [...told, ...tell(rule, again, causeOf).map(unanswered)]);
      }
    },
  };
}

function unanswered(told: Told): Told {
  return { ...told, text: plainLine(`nobody has acknowledged: ${told.text}`) };
}

/** The most urgent stands in the title, of equals what came last. */
function urgentFirst(kept: readonly Told[], fresh: readonly Told[]): readonly Told[] {
  const latest = [...kept.filter((told) => fresh.includes(told)), ...kept.filter((told) => !fresh.includes(told))];
  return latest.sort((left, right) => urgency(right) - urgency(left));
}
