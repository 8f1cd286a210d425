/**
 * Tells people of what happens on a rack: a client of the bus like any other, so that it can also say that the controller
 * is gone, and so that nothing of it can hold up a run. Rules choose, limits keep back and count, outboxes send.
 */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { isFault } from "../../protocols/base/fault.ts";
import { topicName } from "../../protocols/bus/topics.ts";
import type { NotifyConfig } from "../../protocols/notify/notify-config.ts";
import { createBusClient, type BusClient } from "../bus/bus-client.ts";
import type { BusPlace, Environment } from "../bus/bus-place.ts";
import { createMailRoute } from "./mail-route.ts";
import { createMqttRoute } from "./mqtt-route.ts";
import type { Notice } from "./notice.ts";
import { createOutbox, type NoticeRoute, type Outbox } from "./outbox.ts";
import { createRackChoice } from "./rack-choice.ts";
import { createRuleDesk } from "./rule-desk.ts";
import { createWebhookRoute } from "./webhook-route.ts";

export interface NotifierDeps {
  readonly config: NotifyConfig;
  readonly place: BusPlace;
  /** Undefined: the one that has a controller. */
  readonly rack: string | undefined;
  readonly clock: Clock;
  readonly pid: number;
  readonly environment: Environment;
  /** A line for whoever looks after the program. */
  readonly say: (line: string) => void;
}

export interface Notifier {
  close(): Promise<void>;
}

const LOOK_MS = 2000;
/** An alarm about a route that the controller did not take is told again after this. */
const TROUBLE_AGAIN_MS = 60_000;
/** Throws Faults of the routes' secrets. */
export function createNotifier(deps: NotifierDeps): Notifier {
  const { config, clock, place } = deps;
  const choice = createRackChoice(deps.rack, () => clock.monoMs());
  const troubles = createTroubles(deps, (alarm, what) => {
    const { rack } = choice;
    if (rack === null) return undefined;
    return client.order(
      { command: "trouble", args: { of: alarm, what } },
      { rack, reason: "trouble of notifications" },
    );
  });
  let toldOthers = "";
  let timer: TimerHandle;

  const routes = createRoutes(config, {
    ...deps,
    rack: () => choice.rack ?? "",
    say: (payload) => choice.rack !== null && client.say(choice.rack, { kind: "notice" }, payload),
  });
  const outboxes = new Map<string, Outbox>();
  for (const route of routes) {
    const state = (trouble: string | null): void => {
      deps.say(trouble === null ? `${route.name}: works again` : `${route.name}: ${trouble}; it is tried again`);
      troubles.set(topicName(`notify-${route.name}`), trouble);
    };
    outboxes.set(route.name, createOutbox({ route, clock, state }));
  }

  let isToldLost = false;
  const client: BusClient = createBusClient({
    ...{ place, clock, pid: deps.pid },
    ...(deps.rack === undefined ? {} : { rack: deps.rack }),
    topics: ["controller", "heartbeat", "campaign", "schedule", "alarm", "group-alarm/+", "cell/+"],
    message(read) {
      if (read.kind === "read") choice.take(read.rack, read.message);
    },
    link(link) {
      choice.link(link.kind === "open");
      if (link.kind === "open") {
        deps.say(`listens to ${place.url}`);
        isToldLost = false;
      } else if (link.fault !== null && !isToldLost) {
        isToldLost = true;
        deps.say(`${place.url}: ${link.fault.message}; it is tried again`);
      }
    },
  });

  const desk = createRuleDesk({
    ...{ config, clock, rack: () => choice.rack ?? "" },
    send(notice, to) {
      for (const name of to) outboxes.get(name)?.put(notice);
      deps.say(`${notice.rule}: ${notice.title}`);
    },
  });

  /** People who rely on this program for a rack that it does not tell of must hear that. */
  function tellOthers(): void {
    const others = choice.others.join(", ");
    if (others === toldOthers) return;
    toldOthers = others;
    const what = `${others} speaks on the same broker and is not told of: name each rack with --rack, to a notifier of its own`;
    if (others !== "") deps.say(`tells of ${String(choice.rack)} alone; ${what}`);
    troubles.set("notify-racks", others === "" ? null : what);
  }

  function look(): void {
    const { happenings } = choice;
    const news = happenings?.news(clock.monoMs()) ?? [];
    desk.take(news, (id) => happenings?.alarm(id));
    choice.moveOn();
    tellOthers();
    troubles.look();
    timer = clock.setTimeout(look, LOOK_MS);
  }

  timer = clock.setTimeout(look, LOOK_MS);
  return {
    async close() {
      clock.clearTimeout(timer);
      await Promise.all([...outboxes.values()].map((outbox) => outbox.close()));
      await client.close();
    },
  };
}

interface RouteDeps {
  readonly clock: Clock;
  readonly environment: Environment;
  readonly pid: number;
  readonly rack: () => string;
  readonly say: (payload: string) => boolean;
}

/** Throws Faults of the routes' secrets. */
export function createRoutes(config: NotifyConfig, deps: RouteDeps): readonly NoticeRoute[] {
  return Object.entries(config.routes).map(([name, route]) => {
    switch (route.kind) {
      case "email":
        return createMailRoute(name, route, deps.environment);
      case "webhook":
        return createWebhookRoute(name, route, deps);
      case "mqtt": {
        const clientId = topicName(`beamrack-notify-${name}-${deps.pid}`);
        return createMqttRoute(name, route, { ...deps, clientId });
      }
    }
  });
}

/** Tells the controller of routes that do not work, until it has answered. */
function createTroubles(
  { clock, say }: NotifierDeps,
  order: (alarm: string, what: string | null) => ReturnType<BusClient["order"]> | undefined,
) {
  const open = new Map<string, { readonly what: string | null; triedMs: number }>();
  let isToldRefused = false;

  function report(alarm: string): void {
    const trouble = open.get(alarm);
    if (trouble === undefined) return;
    trouble.triedMs = clock.monoMs();
    order(alarm, trouble.what)?.then(
      ({ outcome, what }) => {
        if (outcome === "done") {
          if (open.get(alarm) === trouble) open.delete(alarm);
        } else if (!isToldRefused) {
          isToldRefused = true;
          say(`the controller takes no word of it: ${what}`);
        }
      },
      (error: unknown) => {
        if (!isFault(error)) throw error;
      },
    );
  }

  return {
    set(alarm: string, what: string | null): void {
      open.set(alarm, { what: what === null ? null : what.slice(0, 300), triedMs: -Infinity });
      report(alarm);
    },
    look(): void {
      for (const [alarm, { triedMs }] of open) if (clock.monoMs() - triedMs >= TROUBLE_AGAIN_MS) report(alarm);
    },
  };
}

/** A notice that says that it is one for trying the way out. */
export function testNotice(rule: string, hostName: string): Notice {
  const line = `A test of notifications from ${hostName}: nothing has happened.`;
  return { rule, severity: null, title: "beamrack: a test of notifications", lines: [line], heldBack: 0 };
}
