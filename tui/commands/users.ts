/** `beamrack users FILE ...`: the users of the bus, with roles and hashed passwords. */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import { topicName, isTopicName } from "../../protocols/bus/topics.ts";
import { CONTROLLER_USER, USER_ROLES, type UsersFile } from "../../protocols/bus/users.ts";
import { readUsersFile } from "../bus/bus-users.ts";
import { mosquittoAccess } from "../bus/mosquitto-access.ts";
import { passwordHash } from "../bus/password-hash.ts";
import type { CommandContext } from "../command-context.ts";
import { loadCampaign } from "../load-campaign.ts";

const NONE: UsersFile = { v: 1, users: [] };
const PASSWORD_LENGTH_MIN = 8;

export async function usersCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      role: { type: "string" },
      group: { type: "string", multiple: true },
      campaign: { type: "string" },
      site: { type: "string" },
      rack: { type: "string" },
    },
  });
  const [path, act, name, ...more] = positionals;
  if (path === undefined || act === undefined || more.length > 0) {
    throw new Fault("command.usage", "beamrack users", "takes a file and one of add, remove, list, mosquitto");
  }
  // Only `add` makes the file: the users of one that is not there are a slip of the path, and not nobody.
  const file = act === "add" && !existsSync(path) ? NONE : readUsersFile(path);
  switch (act) {
    case "add":
      write(path, await withUser(context, file, name, values.role, values.group ?? []));
      if (context.json)
        context.print(JSON.stringify({ file: path, name, role: values.role, groups: values.group ?? [] }));
      else context.print(`${path}: ${String(name)} is ${String(values.role)}`);
      return 0;
    case "remove": {
      if (name === undefined) throw new Fault("command.usage", "remove", "takes the name of a user");
      const users = file.users.filter((user) => user.name !== name);
      if (users.length === file.users.length) throw new Fault("bus.users", path, `knows no ${name}`);
      write(path, { ...file, users });
      if (context.json) context.print(JSON.stringify({ file: path, name, removed: true }));
      else context.print(`${path}: ${name} is removed`);
      return 0;
    }
    case "list":
      if (context.json) {
        context.print(JSON.stringify(file.users.map(({ name: who, role, groups }) => ({ name: who, role, groups }))));
      } else for (const user of file.users) context.print([user.name, user.role, ...user.groups].join("  "));
      return 0;
    case "mosquitto": {
      const groups = new Map<string, string>();
      let rack = values.rack;
      let controller: string = CONTROLLER_USER;
      if (values.campaign !== undefined) {
        const loaded = loadCampaign(context, values.campaign, values.site);
        if (loaded.kind === "refused") {
          throw new Fault("campaign.invalid", values.campaign, loaded.findings[0]?.what ?? "is refused");
        }
        for (const cell of loaded.campaign.cells) groups.set(cell.position, cell.group);
        rack ??= topicName(loaded.site.name);
        controller = loaded.site.broker?.user ?? controller;
      }
      if (rack === undefined) throw new Fault("command.usage", "mosquitto", "needs --rack NAME or --campaign FILE");
      const lines = mosquittoAccess({ rack, controller, users: file.users, groups });
      if (context.json) context.print(JSON.stringify({ rack, lines }));
      else for (const line of lines) context.print(line);
      return 0;
    }
    default:
      throw new Fault("command.usage", "beamrack users", `${act} is none of add, remove, list, mosquitto`);
  }
}

async function withUser(
  context: CommandContext,
  file: UsersFile,
  name: string | undefined,
  roleText: string | undefined,
  groups: readonly string[],
): Promise<UsersFile> {
  if (name === undefined || !isTopicName(name) || name === CONTROLLER_USER) {
    throw new Fault("command.usage", "add", `${String(name)} is no name for a user: letters, digits, . _ @ -`);
  }
  const role = USER_ROLES.find((one) => one === roleText);
  if (role === undefined) throw new Fault("command.usage", "--role", `is one of ${USER_ROLES.join(", ")}`);
  if (role === "group-user" && groups.length === 0) {
    throw new Fault("command.usage", "--group", "a group user belongs to at least one group of the campaign");
  }
  const given = context.environment?.["BEAMRACK_PASSWORD"] ?? (await typedTwice(context, name)) ?? "";
  if (given.length < PASSWORD_LENGTH_MIN) {
    const what = `has no password of ${PASSWORD_LENGTH_MIN} characters: set BEAMRACK_PASSWORD, or sit at a terminal`;
    throw new Fault("bus.users", name, what);
  }
  const others = file.users.filter((user) => user.name !== name);
  return { v: 1, users: [...others, { name, role, groups: [...groups], password: passwordHash(given) }] };
}

/** Nobody sees what is typed: a slip would stand until the next login. Null when nobody sits at a terminal. */
async function typedTwice(context: CommandContext, name: string): Promise<string | null> {
  const given = await context.askSecret(`Password for ${name}:`);
  if (given === null || given.length < PASSWORD_LENGTH_MIN) return given;
  if ((await context.askSecret("Once more:")) === given) return given;
  throw new Fault("bus.users", name, "the two passwords are not the same; nothing is changed");
}

/** What an earlier one left half written is taken away first: it may be one that others can read. */
function write(path: string, file: UsersFile): void {
  const part = `${path}.part`;
  try {
    rmSync(part, { force: true });
    const handle = openSync(part, "wx", 0o600);
    try {
      writeFileSync(handle, `${JSON.stringify(file, null, 2)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(part, path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Fault("output.unwritable", path, `cannot be written: ${why}`, {}, error);
  }
}
