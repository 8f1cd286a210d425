/** Requests and replies of an HTTP instrument, in the same lines as the traffic of a link. */
import { Buffer } from "node:buffer";
import type { HttpPort } from "../../protocols/roles/http.ts";
import type { CaptureDeps } from "./capture-link.ts";

/** Bodies beyond this many characters are cut: frames do not belong into a capture. */
const BODY_MAX = 4096;

/** `out` is `METHOD path body`, `in` is `status body`, `lost` a request without an answer. */
export function captureHttp(port: HttpPort, { clock, startMs, sink }: CaptureDeps): HttpPort {
  const note = (dir: "out" | "in" | "lost", text: string): void => {
    const hex = dir === "lost" ? "" : Buffer.from(text, "utf8").toString("hex");
    sink({ t_ms: Math.round((clock.monoMs() - startMs) * 1000) / 1000, dir, hex, text });
  };
  return {
    name: port.name,
    async request(method, path, body, deadlineMs) {
      note("out", [method, path, ...(body === null ? [] : [cut(body)])].join(" "));
      try {
        const reply = await port.request(method, path, body, deadlineMs);
        note("in", `${reply.status} ${cut(reply.body)}`);
        return reply;
      } catch (error) {
        note("lost", error instanceof Error ? error.message : String(error));
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
