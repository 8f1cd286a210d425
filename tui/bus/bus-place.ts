/** Where a broker is and who we are there. Passwords come from a file or the environment, never from the command line. */
import { readFileSync } from "node:fs";
import * as z from "zod";
import { Fault } from "../../protocols/base/fault.ts";
import { isBrokerUrl } from "../../protocols/bus/broker-url.ts";
import { isTopicName, topicName } from "../../protocols/bus/topics.ts";

export interface BusPlace {
  /** `mqtt://host:port`, or `mqtts://` for TLS. */
  readonly url: string;
  readonly user: string;
  readonly password: string | null;
  /** Who signed the broker's certificate, as PEM; null for those whom the system trusts. */
  readonly certificateAuthority: string | null;
}

export interface BusPlaceOptions {
  readonly broker: string | undefined;
  /** A JSON file: `{ "user": "...", "password": "..." }`. */
  readonly credentials: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULT_BROKER = "mqtt://127.0.0.1:1883";

const credentialsSchema = z.strictObject({ user: z.string(), password: z.string().exactOptional() });

/** Throws Fault `command.usage`, `file.missing`, `file.schema`. */
export function findBusPlace(options: BusPlaceOptions, environment: Environment): BusPlace {
  const url = options.broker ?? environment["BEAMRACK_BROKER"] ?? DEFAULT_BROKER;
  if (!isBrokerUrl(url)) {
    const what = `${withoutSecrets(url)} is no broker; write mqtt://host:port or mqtts://host:port, without user and password`;
    throw new Fault("command.usage", "--broker", what);
  }
  const path = options.credentials ?? environment["BEAMRACK_CREDENTIALS"];
  const said = path === undefined ? undefined : readCredentials(path);
  const user = said?.user ?? environment["BEAMRACK_USER"] ?? loginOf(environment);
  if (!isTopicName(user)) throw new Fault("command.usage", "the user", `${user} is no name for a user of the bus`);
  const authorityPath = environment["BEAMRACK_CA_FILE"];
  return {
    ...{ url, user, password: said?.password ?? environment["BEAMRACK_PASSWORD"] ?? null },
    certificateAuthority: authorityPath === undefined ? null : readText(authorityPath),
  };
}

function loginOf(environment: Environment): string {
  return topicName(environment["USER"] ?? environment["LOGNAME"] ?? "operator");
}

function readCredentials(path: string): z.output<typeof credentialsSchema> {
  try {
    return credentialsSchema.parse(JSON.parse(readText(path)));
  } catch (error) {
    if (error instanceof Fault) throw error;
    const what = 'must be JSON such as { "user": "anna", "password": "..." }';
    throw new Fault("file.schema", path, what);
  }
}

/** What stands in a file, without the line's end. Throws Fault `file.missing`. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").trimEnd();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Fault("file.missing", path, `cannot be read: ${why}`, {}, error);
  }
}

/** A URL with a password in it must not come back in a message. */
function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//...@");
}
