/** Looks at a process from outside, as Linux tells of it under /proc: what it uses, and what it is doing at this moment. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Of the kernel's clock for processor time, on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;
/** Numbers of pwrite64, fsync and fdatasync. */
const WRITING: Readonly<Record<string, readonly string[]>> = {
  x64: ["18", "74", "75"],
  arm64: ["68", "82", "83"],
};

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It has ended, or it is not ours to look at.
    return "";
  }
}

/** Processor time it has used, all its threads together; NaN where nobody can tell. */
export function processorMs(pid: number): number {
  const fields = textOf(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND;
}

export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(textOf(`/proc/${pid}/status`))?.[1] ?? Number.NaN) / 1024;
}

/** Open descriptors, and threads. */
export function handlesOf(pid: number): { readonly descriptors: number; readonly threads: number } {
  try {
    return {
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      threads: readdirSync(`/proc/${pid}/task`).length,
    };
  } catch {
    return { descriptors: Number.NaN, threads: Number.NaN };
  }
}

/** A thread of it is this very moment writing to a file of this name, or waiting for the disk to have it. */
export function isWritingTo(pid: number, name: string): boolean {
  const writing = WRITING[process.arch] ?? [];
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const [call = "", descriptor = ""] = textOf(`/proc/${pid}/task/${task}/syscall`).split(" ");
      if (writing.includes(call) && readlinkSync(`/proc/${pid}/fd/${Number(descriptor)}`).includes(name)) return true;
    }
  } catch {
    // It has ended meanwhile, or the descriptor was let go of.
  }
  return false;
}
