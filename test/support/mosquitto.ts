/** A Mosquitto broker, where this machine has one: with users, an access list as beamrack writes it, and TLS. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { until } from "./real-link.ts";

/** Set where it was installed for these tests, so that its absence is a failure there and no silence. */
export const isMosquittoRequired = process.env["CI_MOSQUITTO"] === "required";

const PROGRAMS = ["mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"];

function runs(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore", timeout: 20_000 });
    return true;
  } catch (error) {
    // Its help ends with an exit code of its own; a program that is not there has none.
    return error instanceof Error && "status" in error && typeof error.status === "number";
  }
}

export const mosquitto = runs("mosquitto_passwd", ["--help"])
  ? PROGRAMS.find((program) => runs(program, ["-h"]))
  : undefined;

export interface MosquittoOrder {
  /** For its files; absolute. */
  readonly folder: string;
  readonly access: readonly string[];
  /** Name to password. */
  readonly users: Readonly<Record<string, string>>;
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface Mosquitto {
  /** `mqtts://localhost:PORT`. */
  readonly url: string;
  readonly log: () => string;
  close(): Promise<void>;
}

export async function startMosquitto(order: MosquittoOrder): Promise<Mosquitto> {
  if (mosquitto === undefined) throw new Error("there is no mosquitto");
  const { folder, users } = order;
  const [passwords, access, settings] = ["passwords", "access.acl", "mosquitto.conf"].map((name) => join(folder, name));
  if (passwords === undefined || access === undefined || settings === undefined) throw new Error("no files");
  writeFileSync(
    passwords,
    Object.entries(users)
      .map((user) => `${user.join(":")}\n`)
      .join(""),
  );
  execFileSync("mosquitto_passwd", ["-U", passwords]);
  writeFileSync(access, `${order.access.join("\n")}\n`);
  const port = await freePort();
  const lines = [
    `listener ${String(port)} 127.0.0.1`,
    `certfile ${order.certificateFile}`,
    `keyfile ${order.keyFile}`,
    "allow_anonymous false",
    `password_file ${passwords}`,
    `acl_file ${access}`,
    "persistence false",
    "log_dest stderr",
    // Started by root it would give up its rights, and then could not read the files of the test.
    "user root",
  ];
  writeFileSync(settings, `${lines.join("\n")}\n`);
  for (const path of [passwords, access]) chmodSync(path, 0o600);
  const child = spawn(mosquitto, ["-c", settings, "-v"], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    log += chunk;
  });
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => {
      resolve();
    });
  });
  await until("mosquitto to run", () => log.includes("running") || child.exitCode !== null, 10_000);
  if (child.exitCode !== null) throw new Error(`mosquitto ended: ${log}`);
  return {
    url: `mqtts://localhost:${String(port)}`,
    log: () => log,
    async close() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  });
}
