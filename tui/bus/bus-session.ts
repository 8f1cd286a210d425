/**
 * A standing session with a broker: opened, watched, and after a loss opened again with short pauses, for as long as it
 * is wanted. For the controller and for its clients.
 */
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault, type FaultCode } from "../../protocols/base/fault.ts";
import type { BusPlace } from "./bus-place.ts";

export interface BusSessionDeps {
  readonly place: BusPlace;
  readonly clock: Clock;
  /** Two clients with one id throw each other out for ever. */
  readonly clientId: string;
  readonly topics: readonly string[];
  /** Made anew for each session. */
  readonly lastWill?: () => { readonly topic: string; readonly payload: string };
  /** `isRetained`: the broker's memory, and not said just now. */
  readonly message: (topic: string, payload: Uint8Array, isRetained: boolean) => void;
  /** A session is open and all topics are subscribed. */
  readonly opened: () => void;
  /** It was lost, or could not be opened; another try follows unless `close` was called. */
  readonly lost: (fault: Fault) => void;
}

export interface BusSession {
  readonly isOpen: () => boolean;
  /** Bytes not yet taken by the network. */
  readonly backlogBytes: () => number;
  /** Lost when nobody listens. */
  readonly publish: (topic: string, payload: string, retain: boolean) => void;
  /** Tries now what would be tried after a pause: somebody knows that the broker listens. */
  retry(): void;
  /** Ends the session in order: what was said goes out first, for a second at the most. No Last Will is published. */
  close(): Promise<void>;
  /** Breaks it off without a word, as a process that dies does. */
  breakOff(): void;
}

const PAUSE_FIRST_MS = 200;
const PAUSE_MAX_MS = 2000;
/** A broker that is started again is there within seconds: so long it is looked for more often. */
const SOON_MS = 10_000;
const PAUSE_SOON_MS = 500;
const CONNECT_MS = 5000;
const CLOSING_MS = 1000;
/** A peer that is silent for half as long again is gone, on both sides. */
const KEEP_ALIVE_S = 10;

export function openBusSession(deps: BusSessionDeps): BusSession {
  const { place, clock } = deps;
  let client: MqttClient | undefined;
  let isOpen = false;
  let isWanted = true;
  let pauseMs = PAUSE_FIRST_MS;
  let sinceMs = clock.monoMs();
  let isPausing = false;
  let timer: TimerHandle;

  function tryAgain(fault: Fault): void {
    deps.lost(fault);
    isPausing = true;
    timer = clock.setTimeout(begin, pauseMs);
    const mostMs = clock.monoMs() - sinceMs < SOON_MS ? PAUSE_SOON_MS : PAUSE_MAX_MS;
    pauseMs = Math.min(mostMs, 2 * pauseMs);
  }

  function begin(): void {
    isPausing = false;
    let mine: MqttClient;
    try {
      mine = connect(place.url, optionsOf(deps));
    } catch (error) {
      // A port that cannot be, a signer's file that is none: the library throws, and no run may end for it.
      if (!(error instanceof Error)) throw error;
      tryAgain(busFault(place.url, error));
      return;
    }
    client = mine;
    let isOver = false;
    let trouble: Fault | undefined;

    const over = (fault: Fault): void => {
      if (isOver) return;
      isOver = true;
      if (isOpen) sinceMs = clock.monoMs();
      isOpen = false;
      mine.end(true);
      if (!isWanted) return;
      tryAgain(trouble ?? fault);
    };

    mine.on("error", (error) => {
      trouble ??= busFault(place.url, error);
      over(trouble);
    });
    mine.on("close", () => {
      over(new Fault("bus.lost", place.url, "the connection to the broker was closed"));
    });
    mine.on("message", (topic, payload, { retain }) => {
      if (!isOver) deps.message(topic, payload, retain);
    });
    mine.on("connect", () => {
      const { stream } = mine as { readonly stream?: { setNoDelay?: (on: boolean) => void } };
      stream?.setNoDelay?.(true);
      const opened = (): void => {
        if (isOver) return;
        isOpen = true;
        pauseMs = PAUSE_FIRST_MS;
        deps.opened();
      };
      if (deps.topics.length === 0) {
        opened();
        return;
      }
      mine.subscribe([...deps.topics], { qos: 0 }, (error) => {
        if (error === null) opened();
        else over(new Fault("bus.login", place.url, `may not listen there: ${error.message}`, {}, error));
      });
    });
  }

  begin();
  return {
    isOpen: () => isOpen,
    backlogBytes() {
      const { stream } = (client ?? {}) as { readonly stream?: { readonly writableLength?: number } };
      return stream?.writableLength ?? 0;
    },
    publish(topic, payload, retain) {
      if (isOpen) client?.publish(topic, payload, { qos: 0, retain }, () => undefined);
    },
    retry() {
      if (!isPausing || !isWanted) return;
      clock.clearTimeout(timer);
      begin();
    },
    close() {
      isWanted = false;
      clock.clearTimeout(timer);
      const last = client;
      if (last === undefined || !isOpen) {
        last?.end(true);
        return Promise.resolve();
      }
      isOpen = false;
      return new Promise((resolve) => {
        const late = clock.setTimeout(() => {
          last.end(true);
          resolve();
        }, CLOSING_MS);
        last.end(false, {}, () => {
          clock.clearTimeout(late);
          resolve();
        });
      });
    },
    breakOff() {
      isWanted = false;
      clock.clearTimeout(timer);
      isOpen = false;
      const { stream } = (client ?? {}) as { readonly stream?: { destroy?: () => void } };
      stream?.destroy?.();
      client?.end(true);
    },
  };
}

function optionsOf({ place, clientId, lastWill }: BusSessionDeps): IClientOptions {
  const will = lastWill?.();
  return {
    clientId,
    username: place.user,
    ...(place.password === null ? {} : { password: place.password }),
    ...(place.certificateAuthority === null ? {} : { ca: place.certificateAuthority }),
    ...(will === undefined ? {} : { will: { ...will, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
    protocolVersion: 4,
    clean: true,
    keepalive: KEEP_ALIVE_S,
    reconnectPeriod: 0,
    connectTimeout: CONNECT_MS,
    queueQoSZero: false,
    resubscribe: false,
  };
}

const TLS_CODE = /^(CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|HOSTNAME_MISMATCH|ERR_SSL)/;

function busFault(url: string, error: Error & { readonly code?: unknown }): Fault {
  const { code } = error;
  const found: FaultCode =
    code === 4 || code === 5
      ? "bus.login"
      : typeof code === "string" && (TLS_CODE.test(code) || error.message.includes("TLS not authorized"))
        ? "bus.certificate"
        : "bus.unreachable";
  return new Fault(found, url, causeText(error), {}, error);
}

function causeText(error: Error & { readonly code?: unknown }): string {
  if (error.message !== "") return error.message.replace(/^connect /, "").replace(/^Connection refused: /, "refused: ");
  return typeof error.code === "string" ? error.code : "no connection";
}
