/** `beamrack users`, as scripts use it. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { commandLineHere } from "../../support/command-line-here.ts";

const folder = mkdtempSync(join(tmpdir(), "beamrack-users-"));
const path = join(folder, "users.json");
const users = (...args: readonly string[]) => commandLineHere(["users", ...args]);

beforeAll(() => {
  vi.stubEnv("BEAMRACK_PASSWORD", "correct horse");
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it("says all that it says as JSON, where JSON is asked for", async () => {
  const said: unknown[] = [];
  for (const args of [
    ["add", "anna", "--role", "operator"],
    ["list"],
    ["mosquitto", "--rack", "r"],
    ["remove", "anna"],
  ]) {
    const { exitCode, out } = await users(path, ...args, "--json");
    expect(exitCode).toBe(0);
    said.push(JSON.parse(out));
  }
  expect(said).toMatchObject([
    { file: path, name: "anna", role: "operator", groups: [] },
    [{ name: "anna", role: "operator" }],
    { rack: "r", lines: expect.arrayContaining(["user anna"]) as unknown },
    { file: path, name: "anna", removed: true },
  ]);
});

it("knows nobody of a file that is not there, and does not take that for a file with nobody in it", async () => {
  const other = join(folder, "user.json");
  for (const args of [["list"], ["mosquitto", "--rack", "r"], ["remove", "anna"]]) {
    const { exitCode, out, err } = await users(other, ...args);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
    expect(err).toContain("file.missing");
  }
  expect(existsSync(other)).toBe(false);
});
