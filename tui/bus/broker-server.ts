/**
 * The embedded broker: aedes on a TCP port, with users, roles and topics as `protocols/bus/users.ts` has them. It runs in
 * a process of its own and knows of the run only who owns which cell.
 */
import { timingSafeEqual } from "node:crypto";
import { Aedes, type AedesPublishPacket, type Client } from "aedes";
import * as z from "zod";
import type { Clock } from "../../protocols/base/clock.ts";
import { parseTopic } from "../../protocols/bus/topics.ts";
import { CONTROLLER_USER, mayPublish, mayRead, usersFileSchema, type BusUser } from "../../protocols/bus/users.ts";
import { createListeningServer, type ListeningServer } from "../bench/tcp-listener.ts";
import { createBusUsers } from "./bus-users.ts";
import { createPacketSizes } from "./packet-sizes.ts";

/** What the process is told on its standard input. */
export const brokerOrderSchema = z.strictObject({
  host: z.string(),
  port: z.int().min(0).max(65_535),
  rack: z.string(),
  /** The controller's own password: another at every start. */
  controllerPassword: z.string().min(16),
  users: usersFileSchema.nullable(),
  /** Owner of the cell at each position. */
  groups: z.record(z.string(), z.string()),
});
export type BrokerOrder = z.output<typeof brokerOrderSchema>;

export interface BrokerServer {
  /** `127.0.0.1:1883`. */
  readonly where: string;
  close(): Promise<void>;
}

/** A client that takes nothing for so long is cut off: the library lets all others wait for it. */
const DRAIN_MS = 1000;
const CLIENTS_MAX = 200;
/** From one client that is not the controller; whoever talks faster is cut off. */
const MESSAGES_PER_SECOND = 200;
/** Of one client, one after the other. */
const SUBSCRIPTIONS_MAX = 1000;
/** Longest packet of the controller, and of anybody else, also before it is known who that is. */
const CONTROLLER_PACKET_BYTES_MAX = 1024 * 1024;
const PACKET_BYTES_MAX = 64 * 1024;

/** Rejects with Fault `bench.listen` where the port cannot be had. */
export async function startBrokerServer(order: BrokerOrder, clock: Clock): Promise<BrokerServer> {
  const users = createBusUsers(order.users);
  const present = new Map<Client, BusUser | "controller">();
  const controllers = new WeakSet<object>();
  const subscriptionCounts = new WeakMap<Client, number>();
  const paces = new Map<Client, { count: number; sinceMs: number }>();
  const groupOf = (position: string): string | undefined => order.groups[position];

  function isSlowEnough(client: Client | null): boolean {
    if (client === null) return false;
    const nowMs = clock.monoMs();
    const pace = paces.get(client);
    if (pace === undefined || nowMs - pace.sinceMs >= 1000) {
      paces.set(client, { count: 1, sinceMs: nowMs });
      return true;
    }
    pace.count += 1;
    return pace.count <= MESSAGES_PER_SECOND;
  }

  /** A client's id is whoever's has it: the library throws the one out that came first. */
  function isIdOfOther(client: Client, name: string): boolean {
    return [...present].some(([other, who]) => {
      const user = who === "controller" ? CONTROLLER_USER : who.name;
      return other !== client && other.id === client.id && user !== name;
    });
  }

  const broker = await Aedes.createBroker({
    connectTimeout: 5000,
    queueLimit: 1000,
    drainTimeout: DRAIN_MS,
    authenticate(client, name, password, done) {
      const refuse = (): void => {
        done(null, false);
      };
      if (name === CONTROLLER_USER) {
        if (!isSame(password, order.controllerPassword) || isIdOfOther(client, name)) {
          refuse();
          return;
        }
        present.set(client, "controller");
        controllers.add(client.conn);
        done(null, true);
        return;
      }
      void users.login(name ?? "", password).then((user) => {
        // It left while its password was looked at: nobody is told when it goes.
        if (client.closed) return;
        if (user === undefined || isIdOfOther(client, user.name)) refuse();
        else {
          present.set(client, user);
          done(null, true);
        }
      });
    },
    authorizePublish(client, packet, done) {
      const who = client === null ? undefined : present.get(client);
      const { topic } = packet;
      const rack = parseTopic(topic)?.rack;
      if (who === undefined || rack !== order.rack) {
        done(new Error(`may not publish on ${topic}`));
      } else if (who === "controller") {
        done(null);
      } else if (!mayPublish(who, topic) || packet.retain || !isSlowEnough(client)) {
        // The library closes the connection for it.
        done(new Error(`may not publish on ${topic}, or not so fast`));
      } else done(null);
    },
    authorizeSubscribe(client, subscription, done) {
      const count = (subscriptionCounts.get(client) ?? 0) + 1;
      subscriptionCounts.set(client, count);
      done(null, present.has(client) && count <= SUBSCRIPTIONS_MAX ? subscription : null);
    },
    authorizeForward(client, packet: AedesPublishPacket) {
      const who = present.get(client);
      if (who === "controller") return packet;
      return who !== undefined && mayRead(who, packet.topic, groupOf) ? packet : null;
    },
  });
  broker.on("clientError", () => undefined);
  broker.on("connectionError", () => undefined);
  broker.on("clientDisconnect", (client) => {
    present.delete(client);
    paces.delete(client);
  });

  let clientCount = 0;
  const server: ListeningServer = createListeningServer({ host: order.host, port: order.port }, (socket) => {
    if (clientCount >= CLIENTS_MAX) {
      socket.destroy();
      return;
    }
    clientCount += 1;
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clientCount -= 1;
    });
    broker.handle(socket);
    const sizes = createPacketSizes();
    // Heard as the library reads it, and before it is taken apart.
    socket.on("data", (chunk: Uint8Array) => {
      const mostBytes = controllers.has(socket) ? CONTROLLER_PACKET_BYTES_MAX : PACKET_BYTES_MAX;
      if (!sizes.take(chunk, mostBytes)) socket.destroy();
    });
  });
  const closeBroker = (): Promise<void> =>
    new Promise((resolve) => {
      broker.close(() => {
        resolve();
      });
    });
  try {
    await server.open();
  } catch (error) {
    await closeBroker();
    throw error;
  }
  return {
    get where() {
      return server.where;
    },
    async close() {
      await server.shut();
      await closeBroker();
    },
  };
}

function isSame(given: Buffer | undefined, expected: string): boolean {
  const wanted = Buffer.from(expected);
  return given?.length === wanted.length && timingSafeEqual(given, wanted);
}
