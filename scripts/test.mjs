// Runs all there is to pass, side by side: the checks, the tests that compute, and the tests on real links. Those on
// links have real deadlines and mostly wait, so they go before the others wherever a core is wanted; the rest fills
// the cores meanwhile. What is tested is what `npm run build` left in dist/ (vitest.config.ts says how). Ends with exit
// code 1 where one of them did not pass, after naming once more each test that failed and why.
//
//   node scripts/test.mjs                   everything
//   node scripts/test.mjs --results FOLDER  and vitest's results as JSON, a file for each part
//   node scripts/test.mjs ARGS              the checks, then vitest with these arguments
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { constants, setPriority, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const VITEST = "node_modules/vitest/vitest.mjs";
const LINES_OF_A_FAILURE = 12;
const LOADED_FIRST = `--require ${JSON.stringify(`${root}scripts/slow-to-optimise.cjs`)}`;
const BEHIND_LINKS = constants.priority.PRIORITY_LOW;

const MEMORY = "/dev/shm";
const ROOM_BYTES = 2 ** 28;

/**
 * Where tests that compute put the folders that they write: in memory, where the computer has a file system there with
 * room, since hundreds of records are begun, closed and thrown away. Controllers are killed in tests, but no power is cut:
 * what a disk would still hold then is not looked at. Tests on real links stay on the disk, as a rack's controller does,
 * and since all that stands in /dev is a real port to a site. A TMPDIR that is set is taken.
 */
function folderInMemory() {
  if (process.env["TMPDIR"] !== undefined) return undefined;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize < ROOM_BYTES) return undefined;
    const folder = mkdtempSync(join(MEMORY, "beamrack-test-"));
    process.on("exit", () => {
      rmSync(folder, { recursive: true, force: true });
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
    return folder;
  } catch {
    // no such file system, or not ours to write in
    return undefined;
  }
}

/** Waits for it; its output appears as a whole when it ends, or as it comes. */
function run(name, command, { priority, live, isWhole = "", folder }) {
  return new Promise((resolve, reject) => {
    const colour = process.stdout.isTTY ? { FORCE_COLOR: "1" } : {};
    // of packages with a slower build for their own developers, the other is loaded, as a user's Node does
    const own = { TEST_BUILT: "1", TEST_WHOLE: isWhole, NODE_ENV: "production" };
    const where = folder === undefined ? {} : { TMPDIR: folder };
    const options = [process.env["NODE_OPTIONS"] ?? "", LOADED_FIRST].join(" ").trim();
    const env = { ...process.env, ...colour, ...own, ...where, NODE_OPTIONS: options };
    const child = spawn(process.execPath, command, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    if (priority !== undefined) setPriority(child.pid, priority);
    const output = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        if (live) process.stdout.write(data);
        else output.push(data);
      });
    }
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.stdout.write(Buffer.concat(output));
      resolve({ name, ended: signal ?? code ?? 1 });
    });
  });
}

function vitest(projects, part, results) {
  const report = ["--reporter=default", "--reporter=json", `--outputFile.json=${join(results, `${part}.json`)}`];
  return [VITEST, "run", ...projects.flatMap((project) => ["--project", project]), ...report];
}

function everything(results) {
  const behind = { priority: BEHIND_LINKS, live: false, isWhole: "1" };
  const folder = folderInMemory();
  return Promise.all([
    run("real links", vitest(["e2e"], "links", results), { live: false, isWhole: "1" }),
    run("computing", vitest(["!e2e"], "computing", results), { ...behind, live: true, folder }),
    run("checks", ["scripts/checks.mjs"], behind),
  ]);
}

/** Each failed test of a part, with the beginning of what it says; a file that could not be loaded counts as one. */
function* failures(path) {
  if (!existsSync(path)) return;
  for (const file of JSON.parse(readFileSync(path, "utf8")).testResults) {
    const failed = file.assertionResults.filter((test) => test.status === "failed");
    const where = relative(root, file.name);
    if (file.status === "failed" && failed.length === 0) yield [where, file.message ?? ""];
    for (const test of failed) yield [`${where} > ${test.fullName}`, test.failureMessages.join("\n")];
  }
}

function printFailures(results) {
  for (const part of ["links", "computing"]) {
    for (const [name, message] of failures(join(results, `${part}.json`))) {
      console.log(`\ntest: failed: ${name}\n${message.split("\n").slice(0, LINES_OF_A_FAILURE).join("\n")}`);
    }
  }
}

async function some(args) {
  const checks = await run("checks", ["scripts/checks.mjs"], { live: true });
  if (checks.ended !== 0) return [checks];
  return [await run("vitest", [VITEST, "run", ...args], { live: true })];
}

const [first, second, ...more] = process.argv.slice(2);
const isWhole = first === undefined || (first === "--results" && second !== undefined && more.length === 0);
let parts;
if (isWhole) {
  const results = second ?? mkdtempSync(join(tmpdir(), "beamrack-test-"));
  parts = await everything(results);
  printFailures(results);
  if (second === undefined) rmSync(results, { recursive: true, force: true });
} else {
  parts = await some(process.argv.slice(2));
}
for (const { name, ended } of parts) console.log(`test: ${name} ${ended === 0 ? "passed" : `did not pass (${ended})`}`);
process.exitCode = parts.every(({ ended }) => ended === 0) ? 0 : 1;
