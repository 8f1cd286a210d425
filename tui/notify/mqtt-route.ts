/** Notices on MQTT: the rack's own bus, or a topic of another broker. */
import type { Clock } from "../../protocols/base/clock.ts";
import { BUS_VERSION } from "../../protocols/bus/topics.ts";
import type { BusNotice } from "../../protocols/bus/controller-views.ts";
import type { MqttRoute } from "../../protocols/notify/notify-config.ts";
import { readText, type Environment } from "../bus/bus-place.ts";
import { openBusSession } from "../bus/bus-session.ts";
import type { Notice } from "./notice.ts";
import { routeTrouble, type NoticeRoute } from "./outbox.ts";
import { secretOf } from "./route-secrets.ts";

export interface MqttRouteDeps {
  readonly clock: Clock;
  readonly environment: Environment;
  readonly clientId: string;
  /** Says it on the rack's own bus; false while there is no session, or no rack. */
  readonly say: (payload: string) => boolean;
}

/** Throws Faults of `secretOf`. */
export function createMqttRoute(name: string, route: MqttRoute, deps: MqttRouteDeps): NoticeRoute {
  const { url, topic } = route;
  const bodyOf = ({ rule, severity, title, lines, heldBack }: Notice): string =>
    JSON.stringify({
      ...{ v: BUS_VERSION, said_at: new Date(deps.clock.wallMs()).toISOString(), rule, severity },
      ...{ title: title.slice(0, 200), lines: lines.slice(0, 60), held_back: heldBack },
    } satisfies BusNotice);
  if (url === undefined || topic === undefined) {
    return {
      name,
      send(notice) {
        if (deps.say(bodyOf(notice))) return Promise.resolve();
        return Promise.reject(routeTrouble(name, "there is no session with the rack's broker", false));
      },
      close: () => Promise.resolve(),
    };
  }
  let why = "it is still being opened";
  const session = openBusSession({
    place: {
      ...{ url, user: route.user ?? "beamrack-notify" },
      password: secretOf(name, route.password_file, route.password_env, deps.environment),
      certificateAuthority: route.ca_file === undefined ? null : readText(route.ca_file),
    },
    ...{ clock: deps.clock, clientId: deps.clientId, topics: [] },
    message: () => undefined,
    opened: () => undefined,
    lost(fault) {
      why = fault.message;
    },
  });
  return {
    name,
    send(notice) {
      if (!session.isOpen()) return Promise.reject(routeTrouble(name, `no session with ${url}: ${why}`, false));
      session.publish(topic, bodyOf(notice), false);
      return Promise.resolve();
    },
    close: () => session.close(),
  };
}
