/**
 * The broker of the bench: the sensors of the simulated machine speak here, and orders for faults are taken here. It
 * is a real one (MQTT 3.1.1), so any client may listen.
 */
import { Aedes, type AedesPublishPacket } from "aedes";
import type { WorldClock } from "../../simulator/plant/plant.ts";
import type { MqttSourceTopic } from "../../simulator/mqtt-source/mqtt-source.ts";
import type { BenchListener } from "./listener.ts";
import { createListeningServer, type TcpPlace } from "./tcp-listener.ts";

export interface BenchBroker extends BenchListener {
  /** Says the topics in their time until stopped. The last message of each is retained. */
  speak(topics: readonly MqttSourceTopic[]): { stop(): void };
  publish(topic: string, payload: string): void;
  /** The same from a program behind the broker, with what is wrong with the publishers' messages. */
  say(topic: string, payload: string): void;
  /** What clients publish there. */
  onMessage(topic: string, handler: (payload: string) => void): void;
  readonly flaws: BrokerFlaws;
}

/** What is wrong with the messages of the publishers now. */
export interface BrokerFlaws {
  isSilent: boolean;
  isGarbled: boolean;
  /** Values are told this many times too large. */
  factor: number;
  lateMs: number;
}

export async function createBenchBroker(place: TcpPlace, clock: WorldClock): Promise<BenchBroker> {
  const broker = await Aedes.createBroker();
  const handlers = new Map<string, (payload: string) => void>();
  const flaws: BrokerFlaws = { isSilent: false, isGarbled: false, factor: 1, lateMs: 0 };
  // A client that breaks off is no news here.
  broker.on("clientError", () => undefined);
  broker.on("connectionError", () => undefined);
  broker.on("publish", (packet: AedesPublishPacket, client) => {
    if (client !== null) handlers.get(packet.topic)?.(packet.payload.toString());
  });
  const server = createListeningServer(place, (socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    broker.handle(socket);
  });

  function publish(topic: string, payload: string, retain = false): void {
    broker.publish(
      { cmd: "publish", topic, payload, qos: 0, dup: false, retain },
      // Nobody listening is no trouble of the publisher's.
      () => undefined,
    );
  }

  function say(topic: MqttSourceTopic, atMs: number): void {
    const value = topic.payload(atMs);
    if (value !== undefined) publishFlawed(topic.topic, value, true);
  }

  function publishFlawed(topic: string, value: string, retain: boolean): void {
    if (flaws.isSilent) return;
    const told = flaws.isGarbled ? `${value.slice(0, value.length / 2)}\u0007` : multiplied(value, flaws.factor);
    if (flaws.lateMs === 0) publish(topic, told, retain);
    else
      clock.at(clock.nowMs() + flaws.lateMs, () => {
        publish(topic, told, retain);
      });
  }

  return {
    get where() {
      return `mqtt://${server.where}`;
    },
    flaws,
    speak(topics) {
      let isStopped = false;
      const schedule = (topic: MqttSourceTopic, count: number): void => {
        clock.at(count * topic.periodMs, () => {
          if (isStopped) return;
          say(topic, clock.nowMs());
          schedule(topic, Math.max(count + 1, Math.ceil(clock.nowMs() / topic.periodMs)));
        });
      };
      for (const topic of topics) schedule(topic, Math.ceil(clock.nowMs() / topic.periodMs));
      return {
        stop() {
          isStopped = true;
        },
      };
    },
    publish(topic, payload) {
      publish(topic, payload);
    },
    say(topic, payload) {
      publishFlawed(topic, payload, false);
    },
    onMessage(topic, handler) {
      handlers.set(topic, handler);
    },
    plug: () => server.open(),
    unplug: () => server.shut(),
    async close() {
      await server.shut();
      await new Promise<void>((resolve) => {
        broker.close(() => {
          resolve();
        });
      });
    },
  };
}

/** Every number of a payload, bare or in JSON. */
function multiplied(payload: string, factor: number): string {
  if (factor === 1) return payload;
  return payload.replaceAll(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi, (digits) => String(Number(digits) * factor));
}
