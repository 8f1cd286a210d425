/** beamrack's own processes beside this one: the same program with other arguments, its lines on stdout told one by one. */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import type { Processes, ProcessEnd, StartProcess } from "../command-context.ts";

/**
 * Of processes that compute at full speed, MB: a tenth of the search's time is saved where new objects get their whole
 * room at once, and what is old is not collected before there is so much of it.
 */
const ROOM_FOR_THE_YOUNG = ["--min-semi-space-size=128", "--max-semi-space-size=128"];
const ROOM_FOR_THE_OLD = "--initial-old-space-size=500";

/**
 * A fifth went into optimising functions that each run and each restart makes anew: V8 forgets its code with the last of
 * them. Here one has to be used thirty times as much before. Later than Node 20, V8 has no such option, would not start
 * with it, and is no slower without.
 */
const SLOW_TO_OPTIMISE = process.versions.node.startsWith("20.") ? ["--interrupt-budget=2000000"] : [];

export function createProcesses(): Processes {
  return {
    count: availableParallelism(),
    async run(args, onLine, next) {
      const child = spawn(
        process.execPath,
        [
          ...process.execArgv,
          ...ROOM_FOR_THE_YOUNG,
          ROOM_FOR_THE_OLD,
          ...SLOW_TO_OPTIMISE,
          process.argv[1] ?? "",
          ...args,
        ],
        {
          stdio: ["pipe", "pipe", "inherit"],
        },
      );
      // One that ended before it had read everything says so by its end.
      child.stdin.on("error", () => undefined);
      const tell = (): void => {
        const line = next();
        if (line === null) child.stdin.end();
        else child.stdin.write(`${line}\n`);
      };
      const ended = new Promise<ProcessEnd>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code, signal) => {
          resolve({ code, signal });
        });
      });
      tell();
      for await (const line of createInterface({ input: child.stdout })) {
        onLine(line);
        tell();
      }
      return ended;
    },
  };
}

/** In a group of its own: what the terminal tells everybody, this process passes on in its own time. */
export const startProcess: StartProcess = (args, onLine, onErrorLine) => {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...args], {
    stdio: ["pipe", "pipe", onErrorLine === undefined ? "inherit" : "pipe"],
    detached: true,
  });
  // One that ended before it had read everything says so by its end.
  child.stdin?.on("error", () => undefined);
  if (child.stdout !== null) createInterface({ input: child.stdout }).on("line", onLine);
  if (child.stderr !== null && onErrorLine !== undefined) {
    createInterface({ input: child.stderr }).on("line", onErrorLine);
  }
  return {
    say(text) {
      child.stdin?.write(text);
    },
    stop() {
      child.kill("SIGTERM");
    },
    ended: new Promise((resolve) => {
      child.on("error", () => {
        resolve(1);
      });
      child.on("close", (code) => {
        resolve(code);
      });
    }),
  };
};
