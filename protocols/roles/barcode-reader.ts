/** Reads the codes printed on cells: held by hand, or fixed and asked. What it reads is a claim about identity, no more. */
import type { Instrument } from "./instrument.ts";

export interface CodeRead {
  readonly code: string;
  /** When the last of its characters came, on the monotonic clock. */
  readonly readAtMs: number;
}

export interface BarcodeReader extends Instrument {
  /** Looks when it is asked to. Otherwise a person pulls its trigger. */
  readonly readsOnCommand: boolean;
  /**
   * The code of the one cell that lies before the reader. Only what is read after the call counts. A reader that looks
   * on command looks twice and must read the same. Rejects with `code.none`, `code.implausible` (only things that can
   * be no code), `code.ambiguous` (two codes), `link.*`, or the signal's reason.
   */
  readCode(withinMs: number, signal?: AbortSignal): Promise<CodeRead>;
  /** Every plausible code as it comes, asked for or not; a code that is repeated at once counts once. */
  onRead(handler: (read: CodeRead) => void): () => void;
}
