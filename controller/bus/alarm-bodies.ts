/** What stands in `alarm` and `group-alarm/<group>`. */
import { faultRule, isFaultCode } from "../../protocols/base/fault-answers.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { BusAlarm, BusAlarms, BusGroupAlarms } from "../../protocols/bus/rack-views.ts";
import { groupTopicName } from "../../protocols/bus/topics.ts";
import type { Alarm } from "../run/alarms.ts";
import { alarmCauses, equalAlarms } from "./alarm-groups.ts";
import { createGroupCensors } from "./group-censors.ts";
import { timeText, type BusSources } from "./bus-sources.ts";
import type { Body } from "./cell-bodies.ts";
import { partsOf } from "./run-parts.ts";

/** Longer lists are no news to anybody. */
const ALARMS_NAMED_MAX = 100;
/** They name no cell and no group. */
const OF_EVERYBODY = ["beam.", "interlock.", "rack."];

export interface AlarmBodies {
  all(): Body<BusAlarms>;
  /** For those who may see one group's cells alone. */
  ofGroup(group: string): Body<BusGroupAlarms>;
}

export function createAlarmBodies(sources: BusSources): AlarmBodies {
  const { alarmDesk, run, campaign, roles } = sources;
  const groupAt = new Map<string, string>();
  const channelAt = new Map<string, string>();
  let placedCount = 0;

  /** Those that joined since as well. */
  function placeCells(): void {
    const count = campaign.cells.length + roles.channels.length;
    if (count === placedCount) return;
    placedCount = count;
    for (const [cellIndex, { position, group }] of campaign.cells.entries()) {
      const channel = roles.channels[cellIndex]?.name;
      groupAt.set(position, group);
      if (channel === undefined) continue;
      channelAt.set(position, channel);
      groupAt.set(channel, group);
    }
  }

  /** Where trouble of a position or an instrument may lie: its channel, and the line or cabinet that this shares. */
  function placesOf(where: string): readonly string[] {
    const channel = channelAt.get(where) ?? where;
    const shared = partsOf(run).link(channel)?.context.fault?.where;
    return shared === undefined ? [channel] : [channel, shared];
  }

  function bodyOf({ id, code, where, what, advice, raisedAtMs }: Alarm, follows: number | null): BusAlarm {
    const seen = alarmDesk.seen(id);
    const shelved = alarmDesk.shelved(id, sources.nowMs());
    return {
      ...{ id, code, where, what, advice },
      severity: severityOf(code),
      ...(isFaultCode(code) ? { call: faultRule(code, campaign.calls).call } : {}),
      raised_at: timeText(sources, raisedAtMs),
      acknowledged: seen === null ? null : { by: seen.by, at: timeText(sources, seen.atMs) },
      shelved: shelved === null ? null : { by: shelved.by, until: timeText(sources, shelved.untilMs) },
      ...{ group: groupAt.get(where) ?? null, follows },
    };
  }

  const newestFirst = (open: readonly Alarm[]): readonly Alarm[] => [...open].sort((a, b) => b.id - a.id);

  /** What is wrong with a cell may be said in words that name another's. */
  const censors = createGroupCensors(campaign, roles);
  const censored = ({ what, advice, ...alarm }: BusAlarm, group: string): BusAlarm => ({
    ...alarm,
    what: censors.of(group)(what),
    advice: censors.of(group)(advice),
  });

  return {
    all() {
      placeCells();
      const { open } = run.alarms;
      alarmDesk.keep(open);
      const causes = alarmCauses(open, placesOf);
      const named = newestFirst(open).slice(0, ALARMS_NAMED_MAX);
      return {
        open: named.map((alarm) => bodyOf(alarm, causes.get(alarm.id) ?? null)),
        unnamed: open.length - named.length,
        equal: equalAlarms(open, causes).map(({ code, text, ids, raisedAtMs }) => ({
          ...{ code, text, alarms: [...ids], raised_at: timeText(sources, raisedAtMs) },
        })),
      };
    },
    ofGroup(group) {
      placeCells();
      // Two groups whose names are one in a topic would see each other's.
      const isAlone = campaign.cells.every(
        (cell) => cell.group === group || groupTopicName(cell.group) !== groupTopicName(group),
      );
      const own = run.alarms.open.filter(
        ({ code, where }) =>
          (isAlone && groupAt.get(where) === group) || OF_EVERYBODY.some((known) => code.startsWith(known)),
      );
      const causes = alarmCauses(own, placesOf);
      const named = newestFirst(own).slice(0, ALARMS_NAMED_MAX);
      return { group, open: named.map((alarm) => censored(bodyOf(alarm, causes.get(alarm.id) ?? null), group)) };
    },
  };
}

function severityOf(code: string): BusAlarm["severity"] {
  const catalogue: Readonly<Record<string, { readonly severity: "retry" | "hold" | "stop" | "refuse" } | undefined>> =
    FAULT_CATALOGUE;
  return catalogue[code]?.severity ?? null;
}
