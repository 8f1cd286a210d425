// Compiles to dist/ with tsc and makes the command executable. Types are not checked here: `npm run typecheck` does
// that. Data files stay where they are and are read relative to the package root.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = `${root}node_modules/@typescript/native/bin/tsc`;
execFileSync(process.execPath, [compiler, "-p", `${root}tsconfig.build.json`, "--noCheck"], { stdio: "inherit" });
const command = `${root}dist/tui/main.js`;
if (existsSync(command)) chmodSync(command, 0o755);
