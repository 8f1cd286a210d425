/** Cases of the scheduler's bench in processes beside each other; what the same sources gave before is taken from a file. */
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { runCase, type CaseResult } from "./compare.ts";
import { WORKLOADS } from "./workloads.ts";

export interface Case {
  readonly workload: string;
  readonly load: number;
  readonly seed: number;
}

interface KeptLine {
  readonly sources: string;
  readonly key: string;
  readonly result: CaseResult;
}

/** What the bench's processes are called with. */
export const WORKER = "--worker";

export interface PoolOptions {
  /** The bench, which calls `serveCases` when it finds `WORKER` among its arguments. */
  readonly script: string;
  readonly processes: number;
  /** Results are added to this file, and looked up in it; null for none. */
  readonly keptIn: string | null;
}

/** @param done told of each case as it is there, in no order */
export async function runCases(
  cases: readonly Case[],
  { script, processes, keptIn }: PoolOptions,
  done: (one: Case, result: CaseResult) => void,
): Promise<void> {
  const sources = sourcesDigest();
  const known = keptIn === null ? new Map<string, CaseResult>() : knownIn(keptIn, sources);
  const left: Case[] = [];
  for (const one of cases) {
    const result = known.get(keyOf(one));
    if (result === undefined) left.push(one);
    else done(one, result);
  }
  left.reverse();
  const work = async (): Promise<void> => {
    const child = fork(script, [WORKER]);
    try {
      for (let one = left.pop(); one !== undefined; one = left.pop()) {
        const asked = one;
        const result = await new Promise<CaseResult>((resolve, reject) => {
          child.once("exit", (code) => {
            reject(new Error(`a process of the bench ended with ${String(code)} at ${keyOf(asked)}`));
          });
          child.once("message", (message) => {
            child.removeAllListeners("exit");
            resolve(message as CaseResult);
          });
          child.send(asked);
        });
        if (keptIn !== null) {
          const line: KeptLine = { sources, key: keyOf(asked), result };
          appendFileSync(keptIn, `${JSON.stringify(line)}\n`);
        }
        done(asked, result);
      }
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: Math.min(processes, left.length) }, work));
}

/** In a process of the bench: each case that is asked, until the asking one is gone. */
export function serveCases(): void {
  process.on("message", (message) => {
    const { workload, load, seed } = message as Case;
    const found = WORKLOADS.find(({ name }) => name === workload);
    if (found === undefined) throw new Error(`no workload ${workload}`);
    process.send?.(runCase(found, load, seed));
  });
  process.on("disconnect", () => process.exit(0));
}

function keyOf({ workload, load, seed }: Case): string {
  return `${workload} | ${load} | ${seed}`;
}

function knownIn(file: string, sources: string): Map<string, CaseResult> {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  const kept = lines.map((line) => JSON.parse(line) as KeptLine).filter((line) => line.sources === sources);
  return new Map(kept.map(({ key, result }) => [key, result]));
}

/** Of the scheduler, and of what it is played and judged by. */
function sourcesDigest(): string {
  const hash = createHash("sha256");
  for (const folder of ["../../../controller/schedule/", "./"]) {
    const at = new URL(folder, import.meta.url);
    for (const name of readdirSync(at).sort()) {
      if (/\.(ts|js)$/.test(name)) hash.update(name).update(readFileSync(new URL(name, at)));
    }
  }
  return hash.digest("hex");
}
