/** The users of a site's bus: from its users file, or, without one, whoever sits at this machine. */
import { Fault } from "../../protocols/base/fault.ts";
import { firstIssue } from "../../protocols/bus/messages.ts";
import { isTopicName } from "../../protocols/bus/topics.ts";
import { CONTROLLER_USER, usersFileSchema, type BusUser, type UsersFile } from "../../protocols/bus/users.ts";
import { readText } from "./bus-place.ts";
import { isPassword } from "./password-hash.ts";

export interface BusUsers {
  /** Undefined for nobody. */
  userOf(name: string): BusUser | undefined;
  /** The user, if this is its password. */
  login(name: string, password: Buffer | undefined): Promise<BusUser | undefined>;
  /** Passwords are asked for. */
  readonly areNamed: boolean;
}

/** Throws Fault `file.missing`, `bus.users`. */
export function readUsersFile(path: string): UsersFile {
  const text = readText(path);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new Fault("bus.users", path, "is no JSON", {}, error);
  }
  const read = usersFileSchema.safeParse(document);
  if (!read.success) throw new Fault("bus.users", path, firstIssue(read.error));
  return read.data;
}

/** `file` null: every name is an operator's. Only for a broker that nobody beyond this machine can reach. */
export function createBusUsers(file: UsersFile | null): BusUsers {
  if (file === null) {
    const anybody = (name: string): BusUser | undefined =>
      isTopicName(name) && name !== CONTROLLER_USER ? { name, role: "operator", groups: [] } : undefined;
    return { userOf: anybody, login: (name) => Promise.resolve(anybody(name)), areNamed: false };
  }
  const known = new Map(file.users.map((user) => [user.name, user]));
  const userOf = (name: string): BusUser | undefined => {
    const found = known.get(name);
    return found === undefined ? undefined : { name: found.name, role: found.role, groups: found.groups };
  };
  return {
    userOf,
    async login(name, password) {
      const found = known.get(name);
      // One that does not exist takes as long as one whose password is wrong.
      const stored = found?.password ?? NOBODYS_HASH;
      const isRight = await isPassword(password ?? "", stored);
      return isRight ? userOf(name) : undefined;
    },
    areNamed: true,
  };
}

const NOBODYS_HASH = `scrypt$16384$8$1$${"A".repeat(22)}$${"A".repeat(43)}`;
