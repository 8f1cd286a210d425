/**
 * The folder an export goes to. It is made under another name and gets its own when all is written, so that whoever
 * finds it finds it whole. Each file's size and SHA-256 are kept for the list that closes it.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { ExportFile, ExportTarget, WrittenFile } from "../../controller/export/export-target.ts";
import { Fault } from "../../protocols/base/fault.ts";

export interface ExportFolder extends ExportTarget {
  /** Gives the folder its name. */
  finish(): void;
  /** Takes away what was written. */
  discard(): void;
}

/** Says that a folder is an export under way, and not somebody's own. */
const MARK = ".beamrack-export";

/** Throws Fault export.exists where something stands at `path`, output.unwritable where nothing can be written. */
export function createExportFolder(path: string): ExportFolder {
  const part = `${path}.part`;
  const files: WrittenFile[] = [];
  const open = new Set<number>();
  if (existsSync(path)) throw new Fault("export.exists", path, "there is something of this name");
  if (existsSync(part) && !existsSync(join(part, MARK)))
    throw new Fault("export.exists", part, "the export is written there first, and there is something of this name");
  writing(part, () => {
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { recursive: true });
    writeFileSync(join(part, MARK), "");
  });

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
          closeSync(handle);
        });
        files.push({ name, bytes, sha256: sha256.digest("hex") });
      },
    };
  }

  function closeAll(): void {
    for (const handle of open) closeSync(handle);
    open.clear();
  }

  return {
    files,
    open: openFile,
    writeText(name, text) {
      const file = openFile(name);
      file.write(Buffer.from(text));
      file.close();
    },
    place(name) {
      const path = join(part, name);
      writing(path, () => mkdirSync(dirname(path), { recursive: true }));
      return {
        path,
        close() {
          writing(path, () => {
            files.push({ name, ...contentsOf(path) });
          });
        },
      };
    },
    finish() {
      closeAll();
      writing(path, () => {
        rmSync(join(part, MARK));
        if (existsSync(path)) throw new Fault("export.exists", path, "something of this name came meanwhile");
        renameSync(part, path);
      });
    },
    discard() {
      closeAll();
      rmSync(part, { recursive: true, force: true });
    },
  };
}

const PIECE_BYTES = 1 << 20;

function contentsOf(path: string): { readonly bytes: number; readonly sha256: string } {
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

function writing<Value>(where: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault || !(error instanceof Error)) throw error;
    throw new Fault("output.unwritable", where, error.message, {}, error);
  }
}
