/** Programs of other people that speak Modbus, where this machine has them: mbpoll, and a pymodbus server. */
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until } from "./real-link.ts";

const PEER = fileURLToPath(new URL("modbus-peer.py", import.meta.url));
/** Debian's pymodbus belongs to the system's Python, which need not be the first on the path. */
const PYTHONS = ["python3", "/usr/bin/python3"];

/** Set where the programs were installed for these tests, so that their absence is a failure there and no silence. */
export const arePeersRequired = process.env["CI_MODBUS_PEERS"] === "required";

function runs(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore", timeout: 20_000 });
    return true;
  } catch (error) {
    // mbpoll gives its help with an exit code of its own.
    return error instanceof Error && "status" in error && error.status === 1 && args[0] === "-V";
  }
}

export const hasMbpoll = runs("mbpoll", ["-V"]);
export const hasSocat = runs("socat", ["-V"]);
export const peerPython = PYTHONS.find((python) => runs(python, ["-c", "import pymodbus.server, serial_asyncio"]));

export interface PollTarget {
  readonly kind: "tcp" | "rtu";
  /** host:port, or a path. */
  readonly where: string;
  readonly unit: number;
}

const run = promisify(execFile);

/**
 * What mbpoll reads, by its own addresses from 0; with `values` it writes them instead and gives nothing. Rejects with
 * its own words when it fails.
 */
export async function mbpoll(
  target: PollTarget,
  type: string,
  first: number,
  count: number,
  values: readonly number[] = [],
): Promise<readonly number[]> {
  const [host = "", port = ""] = target.kind === "tcp" ? target.where.split(":") : [target.where];
  const link = target.kind === "tcp" ? ["-m", "tcp", "-p", port] : ["-m", "rtu", "-b", "115200", "-P", "none"];
  const what = ["-0", "-1", "-a", String(target.unit), "-t", type, "-r", String(first), "-o", "2"];
  const written = values.length > 0 ? ["--", ...values.map(String)] : [];
  const args = [...link, ...what, ...(values.length > 0 ? [] : ["-c", String(count)]), host, ...written];
  const { stdout, stderr } = await run("mbpoll", args, { timeout: 10_000 }).catch((error: unknown) => {
    const told = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`mbpoll ${args.join(" ")}: ${told.stdout ?? ""}${told.stderr ?? String(error)}`);
  });
  if (/failed/i.test(stdout + stderr)) throw new Error(`mbpoll ${args.join(" ")}: ${stdout}${stderr}`);
  return [...stdout.matchAll(/^\[\d+\]:\s+(\S+)/gm)].map(([, number]) => Number(number));
}

export interface PeerRegisters {
  readonly holding?: Readonly<Record<number, number>>;
  readonly coils?: Readonly<Record<number, number>>;
  readonly inputs?: Readonly<Record<number, number>>;
}

export interface ModbusPeer {
  /** host:port, or the path that a driver opens. */
  readonly where: string;
  /** As if its plug were pulled. */
  kill(): void;
  close(): Promise<void>;
}

/** A pymodbus server on TCP, or behind a pair of pseudo-terminals of socat's. */
export async function startPeer(kind: "tcp" | "rtu", registers: PeerRegisters): Promise<ModbusPeer> {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-peer-"));
  const children: ChildProcess[] = [];
  const text = JSON.stringify(registers);

  function child(program: string, args: readonly string[]): { readonly heard: () => string } {
    const started = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let heard = "";
    const listen = (chunk: Buffer): void => {
      heard += chunk.toString("utf8");
    };
    started.stdout.on("data", listen);
    started.stderr.on("data", listen);
    children.push(started);
    return { heard: () => heard };
  }

  let where = join(folder, "driver");
  let place = "tcp";
  if (kind === "rtu") {
    place = join(folder, "server");
    const pair = child("socat", ["-d", "-d", ...[where, place].map((path) => `pty,raw,echo=0,link=${path}`)]);
    await until("socat has made its pair", () => pair.heard().includes("starting data transfer loop"), 10_000);
  }
  const server = child(peerPython ?? "python3", [PEER, place, text]);
  await until("the server is ready", () => /^ready \S+$/m.test(server.heard()), 20_000);
  if (kind === "tcp") where = `127.0.0.1:${/^ready (\d+)$/m.exec(server.heard())?.[1] ?? ""}`;

  return {
    where,
    kill() {
      for (const each of children) each.kill("SIGKILL");
    },
    async close() {
      for (const each of children) each.kill("SIGKILL");
      await until("its programs have ended", () =>
        children.every((each) => each.exitCode !== null || each.signalCode !== null),
      );
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
