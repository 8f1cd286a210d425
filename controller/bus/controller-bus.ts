/** The controller's end of the bus: what it says of a run, and the commands it takes, on whatever way to a broker. */
import type { EventType } from "../record/event-types.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import type { BusController } from "../../protocols/bus/controller-views.ts";
import { BUS_VERSION, parseTopic, topicText as textOfTopic } from "../../protocols/bus/topics.ts";
import type { BusUser } from "../../protocols/bus/users.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { presentAt, presentIndex } from "../../protocols/campaign/present-cell.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { RecordStore } from "../record/store.ts";
import type { CampaignRoles } from "../run/roles.ts";
import type { CampaignRun } from "../run/run-types.ts";
import type { DiskForecast } from "../run/disk-watch.ts";
import { createBusAlarmDesk } from "./bus-alarm-desk.ts";
import { createBusFold, type BusFold } from "./bus-fold.ts";
import { createBusPublisher, TICK_MS, type BusPort, type SaidTopic } from "./bus-publisher.ts";
import { timeText, type BusSources } from "./bus-sources.ts";
import { busTopics } from "./bus-topics.ts";
import { createGroupCensors } from "./group-censors.ts";
import { createCommandDesk, type GivenOrder } from "./command-desk.ts";
import { createCommandEffects, type Proposals } from "./command-effects.ts";
import { recordOf } from "./event-text.ts";
import { createHandoverDesk } from "./handover-desk.ts";
import { heardStore, type HeardEvent } from "./heard-store.ts";
import { exposedBody } from "./rack-bodies.ts";
import { createPaceMeter } from "./pace-meter.ts";
import { createVersions } from "./versions.ts";

export interface ControllerBusDeps {
  readonly port: BusPort;
  readonly rack: string;
  readonly site: Site;
  readonly world: BusSources["world"];
  readonly seed: number | null;
  readonly faults: string | null;
  /** The machine's clock: ticks, heartbeats, deadlines of commands. */
  readonly dayClock: Clock;
  /** As it was asked for: seconds of the campaign for one of the day. */
  readonly pace: () => number;
  readonly userOf: (name: string) => BusUser | undefined;
  /** Tells this start of the controller from others. */
  readonly instance: string;
  readonly version: string;
  readonly host: string;
  readonly pid: number;
}

/** What the bus is told of a run that begins. */
export interface ShownRun {
  readonly campaign: Campaign;
  readonly run: CampaignRun;
  readonly roles: CampaignRoles;
  /** Left out where the run is not amended. */
  readonly proposals?: Proposals;
  /** Campaign time. */
  readonly clock: Clock;
  /** Infinity where nothing says when it ends. */
  readonly endAtMs: number;
  /** How long an instrument takes to answer, of late; null while nobody knows. */
  readonly answerMs?: (instrument: string) => number | null;
  /** Of the disk under the record; left out in the virtual world. */
  readonly disk?: () => DiskForecast | null;
}

export interface ControllerBus {
  /**
   * The store to hand to the run: the bus hears what is written there. After a run that was killed with its store abandoned,
   * which is as if this end had died with it, nothing is known before it is recalled.
   */
  hearing(store: RecordStore): RecordStore;
  /** What was on record before. */
  recall(event: HeardEvent): void;
  /** From now on the run is shown and takes orders. */
  show(shown: ShownRun): void;
  /** A session with a broker began. */
  connected(): void;
  /** A message came; `isRetained`: by the broker's memory, which holds no orders. */
  take(topic: string, payload: Uint8Array, isRetained?: boolean): void;
  /** What the broker says in the controller's stead once the connection breaks. */
  lastWill(): string;
  /** Says that it ends, and why. */
  end(how: string): void;
  readonly counters: {
    readonly published: number;
    readonly dropped: number;
    readonly refused: number;
    readonly obeyed: number;
  };
}

const HEARTBEAT_MS = 1000;
const HANDOVER_MS = 5000;
/** Orders of before a restart whose ids are remembered. */
const GIVEN_MAX = 1000;

export function createControllerBus(deps: ControllerBusDeps): ControllerBus {
  const { port, rack, dayClock } = deps;
  let fold: BusFold = createBusFold();
  let alarmDesk = createBusAlarmDesk();
  let handover = createHandoverDesk();
  let { instance } = deps;
  let startCount = 1;
  let startedAt = new Date(dayClock.wallMs()).toISOString();
  let isLost = false;
  let heard: RecordStore | undefined;
  let shown: ReturnType<typeof showing> | undefined;
  let given: GivenOrder[] = [];
  let campaignName = "";
  let timer: TimerHandle;
  let endedHow: string | null = null;

  const dayText = (): string => new Date(dayClock.wallMs()).toISOString();

  function controllerText(state: BusController["state"], how: string | null): string {
    return JSON.stringify({
      ...{ v: BUS_VERSION, state, instance, campaign: campaignName, version: deps.version },
      ...{ host: deps.host, pid: deps.pid, started_at: startedAt, said_at: dayText(), how },
    } satisfies BusController);
  }

  function sayPresence(): void {
    const state = endedHow === null ? (isLost ? "gone" : "present") : "ended";
    if (port.isOpen()) port.publish(`beamrack/${rack}/controller`, controllerText(state, endedHow), true);
  }

  function record(type: EventType, data: { readonly [key: string]: Json }): void {
    // What is repeated must come out as it did; orders come from outside.
    if (heard === undefined || shown === undefined || heard.isCatchingUp) return;
    try {
      heard.appendEvent({ atMs: shown.sources.nowMs(), type, data });
    } catch {
      // The run meets the same trouble at its own next event, and ends for it.
    }
  }

  function showing({ campaign, run, roles, clock, endAtMs, answerMs, disk, proposals }: ShownRun) {
    const startMs = clock.wallMs() - clock.monoMs();
    const versions = createVersions();
    const paces = createPaceMeter(deps.pace);
    const sources: BusSources = {
      ...{ campaign, run, roles, fold, alarmDesk, versions, startMs, endAtMs, answerMs, disk },
      ...{ site: deps.site, world: deps.world, seed: deps.seed, faults: deps.faults },
      pace: () => paces.pace,
      nowMs: () => clock.monoMs(),
    };
    const effects = createCommandEffects({
      ...{ run, campaign, alarmDesk, nowMs: sources.nowMs },
      ...(proposals === undefined ? {} : { proposals }),
      get instruments() {
        return roles.instruments.map(({ name }) => name);
      },
    });
    const censors = createGroupCensors(campaign, roles);
    const repeated = "the run repeats what is on record, and takes orders once it is through with that";
    const desk = createCommandDesk({
      effects: {
        ...effects,
        obstacle: (order, role, by) => (heard?.isCatchingUp === true ? repeated : effects.obstacle(order, role, by)),
      },
      userOf: deps.userOf,
      groupOf: (position) => campaign.cells[presentIndex(campaign.cells, position)]?.group,
      versionOf(topic) {
        // As it is now, and not as it was told last: a slow broker may not have been told for a while.
        said.find((one) => textOfTopic(rack, one.topic) === `beamrack/${rack}/${topic}`)?.body();
        return versions.now(topic);
      },
      isAlarmOpen: (id) => run.alarms.open.some((alarm) => alarm.id === id),
      get isShared() {
        return new Set(campaign.cells.map(({ group }) => group)).size > 1;
      },
      censorOf: (of) => censors.ofAll(of),
      ...{ given, record },
      cellAt: (position) => presentAt(campaign.cells, position),
      // A simulated run that was killed is repeated, orders and all.
      ...(deps.world === "virtual" ? {} : { keep: async () => heard?.commit() }),
      dayMs: () => dayClock.wallMs(),
      dayClock,
      answer(topic, reply) {
        publisher.reply(topic, reply);
      },
      changed() {
        publisher.now(control);
      },
    });
    let beat = 0;
    let worstDelayMs = 0;
    const heartbeat: SaidTopic = {
      topic: { kind: "heartbeat" },
      periodMs: HEARTBEAT_MS,
      body() {
        const delayMs = worstDelayMs;
        worstDelayMs = 0;
        beat += 1;
        paces.note(dayClock.monoMs(), clock.monoMs());
        return {
          ...{ instance, said_at: dayText(), beat, period_s: HEARTBEAT_MS / 1000, pace: paces.pace },
          ...{ elapsed_s: clock.monoMs() / 1000, log_seq: heard?.head.seq ?? 0 },
          log_digest: heard?.digest ?? null,
          ...{ dropped: publisher.droppedCount, refused: desk.refusedCount, loop_delay_ms: Math.round(delayMs) },
        };
      },
    };
    const control: SaidTopic = { topic: { kind: "control" }, periodMs: 200, body: () => desk.view() };
    const shift: SaidTopic = {
      topic: { kind: "handover" },
      periodMs: HANDOVER_MS,
      body: () => handover.body(clock.monoMs()),
    };
    const looks = busTopics(sources);
    const said: SaidTopic[] = [...looks.topics];
    const publisher = createBusPublisher({
      ...{ port, rack },
      topics: [heartbeat, control, ...looks.topics, shift],
      former: () => looks.former(),
      nowMs: () => dayClock.monoMs(),
      timeText: () => timeText(sources, clock.monoMs()),
      dayText,
    });

    function tick(): void {
      desk.look();
      looks.look();
      const joined = looks.joined();
      if (joined.length > 0) {
        said.push(...joined);
        publisher.add(joined);
      }
      for (const ended of fold.takeEnded()) publisher.stream("exposed", exposedBody(sources, ended));
      publisher.tick();
    }

    return {
      ...{ sources, desk, publisher, tick },
      noteDelay(delayMs: number) {
        worstDelayMs = Math.max(worstDelayMs, delayMs);
      },
    };
  }

  function tickLater(): void {
    const dueMs = dayClock.monoMs() + TICK_MS;
    timer = dayClock.setTimeout(() => {
      shown?.noteDelay(Math.max(0, dayClock.monoMs() - dueMs));
      shown?.tick();
      tickLater();
    }, TICK_MS);
  }

  function hear(event: HeardEvent): void {
    const { seq, atMs, type, where, text } = fold.hear(event);
    handover.hear(event);
    if (shown === undefined) return;
    shown.publisher.stream("log", { seq, at: timeText(shown.sources, atMs), type, where, text });
  }

  /** Whoever was shown lives no more: who orders meanwhile is answered by nobody. */
  function lose(): void {
    dayClock.clearTimeout(timer);
    [heard, shown, isLost] = [undefined, undefined, true];
    sayPresence();
  }

  /** Of what the one before said some may not be on record. */
  function beginAnew(): void {
    [fold, alarmDesk, handover, given] = [createBusFold(), createBusAlarmDesk(), createHandoverDesk(), []];
    startCount += 1;
    instance = `${deps.instance}-${startCount}`;
    startedAt = dayText();
  }

  return {
    hearing(store) {
      if (isLost) beginAnew();
      heard = heardStore(store, hear, lose);
      return heard;
    },
    recall(event) {
      fold.hear(event);
      handover.hear(event);
      fold.takeEnded();
      alarmDesk.recall(event);
      if (event.type !== "command-given") return;
      const { author, id } = recordOf(event.data);
      if (typeof author !== "string" || typeof id !== "string") return;
      given.push({ author, id });
      if (given.length > GIVEN_MAX) given.shift();
    },
    show(run) {
      dayClock.clearTimeout(timer);
      isLost = false;
      campaignName = run.campaign.name;
      shown = showing(run);
      sayPresence();
      tickLater();
    },
    connected() {
      sayPresence();
      shown?.publisher.begin();
    },
    take(topicText, payload, isRetained = false) {
      const parsed = parseTopic(topicText);
      if (parsed?.rack !== rack || parsed.topic.kind !== "command") return;
      // Counted, and answered by nothing.
      shown?.desk.take(parsed.topic.user, isRetained ? new Uint8Array() : payload);
    },
    lastWill: () => controllerText("gone", null),
    end(how) {
      if (endedHow !== null) return;
      dayClock.clearTimeout(timer);
      shown?.tick();
      endedHow = how;
      sayPresence();
    },
    get counters() {
      const { publisher, desk } = shown ?? {};
      return {
        ...{ published: publisher?.publishedCount ?? 0, dropped: publisher?.droppedCount ?? 0 },
        ...{ refused: desk?.refusedCount ?? 0, obeyed: desk?.obeyedCount ?? 0 },
      };
    },
  };
}
