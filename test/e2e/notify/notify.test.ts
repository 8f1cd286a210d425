import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "mqtt";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FAULT_CATALOGUE } from "../../../protocols/base/fault-catalogue.ts";
import { CONTROLLER_USER } from "../../../protocols/bus/users.ts";
import { readNotifyConfig, type NotifyConfig } from "../../../protocols/notify/notify-config.ts";
import { startBrokerServer } from "../../../tui/bus/broker-server.ts";
import { passwordHash } from "../../../tui/bus/password-hash.ts";
import { composeNotice, tell } from "../../../tui/notify/notice.ts";
import { createNotifier, createRoutes } from "../../../tui/notify/notifier.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";
import {
  AUTHORITY_FILE,
  SERVER_CERTIFICATE,
  SERVER_KEY,
  startMailServer,
  type MailServer,
} from "../../support/mail-server.ts";
import { alarmBody, controllerBody, openAlarm } from "../../support/notify-news.ts";
import { startBeamrack } from "../../support/beamrack-process.ts";
import { until } from "../../support/real-link.ts";

const clock = createRealClock();
const folder = mkdtempSync(join(tmpdir(), "beamrack-notify-"));
const secretFile = join(folder, "mail.secret");
const wrongFile = join(folder, "wrong.secret");
const posts: { readonly url: string; readonly authorization: string; readonly body: string }[] = [];
let mail: MailServer;
let expired: MailServer;
let hooks: Server;
let hookPort = 0;
let status = 200;

beforeAll(async () => {
  writeFileSync(secretFile, "correct horse\n");
  writeFileSync(wrongFile, "wrong battery staple\n");
  mail = await startMailServer([SERVER_CERTIFICATE, SERVER_KEY]);
  const stale = ["certificate", "key"].map((part) => readFileSync(`test/fixtures/bus/expired-${part}.pem`, "utf8"));
  expired = await startMailServer([stale[0] ?? "", stale[1] ?? ""]);
  hooks = createServer({ cert: SERVER_CERTIFICATE, key: SERVER_KEY }, (request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      posts.push({ url: request.url ?? "", authorization: request.headers.authorization ?? "", body });
      response.writeHead(status, { location: "http://127.0.0.1:1/" });
      response.end("what it has to say is not read");
    });
  });
  await new Promise<void>((resolve) => hooks.listen(0, "127.0.0.1", resolve));
  const address = hooks.address();
  hookPort = typeof address === "object" && address !== null ? address.port : 0;
});

afterAll(async () => {
  await Promise.all([mail.close(), expired.close()]);
  hooks.close();
  rmSync(folder, { recursive: true, force: true });
});

function configOf(routes: string, rules = "[{ on: alarm, name: all, to: [route], cleared: true }]"): NotifyConfig {
  const read = readNotifyConfig(
    `v: 1\nroutes:\n${routes}\nrules: ${rules}\n`,
    "notify.yaml",
    Object.keys(FAULT_CATALOGUE),
  );
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  return read.config;
}

const mailRoute = (change = ""): string =>
  `  route: { kind: email, host: localhost, port: ${String(mail.port)}, user: rack, password_file: ${secretFile}, ` +
  `ca_file: ${AUTHORITY_FILE}, from: rack@example.org, to: [anna@example.org]${change} }`;

const hostile = 'B7\r\nBcc: everybody@example.org\r\n\r\n"><script>\u202e';

/** Sends one notice of an alarm whose texts are hostile; resolves with the trouble, or null. */
async function sent(routes: string, environment: Readonly<Record<string, string>> = {}): Promise<string | null> {
  const config = configOf(routes);
  const [rule] = config.rules;
  if (rule === undefined) throw new Error("no rule");
  const alarm = openAlarm(1, { where: hostile, what: `${hostile} Subject: \u00e4 \u6f22` });
  const told = tell(rule, [{ kind: "alarm", alarm, isOver: false }], () => undefined);
  const all = createRoutes(config, { clock, environment, pid: process.pid, rack: () => "reference", say: () => false });
  try {
    await all[0]?.send(composeNotice("reference", rule.name, told, 0));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await Promise.all(all.map((route) => route.close()));
  }
}

it("the file of the documentation is sound", () => {
  const page = readFileSync("docs/notifications.md", "utf8");
  const block = /(?:^ {4}.*\n)+/m.exec(page)?.[0].replaceAll(/^ {4}/gm, "") ?? "";
  const read = readNotifyConfig(block, "notify.yaml", Object.keys(FAULT_CATALOGUE));
  expect(read.findings).toEqual([]);
});

it("a mail comes over TLS that was verified, to whom it is meant for alone, whatever an alarm says", async () => {
  expect(await sent(mailRoute())).toBeNull();
  const [one] = mail.mails;
  expect(one).toMatchObject({ to: ["anna@example.org"], wasEncrypted: true });
  const head = (one?.text ?? "").split("\r\n\r\n")[0] ?? "";
  const names = head.split(/\r\n(?![ \t])/).map((line) => line.slice(0, line.indexOf(":")).toLowerCase());
  expect(names).not.toContain("bcc");
  expect(names.filter((name) => name === "subject")).toHaveLength(1);
  expect(names).toContain("auto-submitted");
}, 240_000);

it("no mail goes out where the certificate, the password or the address will not do; no secret is told", async () => {
  const troubles = [
    await sent(mailRoute().replace(`port: ${String(mail.port)}`, `port: ${String(expired.port)}`)),
    await sent(mailRoute().replace(`ca_file: ${AUTHORITY_FILE}, `, "")),
    await sent(mailRoute().replace(secretFile, wrongFile)),
    await sent(mailRoute().replace("anna@example.org", "nobody@example.org")),
  ];
  expect(troubles[0]).toMatch(/certificate/);
  expect(troubles[1]).toMatch(/certificate/);
  expect(troubles[2]).toMatch(/535|Invalid login|password/i);
  expect(troubles[3]).toMatch(/no such mailbox|550/);
  expect(troubles.join(" ")).not.toMatch(/wrong battery|correct horse/);
  expect(mail.mails).toHaveLength(1);
}, 240_000);

it("an address that is refused among others is told by its name, though the others have their mail", async () => {
  const before = mail.mails.length;
  const trouble = await sent(mailRoute().replace("[anna@example.org]", "[anna@example.org, nobody@example.org]"));
  expect(trouble).toContain("nobody@example.org");
  expect(trouble).not.toContain("anna@example.org");
  expect(mail.mails.slice(before).map(({ to }) => to)).toEqual([["anna@example.org"]]);
}, 240_000);

it("a webhook gets JSON with its token, over TLS that was verified; errors and redirections are trouble", async () => {
  const token = { BEAMRACK_HOOK_TOKEN: "token-0123456789" };
  const route = (url: string, more = `, ca_file: ${AUTHORITY_FILE}`): string =>
    `  route: { kind: webhook, url: ${url}, token_env: BEAMRACK_HOOK_TOKEN${more} }`;
  const url = `https://127.0.0.1:${String(hookPort)}/hook`;
  expect(await sent(route(url), token)).toBeNull();
  expect(posts).toHaveLength(1);
  expect(posts[0]).toMatchObject({ url: "/hook", authorization: "Bearer token-0123456789" });
  const body: unknown = JSON.parse(posts[0]?.body ?? "");
  expect(body).toMatchObject({ v: 1, rack: "reference", rule: "all", severity: "hold" });
  expect(JSON.stringify(body)).not.toMatch(/\\r|\u202e/);
  for (const wrong of [500, 302, 403]) {
    status = wrong;
    expect(await sent(route(url), token)).toContain(`status ${String(wrong)}`);
  }
  status = 200;
  expect(await sent(route(url, ""), token)).toMatch(/certificate|signer|issuer/);
  await expect(sent(route(url), {})).rejects.toThrow("is not set");
  const closed = createHttpServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const address = closed.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await new Promise((resolve) => closed.close(resolve));
  expect(await sent(route(`http://127.0.0.1:${String(port)}/`), token)).toMatch(/ECONNREFUSED/);
}, 240_000);

it("beamrack notify tries its routes, and refuses a file with its lines", async () => {
  const file = join(folder, "notify.yaml");
  const routes = `routes:\n${mailRoute()}\nrules: [{ on: alarm, name: all, to: [route] }]\n`;
  writeFileSync(file, `v: 1\n${routes}`);
  const call = async (...args: readonly string[]) => {
    const process = startBeamrack(["notify", ...args]);
    return { code: await process.ended, out: process.out(), err: process.err() };
  };
  const before = mail.mails.length;
  expect(await call("test", file, "--rule", "all")).toEqual({ code: 0, out: "route: sent\n", err: "" });
  expect(mail.mails.slice(before).map(({ text }) => text)).toEqual([expect.stringContaining("nothing has happened")]);
  writeFileSync(
    file,
    `v: 1\n${routes.replace("kind: email", "kind: pigeon").replace("on: alarm", "on: alarm, often: 1")}`,
  );
  const refused = await call("check", file);
  expect(refused.code).toBe(2);
  expect(refused.err).toMatch(/notify\.yaml:3.*pigeon/);
}, 240_000);

it("an alarm on the bus becomes a mail and a word on the bus; a route that fails is an alarm; the controller that dies is told", async () => {
  const password = passwordHash("correct horse");
  const users = { v: 1 as const, users: [{ name: "notify", role: "notifier" as const, groups: [], password }] };
  const order = { host: "127.0.0.1", port: 0, rack: "r", controllerPassword: "0123456789abcdef", users, groups: {} };
  const server = await startBrokerServer(order, clock);
  const url = `mqtt://${server.where}`;
  const heard: { readonly topic: string; readonly text: string }[] = [];
  const controller = connect(url, {
    ...{ username: CONTROLLER_USER, password: order.controllerPassword, protocolVersion: 4, reconnectPeriod: 0 },
  });
  controller.on("message", (topic, payload) => heard.push({ topic, text: payload.toString() }));
  controller.on("error", () => undefined);
  await until("the controller's session", () => controller.connected, 20_000);
  await controller.subscribeAsync(["beamrack/r/command/+", "beamrack/r/notice"]);
  const publish = (topic: string, body: object): Promise<unknown> =>
    controller.publishAsync(`beamrack/r/${topic}`, JSON.stringify({ v: 1, at: "2026-03-02T12:00:00.000Z", ...body }), {
      retain: true,
    });
  const said: string[] = [];
  const config = configOf(
    `${mailRoute().replace("route:", "mail:")}\n  bus: { kind: mqtt }\n` +
      `  hook: { kind: webhook, url: "https://127.0.0.1:${String(hookPort)}/hook" }`,
    "[{ on: alarm, name: all, to: [mail, bus] }, { on: alarm, name: hook, to: [hook], codes: [beam.lost] }, " +
      "{ on: milestone, name: gone, milestones: [controller-gone], to: [mail] }]",
  );
  const before = mail.mails.length;
  const notifier = createNotifier({
    ...{ config, rack: "r", clock, pid: process.pid, environment: {}, say: (line) => said.push(line) },
    place: { url, user: "notify", password: "correct horse", certificateAuthority: null },
  });
  try {
    await publish("controller", controllerBody("present"));
    await publish("alarm", alarmBody([openAlarm(1), openAlarm(2), openAlarm(3)]));
    await until("the mail", () => mail.mails.length > before, 30_000);
    expect(mail.mails.at(-1)?.text).toContain("3 cells: no sample for 10 s");
    await until("the notice", () => heard.some(({ topic }) => topic === "beamrack/r/notice"), 20_000);

    // Its certificate is not trusted: told at the second try.
    await publish("alarm", alarmBody([openAlarm(4, { code: "beam.lost", where: "machine" })]));
    const isTrouble = ({ topic, text }: (typeof heard)[number]): boolean =>
      topic === "beamrack/r/command/notify" && text.includes('"command":"trouble"') && text.includes("notify-hook");
    await until("the alarm about the route", () => heard.some(isTrouble), 60_000);
    expect(said.join("\n")).toMatch(/hook: .*certificate/);

    await publish("controller", controllerBody("gone"));
    await until("that it is gone", () => mail.mails.at(-1)?.text.includes("is gone") === true, 30_000);
    expect(said.join("\n")).not.toContain("correct horse");
  } finally {
    await notifier.close();
    controller.end(true);
    await server.close();
  }
}, 240_000);
