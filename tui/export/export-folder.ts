/**
 * The folder an export goes to. It is made under another name and gets its own when all is written and on the disk, so
 * that whoever finds it finds it whole. What an earlier attempt at the same export finished is kept and not made again.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { ExportFile, ExportTarget, WrittenFile } from "../../controller/export/export-target.ts";
import { lockFolder, LOCK_FILE, type FolderLock } from "../../controller/record/folder-lock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { beginJournal, contentsOf, finishedStages, JOURNAL_FILE } from "./export-journal.ts";

export interface ExportFolder extends ExportTarget {
  /** How many files an earlier attempt has left whole. */
  readonly kept: number;
  /** Writes the list of checksums and gives the folder its name. */
  finish(): void;
  /** Leaves what is finished for the next attempt; where nothing is, takes all away. True where something is left. */
  leave(): boolean;
  /** Takes away what was written. */
  discard(): void;
}

/** Sizes are not in it: `sha256sum --check` reads it. */
export const MANIFEST_FILE = "manifest-sha256.txt";

/**
 * `key` tells one export from another: what an attempt with another key has left is taken away. Throws Fault
 * export.exists where something stands at `path` or somebody writes there, output.unwritable where nothing can be written.
 */
export function createExportFolder(path: string, key: string): ExportFolder {
  const part = `${path}.part`;
  const open = new Set<number>();
  if (existsSync(path)) throw new Fault("export.exists", path, "there is something of this name");
  if (existsSync(part) && !existsSync(join(part, JOURNAL_FILE)) && readdirSync(part).some((name) => name !== LOCK_FILE))
    throw new Fault("export.exists", part, "the export is written there first, and there is something of this name");
  const lock = writing(part, () => {
    // By itself first: asked for all folders at once, Node says of a read-only disk that something is not there.
    if (existsSync(dirname(resolve(part)))) makeOne(part);
    else mkdirSync(part, { recursive: true });
    return takeForOne(part);
  });
  const earlier = finishedStages(part, key);
  const finished = new Map(earlier.map(({ stage, note }) => [stage, note]));
  const files: WrittenFile[] = earlier.flatMap((stage) => stage.files);
  const kept = files.length;
  /** Null between stages: what is written there is written again by each attempt. */
  let inStage: WrittenFile[] | null = null;
  const journal = writing(part, () => {
    removeAllBut(part, new Set([...files.map(({ name }) => name), JOURNAL_FILE, LOCK_FILE]));
    return beginJournal(part, key, earlier);
  });

  function written(file: WrittenFile): void {
    files.push(file);
    inStage?.push(file);
  }

  function openFile(name: string): ExportFile {
    const where = join(part, name);
    const handle = writing(where, () => {
      mkdirSync(dirname(where), { recursive: true });
      return openSync(where, "wx", 0o644);
    });
    open.add(handle);
    const sha256 = createHash("sha256");
    let bytes = 0;
    return {
      name,
      write(part) {
        sha256.update(part);
        bytes += part.length;
        writing(where, () => {
          for (let at = 0; at < part.length;) at += writeSync(handle, part, at);
        });
      },
      close() {
        open.delete(handle);
        writing(where, () => {
          try {
            fsyncSync(handle);
          } finally {
            closeSync(handle);
          }
        });
        written({ name, bytes, sha256: sha256.digest("hex") });
      },
    };
  }

  function writeText(name: string, text: string): void {
    const file = openFile(name);
    file.write(Buffer.from(text));
    file.close();
  }

  function letGo(): void {
    for (const handle of open) closeSync(handle);
    open.clear();
    journal.close();
    lock.release();
  }

  return {
    files,
    kept,
    open: openFile,
    writeText,
    place(name) {
      const path = join(part, name);
      writing(path, () => mkdirSync(dirname(path), { recursive: true }));
      return {
        path,
        close() {
          writing(path, () => {
            syncPath(path);
            written({ name, ...contentsOf(path) });
          });
        },
      };
    },
    finishedStage: (stage) => finished.get(stage),
    beginStage() {
      inStage = [];
    },
    finishStage(stage, note) {
      const done = { stage, note, files: inStage ?? [] };
      writing(part, () => {
        syncFolders(part);
        journal.add(done);
      });
      inStage = null;
      finished.set(stage, note);
    },
    finish() {
      writeText(MANIFEST_FILE, manifestText(files));
      writing(path, () => {
        syncFolders(part);
        if (existsSync(path)) throw new Fault("export.exists", path, "something of this name came meanwhile");
        renameSync(part, path);
      });
      letGo();
      writing(path, () => {
        for (const name of [JOURNAL_FILE, LOCK_FILE]) rmSync(join(path, name), { force: true });
        for (const folder of [path, dirname(path)]) syncPath(folder);
      });
    },
    leave() {
      letGo();
      if (finished.size > 0) return true;
      rmSync(part, { recursive: true, force: true });
      return false;
    },
    discard() {
      letGo();
      rmSync(part, { recursive: true, force: true });
    },
  };
}

/** A line for each file, in the order of their names. */
function manifestText(files: readonly WrittenFile[]): string {
  const lines = files.map(({ name, sha256 }) => ({ name, line: `${sha256}  ${name}\n` }));
  lines.sort((a, b) => (a.name < b.name ? -1 : 1));
  return lines.map(({ line }) => line).join("");
}

/** Two that write at once would spoil each other's. */
function takeForOne(part: string): FolderLock {
  try {
    return lockFolder(part, undefined, 0);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault("export.exists", part, "another export is being written there now", {}, error);
  }
}

function makeOne(folder: string): void {
  if (!existsSync(folder)) mkdirSync(folder);
}

function removeAllBut(folder: string, kept: ReadonlySet<string>): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    if (!kept.has(path.slice(folder.length + 1))) rmSync(path, { force: true });
  }
}

/** Names of files are on the disk when their folder is. */
function syncFolders(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) syncPath(join(entry.parentPath, entry.name));
  syncPath(folder);
}

/** Some file systems do not know it for folders, and refuse: then it is not ours to help. */
function syncPath(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && (error.code === "EINVAL" || error.code === "EPERM")))
      throw error;
  } finally {
    closeSync(handle);
  }
}

function writing<Value>(where: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault || !(error instanceof Error)) throw error;
    throw new Fault("output.unwritable", where, error.message, {}, error);
  }
}
