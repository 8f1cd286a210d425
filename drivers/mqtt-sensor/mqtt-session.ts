/**
 * One connection to a broker, from CONNECT to its end, by the mqtt library on one link. The library's own waiting is
 * switched off (keep-alive, reconnecting, the wait for CONNACK): all deadlines run on the injected clock, and a
 * session that ended is never revived.
 */
import { MqttClient, UniqueMessageIdProvider } from "mqtt";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link } from "../../protocols/roles/link.ts";
import { createLinkDuplex } from "../link/link-duplex.ts";
import { createPacketGate } from "./packet-gate.ts";

export interface MqttCredentials {
  readonly username: string;
  readonly password: string;
}

export interface MqttSessionDeps {
  /** Of the instrument, for faults. */
  readonly name: string;
  readonly link: Link;
  readonly clock: Clock;
  /** Two clients with one id throw each other out for ever: unique per process. */
  readonly clientId: string;
  readonly credentials?: MqttCredentials;
  /** Exact topics, without wildcards. */
  readonly topics: readonly string[];
  /** What is longer is skipped and told as oversized. Default what any reading fits in. */
  readonly packetLengthMax?: number;
  readonly message: (topic: string, payload: Buffer, isRetained: boolean) => void;
  readonly oversized: (topic: string, lengthBytes: number) => void;
  /** The session ended by itself, after it had been opened. Called once. */
  readonly lost: (fault: Fault) => void;
}

export interface MqttSession {
  /** At quality of service 0, not retained; nothing where the session has ended. */
  publish(topic: string, payload: string): void;
  /** Drops the link without a word. `lost` is not called. */
  close(): void;
}

/** A message is one reading; 16 KiB holds any. */
export const PACKET_LENGTH_MAX = 16_384;
const ANSWER_MS = 5000;
/** A broker silent for this long is asked for a sign of life; silent for as long again, it counts as gone. */
export const KEEP_ALIVE_MS = 30_000;
/** The longest time a timer of the platform takes; longer ones fire at once. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Resolves when the broker has accepted the client and every subscription. Rejects with `link.timeout`,
 * `link.closed`, `link.garbled`, `link.oversized` or `device.refused`; the link is closed then.
 */
export function openMqttSession(deps: MqttSessionDeps): Promise<MqttSession> {
  const { name, link, clock, topics } = deps;
  return new Promise((resolve, reject) => {
    let state: "opening" | "open" | "ended" = "opening";
    let timer: TimerHandle;
    let isHeard = false;
    let isAsked = false;
    let isClosing = false;

    function end(): void {
      state = "ended";
      clock.clearTimeout(timer);
      client.end(true);
    }

    function fail(fault: Fault): void {
      if (state === "ended") return;
      const wasOpen = state === "open";
      end();
      if (wasOpen) deps.lost(fault);
      else reject(fault);
    }

    function watch(): void {
      timer = clock.setTimeout(() => {
        if (isHeard) isAsked = false;
        else if (isAsked) {
          fail(new Fault("link.timeout", name, `the broker has been silent for ${(2 * KEEP_ALIVE_MS) / 1000} s`));
          return;
        } else {
          isAsked = true;
          client.sendPing();
        }
        isHeard = false;
        watch();
      }, KEEP_ALIVE_MS);
    }

    // Before the library hears of it: its word for the end of a link names no reason. When it is the library that
    // closes, its error says why and follows at once.
    link.onClose((why) => {
      if (!isClosing) fail(new Fault("link.closed", name, `the link to the broker closed: ${why}`));
    });
    const gate = createPacketGate(link, deps.packetLengthMax ?? PACKET_LENGTH_MAX, {
      heard() {
        isHeard = true;
      },
      message(topic, payload, isRetained) {
        if (state !== "open") return false;
        deps.message(topic, payload, isRetained);
        return true;
      },
      oversized: deps.oversized,
      flooded(topic, lengthBytes) {
        const what = `the broker sends a message of ${(lengthBytes / 2 ** 20).toFixed(1)} MiB on ${topic || "some topic"}`;
        fail(new Fault("link.oversized", name, what, { topic, lengthBytes }));
      },
      violated(why) {
        fail(new Fault("link.garbled", name, `the broker sent ${why}`));
      },
      closing() {
        isClosing = true;
      },
    });
    const client = new MqttClient(() => createLinkDuplex(gate), {
      clientId: deps.clientId,
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
      reconnectPeriod: 0,
      connectTimeout: NEVER_MS,
      queueQoSZero: false,
      resubscribe: false,
      // The library's default starts at random, and equal runs would send unequal bytes.
      messageIdProvider: new UniqueMessageIdProvider(),
      ...(deps.credentials === undefined ? {} : deps.credentials),
    });
    // The library's own wait for CONNACK cannot be switched off: its timer, on the computer's clock, would keep a session
    // that is abandoned with its link, and all behind it, for three weeks.
    connackTimerOf(client)?.close();
    timer = clock.setTimeout(() => {
      fail(new Fault("link.timeout", name, `no answer from the broker within ${ANSWER_MS / 1000} s`));
    }, ANSWER_MS);
    client.on("error", (error) => {
      fail(brokerFault(name, error));
    });
    client.on("close", () => {
      fail(new Fault("link.closed", name, "the link to the broker closed"));
    });
    client.on("message", (topic, payload, packet) => {
      if (state !== "ended") deps.message(topic, payload, packet.retain);
    });
    client.on("connect", () => {
      client.subscribe([...topics], { qos: 0 }, (error) => {
        if (state !== "opening") return;
        if (error !== null) {
          const what = `the broker refused to subscribe to ${topics.join(", ")}: ${error.message}`;
          fail(new Fault("device.refused", name, what, {}, error));
          return;
        }
        state = "open";
        clock.clearTimeout(timer);
        watch();
        resolve({
          close: end,
          publish(topic, payload) {
            if (state === "open") client.publish(topic, payload, { qos: 0 });
          },
        });
      });
    });
  });
}

/** Private to the library, which has no other hold on it. */
function connackTimerOf(client: MqttClient): NodeJS.Timeout | undefined {
  return client["connackTimer"] as NodeJS.Timeout | undefined;
}

/** Return codes of a CONNACK are 1 to 5; any other error is about bytes. */
function brokerFault(name: string, error: Error & { readonly code?: unknown }): Fault {
  const { code } = error;
  if (typeof code === "number" && code >= 1 && code <= 5) {
    return new Fault("device.refused", name, `the broker refused the client: ${error.message}`, { code }, error);
  }
  return new Fault("link.garbled", name, `the broker's answer could not be read: ${error.message}`, {}, error);
}
