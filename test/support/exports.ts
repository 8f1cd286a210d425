/** Exports as the command makes them, in this process. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportCommand, type ExportContext } from "../../tui/commands/export.ts";
import type { CommandContext } from "../../tui/command-context.ts";
import { assert } from "../../protocols/base/assert.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { createTestClock } from "../unit/record/record-fixture.ts";
import { campaign, runWorld, type WorldRun } from "./world-campaign.ts";

const folders: string[] = [];

/** A place where nothing stands yet. */
export function newPlace(): string {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-export-"));
  folders.push(folder);
  return join(folder, "out");
}

export function removePlaces(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** The small campaign with the cells of row A of one group and those of row B of another. */
export const TWO_GROUPS: Campaign = {
  ...campaign,
  title: "Cells of alpha and beta, A1 to B5",
  cells: campaign.cells.map((cell) => ({ ...cell, group: cell.position.startsWith("A") ? "alpha" : "beta" })),
};

interface KeptRun {
  readonly run: WorldRun;
  readonly files: ReadonlyMap<string, Buffer>;
}

let kept: Promise<KeptRun> | undefined;

/** Half an hour of them, run once for all tests of a process that only look at it, each with a copy of its folder. */
export async function twoGroupsRun(): Promise<WorldRun> {
  kept ??= runTwoGroups();
  const { run, files } = await kept;
  const folder = newPlace();
  mkdirSync(folder);
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
  return { ...run, folder };
}

async function runTwoGroups(): Promise<KeptRun> {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-groups-"));
  try {
    const run = await runWorld({ hours: 0.5, campaign: TWO_GROUPS, folder });
    return { run, files: new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))])) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Exporting extends ExportContext, Pick<CommandContext, "readText"> {
  readonly lines: string[];
  readonly errors: string[];
}

/** `interruptAfter`: a Ctrl-C after so many breaths. */
export function exporting(options: { readonly interruptAfter?: number } = {}): Exporting {
  const lines: string[] = [];
  const errors: string[] = [];
  let breaths = 0;
  let interrupt: (reason: "SIGINT") => void = () => undefined;
  return {
    lines,
    errors,
    json: true,
    version: "9.9.9",
    clock: { ...createTestClock(), wallMs: () => Date.UTC(2026, 2, 4) },
    readText: (path) => readFileSync(path, "utf8"),
    print: (line) => lines.push(line),
    printError: (line) => errors.push(line),
    onInterrupt(handler) {
      interrupt = handler;
      return () => undefined;
    },
    drain() {
      breaths += 1;
      if (breaths === options.interruptAfter) interrupt("SIGINT");
      return Promise.resolve();
    },
  };
}

/** Exports and returns where to; throws what the command throws. */
export async function exported(folder: string, ...args: readonly string[]): Promise<string> {
  const out = newPlace();
  const code = await exportCommand(exporting(), [folder, "--out", out, ...args]);
  assert(code === 0, `exit ${code}`);
  return out;
}

export function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

/** The one file whose name ends so. */
export function fileEnding(folder: string, part: string, ending: string): string {
  const found = filesIn(folder).filter((name) => name.includes(part) && name.endsWith(ending));
  assert(found.length === 1 && found[0] !== undefined, `${found.length} files ${part}...${ending}`);
  return join(folder, found[0]);
}

export function sha256Of(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
