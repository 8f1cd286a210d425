/** Alarms in the order in which a person should look at them. Pure. */
import type { BusAlarm } from "../../../protocols/bus/rack-views.ts";
import { isShelved, isUntaken, type RackView } from "./rack-view.ts";

/** How long an alarm is put aside for with one key, seconds of the campaign. */
export const SCREEN_ALARMS_SHELVED_S = 3600;

/** Those that nobody has taken first, then acknowledged ones, then those put aside; newest first within. */
export function shownAlarms({ alarms, nowMs }: RackView): readonly BusAlarm[] {
  const rank = (alarm: BusAlarm): number => (isUntaken(alarm, nowMs) ? 0 : isShelved(alarm, nowMs) ? 2 : 1);
  return alarms
    .map((alarm, index) => ({ alarm, index, rank: rank(alarm) }))
    .sort((left, right) => left.rank - right.rank || left.index - right.index)
    .map(({ alarm }) => alarm);
}

/** The one to be looked at after `id`, in the order of the list and then from its top; null where no other is untaken. */
export function nextUntaken(rack: RackView, id: number): number | null {
  const shown = shownAlarms(rack);
  const at = shown.findIndex((alarm) => alarm.id === id);
  const others = [...shown.slice(at + 1), ...shown.slice(0, Math.max(0, at))];
  return others.find((alarm) => isUntaken(alarm, rack.nowMs))?.id ?? null;
}
