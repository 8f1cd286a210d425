/** The file that a report goes to: it has its name when all is in it and on the disk, and takes the place of nothing. */
import { createHash } from "node:crypto";
import { closeSync, existsSync, fsyncSync, linkSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { Fault } from "../../protocols/base/fault.ts";
import { PAGE_BEGIN } from "./report-page.ts";

export interface ReportFile {
  write(text: string): void;
  /** Gives it its name. */
  finish(): { readonly bytes: number; readonly sha256: string };
  /** Takes away what was written. */
  discard(): void;
}

/** Throws Fault export.exists where something stands at `path`, output.unwritable where nothing can be written. */
export function createReportFile(path: string): ReportFile {
  const part = `${path}.part`;
  if (existsSync(path)) throw new Fault("export.exists", path, "there is something of this name");
  // One that was killed has left its half.
  if (existsSync(part)) {
    if (!isHalfReport(part))
      throw new Fault("export.exists", part, "the report is written there first, and there is something of this name");
    writing(part, () => {
      rmSync(part);
    });
  }
  const handle = writing(part, () => openSync(part, "wx", 0o644));
  const sha256 = createHash("sha256");
  let bytes = 0;
  let isOpen = true;
  return {
    write(text) {
      const piece = Buffer.from(text);
      writing(path, () => {
        for (let at = 0; at < piece.length;) at += writeSync(handle, piece, at);
      });
      sha256.update(piece);
      bytes += piece.length;
    },
    finish() {
      writing(path, () => {
        fsyncSync(handle);
        closeSync(handle);
        isOpen = false;
        try {
          giveName(part, path);
        } catch (error) {
          if (hasCode(error, ["EEXIST"]))
            throw new Fault("export.exists", path, "something of this name came meanwhile", {}, error);
          throw error;
        }
        rmSync(part, { force: true });
      });
      return { bytes, sha256: sha256.digest("hex") };
    },
    discard() {
      if (isOpen) closeSync(handle);
      isOpen = false;
      rmSync(part, { force: true });
    },
  };
}

/** What file systems answer that know no second name of a file, as exFAT and shares over SMB. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/** Unlike a renaming by itself it fails with EEXIST where something of the name came meanwhile. */
function giveName(part: string, path: string): void {
  try {
    linkSync(part, path);
    return;
  } catch (error) {
    if (!hasCode(error, NO_LINKS)) throw error;
  }
  // An empty file holds the name, so that what the renaming takes the place of is one's own.
  closeSync(openSync(path, "wx", 0o644));
  try {
    renameSync(part, path);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

function isHalfReport(path: string): boolean {
  const begin = Buffer.from(PAGE_BEGIN);
  const found = Buffer.alloc(begin.length);
  try {
    const handle = openSync(path, "r");
    try {
      const count = readSync(handle, found);
      return found.subarray(0, count).equals(begin.subarray(0, count));
    } finally {
      closeSync(handle);
    }
  } catch {
    return false;
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
