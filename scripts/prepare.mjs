// What `npm ci` does once the packages are there: gets the database driver's binary and builds. The driver for Node-API
// 10 brings its binary along for most machines. Where no ready-made one can be had, SQLite is compiled, which keeps one
// core busy for some twenty seconds; package.json leaves that to this script, not to the package's own installation, so
// that the other core can build meanwhile and then check the sources, which `npm test` need not do once more. An npm that
// installed the binary by itself leaves nothing to get.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** As controller/record/sqlite.ts has it; the script of the package that gets its binary, or compiles it. */
const [driver, getting] =
  Number(process.versions.napi) >= 10 ? ["better-sqlite3-13", "build-release"] : ["better-sqlite3", "install"];

/** Extensions of SQLite that nothing here asks for; without them a third less is to be compiled. */
const without = ["FTS3", "FTS3_PARENTHESIS", "FTS4", "FTS5", "GEOPOLY", "PERCENTILE", "RTREE", "STAT4"];

/** The driver's -O3 takes three times as long to compile as this, and writes and reads a record no faster by a tenth. */
const flags = {
  JOBS: process.env["JOBS"] ?? "max",
  CFLAGS: process.env["CFLAGS"] ?? ["-O1", ...without.map((name) => `-USQLITE_ENABLE_${name}`)].join(" "),
  CXXFLAGS: process.env["CXXFLAGS"] ?? "-O1",
};

/** Waits for it; what it said is shown where it did not succeed. */
function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], ...options });
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output.push(data));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0 && options.isQuiet !== true) process.stderr.write(Buffer.concat(output));
      resolve(code ?? 1);
    });
  });
}

/** Exit code of a Node that opens a database with it: it may be there, and another Node's. */
function tryDriver(isQuiet) {
  return run(process.execPath, ["-e", `new (require(${JSON.stringify(driver)}))(":memory:")`], { isQuiet });
}

const isThere = (await tryDriver(true)) === 0;

async function getDriver() {
  if (isThere) return 0;
  if (!existsSync(`${root}node_modules/${driver}`)) {
    console.error(
      `prepare: npm left ${driver} out, which Node ${process.versions.node} needs; install optional packages too`,
    );
    return 1;
  }
  console.log("prepare: getting the database driver; where it has to be compiled, that takes some twenty seconds");
  const npm = process.env["npm_execpath"];
  const script = ["--prefix", `${root}node_modules/${driver}`, "run", getting];
  const env = { ...process.env, ...flags };
  await (npm === undefined ? run("npm", script, { env }) : run(process.execPath, [npm, ...script], { env }));
  return await tryDriver(false);
}

async function build() {
  const ended = await run(process.execPath, ["scripts/build.mjs"]);
  // what is wrong, `npm test` says
  if (ended === 0 && !isThere) await run(process.execPath, ["scripts/checks.mjs"], { isQuiet: true });
  return ended;
}

const ended = await Promise.all([getDriver(), build()]);
process.exitCode = ended.find((code) => code !== 0) ?? 0;
