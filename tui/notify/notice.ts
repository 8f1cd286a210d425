/** What goes out to people: composed from news by a rule. Pure. Whatever stands in it is one line of plain text each. */
import { equalText } from "../../controller/bus/alarm-groups.ts";
import type { BusAlarm } from "../../protocols/bus/rack-views.ts";
import type { NotifyRule } from "../../protocols/notify/notify-config.ts";
import type { AlarmNews, MilestoneNews, News } from "./happenings.ts";

export type NoticeSeverity = BusAlarm["severity"];

export interface Notice {
  readonly rule: string;
  /** The worst of it; null where it is of milestones alone. */
  readonly severity: NoticeSeverity;
  readonly title: string;
  readonly lines: readonly string[];
  /** News that the limits of the rule kept back since the last one. */
  readonly heldBack: number;
}

/** One thing to tell, with what quiet hours ask of it. */
export interface Told {
  readonly text: string;
  readonly severity: NoticeSeverity;
  readonly isControllerGone: boolean;
  /** Somebody is called for it now. */
  readonly isCall?: boolean;
}

const EQUAL_MIN = 3;
const LINE_LENGTH_MAX = 500;
const TITLE_LENGTH_MAX = 120;
const SEVERITIES: readonly NoticeSeverity[] = [null, "retry", "refuse", "hold", "stop"];

/** Line ends, other control characters and those that turn the direction of writing become blanks. */
export function plainLine(text: string, lengthMax = LINE_LENGTH_MAX): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim();
  return line.length > lengthMax ? `${line.slice(0, lengthMax - 3)}...` : line;
}

export function isMeant(rule: NotifyRule, news: News): boolean {
  if (rule.on === "milestone") {
    if (news.kind !== "milestone" || !rule.milestones.includes(news.milestone)) return false;
    if (news.milestone !== "cycle-done") return true;
    return rule.groups === undefined ? news.group === null : news.group !== null && rule.groups.includes(news.group);
  }
  return news.kind === "alarm" && (!news.isOver || rule.cleared) && isAlarmMeant(rule, news.alarm);
}

function isAlarmMeant(rule: Extract<NotifyRule, { on: "alarm" }>, alarm: BusAlarm): boolean {
  const { severities, calls, classes, codes, groups } = rule;
  if (calls !== undefined && (alarm.call === undefined || !calls.includes(alarm.call))) return false;
  if (severities !== undefined && (alarm.severity === null || !severities.includes(alarm.severity))) return false;
  if (groups !== undefined && (alarm.group == null || !groups.includes(alarm.group))) return false;
  if (classes === undefined && codes === undefined) return true;
  const ofClass = classes?.includes(alarm.code.slice(0, alarm.code.indexOf("."))) === true;
  return ofClass || codes?.includes(alarm.code) === true;
}

/**
 * What a rule tells of some news: equal alarms in one line, and those that follow from one that the rule tells as well
 * only by their number.
 */
export function tell(
  rule: NotifyRule,
  news: readonly News[],
  causeOf: (id: number) => BusAlarm | undefined,
): readonly Told[] {
  const meant = news.filter((one) => isMeant(rule, one));
  const told: Told[] = meant.filter((one): one is MilestoneNews => one.kind === "milestone").map(milestoneTold);
  const alarms = meant.filter((one): one is AlarmNews => one.kind === "alarm");
  for (const isOver of [false, true]) {
    const some = alarms.filter((one) => one.isOver === isOver).map(({ alarm }) => alarm);
    const isConsequence = ({ follows }: BusAlarm): boolean => {
      const cause = follows == null ? undefined : causeOf(follows);
      return !isOver && cause !== undefined && isMeant(rule, { kind: "alarm", alarm: cause, isOver });
    };
    told.push(
      ...alarmsTold(
        some.filter((alarm) => !isConsequence(alarm)),
        isOver,
      ),
    );
    const following = some.filter(isConsequence);
    if (following.length === 0) continue;
    const text = `and ${following.length} more that follow from what is told`;
    told.push({
      text,
      severity: worst(following),
      isControllerGone: false,
      isCall: !isOver && following.some(isCalled),
    });
  }
  return told;
}

function milestoneTold({ text, milestone }: MilestoneNews): Told {
  return { text: plainLine(text), severity: null, isControllerGone: milestone === "controller-gone" };
}

function alarmsTold(alarms: readonly BusAlarm[], isOver: boolean): readonly Told[] {
  const byCode = new Map<string, BusAlarm[]>();
  for (const alarm of alarms) byCode.set(alarm.code, [...(byCode.get(alarm.code) ?? []), alarm]);
  return [...byCode.values()].flatMap((equal) => {
    const [first] = equal;
    if (first === undefined) return [];
    const one = ({ where, what }: BusAlarm): string => `${where}: ${what}`;
    const texts = equal.length >= EQUAL_MIN ? [equalText(equal)] : equal.map(one);
    return texts.map((text): Told => {
      const end = isOver ? "is over: " : "";
      const advice = isOver ? "" : ` ${first.advice}`;
      return {
        text: plainLine(`${end}${text} [${first.code}]${advice}`),
        ...{ severity: worst(equal), isControllerGone: false, isCall: !isOver && equal.some(isCalled) },
      };
    });
  });
}

function isCalled({ call }: BusAlarm): boolean {
  return call === "now";
}

export function worst(all: readonly { readonly severity: NoticeSeverity }[]): NoticeSeverity {
  return all.reduce<NoticeSeverity>(
    (found, { severity }) => (SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(found) ? severity : found),
    null,
  );
}

/** For what stands first, and for what stays where there is no room for all. */
export function urgency({ severity, isControllerGone, isCall }: Told): number {
  if (isCall === true) return SEVERITIES.length + 1;
  return isControllerGone ? SEVERITIES.length : SEVERITIES.indexOf(severity);
}

/** `beamrack reference: B7: no answer within 2 s (and 3 more)`. */
export function composeNotice(rack: string, rule: string, told: readonly Told[], heldBack: number): Notice {
  const [first] = told;
  const more = told.length + heldBack - 1;
  const head = plainLine(`beamrack ${rack}: ${first?.text ?? ""}`, TITLE_LENGTH_MAX);
  const lines = told.map(({ text }) => text);
  return {
    ...{ rule, severity: worst(told), heldBack },
    title: more > 0 ? `${head} (and ${more} more)` : head,
    lines: heldBack > 0 ? [...lines, `and ${heldBack} more, kept back by the limits of this rule`] : lines,
  };
}
