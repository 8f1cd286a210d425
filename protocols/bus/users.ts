/**
 * Who may read and say what on the bus. Pure: the embedded broker asks these functions, and the configuration for
 * Mosquitto is written from the same rules.
 */
import * as z from "zod";
import type { CommandName } from "./commands.ts";
import { groupTopicName, parseTopic, TOPIC_NAME, type BusTopic } from "./topics.ts";

export const USER_ROLES = [
  "observer",
  "group-user",
  "operator",
  "beamline-scientist",
  /** A program outside that asks for exposures, as far as the campaign's triggers of that kind let it. */
  "agent",
  /** The program that sends notifications. */
  "notifier",
] as const;
export type UserRole = (typeof USER_ROLES)[number];

export interface BusUser {
  readonly name: string;
  readonly role: UserRole;
  /** Of a group user: the groups whose cells it sees. */
  readonly groups: readonly string[];
}

/** The controller's own user at the broker; nobody else may have the name. */
export const CONTROLLER_USER = "beamrack";

/** The file that `users_file` of a site names. Passwords stand in it only as scrypt hashes. */
export const usersFileSchema = z.strictObject({
  v: z.literal(1),
  users: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(TOPIC_NAME, "Give a name of letters, digits, . _ @ -")
          .refine((name) => name !== CONTROLLER_USER, "This is the controller's own name."),
        role: z.enum(USER_ROLES),
        groups: z.array(z.string().min(1)).default([]),
        /** Left out where the site's own broker asks for it. */
        password: z
          .string()
          .startsWith("scrypt$", "Make the hash with `beamrack users FILE add NAME`.")
          .exactOptional(),
      }),
    )
    .refine((users) => new Set(users.map(({ name }) => name)).size === users.length, "Each name stands once."),
});
export type UsersFile = z.output<typeof usersFileSchema>;

const OF_PERSONS: readonly CommandName[] = ["hold", "resume", "skip-step", "end-step", "expose"];

/** What a role may order at all; a group user only of its own cells. */
export function mayOrder(role: UserRole, command: CommandName): boolean {
  switch (role) {
    case "observer":
      return false;
    case "group-user":
      return OF_PERSONS.includes(command) || command === "take-control" || command === "release-control";
    case "agent":
      return command === "expose";
    case "notifier":
      return command === "trouble";
    case "operator":
    case "beamline-scientist":
      return true;
  }
}

const NOTIFIERS: readonly UserRole[] = ["notifier", "operator", "beamline-scientist"];

/** Topics that name no cell but one's own. */
const OPEN_TO_GROUPS: readonly BusTopic["kind"][] = ["controller", "heartbeat", "beam", "control"];

/** `groupOf`: owner of the cell at a position; undefined where there is none. */
export function mayRead(user: BusUser, topicText: string, groupOf: (position: string) => string | undefined): boolean {
  const parsed = parseTopic(topicText);
  if (parsed === undefined) return false;
  const { topic } = parsed;
  if (topic.kind === "command") return false;
  if (topic.kind === "reply") return topic.user === user.name;
  // Everybody else has the whole list.
  if (topic.kind === "group-alarm") {
    return user.role === "group-user" && user.groups.some((group) => groupTopicName(group) === topic.of);
  }
  if (user.role !== "group-user" || OPEN_TO_GROUPS.includes(topic.kind)) return true;
  if (topic.kind !== "cell" && topic.kind !== "dose" && topic.kind !== "trace") return false;
  const group = groupOf(topic.of);
  return group !== undefined && user.groups.includes(group);
}

/**
 * Orders go out under one's own name only, and the controller answers them; whatever tells of the rack is its own, but
 * for what was sent to people.
 */
export function mayPublish(user: BusUser, topicText: string): boolean {
  const topic = parseTopic(topicText)?.topic;
  if (topic?.kind === "notice") return NOTIFIERS.includes(user.role);
  return topic?.kind === "command" && topic.user === user.name;
}
