/**
 * A copy of the sources in a folder of its own, in which one file at a time is broken, and two judges of it: the search by
 * seed, and tests. The tree itself is never touched.
 */
import { fork, spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MutantAnswer, MutantQuestion } from "./mutant-judge.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COPIED = [
  ...["controller", "drivers", "protocols", "simulator", "test", "tui", "docs", "scripts"],
  ...["package.json", "tsconfig.json", "tsconfig.build.json", "vitest.config.ts"],
];

export interface Caught {
  readonly by: string;
  readonly how: string;
}

export interface Workshop {
  readText(file: string): string;
  /** Puts this text in the place of the file until the returned function is called. */
  breakFile(file: string, text: string): () => void;
  /** Seeds of the search, heavy faults, up to `most` of them; null when every one holds. */
  search(most: number): Promise<Caught | null>;
  /** Null when all pass. */
  runTests(paths: readonly string[]): Promise<Caught | null>;
  /** The same for a file that is broken, by a test runner that is held open; one path after the other. */
  judgeMutant(file: string, paths: readonly string[]): Promise<Caught | null>;
  close(): void;
}

/** A run that is longer than this hangs, and so is seen. */
const LONGEST_S = 3600;
const LONGEST_MUTANT_S = 120;
/** Seeds in one process: few at first, as most breakages show at once. */
const BLOCKS = [4, 8, 16, 32, 70, 70];

/** What cannot even be started has judged nothing, and must not pass for a judge that saw something. */
function refuseWithoutJudge(text: string): void {
  const line = text.split("\n").find((one) => /Cannot find (?:module|package) '.*node_modules|imported from/.test(one));
  if (line !== undefined) throw new Error(`the judge itself did not run: ${line.trim()}`);
}

/** Of the tree itself. */
export function readSource(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-breakages-"));
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "tmp"));

  function run(args: readonly string[]): Promise<{ readonly code: number | null; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const env = { ...process.env, TMPDIR: join(folder, "tmp") };
      const child = spawn(process.execPath, args, { cwd: folder, env, timeout: LONGEST_S * 1000 });
      let text = "";
      const add = (chunk: Buffer): void => {
        text = (text + chunk.toString("utf8")).slice(-100_000);
      };
      child.stdout.on("data", add);
      child.stderr.on("data", add);
      child.on("error", reject);
      child.on("close", (code) => {
        resolve({ code, text });
      });
    });
  }

  let judge: ChildProcess | undefined;

  return {
    readText: (file) => readFileSync(join(folder, file), "utf8"),
    breakFile(file, text) {
      const path = join(folder, file);
      const before = readFileSync(path, "utf8");
      writeFileSync(path, text);
      return () => {
        writeFileSync(path, before);
      };
    },
    async search(most) {
      let from = 1;
      for (const size of BLOCKS) {
        const to = Math.min(from + size - 1, most);
        const seeds = ["--seeds", `${from}..${to}`, "--jobs", "1"];
        const { code, text } = await run(["--import", "tsx", "tui/main.ts", "explore", ...seeds]);
        if (code !== 0) {
          refuseWithoutJudge(text);
          const line = text.split("\n").find((one) => /^seed \d+: /.test(one));
          const other = text.split("\n").find((one) => /requests|Error|defect/.test(one));
          return { by: `search, seeds ${from}..${to}`, how: (line ?? other ?? `exit ${String(code)}`).trim() };
        }
        if (to >= most) break;
        from = to + 1;
      }
      return null;
    },
    async runTests(paths) {
      const vitest = join(folder, "node_modules/vitest/vitest.mjs");
      const { code, text } = await run([vitest, "run", "--bail", "1", ...paths]);
      if (code === 0) return null;
      refuseWithoutJudge(text);
      const plain = text.replace(/\x1b\[[0-9;]*m/g, "");
      const line = plain.split("\n").find((one) => /FAIL|Error/.test(one));
      return { by: paths.join(" "), how: (line ?? `exit ${String(code)}`).trim() };
    },
    async judgeMutant(file, paths) {
      judge ??= await startJudge(folder);
      const answer = await asked(judge, { file, tests: paths });
      if (answer !== null) return answer.failed === null ? null : { by: answer.failed, how: "fails" };
      judge.kill("SIGKILL");
      judge = undefined;
      return { by: paths.join(" "), how: `no end within ${LONGEST_MUTANT_S} s` };
    },
    close() {
      judge?.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startJudge(folder: string): Promise<ChildProcess> {
  const env = { ...process.env, TMPDIR: join(folder, "tmp"), NODE_NO_WARNINGS: "1" };
  const child = fork(join(ROOT, "scripts/breakages/mutant-judge.ts"), [folder], {
    ...{ cwd: folder, env, execArgv: ["--import", "tsx"] },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  return new Promise((resolve, reject) => {
    child.once("message", () => {
      resolve(child);
    });
    child.once("exit", (code) => {
      reject(new Error(`the judge itself did not run: exit ${String(code)}`));
    });
  });
}

/** Null when there is no answer in time. */
function asked(judge: ChildProcess, question: MutantQuestion): Promise<MutantAnswer | null> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      judge.removeAllListeners();
    };
    const timer = setTimeout(() => {
      end();
      resolve(null);
    }, LONGEST_MUTANT_S * 1000);
    judge.once("message", (answer: MutantAnswer) => {
      end();
      resolve(answer);
    });
    judge.once("exit", (code) => {
      end();
      reject(new Error(`the judge itself did not run: exit ${String(code)}`));
    });
    judge.send(question);
  });
}
