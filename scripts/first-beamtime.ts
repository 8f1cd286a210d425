/**
 * Runs docs/first-beamtime.md: every command as the page has it, in a folder of its own, and holds what they print
 * against the page. Ends with 3 where a command fails or says something else. On a computer that is busy with other work
 * real links miss their deadlines, and so does this.
 *
 *     node --import tsx scripts/first-beamtime.ts [--keep]
 */
import { spawn, type ChildProcess } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { commandPage, missingFrom, type PageStep } from "./command-page.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "beamrack-first-"));
const bin = join(folder, "bin");
const WAIT_MS = 60_000;

symlinkSync(join(ROOT, "protocols"), join(folder, "protocols"));
const wrapper = `#!/bin/sh\nexec ${process.execPath} --import file://${join(ROOT, "node_modules/tsx/dist/esm/index.mjs")} ${join(ROOT, "tui/main.ts")} "$@"\n`;
writeFileSync(`${bin}rack`, wrapper, { mode: 0o755 });

function start(command: string): { readonly child: ChildProcess; readonly said: () => string } {
  let text = "";
  const child = spawn("/bin/bash", ["-c", command.replaceAll(/\bbeamrack (?=[a-z])/g, `${bin}rack `)], {
    cwd: folder,
    env: { ...process.env, BEAMRACK_STATE: join(folder, "state") },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  return { child, said: () => text };
}

function end(child: ChildProcess): void {
  // The command's own group: nothing else is meant.
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGINT");
}

const left: ChildProcess[] = [];
let failures = 0;

function tell(ok: boolean, what: string, more = ""): void {
  if (!ok) failures += 1;
  process.stdout.write(`${ok ? "ok  " : "NOT "} ${what}\n${more}`);
}

async function play({ commands, isBackground, expected, append }: PageStep): Promise<void> {
  if (append !== null) appendFileSync(join(folder, append.path), `\n${append.text}`);
  let said = "";
  for (const command of commands) {
    const began = start(command);
    if (isBackground) {
      left.push(began.child);
      for (
        let waitedMs = 0;
        waitedMs < WAIT_MS && began.child.exitCode === null && missingFrom(began.said(), expected).length > 0;
        waitedMs += 200
      ) {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    } else {
      const code = await new Promise<number | null>((resolve) => began.child.on("close", resolve));
      // What `timeout` ended by a signal, as Ctrl-C would.
      const isRight = code === 0 || (command.startsWith("timeout ") && code === 124);
      tell(isRight, command, isRight ? "" : `     exit ${String(code)}\n${began.said()}`);
    }
    said += began.said();
  }
  for (const line of missingFrom(said, expected)) tell(false, `it should have said: ${line}`, `${said}\n`);
}

try {
  for (const step of commandPage(readFileSync(join(ROOT, "docs/first-beamtime.md"), "utf8"))) {
    await play(step);
    if (failures > 0) break;
  }
} finally {
  for (const child of left) end(child);
  if (!process.argv.includes("--keep")) rmSync(folder, { recursive: true, force: true });
  else process.stdout.write(`kept in ${folder}\n`);
}
process.stdout.write(failures === 0 ? "the page is true\n" : `${failures} not as the page says\n`);
process.exitCode = failures === 0 ? 0 : 3;
