/** The controller's end of the bus on a port that only listens, beside a campaign in the virtual world. */
import type { Proposals } from "../../controller/bus/command-effects.ts";
import { createControllerBus, type ControllerBus } from "../../controller/bus/controller-bus.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import type { BusCommand, BusReply } from "../../protocols/bus/commands.ts";
import { readMessage, type BusKind, type BusMessage } from "../../protocols/bus/messages.ts";
import { topicText } from "../../protocols/bus/topics.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { envelope, NOON_MS, USERS } from "./bus-orders.ts";

type ValueOf<Kind extends BusKind> = Extract<BusMessage, { kind: Kind }>["value"];

export interface BusBench {
  readonly bus: ControllerBus;
  readonly show: (virtual: VirtualCampaign) => void;
  /** So much of the day goes by. */
  readonly advance: (ms: number) => void;
  /** Topics and texts of messages that could not be read. */
  readonly unread: readonly string[];
  /** The last message on a topic, without `beamrack/<rack>/`. */
  readonly last: <Kind extends BusKind>(kind: Kind, of?: string) => ValueOf<Kind> | undefined;
  readonly countOf: (kind: BusKind) => number;
  readonly order: (author: string, command: BusCommand, reason?: string) => BusReply | undefined;
  readonly take: (topic: string, payload: Uint8Array, isRetained?: boolean) => void;
  readonly dayMs: () => number;
}

export const BENCH_RACK = "bench-rack";

/** `proposals`: what the run may be amended by. */
export function createBusBench(campaign: Campaign, site: Site, proposals?: Proposals): BusBench {
  let nowMs = 0;
  let timers: { readonly fn: () => void; readonly atMs: number }[] = [];
  const dayClock: Clock = {
    wallMs: () => NOON_MS + nowMs,
    monoMs: () => nowMs,
    setTimeout(fn, ms) {
      const timer = { fn, atMs: nowMs + ms };
      timers.push(timer);
      return timer;
    },
    clearTimeout(handle) {
      timers = timers.filter((timer) => timer !== handle);
    },
  };
  const unread: string[] = [];
  const messages = new Map<string, BusMessage>();
  const counts = new Map<string, number>();
  const bus = createControllerBus({
    port: {
      isOpen: () => true,
      backlogBytes: () => 0,
      publish(topic, payload) {
        const read = readMessage(topic, Buffer.from(payload));
        if (read.kind === "emptied") return;
        if (read.kind !== "read") {
          unread.push(`${topic}: ${read.why}: ${payload.slice(0, 300)}`);
          return;
        }
        const { message } = read;
        messages.set(`${message.kind} ${message.of ?? ""}`, message);
        counts.set(message.kind, (counts.get(message.kind) ?? 0) + 1);
      },
    },
    ...{ rack: BENCH_RACK, site, world: "virtual", seed: 1, faults: "none", dayClock, pace: () => 600 },
    userOf: (name) => USERS.find((user) => user.name === name),
    ...{ instance: "1", version: "0", host: "test", pid: 1 },
  });

  function advance(ms: number): void {
    const endMs = nowMs + ms;
    for (;;) {
      const next = timers.reduce<(typeof timers)[number] | undefined>(
        (first, timer) => (timer.atMs <= endMs && timer.atMs < (first?.atMs ?? Infinity) ? timer : first),
        undefined,
      );
      if (next === undefined) break;
      timers = timers.filter((timer) => timer !== next);
      nowMs = Math.max(nowMs, next.atMs);
      next.fn();
    }
    nowMs = endMs;
  }

  function last<Kind extends BusKind>(kind: Kind, of = ""): ValueOf<Kind> | undefined {
    // Kept under its own kind.
    return messages.get(`${kind} ${of}`)?.value as ValueOf<Kind> | undefined;
  }

  return {
    ...{ bus, advance, unread, last, dayMs: () => NOON_MS + nowMs },
    show({ run, clock, rig }) {
      const amended = proposals === undefined ? {} : { proposals };
      bus.show({ campaign, run, clock, roles: rig.roles, endAtMs: 3_600_000, ...amended });
      bus.connected();
    },
    countOf: (kind) => counts.get(kind) ?? 0,
    order(author, { command, args }, reason = "a test") {
      const sent = envelope(author, command, { args, reason }, NOON_MS + nowMs);
      messages.delete(`reply ${author}`);
      bus.take(topicText(BENCH_RACK, { kind: "command", user: author }), Buffer.from(JSON.stringify(sent)));
      const reply = last("reply", author);
      return reply?.id === sent.id ? reply : undefined;
    },
    take(topic, payload, isRetained = false) {
      bus.take(topic, payload, isRetained);
    },
  };
}
