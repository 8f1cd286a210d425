/** Where an export writes; files are made by whoever runs it. */
export interface ExportFile {
  readonly name: string;
  /** Bytes are not kept: the caller may use its buffer again. */
  write(bytes: Uint8Array): void;
  close(): void;
}

export interface ExportTarget {
  /** A new file; `name` is relative, with `/` between folders. */
  open(name: string): ExportFile;
  writeText(name: string, text: string): void;
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
