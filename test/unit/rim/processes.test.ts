import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createProcesses } from "../../../tui/rim/processes.ts";

const PROGRAM = `
import { createInterface } from "node:readline";
for await (const line of createInterface({ input: process.stdin })) 
  console.log((line === "pid" ? process.pid : line) + " " + process.argv[2]);
process.exitCode = 7;
`;

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "beamrack-processes-"));
  writeFileSync(join(folder, "program.mjs"), PROGRAM);
  vi.spyOn(process, "argv", "get").mockReturnValue([process.execPath, join(folder, "program.mjs")]);
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

it("of a process that a signal ended, the signal is told", async () => {
  const ended = createProcesses().run(
    ["please"],
    (line) => {
      process.kill(Number(line.split(" ")[0]), "SIGKILL");
    },
    () => "pid",
  );
  expect(await ended).toEqual({ code: null, signal: "SIGKILL" });
});

it("a process of the same program starts on this Node, takes a line for each of its own and tells how it ended", async () => {
  const lines = ["one", "two", "three"];
  const told: string[] = [];
  const ended = createProcesses().run(
    ["please"],
    (line) => told.push(line),
    () => lines.shift() ?? null,
  );
  expect(await ended).toEqual({ code: 7, signal: null });
  expect(told).toEqual(["one please", "two please", "three please"]);
});
