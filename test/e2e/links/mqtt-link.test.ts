import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { afterEach, describe, expect, it } from "vitest";
import { createOpenLink } from "../../../drivers/link/open-link.ts";
import { createMqttIntegrator } from "../../../drivers/json-integrator/mqtt-integrator.ts";
import { createMqttSensors } from "../../../drivers/mqtt-sensor/mqtt-sensors.ts";
import { createBenchBroker } from "../../../tui/bench/broker.ts";
import { createWallWorldClock } from "../../../tui/bench/wall-world-clock.ts";
import { createMessageDesk } from "../../../tui/images/integrator-server.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";
import { until } from "../../support/real-link.ts";

const clock = createRealClock();
const PATTERN = {
  ...{ wavelengthA: 0.2, twoThetaDeg: Float64Array.from({ length: 2500 }, (_, at) => 1 + at / 400) },
  counts: new Float64Array(2500).fill(7),
};
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** Names of the packets in what a client sent, and whether each CONNECT asked for a clean session. */
function packetsIn(bytes: Buffer): readonly string[] {
  const names: Readonly<Record<number, string>> = {
    1: "connect",
    3: "publish",
    4: "puback",
    8: "subscribe",
    12: "ping",
  };
  const found: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const kind = (bytes[at] ?? 0) >> 4;
    let length = 0;
    let shift = 0;
    let byte = 0x80;
    at += 1;
    for (; (byte & 0x80) !== 0; shift += 7, at += 1) {
      byte = bytes[at] ?? 0;
      length |= (byte & 0x7f) << shift;
    }
    const isClean = kind === 1 && ((bytes[at + 7] ?? 0) & 0x02) !== 0;
    found.push(kind === 1 ? `connect${isClean ? " clean" : " keeping its session"}` : (names[kind] ?? String(kind)));
    at += length;
  }
  return found;
}

async function broker(port = 0) {
  const aedes = await Aedes.createBroker();
  const sessions: { readonly socket: Socket; sent: Buffer }[] = [];
  const server: Server = createServer((socket) => {
    const session = { socket, sent: Buffer.alloc(0) };
    sessions.push(session);
    socket.on("data", (chunk) => {
      session.sent = Buffer.concat([session.sent, chunk]);
    });
    socket.on("error", () => undefined);
    aedes.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  closers.push(() => {
    server.close();
    for (const { socket } of sessions) socket.destroy();
    aedes.close();
  });
  const publish = (payload: string, retain: boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const packet = { cmd: "publish" as const, topic: "ring", payload, qos: 0 as const, retain, dup: false };
      aedes.publish(packet, (error) => {
        if (error === undefined || (error as Error | null) === null) resolve();
        else reject(error);
      });
    });
  return { port: (server.address() as AddressInfo).port, sessions, publish };
}

describe("MQTT over a real link", () => {
  it("begins anew after a loss: a clean session, subscriptions, and not one message of before", async () => {
    const { port, sessions, publish } = await broker();
    const { connection, sensors } = createMqttSensors({
      name: "broker",
      openLink: createOpenLink({ kind: "mqtt", url: `mqtt://127.0.0.1:${port}` }, "broker", clock),
      clock,
      sensors: [{ name: "ring", quantity: "ring_current", unit: "mA", topic: "ring", jsonPath: null, maximumAgeS: 5 }],
    });
    closers.push(() => {
      connection.disconnect();
    });
    await connection.connect();
    const ring = sensors.get("ring");
    const readings: number[] = [];
    ring?.onReading(({ value }) => readings.push(value));
    await publish("200", false);
    await until("the first reading", () => readings.length === 1);

    sessions[0]?.socket.resetAndDestroy();
    await publish("1", false);
    await publish("2", true);
    await until("the second session", () => sessions.length === 2);
    await until("its subscription", () => packetsIn(sessions[1]?.sent ?? Buffer.alloc(0)).length === 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await publish("201", false);
    await until("the next reading", () => readings.length > 1);
    // Neither what was said while nobody listened nor what the broker kept counts as a reading.
    expect(readings).toEqual([200, 201]);
    expect(ring?.fresh()?.value).toBe(201);
    expect(sessions.map(({ sent }) => packetsIn(sent))).toEqual([
      ["connect clean", "subscribe"],
      ["connect clean", "subscribe"],
    ]);
  });
});

describe("a program that integrates frames, behind a broker of its own", () => {
  it("gives the pattern of an image, says why there is none, and is not kept from the next by a broker that went away", async () => {
    const broker = await createBenchBroker(
      { host: "127.0.0.1", port: 0 },
      createWallWorldClock(clock, () => undefined),
    );
    await broker.plug();
    const desk = createMessageDesk(
      {
        ...{ clock, folder: undefined, version: "1", onAnswered: () => undefined },
        read: (path) =>
          path.includes("none")
            ? { kind: "refused", reason: "no such file" }
            : { kind: "pattern", pattern: PATTERN, image: undefined as never },
      },
      (payload) => {
        // Others are answered there too.
        broker.publish("t/answer", payload.replace(/"client":"[^"]*"/, '"client":"elsewhere"'));
        broker.publish("t/answer", payload);
      },
    );
    broker.onMessage("t/ask", (payload) => {
      desk(Buffer.from(payload));
    });
    const url = broker.where;
    const openLink = createOpenLink({ kind: "mqtt", url }, "integrator", clock);
    const integrator = createMqttIntegrator({ name: "integrator", openLink, clock, timeoutS: 5, topic: "t" });
    const faults: string[] = [];
    integrator.onFault(({ code }) => faults.push(code));
    closers.push(() => {
      integrator.disconnect();
      void broker.close();
    });
    expect(await integrator.connect()).toMatchObject({ model: "beamrack integrate", firmware: "1" });
    expect(Array.from((await integrator.read("/d/ä.cbf"))?.counts ?? [])).toEqual(Array.from(PATTERN.counts));
    expect(await integrator.read("/d/none.cbf")).toBeUndefined();
    await broker.unplug();
    await until("the loss is told", () => faults.length > 0);
    expect(faults).toEqual(["link.closed"]);
    await broker.plug();
    await integrator.connect();
    expect((await integrator.read("/d/b.cbf"))?.counts).toHaveLength(PATTERN.counts.length);
  });
});
