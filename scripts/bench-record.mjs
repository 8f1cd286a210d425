// The record's bounds, all measured on this machine one after the other: `npm run -s bench:record [-- --quick]`.
// Each prints its figures with their bounds. Exit 3 where one is missed. Quiet machines only: times are of the wall.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const isQuick = process.argv.includes("--quick");
const root = fileURLToPath(new URL("..", import.meta.url));
const TSX = ["--import", "tsx"];
const parts = [
  [["dist/test/bench/ingest.js", "--seconds", isQuick ? "20" : "300"], "ingest and plots"],
  [["dist/test/bench/export.js", "--days", isQuick ? "1" : "7"], "export"],
  [[...TSX, "test/crash/record/kill-samples.ts", "--kills", isQuick ? "5" : "50"], "kills"],
  [[...TSX, "test/bench/flips.ts", "--changes", isQuick ? "100" : "1000"], "changed bits"],
];

let missed = 0;
for (const [args, name] of parts) {
  console.log(`\n${name}`);
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status === 0) continue;
  missed += 1;
  console.log(`${name}: ${status === 3 ? "a bound is missed" : `ended with ${status ?? "a signal"}`}`);
}
process.exitCode = missed === 0 ? 0 : 3;
