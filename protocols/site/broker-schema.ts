/** The broker of a site: the embedded one, with where it listens, or the site's own by its URL. */
import * as z from "zod";
import { isBrokerUrl } from "../bus/broker-url.ts";
import { strictObject } from "../input/section.ts";

export interface SiteBroker {
  /** The embedded broker listens there; null where the site has its own. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  /** The site's own broker; null for the embedded one. */
  readonly url: string | null;
  /** Who the controller is there. */
  readonly user: string;
  /** Secrets by reference only: a file that holds nothing but the password, or a variable of the environment. */
  readonly passwordFile: string | null;
  readonly passwordVariable: string | null;
  /** Who signed the broker's certificate, PEM. */
  readonly authorityFile: string | null;
  /** Users and their roles; null: everybody who reaches the broker is an operator. */
  readonly usersFile: string | null;
}

export const DEFAULT_LISTEN = { host: "127.0.0.1", port: 1883 } as const;

const path = z.string().min(1);

const PORT_MAX = 65_535;
/** A name such as 127.example.org is none. */
const LOOPBACK = /^127(?:\.\d{1,3}){3}$/;

export const brokerSchema = strictObject({
  listen: z
    .string()
    .regex(/^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, {
      error: "Write host:port, such as 127.0.0.1:1883.",
      abort: true,
    })
    .refine((text) => listenPlace(text).port <= PORT_MAX, `The port is ${PORT_MAX} at most.`)
    .exactOptional(),
  url: z
    .string()
    .refine(isBrokerUrl, "Write mqtt://host:port or mqtts://host:port; a password does not belong here.")
    .exactOptional(),
  user: z.string().min(1).max(64).default("beamrack"),
  password_file: path.exactOptional(),
  password_env: path.exactOptional(),
  ca_file: path.exactOptional(),
  users_file: path.exactOptional(),
})
  .refine((broker) => broker.listen === undefined || broker.url === undefined, {
    message: "Either the embedded broker listens, or the site has its own: give listen or url.",
  })
  .refine((broker) => broker.users_file !== undefined || isOwnMachine(broker.listen), {
    message: "A broker that others can reach needs a users_file: without one everybody is an operator.",
    path: ["users_file"],
  })
  .transform((broker): SiteBroker => ({
    listen: broker.url === undefined ? listenPlace(broker.listen) : null,
    url: broker.url ?? null,
    user: broker.user,
    passwordFile: broker.password_file ?? null,
    passwordVariable: broker.password_env ?? null,
    authorityFile: broker.ca_file ?? null,
    usersFile: broker.users_file ?? null,
  }));

function listenPlace(text: string | undefined): { readonly host: string; readonly port: number } {
  if (text === undefined) return DEFAULT_LISTEN;
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}

function isOwnMachine(listen: string | undefined): boolean {
  if (listen === undefined) return true;
  const { host } = listenPlace(listen);
  return host === "localhost" || host === "::1" || LOOPBACK.test(host);
}
