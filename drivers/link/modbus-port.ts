/** What the modbus-serial client needs of a port, and what the queue above it needs besides. */

export interface ModbusPort {
  readonly isOpen: boolean;
  /** Read and written by the library under these names. */
  _transactionIdRead: number;
  _transactionIdWrite: number;
  open(callback: (error?: Error) => void): void;
  close(callback?: (error?: Error) => void): void;
  /** A whole RTU frame, as the library thinks. */
  write(frame: Uint8Array): void;
  on(event: "data" | "error" | "close", listener: (value: unknown) => void): void;
  once(event: "data" | "error" | "close", listener: (value: unknown) => void): void;
  removeListener(event: "data" | "error" | "close", listener: (value: unknown) => void): void;
  /** Answers or bytes dropped because nobody waits for them. */
  readonly strayCount: number;
  /** Milliseconds until the line may be written to. */
  readyInMs(): number;
  /**
   * The answer awaited is given up. True when the line can be used again once `readyInMs` is 0; false when a late
   * answer could not be told from the next one, or framing is lost: then the link must go.
   */
  abandon(): boolean;
}

/** How frames travel: Modbus TCP, or RTU on a serial line (or on a socket that carries one). */
export type ModbusFraming =
  | { readonly kind: "tcp" }
  | {
      readonly kind: "rtu";
      readonly baud: number;
      /**
       * The longest that any unit on the line may take to answer. After opening, and after an answer that never came
       * or could not be read, the line is listened to for this long before the next request. Default 1000 ms.
       */
      readonly lateReplyMs?: number;
      /** Bytes of one frame may come in chunks this far apart: adapters gather them. Default 50 ms. */
      readonly chunkGapMs?: number;
    };

/** The library keeps one entry for each number: let them wrap early. */
export const TRANSACTION_COUNT = 256;
