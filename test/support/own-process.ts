/** What a test starts as a process of its own: a script of test/. */
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../../tui/rim/package-root.ts";

const ROOT = packageRoot().folder;

/** Node's arguments for it: as it was just built, where that is what is tested (tsconfig.build.json names it); otherwise compiled on the way. */
export function ownProcess(script: URL): readonly string[] {
  const path = fileURLToPath(script);
  if (process.env["TEST_BUILT"] !== "1") return ["--import", "tsx", path];
  return [join(ROOT, "dist", relative(ROOT, path).replace(/\.ts$/, ".js"))];
}
