/** Looks for the frames that a record names, takes their checksums and, where asked, copies them. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import * as z from "zod";
import type { ExportFile, ExportProgress, ExportTarget } from "../../controller/export/export-target.ts";
import type { ExportedCampaign, FrameFile } from "../../controller/export/exported-campaign.ts";
import { plainName } from "../../controller/export/file-names.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { contentsOf } from "./export-journal.ts";
import { frameFileName } from "../virtual/frame-files.ts";

export interface FrameSearch {
  /** Where they may stand; null where nobody looks for any. */
  readonly folder: string | null;
  readonly isCopied: boolean;
}

export interface FoundFrames {
  /** By exposure. */
  readonly found: ReadonlyMap<string, FrameFile>;
  /** Named by the record and not there, or not to be read, in the detector's words. */
  readonly missing: readonly string[];
}

const STAGE = "frames";
const PIECE_BYTES = 1 << 20;
const FOUND_SCHEMA = z.object({
  found: z.array(
    z.tuple([
      z.string(),
      z.object({ name: z.string(), bytes: z.number(), sha256: z.string(), copiedAs: z.string().nullable() }),
    ]),
  ),
  missing: z.array(z.string()),
});

/** A stage of its own of the export. A frame that is not there is told and nothing is ended by it. */
export function* searchFrames(
  campaign: ExportedCampaign,
  target: ExportTarget,
  { folder, isCopied }: FrameSearch,
): Generator<ExportProgress, FoundFrames> {
  if (folder === null) return { found: new Map(), missing: [] };
  const earlier = FOUND_SCHEMA.safeParse(target.finishedStage(STAGE)).data;
  if (earlier !== undefined) return { found: new Map(earlier.found), missing: earlier.missing };
  const ofCells = campaign.cells.flatMap(({ exposures }) => exposures);
  const beside = campaign.corrections.map(({ id, frame }) => ({ exposureId: id, frame }));
  const named = [...ofCells, ...beside].flatMap(({ exposureId, frame }) =>
    frame === null ? [] : [{ exposureId, frame }],
  );
  target.beginStage();
  const found = new Map<string, FrameFile>();
  const missing: string[] = [];
  for (const [index, { exposureId, frame }] of named.entries()) {
    const path = framePath(folder, frame);
    const file = path === undefined ? undefined : readFrame(path, isCopied ? target : null, index);
    if (file === undefined) missing.push(frame);
    else found.set(exposureId, file);
    yield { done: 0, of: Math.max(1, named.length) };
  }
  const files = [...found].map(([exposureId, file]): [string, { [key: string]: string | number | null }] => [
    exposureId,
    { ...file },
  ]);
  target.finishStage(STAGE, { found: files, missing });
  return { found, missing };
}

/** Under the detector's name or the whole of its path, or as `simulate --frames` writes it. Only within the folder. */
function framePath(folder: string, frame: string): string | undefined {
  const parts = frame.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  const places = [parts.join("/"), basename(frame), frameFileName(frame)];
  return places.map((place) => join(folder, place)).find(isFile);
}

/** The powder pattern that a frame came to; undefined where there is none. */
export function patternPath(folder: string | null, frame: string): string | undefined {
  const path = folder === null ? undefined : join(folder, frameFileName(frame));
  return path !== undefined && isFile(path) ? path : undefined;
}

/** Names are a detector's: such as no file can have are of no file. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}

/** Undefined where it cannot be read. */
function readFrame(path: string, target: ExportTarget | null, index: number): FrameFile | undefined {
  const name = basename(path);
  const contents = readable(path);
  if (contents === undefined) return undefined;
  // Names of frames need not be unlike over folders, nor fit into a list of checksums line by line.
  const copiedAs = target === null ? null : `frames/${String(index + 1).padStart(6, "0")}-${plainName(name)}`;
  if (target !== null && copiedAs !== null) copyFrame(path, target.open(copiedAs));
  return { name, ...contents, copiedAs };
}

function readable(path: string): { readonly bytes: number; readonly sha256: string } | undefined {
  try {
    return contentsOf(path);
  } catch {
    return undefined;
  }
}

function copyFrame(path: string, copy: ExportFile): void {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  const handle = openSync(path, "r");
  try {
    for (;;) {
      const count = readSync(handle, piece);
      if (count === 0) break;
      copy.write(piece.subarray(0, count));
    }
  } catch (error) {
    if (error instanceof Fault || !(error instanceof Error)) throw error;
    throw new Fault("file.unreadable", path, error.message, {}, error);
  } finally {
    closeSync(handle);
  }
  copy.close();
}
