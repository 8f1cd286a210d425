// Runs the type check, the linter and the formatter's check side by side, since each of them keeps one core busy, and
// prints what each found. Ends with exit code 1 where one of them did not pass.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const checks = {
  lint: ["node_modules/oxlint/bin/oxlint", "--max-warnings", "0"],
  types: ["node_modules/@typescript/native/bin/tsc", "-p", "tsconfig.json", "--singleThreaded"],
  format: ["node_modules/oxfmt/bin/oxfmt", "--check", "."],
};

const results = await Promise.all(
  Object.entries(checks).map(
    ([name, command]) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, command, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
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
process.exitCode = failed.length > 0 ? 1 : 0;
