/** Where an export writes; files are made by whoever runs it. */
import type { Json } from "../../protocols/base/canonical-json.ts";

export interface ExportFile {
  readonly name: string;
  /** Bytes are not kept: the caller may use its buffer again. */
  write(bytes: Uint8Array): void;
  close(): void;
}

export interface ExportTarget {
  /** All that is closed so far, in the order of closing; names as of the whole export. */
  readonly files: readonly WrittenFile[];
  /** A new file; `name` is relative, with `/` between folders. */
  open(name: string): ExportFile;
  writeText(name: string, text: string): void;
  /** For a library that writes files by itself: a path where nothing stands; to be closed when it has. */
  place(name: string): { readonly path: string; close(): void };
  /**
   * What was noted when the stage was done, by this attempt at the export or by one that was broken off: its files
   * stand, and are not to be written again. Undefined where it is yet to be done.
   */
  finishedStage(stage: string): Json | undefined;
  /** What is closed from now on belongs to the stage that is finished next. */
  beginStage(): void;
  /** Everything closed since it began belongs to the stage, and is there when the export is made again. */
  finishStage(stage: string, note: Json): void;
}

/** What stands in an export, once it is closed. */
export interface WrittenFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ExportProgress {
  readonly done: number;
  readonly of: number;
}

export interface ExportSummary {
  readonly cells: number;
  /** Rows of the largest kind: samples, events or documents, as the form has it. */
  readonly rows: number;
  /** Stretches that could not be read while the samples were. */
  readonly unreadable: readonly string[];
}

/** An export as it goes on: told how far it is every now and then, so that it can be broken off. */
export type RunningExport = Generator<ExportProgress, ExportSummary>;

/** The same, in a folder of it. */
export function within(target: ExportTarget, folder: string): ExportTarget {
  return {
    files: target.files,
    open: (name) => target.open(`${folder}/${name}`),
    writeText: (name, text) => {
      target.writeText(`${folder}/${name}`, text);
    },
    place: (name) => target.place(`${folder}/${name}`),
    finishedStage: (stage) => target.finishedStage(`${folder}/${stage}`),
    beginStage: () => {
      target.beginStage();
    },
    finishStage: (stage, note) => {
      target.finishStage(`${folder}/${stage}`, note);
    },
  };
}
