import { describe, expect, it } from "vitest";
import { FAULT_CATALOGUE } from "../../../protocols/base/fault-catalogue.ts";
import { readNotifyConfig, webhookUrlProblem } from "../../../protocols/notify/notify-config.ts";

const SOUND = `
v: 1
quiet: { from: "22:00", to: "06:30", time_zone: Europe/Zurich }
routes:
  mail:
    { kind: email, host: smtp.example.org, user: rack, password_file: mail.secret, from: rack@example.org, to: [anna@example.org] }
  chat: { kind: webhook, url: https://chat.example.org/hooks/1, token_env: BEAMRACK_CHAT_TOKEN }
  bus: { kind: mqtt }
rules:
  - { on: alarm, name: serious, severities: [stop, hold], to: [mail, chat], rate: { per_hour: 6 } }
  - { on: milestone, name: progress, milestones: [cycle-done, finished], to: [chat, bus] }
`;

const codes = Object.keys(FAULT_CATALOGUE);
const read = (text: string) => readNotifyConfig(text, "notify.yaml", codes);
const found = (from: string, to: string): readonly string[] => {
  expect(SOUND).toContain(from);
  const { ok, findings } = read(SOUND.replace(from, to));
  expect(ok).toBe(false);
  return findings.map(({ where, what, advice }) => `${where}: ${what}. ${advice}`);
};

it("a sound file is read, with what is left out filled in", () => {
  const result = read(SOUND);
  expect(result.findings).toEqual([]);
  if (!result.ok) throw new Error("refused");
  expect(result.config.routes["mail"]).toMatchObject({ kind: "email", security: "starttls" });
  expect(result.config.rate).toEqual({ per_hour: 60 });
  expect(result.config.quiet?.except).toEqual(["stop", "call", "controller-gone"]);
});

describe("what cannot be meant is refused with its place", () => {
  it.each([
    ["v: 1", "v: 2", "v"],
    ["v: 1", "v: 1\nmore: 3", "more"],
    ["smtp.example.org,", "smtp.example.org, security: none,", "security"],
    ["to: [anna@example.org]", 'to: ["anna@example.org\\r\\nBcc: all@example.org"]', "to[0]"],
    ["user: rack, ", "", "user"],
    ["https://chat.example.org/hooks/1", "http://chat.example.org/hooks/1", "url"],
    ["BEAMRACK_CHAT_TOKEN", "HOME", "token_env"],
    ["Europe/Zurich", "Atlantis", "time_zone"],
    ["to: [mail, chat]", "to: [mail, pigeon]", "to[1]"],
    ["severities: [stop, hold]", "codes: [shutter.sideways]", "codes[0]"],
    ["severities: [stop, hold]", "classes: [shuter]", "classes[0]"],
    ["name: progress", "name: serious", "rules"],
    ["kind: mqtt }", "kind: mqtt, url: mqtt://broker.example.org:1883, topic: a/b }", "url"],
    ["kind: mqtt }", "kind: mqtt, url: mqtts://broker.example.org:99999, topic: a/b }", "url"],
    ["kind: mqtt }", "kind: mqtt, url: mqtts://broker.example.org:port, topic: a/b }", "url"],
    ["kind: mqtt }", 'kind: mqtt, url: "mqtts://[::1", topic: a/b }', "url"],
  ])("%s -> %s", (from, to, place) => {
    expect(found(from, to).join("\n")).toContain(place);
  });
});

it("a route that no rule uses is told, and does no harm", () => {
  const result = read(SOUND.replace("to: [chat, bus]", "to: [chat]"));
  expect(result.ok).toBe(true);
  expect(result.findings.map(({ severity, what }) => `${severity} ${what}`)).toEqual(["warning no rule uses it"]);
});

it("secrets go over TLS, or stay on this machine", () => {
  expect(webhookUrlProblem("https://example.org/x")).toBeNull();
  expect(webhookUrlProblem("http://127.0.0.1:8080/x")).toBeNull();
  for (const url of ["http://example.org/", "https://a:b@example.org/", "file:///etc/passwd", "no url"]) {
    expect(webhookUrlProblem(url), url).not.toBeNull();
  }
});
