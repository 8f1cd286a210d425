/** `beamrack` as it is shipped, in a process of its own that a test can listen to and stop. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../tui/rim/package-root.ts";
import { until } from "./real-link.ts";

const ROOT = packageRoot().folder;
const MAIN = join(ROOT, "dist/tui/main.js");

export interface BeamrackProcess {
  readonly pid: number;
  /** All that was said so far. */
  out(): string;
  err(): string;
  /** Whole lines of stdout, each a JSON document. */
  documents(): readonly unknown[];
  signal(name: NodeJS.Signals): void;
  /** The exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  isRunning(): boolean;
}

/** `nodeArgs`: for Node itself. */
export function startBeamrack(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
): BeamrackProcess {
  if (!existsSync(MAIN)) throw new Error("npm run build comes first");
  const child = spawn(process.execPath, [...nodeArgs, MAIN, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    out += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    err += chunk;
  });
  let isRunning = true;
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", (code) => {
      isRunning = false;
      resolve(code);
    });
  });
  return {
    pid: child.pid ?? 0,
    out: () => out,
    err: () => err,
    documents: () =>
      out
        .split("\n")
        .slice(0, -1)
        .filter((line) => line.startsWith("{"))
        .map((line): unknown => JSON.parse(line)),
    signal(name) {
      child.kill(name);
    },
    ended,
    isRunning: () => isRunning,
  };
}

/** Waits for what the process is to say; fails at once, with its words, when it ends before. */
export async function said(process: BeamrackProcess, what: string, withinMs: number): Promise<void> {
  await until(`the words ${what}`, () => heard(process).includes(what) || !process.isRunning(), withinMs);
  if (!heard(process).includes(what)) throw new Error(`it ended without saying ${what}:\n${heard(process)}`);
}

function heard(process: BeamrackProcess): string {
  return process.out() + process.err();
}
