/**
 * From what stands on the bus to what has happened: alarms raised and over, milestones of the campaign. State in, news
 * out; what was so before the notifier came is told once, and only where nobody has seen it yet.
 */
import { standsFor } from "../../controller/run/alarms.ts";
import type { BusMessage } from "../../protocols/bus/messages.ts";
import type { BusAlarm } from "../../protocols/bus/rack-views.ts";
import type { Milestone } from "../../protocols/notify/notify-config.ts";

export interface AlarmNews {
  readonly kind: "alarm";
  readonly alarm: BusAlarm;
  readonly isOver: boolean;
}

export interface MilestoneNews {
  readonly kind: "milestone";
  readonly milestone: Milestone;
  /** Of cycle-done: whose cells; null for all of the rack. */
  readonly group: string | null;
  readonly text: string;
}

export type News = AlarmNews | MilestoneNews;

export interface Happenings {
  take(message: BusMessage): void;
  /** The session with the broker was lost or opened again. */
  link(isOpen: boolean): void;
  /** What has happened since the last time. Called once a second or so. */
  news(nowMs: number): readonly News[];
  /** One that is open. */
  alarm(id: number): BusAlarm | undefined;
}

/** Three heartbeats without one. */
const SILENT_MS = 5000;
/** A broker is started again within three seconds, its controller says everything anew. */
const LOST_MS = 15_000;
const SKIPPED: readonly string[] = ["isolated", "stopped"];

interface SeenCell {
  readonly group: string;
  readonly state: string;
  readonly cycle: number | null;
}

export function createHappenings(clockMs: () => number): Happenings {
  let open = new Map<number, BusAlarm>();
  let told = new Map<number, BusAlarm>();
  let areAlarmsKnown = false;
  const cells = new Map<string, SeenCell>();
  /** Lowest cycle done of each group, and of all under the empty name. */
  const done = new Map<string, number>();
  let instance: string | null = null;
  let campaign: Extract<BusMessage, { kind: "campaign" }>["value"] | null = null;
  let schedule: Extract<BusMessage, { kind: "schedule" }>["value"] | null = null;
  let presence: Extract<BusMessage, { kind: "controller" }>["value"] | null = null;
  let heardMs: number | null = null;
  let lostMs: number | null = null;
  let isGone = false;
  let campaignState: string | null = null;
  let areSweepsMet: boolean | null = null;

  const milestone = (kind: Milestone, text: string, group: string | null = null): MilestoneNews => ({
    ...{ kind: "milestone", milestone: kind, group, text },
  });

  function alarmNews(): readonly News[] {
    if (!areAlarmsKnown) return [];
    const news: News[] = [];
    for (const alarm of open.values()) {
      const before = told.get(alarm.id);
      if (before?.raised_at === alarm.raised_at && before.code === alarm.code) continue;
      if (alarm.acknowledged === null && alarm.shelved === null) news.push({ kind: "alarm", alarm, isOver: false });
    }
    for (const alarm of told.values()) {
      if (!open.has(alarm.id) && !isReplaced(alarm)) news.push({ kind: "alarm", alarm, isOver: true });
    }
    told = open;
    return news;
  }

  /** Another says more of the same trouble, which lasts. */
  function isReplaced(alarm: BusAlarm): boolean {
    for (const other of open.values()) if (other.where === alarm.where && standsFor(other, alarm)) return true;
    return false;
  }

  function cycleNews(): readonly News[] {
    const news: News[] = [];
    for (const group of ["", ...new Set([...cells.values()].map((cell) => cell.group))]) {
      const own = [...cells.values()].filter(
        (cell) => (group === "" || cell.group === group) && !SKIPPED.includes(cell.state),
      );
      if (own.length === 0) continue;
      const least = Math.min(...own.map(({ state, cycle }) => (state === "complete" ? Infinity : (cycle ?? 1) - 1)));
      const before = done.get(group);
      if (!Number.isFinite(least)) continue;
      done.set(group, Math.max(least, before ?? least));
      // What comes before the first cycle is none.
      if (before === undefined || least <= before || least < 1) continue;
      const whose = group === "" ? "every cell" : `every cell of ${group}`;
      news.push(milestone("cycle-done", `cycle ${least} is done by ${whose}`, group === "" ? null : group));
    }
    return news;
  }

  function campaignNews(): readonly News[] {
    if (campaign === null) return [];
    const news: News[] = [];
    const { state, sweep, requests } = campaign;
    const was = campaignState;
    campaignState = state;
    if (was !== null && was !== state) {
      if (was === "connecting" && state === "running")
        news.push(milestone("started", `${campaign.campaign} has begun`));
      const { made } = campaign.exposures;
      if (state === "complete") {
        news.push(milestone("finished", `${campaign.campaign} is complete: ${made} exposures made`));
      }
      if (state === "failed") {
        news.push(milestone("failed", `${campaign.campaign} has failed and is ended: nothing more is exposed`));
      }
    }
    const isLast = sweep.of > 0 && sweep.number === sweep.of;
    const isMet = isLast && schedule?.sweep.number === sweep.of && schedule.sweep.left === 0;
    if (areSweepsMet === false && isMet) {
      const { met, asked, missed } = requests;
      news.push(milestone("sweeps-met", `all ${sweep.of} sweeps are over: ${met} of ${asked} met, ${missed} missed`));
    }
    areSweepsMet = isMet;
    return news;
  }

  function presenceNews(nowMs: number): readonly News[] {
    const isLost = lostMs !== null && nowMs - lostMs > LOST_MS;
    const isSilent = lostMs === null && heardMs !== null && nowMs - heardMs > SILENT_MS;
    // One that said that it ends is not missed.
    const isMissed = presence?.state !== "ended" && (presence?.state === "gone" || isSilent || isLost);
    if (isMissed === isGone || presence === null) return [];
    isGone = isMissed;
    const name = presence.campaign;
    if (!isMissed) return [milestone("controller-back", `the controller of ${name} is back`)];
    const how = isLost
      ? "its broker is not reached"
      : presence.state === "gone"
        ? "its connection broke"
        : "it is silent";
    const what = `the controller of ${name} is ${isLost ? "not heard" : "gone"}: ${how}`;
    // A run goes on without its bus; one that ended gives no permit.
    const beam = isLost ? "the run may well go on" : "where it stopped, the shutter's permit has lapsed";
    return [milestone("controller-gone", `${what}. Cells stay within the limits of their instruments; ${beam}`)];
  }

  return {
    take(message) {
      switch (message.kind) {
        case "alarm":
          // A list that was cut does not say which of the others are over.
          open = new Map(message.value.unnamed > 0 ? open : []);
          for (const alarm of message.value.open) open.set(alarm.id, alarm);
          areAlarmsKnown = true;
          return;
        case "group-alarm": {
          if (campaign !== null) return;
          const { group, open: own } = message.value;
          const others = [...open.values()].filter((alarm) => (alarm.group ?? group) !== group);
          open = new Map([...others, ...own].map((alarm) => [alarm.id, alarm]));
          areAlarmsKnown = true;
          return;
        }
        case "campaign":
          campaign = message.value;
          return;
        case "schedule":
          schedule = message.value;
          return;
        case "cell": {
          const { position, group, state, cycle } = message.value;
          cells.set(position, { group, state, cycle });
          return;
        }
        case "heartbeat":
          heardMs = clockMs();
          return;
        case "controller":
          // Another run: its numbers and states are its own.
          if (
            instance !== null &&
            message.value.instance !== instance &&
            message.value.campaign !== presence?.campaign
          ) {
            cells.clear();
            done.clear();
            told = new Map();
            [campaignState, areSweepsMet] = [null, null];
          }
          instance = message.value.instance;
          presence = message.value;
          if (presence.state === "present") heardMs = clockMs();
          return;
        case "beam":
        case "command":
        case "control":
        case "dose":
        case "exposed":
        case "exposure":
        case "handover":
        case "instrument":
        case "log":
        case "notice":
        case "recent":
        case "reply":
        case "trace":
      }
    },
    link(isOpen) {
      if (isOpen) [lostMs, heardMs] = [null, heardMs === null ? null : clockMs()];
      else lostMs ??= clockMs();
    },
    alarm: (id) => open.get(id),
    news: (nowMs) => [...presenceNews(nowMs), ...campaignNews(), ...cycleNews(), ...alarmNews()],
  };
}
