import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connect } from "mqtt";
import { afterAll, expect, it } from "vitest";
import { sleep } from "../../../protocols/base/clock.ts";
import { openBusSession } from "../../../tui/bus/bus-session.ts";
import { passwordHash } from "../../../tui/bus/password-hash.ts";
import { openRack, type RackLook } from "../../../tui/bus/rack-look.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";
import { startBeamrack, said, type BeamrackProcess } from "../../support/beamrack-process.ts";
import { isMosquittoRequired, mosquitto, startMosquitto, type Mosquitto } from "../../support/mosquitto.ts";
import { AUTHORITY_FILE } from "../../support/mail-server.ts";
import { until } from "../../support/real-link.ts";

const clock = createRealClock();
const CAMPAIGN = "test/fixtures/world/small.yaml";
const folder = mkdtempSync(join(tmpdir(), "beamrack-mosquitto-"));
const running: BeamrackProcess[] = [];
const brokers: Mosquitto[] = [];
const PASSWORDS = { beamrack: "controller-1", anna: "correct horse", guest: "battery staple", notify: "paper clip" };
const CERTIFICATE = {
  certificateFile: resolve("test/fixtures/bus/server-certificate.pem"),
  keyFile: resolve("test/fixtures/bus/server-key.pem"),
};

afterAll(async () => {
  for (const process of running) if (process.isRunning()) process.signal("SIGKILL");
  await Promise.all(brokers.map((broker) => broker.close()));
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

async function broker(access: readonly string[], certificate = CERTIFICATE): Promise<Mosquitto> {
  const made = await startMosquitto({
    ...{ folder: mkdtempSync(join(folder, "broker-")), access, users: PASSWORDS, ...certificate },
  });
  brokers.push(made);
  return made;
}

const as = (user: keyof typeof PASSWORDS, password: string = PASSWORDS[user]): Readonly<Record<string, string>> => ({
  ...{ BEAMRACK_USER: user, BEAMRACK_PASSWORD: password, BEAMRACK_CA_FILE: AUTHORITY_FILE },
});

/** What a session that cannot be opened is told to be for. */
async function refusal(url: string, certificateAuthority: string): Promise<string> {
  const faults: string[] = [];
  const session = openBusSession({
    place: { url, user: "anna", password: PASSWORDS.anna, certificateAuthority },
    ...{ clock, clientId: "anna-refused", topics: ["beamrack/#"] },
    message: () => undefined,
    opened: () => faults.push("opened"),
    lost: ({ code, message }) => faults.push(`${code}: ${message}`),
  });
  await until("a refusal", () => faults.length > 0, 30_000);
  await session.close();
  return faults[0] ?? "";
}

it.skipIf(mosquitto === undefined && !isMosquittoRequired)(
  `a site's own broker, Mosquitto with TLS and our access list, carries a run and keeps users apart${mosquitto === undefined ? " (not run: mosquitto is not installed)" : ""}`,
  async () => {
    const users = join(folder, "users.json");
    const password = passwordHash("not asked for here");
    const file = [
      { name: "anna", role: "operator", groups: [], password },
      { name: "guest", role: "group-user", groups: ["lno"], password },
      { name: "notify", role: "notifier", groups: [], password },
    ];
    writeFileSync(users, JSON.stringify({ v: 1, users: file }));
    const listed = await run([
      "users",
      users,
      "mosquitto",
      "--campaign",
      CAMPAIGN,
      "--site",
      "protocols/sites/reference.yaml",
    ]);
    expect(listed.code, listed.err).toBe(0);
    const { url, log } = await broker(listed.out.trimEnd().split("\n"));

    const secret = join(folder, "controller.password");
    writeFileSync(secret, `${PASSWORDS.beamrack}\n`);
    const site = join(folder, "site.yaml");
    const settings = [
      `url: ${url}`,
      `password_file: ${secret}`,
      `ca_file: ${resolve(AUTHORITY_FILE)}`,
      `users_file: ${users}`,
    ];
    writeFileSync(
      site,
      `${readFileSync("protocols/sites/reference.yaml", "utf8")}\nbroker:\n${settings.map((line) => `  ${line}\n`).join("")}`,
    );
    const data = join(folder, "data");
    const world = start([
      "simulate",
      CAMPAIGN,
      "--site",
      site,
      "--paced",
      "60",
      "--broker-port",
      "0",
      "--data",
      data,
      "--json",
    ]);
    await said(world, `bus: ${url}`, 90_000);

    const look = async (user: keyof typeof PASSWORDS): Promise<RackLook> => {
      const place = {
        url,
        user,
        password: PASSWORDS[user],
        certificateAuthority: readFileSync(AUTHORITY_FILE, "utf8"),
      };
      const isEnough = ({ campaign }: Pick<RackLook, "campaign">): boolean => campaign !== undefined;
      const rack = await openRack({ ...{ place, clock, pid: process.pid, rack: undefined }, isEnough });
      await rack.client.close();
      return rack.look();
    };
    const becomes = async (state: string): Promise<void> => {
      for (let tries = 0; tries < 100 && (await look("anna")).campaign?.state !== state; tries += 1) {
        await sleep(clock, 200);
      }
      expect((await look("anna")).campaign?.state).toBe(state);
    };
    await becomes("running");
    expect((await look("anna")).controller.state).toBe("present");
    const held = await run(["hold", "--broker", url], as("anna"));
    expect(held.code, held.err).toBe(0);
    await becomes("held");

    // A group user hears of its own, and nothing it says for others arrives.
    const heard = new Set<string>();
    const authority = readFileSync(AUTHORITY_FILE);
    const guest = connect(url, {
      username: "guest",
      password: PASSWORDS.guest,
      protocolVersion: 4,
      ca: authority,
      reconnectPeriod: 0,
    });
    guest.on("error", () => undefined);
    guest.on("message", (topic) => heard.add(topic.replace(/^beamrack\/[^/]+\//, "")));
    await until("the guest's session", () => guest.connected, 20_000);
    await guest.subscribeAsync("beamrack/#");
    await until("what is the guest's", () => heard.has("control") && heard.has("beam"), 20_000);
    for (const topic of heard) {
      expect(topic).toMatch(/^(?:controller|heartbeat|beam|control|(?:cell|dose|trace)\/[A-H]\d+|group-alarm\/.+)$/);
    }
    expect([...heard].some((topic) => /^(?:alarm|schedule|log|campaign)$/.test(topic))).toBe(false);
    await guest.publishAsync("beamrack/reference/command/anna", '{"forged":true}', { qos: 1 });
    await guest.publishAsync("beamrack/reference/campaign", "{}", { qos: 1, retain: true });
    guest.end(true);
    expect((await look("anna")).campaign?.state).toBe("held");
    expect(log()).toMatch(/Denied PUBLISH/);

    const wrong = await run(["status", "--broker", url], as("anna", "wrong"));
    expect(wrong.code).toBe(2);
    expect(wrong.err).toMatch(/^[^\n]*\[bus\.login\][^\n]*\n$/);
    expect(await refusal(url, readFileSync("test/fixtures/bus/expired-certificate.pem", "utf8"))).toMatch(
      /^bus\.certificate: /,
    );
    const stale = await broker(listed.out.trimEnd().split("\n"), {
      certificateFile: resolve("test/fixtures/bus/expired-certificate.pem"),
      keyFile: resolve("test/fixtures/bus/expired-key.pem"),
    });
    expect(await refusal(stale.url, readFileSync("test/fixtures/bus/expired-certificate.pem", "utf8"))).toBe(
      "bus.certificate: certificate has expired",
    );

    // Killed: the broker says so in its stead.
    world.signal("SIGKILL");
    await world.ended;
    expect((await look("anna")).controller.state).toBe("gone");
  },
  180_000,
);
