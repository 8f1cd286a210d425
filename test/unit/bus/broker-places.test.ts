import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isFault } from "../../../protocols/base/fault.ts";
import { brokerSchema } from "../../../protocols/site/broker-schema.ts";
import { findBusPlace, type BusPlaceOptions, type Environment } from "../../../tui/bus/bus-place.ts";
import { openBusSession } from "../../../tui/bus/bus-session.ts";
import { placeOfClient } from "../../../tui/bus/client-options.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";
import { until } from "../../support/real-link.ts";
import { readUsersFile } from "../../../tui/bus/bus-users.ts";
import { passwordHash } from "../../../tui/bus/password-hash.ts";

const folder = mkdtempSync(join(tmpdir(), "beamrack-places-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function faultOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isFault(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "none";
}

const find = (options: Partial<BusPlaceOptions>, environment: Environment = {}) =>
  findBusPlace({ broker: undefined, credentials: undefined, ...options }, environment);

describe("where a client looks for the bus", () => {
  it("is what it was told, else the environment, else this machine", () => {
    const environment = { BEAMRACK_BROKER: "mqtts://there:8883", USER: "anna" };
    expect(find({ broker: "mqtt://here:1" }, environment)).toMatchObject({ url: "mqtt://here:1", user: "anna" });
    expect(find({}, environment).url).toBe("mqtts://there:8883");
    expect(find({}).url).toBe("mqtt://127.0.0.1:1883");
  });

  it("may not hold a password, and the refusal does not repeat it", () => {
    const refused = faultOf(() => find({ broker: "mqtt://anna:secret@here" }));
    expect(refused).toContain("command.usage");
    expect(refused).not.toContain("secret");
    expect(faultOf(() => find({ broker: "http://here" }))).toContain("command.usage");
  });

  it.each(["mqtt://here:99999", "mqtt://here:0", "mqtt://here:", "mqtt://[::1", "mqtt://here/path"])(
    "is no place at all: %s",
    (broker) => {
      expect(faultOf(() => find({ broker }))).toContain("command.usage");
    },
  );

  it("is of one rack: what would be all of them is refused before anything is asked", () => {
    const place = (rack: string) => faultOf(() => placeOfClient({ environment: {} }, { rack }));
    expect(place("reference")).toBe("none");
    for (const rack of ["#", "+", "a/b", ""]) expect(place(rack)).toContain("is no name of a rack");
  });

  it("may be one with which no connection can even be begun: that is told, and tried again", async () => {
    const lost: string[] = [];
    const session = openBusSession({
      place: { url: "mqtt://127.0.0.1:99999", user: "anna", password: null, certificateAuthority: null },
      ...{
        clock: createRealClock(),
        clientId: "anna-1",
        topics: [],
        message: () => undefined,
        opened: () => undefined,
      },
      lost: ({ code }) => lost.push(code),
    });
    expect(lost).toEqual(["bus.unreachable"]);
    expect(session.isOpen()).toBe(false);
    await until("another try", () => lost.length > 1);
    await session.close();
  });

  it("takes user and password from a file or the environment", () => {
    const credentials = file("anna.json", '{ "user": "anna", "password": "horse" }\n');
    expect(find({ credentials })).toMatchObject({ user: "anna", password: "horse" });
    expect(find({}, { BEAMRACK_USER: "boris", BEAMRACK_PASSWORD: "cow" })).toMatchObject({
      user: "boris",
      password: "cow",
    });
    expect(faultOf(() => find({ credentials: file("bad.json", '{ "pass": 1 }') }))).toContain("file.schema");
    expect(faultOf(() => find({ credentials: join(folder, "none") }))).toContain("file.missing");
  });
});

describe("the broker of a site", () => {
  it("is the embedded one on this machine, or another by its URL", () => {
    expect(brokerSchema.parse({})).toMatchObject({ listen: { host: "127.0.0.1", port: 1883 }, url: null });
    expect(brokerSchema.parse({ url: "mqtts://there:8883" })).toMatchObject({
      listen: null,
      url: "mqtts://there:8883",
    });
  });

  it("that others can reach needs users, and passwords do not stand in the file", () => {
    expect(brokerSchema.safeParse({ listen: "0.0.0.0:1883" }).success).toBe(false);
    expect(brokerSchema.safeParse({ listen: "0.0.0.0:1883", users_file: "users.json" }).success).toBe(true);
    expect(brokerSchema.safeParse({ listen: "127.0.0.1:1883", url: "mqtt://there" }).success).toBe(false);
    expect(brokerSchema.safeParse({ url: "mqtt://anna:secret@there" }).success).toBe(false);
    expect(brokerSchema.safeParse({ listen: "127.example.org:1883" }).success).toBe(false);
    expect(brokerSchema.safeParse({ listen: "127.0.0.1:70000" }).error?.issues).toHaveLength(1);
    expect(brokerSchema.safeParse({ listen: "127.0.0.1" }).error?.issues).toHaveLength(1);
    expect(brokerSchema.safeParse({ password: "secret" }).success).toBe(false);
  });
});

describe("a file of users", () => {
  const user = { name: "anna", role: "operator", password: passwordHash("correct horse") };
  const read = (...users: readonly object[]) =>
    faultOf(() => readUsersFile(file("users.json", JSON.stringify({ v: 1, users }))));

  it("is read when all is in order", () => {
    expect(read(user)).toBe("none");
  });

  it("is refused with the place of what is wrong", () => {
    expect(read({ ...user, role: "admin" })).toContain("users.0.role");
    expect(read({ ...user, password: "plain" })).toContain("users.0.password");
    expect(read(user, user)).toContain("Each name stands once");
    expect(read({ ...user, name: "beamrack" })).toContain("the controller's own name");
    expect(faultOf(() => readUsersFile(file("users.json", "{")))).toContain("bus.users");
  });
});
