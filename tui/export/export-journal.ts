/**
 * What of an export stands whole, kept in the folder it is made in: a line for each stage that is done, with its files.
 * An export that was killed reads it when it is made again, and goes on behind the last stage that is there as written.
 */
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { WrittenFile } from "../../controller/export/export-target.ts";

/** Says that a folder is an export under way, and not somebody's own. */
export const JOURNAL_FILE = ".beamrack-export";

export interface FinishedStage {
  readonly stage: string;
  readonly note: Json;
  readonly files: readonly WrittenFile[];
}

export interface ExportJournal {
  /** On the disk when this returns. */
  add(done: FinishedStage): void;
  close(): void;
}

const KEY_SCHEMA = z.object({ key: z.string() });
const STAGE_SCHEMA = z.object({
  stage: z.string(),
  note: z.json(),
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
});

/**
 * Stages of `folder` whose files are there byte for byte, up to the first of which one is not. None where the journal
 * is of another `key`, or there is none that can be read.
 */
export function finishedStages(folder: string, key: string): readonly FinishedStage[] {
  const [head, ...lines] = journalText(folder).split("\n").slice(0, -1);
  if (KEY_SCHEMA.safeParse(jsonOf(head ?? "")).data?.key !== key) return [];
  const stages: FinishedStage[] = [];
  for (const line of lines) {
    const { data } = STAGE_SCHEMA.safeParse(jsonOf(line));
    if (data === undefined || !data.files.every((file) => isAsWritten(folder, file))) break;
    stages.push(data);
  }
  return stages;
}

/** Begins it anew with `stages`. */
export function beginJournal(folder: string, key: string, stages: readonly FinishedStage[]): ExportJournal {
  const handle = openSync(join(folder, JOURNAL_FILE), "w", 0o644);
  const write = (lines: readonly object[]): void => {
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
    fsyncSync(handle);
  };
  write([{ key }, ...stages]);
  return {
    add(done) {
      write([done]);
    },
    close() {
      closeSync(handle);
    },
  };
}

const PIECE_BYTES = 1 << 20;

export function contentsOf(path: string): { readonly bytes: number; readonly sha256: string } {
  const sha256 = createHash("sha256");
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  const handle = openSync(path, "r");
  try {
    let bytes = 0;
    for (;;) {
      const count = readSync(handle, piece);
      if (count === 0) return { bytes, sha256: sha256.digest("hex") };
      sha256.update(piece.subarray(0, count));
      bytes += count;
    }
  } finally {
    closeSync(handle);
  }
}

function isAsWritten(folder: string, file: WrittenFile): boolean {
  try {
    const { bytes, sha256 } = contentsOf(join(folder, file.name));
    return bytes === file.bytes && sha256 === file.sha256;
  } catch {
    return false;
  }
}

function journalText(folder: string): string {
  try {
    return readFileSync(join(folder, JOURNAL_FILE), "utf8");
  } catch {
    return "";
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
