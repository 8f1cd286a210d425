import { describe, expect, it } from "vitest";
import {
  EACH_TOPICS,
  groupTopicName,
  parseTopic,
  SINGLE_TOPICS,
  STREAM_TOPICS,
  topicName,
  topicText,
} from "../../../protocols/bus/topics.ts";
import { mayPublish, mayRead, type BusUser } from "../../../protocols/bus/users.ts";
import { mosquittoAccess } from "../../../tui/bus/mosquitto-access.ts";
import { isPassword, passwordHash } from "../../../tui/bus/password-hash.ts";
import { ANNA, GUEST, USERS, VIEWER } from "../../support/bus-orders.ts";

const GROUPS: ReadonlyMap<string, string> = new Map([
  ["A1", "lno"],
  ["B1", "nmc"],
]);
const reads = (user: BusUser, topic: string): boolean => mayRead(user, topic, (position) => GROUPS.get(position));

describe("topics", () => {
  it("are read back as they were written, and nothing else is", () => {
    for (const kind of [...SINGLE_TOPICS, ...STREAM_TOPICS]) {
      expect(parseTopic(topicText("r", { kind }))).toEqual({ rack: "r", topic: { kind } });
    }
    for (const kind of EACH_TOPICS) {
      expect(parseTopic(topicText("r", { kind, of: "B7" }))).toEqual({ rack: "r", topic: { kind, of: "B7" } });
    }
    for (const text of [
      "beamrack/r/cell",
      "beamrack/r/beam/B7",
      "beamrack/r/command/a/b",
      "other/r/beam",
      "beamrack//beam",
    ]) {
      expect(parseTopic(text), text).toBeUndefined();
    }
  });

  it("are of one group alone, whatever its name", () => {
    const names = [
      "alpha",
      "alpha/beta",
      "alpha-beta",
      "alpha beta",
      "alpha+",
      "#",
      "x-",
      "x".repeat(64),
      "x".repeat(65),
    ];
    names.push(...names.map(groupTopicName));
    const topics = names.map((group) => topicText("r", { kind: "group-alarm", of: group }));
    expect(new Set(topics).size).toBe(new Set(names).size);
    for (const topic of topics) expect(parseTopic(topic)?.topic.kind, topic).toBe("group-alarm");
    for (const group of names) {
      const user: BusUser = { name: "u", role: "group-user", groups: [group] };
      expect(topics.filter((topic) => reads(user, topic))).toHaveLength(names.filter((one) => one === group).length);
      for (const wild of ["beamrack/r/#", "beamrack/+/cell/A1", "#", "beamrack/r/cell/+", "beamrack/r/cell/../cell/A1"])
        expect(reads(user, wild), wild).toBe(false);
    }
    const lines = mosquittoAccess({
      ...{ rack: "r", controller: "beamrack", groups: GROUPS },
      users: [{ name: "u", role: "group-user", groups: ["#", "+/x", "lno\ntopic read #"] }],
    });
    const rules = lines.slice(lines.indexOf("user u")).filter((line) => line.startsWith("topic read"));
    expect(rules.filter((rule) => /[#]|\+(?!$)/.test(rule))).toEqual([]);
    expect(lines.every((line) => !line.includes("\n"))).toBe(true);
  });

  it("take names with spaces and slashes, which they cannot hold", () => {
    expect(topicName("channel A1/2")).toBe("channel-A1-2");
    expect(topicName("#")).toBe("x-");
  });
});

describe("the access list", () => {
  it("shows a group its own cells, and neither others' nor what names them", () => {
    expect(reads(GUEST, "beamrack/r/cell/A1")).toBe(true);
    for (const topic of [
      "cell/B1",
      "dose/B1",
      "trace/B1",
      "cell/C1",
      "alarm",
      "schedule",
      "log",
      "recent",
      "exposure",
    ]) {
      expect(reads(GUEST, `beamrack/r/${topic}`), topic).toBe(false);
    }
    expect(reads(VIEWER, "beamrack/r/cell/B1")).toBe(true);
  });

  it("shows a group the alarms of its own cells, and to all others the whole list instead", () => {
    expect(reads(GUEST, "beamrack/r/group-alarm/lno")).toBe(true);
    expect(reads(GUEST, "beamrack/r/group-alarm/nmc")).toBe(false);
    expect(reads(VIEWER, "beamrack/r/group-alarm/lno")).toBe(false);
    expect(reads(VIEWER, "beamrack/r/alarm")).toBe(true);
  });

  it("shows nobody another's answers or orders", () => {
    expect(reads(ANNA, "beamrack/r/reply/anna/x")).toBe(true);
    expect(reads(ANNA, "beamrack/r/reply/boris/x")).toBe(false);
    expect(reads(ANNA, "beamrack/r/command/boris")).toBe(false);
  });

  it("lets people speak under their own name only, and never for the controller", () => {
    expect(mayPublish(ANNA, "beamrack/r/command/anna")).toBe(true);
    for (const topic of ["command/boris", "cell/A1", "campaign", "reply/boris/x", "controller"]) {
      expect(mayPublish(ANNA, `beamrack/r/${topic}`), topic).toBe(false);
    }
  });

  it("lets the notifier say what it sent, and observers, agents and groups not", () => {
    const may = (role: BusUser["role"]): boolean => mayPublish({ name: "n", role, groups: [] }, "beamrack/r/notice");
    expect(may("notifier")).toBe(true);
    for (const role of ["observer", "agent", "group-user"] as const) expect(may(role), role).toBe(false);
    expect(reads(GUEST, "beamrack/r/notice")).toBe(false);
  });

  it("for Mosquitto allows what the embedded broker allows, and no more", () => {
    const lines = mosquittoAccess({ rack: "r", controller: "beamrack", users: USERS, groups: GROUPS });
    const rulesOf = (name: string): readonly string[] => {
      const from = lines.indexOf(`user ${name}`) + 1;
      const rest = lines.slice(from);
      const to = rest.findIndex((line) => line.startsWith("user "));
      return rest.slice(0, to < 0 ? undefined : to).filter((line) => line.startsWith("topic"));
    };
    const allows = (name: string, how: string, topic: string): boolean =>
      rulesOf(name).some((rule) => {
        const [, access, pattern = ""] = rule.split(" ");
        return access === how && new RegExp(`^${pattern.replaceAll("+", "[^/]+")}$`).test(topic);
      });
    const topics = [
      ...[...SINGLE_TOPICS, ...STREAM_TOPICS].map((kind) => topicText("r", { kind })),
      ...["A1", "B1"].flatMap((of) => EACH_TOPICS.map((kind) => topicText("r", { kind, of }))),
      ...USERS.flatMap(({ name }) => [`beamrack/r/command/${name}`, `beamrack/r/reply/${name}/x`]),
    ];
    for (const user of USERS) {
      for (const topic of topics) {
        expect(allows(user.name, "read", topic), `${user.name} reads ${topic}`).toBe(reads(user, topic));
        expect(allows(user.name, "write", topic), `${user.name} writes ${topic}`).toBe(mayPublish(user, topic));
      }
    }
  });
});

describe("a password", () => {
  it("is known by its hash, which is another each time", async () => {
    const stored = passwordHash("correct horse");
    expect(stored).not.toContain("horse");
    expect(passwordHash("correct horse")).not.toBe(stored);
    expect(await isPassword("correct horse", stored)).toBe(true);
    expect(await isPassword("wrong horse", stored)).toBe(false);
  });

  it("is never right against a hash that is none", async () => {
    for (const stored of ["", "scrypt$", "plain", "scrypt$16384$8$1$$", "scrypt$99999999999$8$1$AAAA$AAAA"]) {
      expect(await isPassword("", stored), stored).toBe(false);
    }
  });
});
