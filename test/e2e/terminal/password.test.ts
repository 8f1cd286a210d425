/** `beamrack users` at a real terminal: a password is typed, and not seen. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startInTerminal, type TerminalProcess } from "../../support/terminal-process.ts";

const WAIT = { timeout: 60_000 };

let folder = "";
let running: TerminalProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "beamrack-password-"));
});
afterEach(() => {
  running?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function add(
  path: string,
  ...typed: readonly string[]
): Promise<{ readonly code: number; readonly text: string }> {
  const terminal = startInTerminal(["users", path, "add", "anna", "--role", "operator"], { columns: 80, rows: 24 });
  running = terminal;
  for (const [index, keys] of typed.entries()) {
    const question = index === 0 ? "Password for anna:" : "Once more:";
    await vi.waitFor(() => {
      expect(terminal.written()).toContain(question);
    }, WAIT);
    terminal.type(keys);
  }
  return { code: await terminal.ended, text: terminal.written() };
}

it("is typed twice and shown never; two that differ change nothing, and Ctrl-C neither", async () => {
  const path = join(folder, "users.json");
  const slip = await add(path, "correct horse\r", "correct hose\r");
  expect(slip.code).toBe(2);
  expect(slip.text).toContain("not the same");
  expect((await add(path, "\u0003")).code).toBe(2);
  expect(existsSync(path)).toBe(false);

  const { code, text } = await add(path, "correct horse\r", "correct horse\r");
  expect(code).toBe(0);
  for (const shown of [slip.text, text]) expect(shown).not.toContain("hor");
  expect(readFileSync(path, "utf8")).not.toContain("horse");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
