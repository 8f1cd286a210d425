/** Requests and replies of an HTTP instrument, in the same lines as the traffic of a link. */
import { Buffer } from "node:buffer";
import type { HttpPort } from "../../protocols/roles/http.ts";
import type { CaptureDeps } from "./capture-link.ts";

/** Bodies beyond this many characters are cut: frames do not belong into a capture. */
const BODY_MAX = 4096;

/**
 * `out` is `METHOD path body`, `in` is `METHOD path -> status body`, for requests may overlap; `lost` is a request
 * without an answer, `METHOD path -> why`.
 */
export function captureHttp(port: HttpPort, { clock, startMs, sink }: CaptureDeps): HttpPort {
  const note = (dir: "out" | "in" | "lost", text: string): void => {
    const hex = Buffer.from(text, "utf8").toString("hex");
    sink({ t_ms: Math.round((clock.monoMs() - startMs) * 1000) / 1000, dir, hex, text });
  };
  return {
    name: port.name,
    async request(method, path, body, deadlineMs) {
      const what = `${method} ${path}`;
      note("out", body === null ? what : `${what} ${cut(body)}`);
      try {
        const reply = await port.request(method, path, body, deadlineMs);
        note("in", `${what} -> ${reply.status} ${cut(reply.body)}`);
        return reply;
      } catch (error) {
        note("lost", `${what} -> ${error instanceof Error ? error.message : String(error)}`);
        throw error;
      }
    },
    abandon(why) {
      port.abandon(why);
    },
  };
}

function cut(body: string): string {
  return body.length <= BODY_MAX ? body : `${body.slice(0, BODY_MAX)}... (${body.length} characters)`;
}
