/** Typed requests to one identified SIMPLON detector; every answer is read or becomes a Fault with its words. */
import { Fault } from "../../protocols/base/fault.ts";
import type { HttpMethod, HttpPort, HttpReply } from "../../protocols/roles/http.ts";
import {
  bodyExcerpt,
  decodeChangedNames,
  decodeState,
  decodeValue,
  type Decoded,
  type SimplonScalar,
  type SimplonState,
  type SimplonValue,
} from "../../protocols/wire/simplon/simplon-replies.ts";
import {
  commandPath,
  configPath,
  dataPath,
  statusPath,
  valueBody,
  type SimplonCommand,
  type SimplonModule,
} from "../../protocols/wire/simplon/simplon-requests.ts";

/** Longest wait for a value; clients of the maker allow more only for commands. */
export const VALUE_MS = 2000;

/** Rejects with `detector.refused` for a status of 400 and above, `link.garbled` for an unreadable answer, `link.*`. */
export interface SimplonSession {
  readonly version: string;
  config(module: SimplonModule, name: string): Promise<SimplonValue>;
  /** Null where this detector does not know the name. */
  configIfKnown(module: SimplonModule, name: string): Promise<SimplonValue | null>;
  /** Names that changed with it. */
  setConfig(module: SimplonModule, name: string, value: SimplonScalar, deadlineMs?: number): Promise<readonly string[]>;
  state(): Promise<SimplonState>;
  statusText(name: string): Promise<string>;
  command(command: SimplonCommand, deadlineMs: number): Promise<void>;
  hasFile(fileName: string): Promise<boolean>;
}

export function createSimplonSession(name: string, http: HttpPort, version: string): SimplonSession {
  async function ask(method: HttpMethod, path: string, body: string | null, deadlineMs: number): Promise<HttpReply> {
    const reply = await http.request(method, path, body, deadlineMs);
    if (reply.status >= 400) throw refused(name, `${method} ${path}`, reply);
    if (reply.status < 200 || reply.status >= 300) {
      throw new Fault("link.garbled", name, `${method} ${path} was answered with status ${reply.status}`);
    }
    return reply;
  }

  async function read<T>(path: string, decode: (body: string) => Decoded<T>): Promise<T> {
    return readable(name, path, decode((await ask("GET", path, null, VALUE_MS)).body));
  }

  return {
    version,
    config: (module, key) => read(configPath(version, module, key), decodeValue),
    async configIfKnown(module, key) {
      const path = configPath(version, module, key);
      const reply = await http.request("GET", path, null, VALUE_MS);
      if (reply.status === 404) return null;
      if (reply.status !== 200) throw refused(name, `GET ${path}`, reply);
      return readable(name, path, decodeValue(reply.body));
    },
    async setConfig(module, key, value, deadlineMs = VALUE_MS) {
      const path = configPath(version, module, key);
      const reply = await ask("PUT", path, valueBody(value), deadlineMs);
      // The file writer of some versions answers a setting with nothing.
      return reply.body.trim() === "" ? [key] : readable(name, path, decodeChangedNames(reply.body));
    },
    state: () => read(statusPath(version, "detector", "state"), decodeState),
    async statusText(key) {
      const { value } = await read(statusPath(version, "detector", key), decodeValue);
      return typeof value === "object" ? value.join(", ") : String(value);
    },
    async command(command, deadlineMs) {
      await ask("PUT", commandPath(version, command), null, deadlineMs);
    },
    async hasFile(fileName) {
      const path = dataPath(fileName);
      const reply = await http.request("HEAD", path, null, VALUE_MS);
      if (reply.status === 404) return false;
      if (reply.status !== 200) throw refused(name, `HEAD ${path}`, reply);
      return true;
    },
  };
}

/** Throws Fault `link.garbled` for what could not be read. */
export function readable<T>(name: string, path: string, decoded: Decoded<T>): T {
  if (decoded.isRead) return decoded.value;
  throw new Fault("link.garbled", name, `the answer to ${path} could not be read: ${decoded.why}`);
}

function refused(name: string, request: string, reply: HttpReply): Fault {
  const words = bodyExcerpt(reply.body);
  const what = `the detector turned ${request} down with status ${reply.status}${words === "" ? "" : `: ${words}`}`;
  return new Fault("detector.refused", name, what, { request, status: reply.status, text: words });
}
