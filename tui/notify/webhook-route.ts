/** Notices as JSON, by HTTP POST with TLS that is verified. Redirections are not followed. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { webhookUrlProblem, type WebhookRoute } from "../../protocols/notify/notify-config.ts";
import { readText, type Environment } from "../bus/bus-place.ts";
import type { Notice } from "./notice.ts";
import { routeTrouble, type NoticeRoute } from "./outbox.ts";
import { secretOf, withoutSecrets } from "./route-secrets.ts";

const ANSWER_MS = 15_000;

export interface WebhookDeps {
  readonly rack: () => string;
  readonly clock: Clock;
  readonly environment: Environment;
}

/** Throws Faults of `secretOf`, and `notify.invalid` for a secret address that is none. */
export function createWebhookRoute(name: string, route: WebhookRoute, deps: WebhookDeps): NoticeRoute {
  const token = secretOf(name, route.token_file, route.token_env, deps.environment);
  const secretUrl = secretOf(name, route.url_file, route.url_env, deps.environment);
  const text = secretUrl ?? route.url ?? "";
  const problem = webhookUrlProblem(text);
  if (problem !== null) throw new Fault("notify.invalid", `${name}: the URL`, problem);
  if (token !== null && /[^\x21-\x7e]/.test(token)) {
    throw new Fault("notify.invalid", `${name}: the token`, "holds blanks or line ends");
  }
  const url = new URL(text);
  const authority = route.ca_file === undefined ? undefined : readText(route.ca_file);
  const begin = url.protocol === "https:" ? httpsRequest : httpRequest;

  function post(body: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const asked = begin(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "user-agent": "beamrack",
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
        agent: false,
        rejectUnauthorized: true,
        ...(authority === undefined ? {} : { ca: authority }),
      });
      const late = deps.clock.setTimeout(() => {
        asked.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`));
      }, ANSWER_MS);
      const over = (): void => {
        deps.clock.clearTimeout(late);
      };
      asked.on("error", (error) => {
        over();
        reject(error);
      });
      asked.on("response", (response) => {
        over();
        resolve(response.statusCode ?? 0);
        // Whatever it has to say beside the number is not read.
        response.destroy();
      });
      asked.end(body);
    });
  }

  return {
    name,
    async send(notice) {
      let status: number;
      try {
        status = await post(webhookBody(deps.rack(), notice));
      } catch (error) {
        const what = error instanceof Error ? error.message || "no connection" : String(error);
        throw routeTrouble(name, withoutSecrets(what, [token, secretUrl]), false);
      }
      if (status >= 200 && status < 300) return;
      const isFinal = status >= 300 && status < 500 && status !== 408 && status !== 429;
      throw routeTrouble(name, `${url.hostname} answers with status ${status}`, isFinal);
    },
    close: () => Promise.resolve(),
  };
}

/** `text` is what common chat services show. */
export function webhookBody(rack: string, { rule, severity, title, lines, heldBack }: Notice): string {
  const text = [title, ...lines.map((line) => `- ${line}`)].join("\n");
  return JSON.stringify({ v: 1, rack, rule, severity, title, lines, held_back: heldBack, text });
}
