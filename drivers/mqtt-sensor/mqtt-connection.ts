/**
 * Keeps a session with a broker: opens it when asked, and after a loss again by itself, with growing pauses, on a
 * fresh link each time. It says nothing to the broker but what a subscriber must.
 */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Identity, Instrument } from "../../protocols/roles/instrument.ts";
import type { Link, OpenLink } from "../../protocols/roles/link.ts";
import { openWithin } from "../link/open-within.ts";
import { openMqttSession, type MqttCredentials, type MqttSession } from "./mqtt-session.ts";

export interface MqttConnectionDeps {
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  readonly clientId: string;
  readonly credentials?: MqttCredentials;
  readonly topics: readonly string[];
  readonly message: (topic: string, payload: Buffer, isRetained: boolean) => void;
  readonly oversized: (topic: string, lengthBytes: number) => void;
  /** A session is open: from now on silence means something. */
  readonly opened: () => void;
  /** `disconnect` was called. */
  readonly closed: () => void;
}

export interface MqttConnection extends Instrument {
  /** Leaves an open session as it is; opens one otherwise. */
  ensureOpen(): Promise<Identity>;
}

export const RETRY_FIRST_MS = 500;
export const RETRY_LAST_MS = 30_000;

const IDENTITY: Identity = { model: "MQTT broker", serialNumber: null, firmware: null };

/**
 * `connect` rejects when the first try fails, and then nothing goes on in the background. Once it has succeeded the
 * connection is wanted until `disconnect`: every loss and every failed try is told as a fault and tried again after
 * 0.5 s, doubling up to 30 s. The pause starts small again only after a session of 30 s, so that two clients with
 * one id do not throw each other out twice a second.
 */
export function createMqttConnection(deps: MqttConnectionDeps): MqttConnection {
  const { name, openLink, clock } = deps;
  const faultHandlers = new Set<(fault: Fault) => void>();
  let session: MqttSession | undefined;
  let opening: Promise<Identity> | undefined;
  /** The link of a session that is not open yet. */
  let openingLink: Link | undefined;
  let isWanted = false;
  let pauseMs = RETRY_FIRST_MS;
  let openedAtMs = 0;
  let retryTimer: TimerHandle;
  /** Counts connects and disconnects: a try that was overtaken must not leave its session behind. */
  let generation = 0;

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  function lost(fault: Fault): void {
    session = undefined;
    if (clock.monoMs() - openedAtMs >= RETRY_LAST_MS) pauseMs = RETRY_FIRST_MS;
    report(fault);
    retryLater();
  }

  function retryLater(): void {
    if (!isWanted) return;
    clock.clearTimeout(retryTimer);
    retryTimer = clock.setTimeout(() => {
      // Told to whoever listens for faults; a stranger to us is a bug and must not pass for a lost link.
      open().catch((error: unknown) => {
        if (!isFault(error)) throw error;
        report(error);
      });
    }, pauseMs);
    pauseMs = Math.min(RETRY_LAST_MS, pauseMs * 2);
  }

  function open(): Promise<Identity> {
    if (opening !== undefined) return opening;
    generation += 1;
    const present = openAnew(generation).finally(() => {
      if (opening === present) opening = undefined;
    });
    opening = present;
    return present;
  }

  async function openAnew(mine: number): Promise<Identity> {
    clock.clearTimeout(retryTimer);
    session?.close();
    session = undefined;
    try {
      const link = await openWithin(clock, openLink, name);
      if (mine !== generation) {
        link.close();
        throw new Fault("link.closed", name, "disconnected while connecting");
      }
      openingLink = link;
      session = await openMqttSession({ ...deps, link, lost });
    } catch (error) {
      if (mine === generation) retryLater();
      throw error;
    }
    openingLink = undefined;
    openedAtMs = clock.monoMs();
    isWanted = true;
    deps.opened();
    return IDENTITY;
  }

  return {
    name,
    driver: "mqtt-sensor",
    connect: open,
    ensureOpen: () => (session === undefined ? open() : Promise.resolve(IDENTITY)),
    disconnect() {
      generation += 1;
      isWanted = false;
      clock.clearTimeout(retryTimer);
      session?.close();
      session = undefined;
      opening = undefined;
      openingLink?.close();
      openingLink = undefined;
      deps.closed();
    },
    onFault(handler) {
      faultHandlers.add(handler);
      return () => faultHandlers.delete(handler);
    },
  };
}
