/** Alarms that a person has to know of, as lines under a summary. Pure. */
import { countText, plainText } from "./number-text.ts";
import { wrapLine } from "./wrap-text.ts";

/** The part of an alarm that is shown. */
export interface ShownAlarm {
  readonly code: string;
  readonly where: string;
  readonly what: string;
  readonly advice: string;
}

const KINDS_SHOWN_MAX = 10;
const INDENT = 2;
/** A terminal of no particular size. */
const COLUMNS = 80;

/** One line for each kind of open alarm, with the places it is open for, and what to do about it under it. */
export function openAlarmLines(alarms: readonly ShownAlarm[], columns = COLUMNS): readonly string[] {
  const kinds = new Map<string, ShownAlarm[]>();
  for (const alarm of alarms) {
    const list = kinds.get(alarm.code);
    if (list === undefined) kinds.set(alarm.code, [alarm]);
    else list.push(alarm);
  }
  const lines = [...kinds].slice(0, KINDS_SHOWN_MAX).flatMap(([code, list]) => {
    const [first] = list;
    if (first === undefined) return [];
    const where = list.map((alarm) => plainText(alarm.where)).join(", ");
    return [
      ...wrapLine(`open alarm ${where}: ${plainText(first.what)} [${code}]`, columns, INDENT),
      ...wrapLine(`${" ".repeat(INDENT)}${plainText(first.advice)}`, columns),
    ];
  });
  const hidden = kinds.size - KINDS_SHOWN_MAX;
  return hidden > 0 ? [...lines, `and ${countText(hidden)} kinds of alarm more: see the log`] : lines;
}
