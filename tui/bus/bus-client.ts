/** A client of the bus: hears how things stand, gives orders and waits for their answers. For screens and commands. */
import { DEADLINE_AHEAD_MAX_MS } from "../../controller/bus/authority.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { BusCommand, BusEnvelope, BusReply } from "../../protocols/bus/commands.ts";
import { readMessage, type ReadMessage } from "../../protocols/bus/messages.ts";
import { BUS_VERSION, parseTopic, topicName, topicText, type BusTopic } from "../../protocols/bus/topics.ts";
import type { BusPlace } from "./bus-place.ts";
import { openBusSession } from "./bus-session.ts";

export type BusLink =
  /** Since `sinceMs` (monotonic) there is no session; `fault` says why the last try failed. */
  | { readonly kind: "connecting" | "lost"; readonly sinceMs: number; readonly fault: Fault | null }
  | { readonly kind: "open"; readonly sinceMs: number };

export interface BusClientDeps {
  readonly place: BusPlace;
  readonly clock: Clock;
  /** Of this program: with the time of its start it is unique on the machine. */
  readonly pid: number;
  /** Hear this rack only; undefined: all racks of the broker. */
  readonly rack?: string;
  /** What to hear, such as `cell/+`; default everything. */
  readonly topics?: readonly string[];
  /** Every message, read; also those that cannot be. */
  readonly message?: (read: ReadMessage) => void;
  /** Every message but the answers to this client, unread: for those who read only what they draw. */
  readonly raw?: (topic: string, payload: Uint8Array, isRetained: boolean) => void;
  readonly link: (link: BusLink) => void;
}

export interface OrderOptions {
  readonly rack: string;
  readonly reason: string;
  readonly precondition?: BusEnvelope["precondition"];
  /** How long to wait for the answer; the order is not obeyed after it, nor after some minutes. Default 5 s. */
  readonly withinMs?: number;
}

export interface BusClient {
  readonly user: string;
  readonly link: () => BusLink;
  /**
   * Gives an order. Resolves with the one answer; rejects with Fault `bus.no-answer` when none comes in time, and
   * `bus.lost` when there is no session.
   */
  order(command: BusCommand, options: OrderOptions): Promise<BusReply>;
  /** Says something of one's own, not retained; false where nobody listens. */
  say(rack: string, topic: BusTopic, payload: string): boolean;
  close(): Promise<void>;
}

const ANSWER_MS = 5000;
/** An alignment is answered once it is over; the controller gives it up before. */
export const ALIGN_ANSWER_MS = 50 * 60_000;

interface OpenOrder {
  readonly answered: (reply: BusReply) => void;
  /** Nobody hears the answer any more. */
  readonly closed: () => void;
}

/** Connects, and again after each loss, until closed. Never throws: what fails is told to `link`. */
export function createBusClient(deps: BusClientDeps): BusClient {
  const { place, clock } = deps;
  const rack = deps.rack ?? "+";
  const name = topicName(`c${deps.pid.toString(36)}-${Math.floor(clock.wallMs()).toString(36)}`);
  const orders = new Map<string, OpenOrder>();
  let orderCount = 0;
  let current: BusLink = { kind: "connecting", sinceMs: clock.monoMs(), fault: null };

  function setLink(link: BusLink): void {
    current = link;
    deps.link(link);
  }

  const session = openBusSession({
    ...{ place, clock, clientId: `${place.user}-${name}` },
    topics: [
      ...(deps.topics ?? ["#"]).map((topic) => `beamrack/${rack}/${topic}`),
      ...(deps.topics === undefined ? [] : [`beamrack/${rack}/reply/${place.user}/${name}`]),
    ],
    message(topic, payload, isRetained) {
      if (deps.raw !== undefined && parseTopic(topic)?.topic.kind !== "reply") {
        deps.raw(topic, payload, isRetained);
        return;
      }
      const read = readMessage(topic, payload);
      if (read.kind === "read" && read.message.kind === "reply") {
        const reply = read.message.value;
        orders.get(reply.id)?.answered(reply);
        return;
      }
      deps.message?.(read);
    },
    opened() {
      setLink({ kind: "open", sinceMs: clock.monoMs() });
    },
    lost(fault) {
      const kind = current.kind === "connecting" ? "connecting" : "lost";
      const sinceMs = current.kind === "open" ? clock.monoMs() : current.sinceMs;
      setLink({ kind, sinceMs, fault });
    },
  });

  return {
    user: place.user,
    link: () => current,
    order(command, options) {
      const withinMs = options.withinMs ?? ANSWER_MS;
      orderCount += 1;
      const id = `${name}-${orderCount}`;
      const envelope: BusEnvelope = {
        ...{ v: BUS_VERSION, id, author: place.user, reply_to: name },
        deadline: new Date(clock.wallMs() + Math.min(withinMs, DEADLINE_AHEAD_MAX_MS / 2)).toISOString(),
        precondition: options.precondition ?? null,
        ...{ command: command.command, args: command.args, reason: options.reason },
      };
      return new Promise((resolve, reject) => {
        if (!session.isOpen()) {
          reject(new Fault("bus.lost", place.url, "there is no connection to the broker"));
          return;
        }
        const late = clock.setTimeout(() => {
          orders.delete(id);
          const what = `no answer to ${command.command} within ${withinMs / 1000} s`;
          reject(new Fault("bus.no-answer", options.rack, what, { id }));
        }, withinMs);
        orders.set(id, {
          answered(reply) {
            orders.delete(id);
            clock.clearTimeout(late);
            resolve(reply);
          },
          closed() {
            clock.clearTimeout(late);
            reject(
              new Fault("bus.lost", place.url, `the connection was closed before ${command.command} was answered`),
            );
          },
        });
        const topic = topicText(options.rack, { kind: "command", user: place.user });
        session.publish(topic, JSON.stringify(envelope), false);
      });
    },
    say(onRack, topic, payload) {
      if (session.isOpen()) session.publish(topicText(onRack, topic), payload, false);
      return session.isOpen();
    },
    close() {
      for (const { closed } of orders.values()) closed();
      orders.clear();
      return session.close();
    },
  };
}
