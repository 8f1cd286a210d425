// Runs the type check, the linter and the formatter's check side by side, since each of them keeps one core busy, and
// prints what each found. Ends with exit code 1 where one of them did not pass. Where they passed before for these very
// files, they are not run again; `--anew` runs them all the same.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const passedBefore = join(root, "node_modules/.cache/beamrack-checks");
/**
 * The compiler and the linter's types are Go programs that live for seconds: with more room they collect less, and on one
 * core each the linter does not work out the same types twice, which is a fifth of its work.
 */
const env = { GOGC: "400", GOMAXPROCS: "1", ...process.env };
const checks = {
  lint: ["node_modules/oxlint/bin/oxlint", "--max-warnings", "0"],
  types: ["node_modules/@typescript/native/bin/tsc", "-p", "tsconfig.json", "--singleThreaded"],
  format: ["node_modules/oxfmt/bin/oxfmt", "--check", "."],
};

/** Of the Node in use and of every file that git knows or would take, the lock file of the packages among them. */
async function fingerprint() {
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const paths = await new Promise((resolve) => {
    execFile("git", list, { cwd: root, maxBuffer: 1 << 26 }, (error, out) => {
      resolve(error === null ? [...new Set(out.split("\0"))].filter((path) => path !== "").sort() : []);
    });
  });
  if (paths.length === 0) return null;
  const hash = createHash("sha256").update(process.version);
  for (const path of paths) {
    let content;
    try {
      content = readFileSync(join(root, path));
    } catch {
      // deleted, or no file
      content = Buffer.alloc(0);
    }
    hash.update(`\0${path}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function isPassedBefore(print) {
  try {
    return print !== null && readFileSync(passedBefore, "utf8") === print;
  } catch {
    return false;
  }
}

async function runAll(print) {
  rmSync(passedBefore, { force: true });
  const results = await Promise.all(
    Object.entries(checks).map(
      ([name, command]) =>
        new Promise((resolve, reject) => {
          const child = spawn(process.execPath, command, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
          let output = "";
          for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
          child.on("error", reject);
          child.on("close", (code, signal) => resolve({ name, output, ended: signal ?? code ?? 1 }));
        }),
    ),
  );
  const failed = results.filter(({ ended }) => ended !== 0);
  for (const { output } of results) process.stdout.write(output);
  for (const { name, ended } of failed) console.error(`checks: ${name} did not pass (${ended})`);
  // a file may have changed meanwhile
  if (failed.length === 0 && print !== null && (await fingerprint()) === print) {
    mkdirSync(dirname(passedBefore), { recursive: true });
    writeFileSync(passedBefore, print);
  }
  return failed.length > 0 ? 1 : 0;
}

const print = await fingerprint();
if (!process.argv.includes("--anew") && isPassedBefore(print)) {
  console.log("checks: types, lint and format passed before for these very files");
} else process.exitCode = await runAll(print);
