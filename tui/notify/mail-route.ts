/** Notices as e-mail, by SMTP with TLS that is verified. */
import { createTransport } from "nodemailer";
import type { Fault } from "../../protocols/base/fault.ts";
import type { EmailRoute } from "../../protocols/notify/notify-config.ts";
import { readText, type Environment } from "../bus/bus-place.ts";
import type { Notice } from "./notice.ts";
import { partTrouble, routeTrouble, type NoticeRoute } from "./outbox.ts";
import { secretOf, withoutSecrets } from "./route-secrets.ts";

const PORTS = { tls: 465, starttls: 587, none: 25 } as const;
const STEP_MS = 10_000;

/** Throws Faults of `secretOf`. */
export function createMailRoute(name: string, route: EmailRoute, environment: Environment): NoticeRoute {
  const password = secretOf(name, route.password_file, route.password_env, environment);
  const { security, user } = route;
  const transport = createTransport({
    host: route.host.replace(/^\[|\]$/g, ""),
    port: route.port ?? PORTS[security],
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(user === undefined ? {} : { auth: { user, pass: password ?? "" } }),
    tls: {
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      ...(route.ca_file === undefined ? {} : { ca: readText(route.ca_file) }),
    },
    connectionTimeout: STEP_MS,
    greetingTimeout: STEP_MS,
    socketTimeout: STEP_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    name,
    async send(notice) {
      let refused: readonly string[];
      try {
        const sent = await transport.sendMail({
          ...{ from: route.from, to: [...route.to], subject: notice.title, text: mailText(notice) },
          headers: { "Auto-Submitted": "auto-generated" },
        });
        refused = sent.rejected;
      } catch (error) {
        throw mailTrouble(name, error, [password]);
      }
      if (refused.length > 0) throw partTrouble(name, `refused for ${refused.join(", ")}; the others have it`);
    },
    close() {
      transport.close();
      return Promise.resolve();
    },
  };
}

function mailText({ rule, lines }: Notice): string {
  return [...lines, "", `Sent by beamrack, by the rule "${rule}".`, ""].join("\n");
}

function mailTrouble(name: string, error: unknown, secrets: readonly (string | null)[]): Fault {
  const what = error instanceof Error ? error.message : String(error);
  const code = typeof error === "object" && error !== null && "responseCode" in error ? error.responseCode : undefined;
  // A wrong password may be put right, without a word to this program; a mail that is refused stays refused.
  const isFinal = typeof code === "number" && code >= 550;
  return routeTrouble(name, withoutSecrets(what, secrets), isFinal);
}
