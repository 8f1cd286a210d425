import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type MqttClient } from "mqtt";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createRealClock } from "../../../tui/rim/real-clock.ts";
import { startBrokerServer } from "../../../tui/bus/broker-server.ts";
import { createBusClient, type BusClient, type BusLink } from "../../../tui/bus/bus-client.ts";
import { passwordHash } from "../../../tui/bus/password-hash.ts";
import { CONTROLLER_USER } from "../../../protocols/bus/users.ts";
import type { BusMessage } from "../../../protocols/bus/messages.ts";
import { said, startBeamrack, type BeamrackProcess } from "../../support/beamrack-process.ts";
import { until } from "../../support/real-link.ts";

const CAMPAIGN = "test/fixtures/world/small.yaml";
const clock = createRealClock();
const folder = mkdtempSync(join(tmpdir(), "beamrack-bus-"));
const running: BeamrackProcess[] = [];
const clients: BusClient[] = [];

/** What is tried again begins with nothing of the first time. */
afterEach(() => {
  for (const process of running) if (process.isRunning()) process.signal("SIGKILL");
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  rmSync(folder, { recursive: true, force: true });
});

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): BeamrackProcess {
  const process = startBeamrack(args, env);
  running.push(process);
  return process;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const process = start(args, env);
  const code = await process.ended;
  return { code, out: process.out(), err: process.err() };
}

/** A paced world with its bus; the URL as it was told. */
async function pacedWorld(
  more: readonly string[] = [],
): Promise<{ readonly world: BeamrackProcess; readonly url: string }> {
  const data = mkdtempSync(join(folder, "data-"));
  const world = start([
    "simulate",
    CAMPAIGN,
    "--site",
    "protocols/sites/reference.yaml",
    "--paced",
    "60",
    "--broker-port",
    "0",
    "--data",
    data,
    "--json",
    ...more,
  ]);
  await said(world, "bus: mqtt://", 90_000);
  const url = /mqtt:\/\/[\d.]+:\d+/.exec(world.err())?.[0] ?? "";
  return { world, url };
}

function watch(url: string, user: string) {
  const seen = new Map<string, BusMessage>();
  const unread: string[] = [];
  const links: BusLink["kind"][] = [];
  const client = createBusClient({
    place: { url, user, password: null, certificateAuthority: null },
    ...{ clock, pid: process.pid + clients.length },
    message(read) {
      if (read.kind === "unread") unread.push(read.why);
      if (read.kind === "read") seen.set(`${read.message.kind} ${read.message.of ?? ""}`, read.message);
    },
    link: ({ kind }) => links.push(kind),
  });
  clients.push(client);
  return { client, seen, unread, links, value: (key: string): unknown => seen.get(key)?.value };
}

/** Processes whose parent this one is. */
function childrenOf(world: BeamrackProcess): readonly number[] {
  const listed = spawnSync("ps", ["-eo", "pid,ppid,args"], { encoding: "utf8" }).stdout.split("\n");
  const own = listed.find((line) => line.includes("--broker-port 0") && line.includes(folder));
  const ownPid = own?.trim().split(/\s+/)[0] ?? "none";
  expect(world.isRunning()).toBe(true);
  return listed.flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/);
    return parent === ownPid ? [Number(pid)] : [];
  });
}

it("the controller of a simulated world that is killed is gone; the next is shown with what it reads, and obeyed", async () => {
  const faults = join(folder, "killed.json");
  writeFileSync(faults, JSON.stringify([{ kind: "controller-kill", from_s: 900, to_s: 1080 }]));
  const { url } = await pacedWorld(["--faults", faults]);
  const screen = watch(url, "anna");
  const told = (key: string, name: string): unknown => Reflect.get(Object(screen.value(key)), name);
  await until("a ring current", () => typeof told("beam ", "ring_current_mA") === "number", 30_000);
  const first = told("controller ", "instance");
  await until("it is gone", () => told("controller ", "state") === "gone", 60_000);
  await until(
    "the next one",
    () => told("controller ", "state") === "present" && told("controller ", "instance") !== first,
    30_000,
  );
  await until("its campaign", () => told("campaign ", "state") === "running", 30_000);
  const held = await run(["hold", "--broker", url]);
  expect(held.code, held.err).toBe(0);
  await until("exposing held", () => told("campaign ", "state") === "held", 20_000);
  expect(screen.unread).toEqual([]);
});

it("a running world is seen and steered over the bus; a broker that dies, clients that flood and hang change nothing", async () => {
  const { world, url } = await pacedWorld();
  const screen = watch(url, "anna");
  await until(
    "all cells",
    () => [...screen.seen.keys()].filter((key) => key.startsWith("cell ")).length === 10,
    20_000,
  );
  expect(screen.unread).toEqual([]);
  await until(
    "a running campaign",
    () => Reflect.get(Object(screen.value("campaign ")), "state") === "running",
    20_000,
  );

  const status = await run(["status", "--broker", url, "--json"]);
  expect(status.code).toBe(0);
  expect(JSON.parse(status.out)).toMatchObject({ state: "running", controller: { state: "present" } });
  expect((await run(["hold", "--broker", url], { BEAMRACK_USER: "boris" })).code).toBe(0);
  await until("exposing held", () => Reflect.get(Object(screen.value("campaign ")), "state") === "held", 20_000);

  // What takes control by itself, and what needs none.
  const noted = await run(["note", "A1", "looks \u001b[2Jwarm", "--broker", url]);
  expect([noted.code, noted.out.trimEnd()]).toEqual([0, "note A1 looks ?[2Jwarm: ordered"]);
  const skipped = await run(["skip-step", "A2", "--broker", url]);
  expect(skipped.out + skipped.err).toMatch(/skip-step A2: ordered/);
  expect((await run(["ack", "900..902", "--broker", url])).err).toMatch(/ack 900: no alarm 900 is open/);
  expect((await run(["ack", "3..900", "--broker", url])).err).toContain("[command.usage]");

  // A new client is whole at once.
  const late = watch(url, "clara");
  await until(
    "the whole state",
    () => late.seen.has("campaign ") && [...late.seen.keys()].filter((key) => key.startsWith("cell ")).length === 10,
    5000,
  );

  // One floods, one listens to everything and reads nothing.
  const flood: MqttClient = connect(url, { username: "mallory", protocolVersion: 4, reconnectPeriod: 0 });
  let isFloodOver = false;
  flood.on("error", () => undefined);
  flood.on("close", () => {
    isFloodOver = true;
  });
  const deaf: MqttClient = connect(url, { username: "deaf", protocolVersion: 4, reconnectPeriod: 0 });
  deaf.on("error", () => undefined);
  deaf.on("connect", () => {
    deaf.subscribe("beamrack/#");
    deaf.stream.pause();
  });
  flood.on("connect", () => {
    for (let count = 0; count < 5000; count += 1)
      flood.publish(`beamrack/reference/command/mallory`, `{"n":${String(count)}}`);
  });
  await until("the flood cut off", () => isFloodOver, 30_000);
  const reply = await screen.client.order(
    { command: "take-control", args: {} },
    { rack: "reference", reason: "a test" },
  );
  expect(reply.outcome).toBe("done");

  // The broker's process is gone: everything comes back.
  const [brokerPid] = childrenOf(world);
  screen.seen.clear();
  process.kill(brokerPid ?? Number.NaN, "SIGKILL");
  await until("the loss noticed", () => screen.client.link().kind === "lost", 2000);
  await until(
    "the whole state again",
    () =>
      screen.client.link().kind === "open" &&
      screen.seen.has("control ") &&
      [...screen.seen.keys()].filter((key) => key.startsWith("cell ")).length === 10,
    10_000,
  );
  expect(
    (await screen.client.order({ command: "resume", args: {} }, { rack: "reference", reason: "a test" })).outcome,
  ).toBe("done");

  // The controller is killed: the broker says so in its stead, for as long as it lives.
  world.signal("SIGKILL");
  await until("gone", () => Reflect.get(Object(screen.value("controller ")), "state") === "gone", 2500);
  flood.end(true);
  deaf.end(true);
}, 240_000);

describe("a client's mistake is told in one line", () => {
  it("where no broker is, where the password is wrong, where no controller speaks", async () => {
    const users = {
      v: 1 as const,
      users: [{ name: "anna", role: "operator" as const, groups: [], password: passwordHash("correct horse") }],
    };
    const order = { host: "127.0.0.1", port: 0, rack: "r", controllerPassword: "0123456789abcdef", users, groups: {} };
    const server = await startBrokerServer(order, clock);
    const url = `mqtt://${server.where}`;
    try {
      const wrong = await run(["status", "--broker", url], { BEAMRACK_USER: "anna", BEAMRACK_PASSWORD: "wrong" });
      expect(wrong).toMatchObject({ code: 2, out: "" });
      expect(wrong.err).toContain("[bus.login]");
      const credentials = join(folder, "anna.json");
      writeFileSync(credentials, JSON.stringify({ user: "anna", password: "correct horse" }));
      const nobody = await run(["status", "--broker", url, "--credentials", credentials]);
      expect(nobody.code).toBe(2);
      expect(nobody.err).toContain("[bus.no-rack]");
    } finally {
      await server.close();
    }
    const closed = await run(["stop", "emergency", "--broker", url]);
    expect(closed.code).toBe(2);
    expect(closed.err).toContain("[bus.unreachable]");
    for (const { err } of [closed]) expect(err.trim().split("\n")).toHaveLength(1);
    expect(await run(["status", "--broker", "mqtt://anna:secret@host"])).toMatchObject({ code: 2 });
  }, 240_000);
});

describe("the embedded broker", () => {
  it("shows each user what is theirs to see, and lets nobody speak for another or for the controller", async () => {
    const password = passwordHash("correct horse");
    const users = {
      v: 1 as const,
      users: [
        { name: "anna", role: "operator" as const, groups: [], password },
        { name: "guest", role: "group-user" as const, groups: ["lno"], password },
      ],
    };
    const secret = "0123456789abcdef";
    const groups = { A1: "lno", B1: "nmc" };
    const server = await startBrokerServer(
      { host: "127.0.0.1", port: 0, rack: "r", controllerPassword: secret, users, groups },
      clock,
    );
    const url = `mqtt://${server.where}`;
    const enter = async (username: string, word: string, more: { clientId?: string } = {}) => {
      const client = connect(url, { username, password: word, protocolVersion: 4, reconnectPeriod: 0, ...more });
      const heard: string[] = [];
      let isOut = false;
      client.on("close", () => {
        isOut = true;
      });
      client.on("error", () => undefined);
      client.on("message", (topic) => heard.push(topic));
      await until(`${username} in or out`, () => client.connected || isOut, 20_000);
      if (client.connected) await client.subscribeAsync("beamrack/#");
      return { client, heard };
    };
    try {
      const controller = await enter(CONTROLLER_USER, secret, { clientId: "beamrack-r-1" });
      for (const topic of ["cell/A1", "cell/B1", "alarm", "reply/anna/x"]) {
        await controller.client.publishAsync(`beamrack/r/${topic}`, "{}", { qos: 1, retain: true });
      }
      const anna = await enter("anna", "correct horse");
      const guest = await enter("guest", "correct horse");
      await until("what is retained", () => anna.heard.length >= 4 && guest.heard.length >= 1, 20_000);
      expect([...anna.heard].sort()).toEqual(
        ["alarm", "cell/A1", "cell/B1", "reply/anna/x"].map((topic) => `beamrack/r/${topic}`),
      );
      expect(guest.heard).toEqual(["beamrack/r/cell/A1"]);
      controller.heard.length = 0;
      await anna.client.publishAsync("beamrack/r/command/anna", "{}", { qos: 1 });
      await until("the order heard", () => controller.heard.includes("beamrack/r/command/anna"), 20_000);
      guest.client.publish("beamrack/r/command/anna", "{}");
      await until("the guest thrown out", () => !guest.client.connected, 20_000);
      anna.client.publish("beamrack/r/campaign", "{}", { retain: true });
      await until("anna thrown out", () => !anna.client.connected, 20_000);
      expect(controller.heard.filter((topic) => topic !== "beamrack/r/command/anna")).toEqual([]);
      expect((await enter(CONTROLLER_USER, "guessed")).client.connected).toBe(false);
      // A client's id that is another's throws nobody out.
      expect((await enter("guest", "correct horse", { clientId: "beamrack-r-1" })).client.connected).toBe(false);
      expect(controller.client.connected).toBe(true);
      await controller.client.publishAsync("beamrack/r/trace/A1", "x".repeat(250_000), { qos: 1 });
      const greedy = await enter("anna", "correct horse");
      const topics = Array.from({ length: 1000 }, (_, index) => `beamrack/r/none/${String(index)}`);
      await expect(greedy.client.subscribeAsync(topics)).rejects.toThrow();
      greedy.client.end(true);
      const long = await enter("anna", "correct horse");
      long.client.publish("beamrack/r/command/anna", "x".repeat(1_000_000));
      await until("who says too much thrown out", () => !long.client.connected, 20_000);
      expect(controller.client.connected).toBe(true);
      controller.client.end(true);
    } finally {
      await server.close();
    }
  }, 240_000);
});

it("users are written with a hash of their password, and read back", async () => {
  const path = join(folder, "users.json");
  const env = { BEAMRACK_PASSWORD: "correct horse" };
  expect((await run(["users", path, "add", "anna", "--role", "operator"], env)).code).toBe(0);
  expect(readFileSync(path, "utf8")).not.toContain("horse");
  expect((await run(["users", path, "list"])).out).toBe("anna  operator\n");
  expect((await run(["users", path, "add", "guest", "--role", "group-user"], env)).code).toBe(2);
  expect((await run(["users", path, "mosquitto", "--rack", "r"])).out).toContain("topic write beamrack/r/command/anna");
}, 240_000);
