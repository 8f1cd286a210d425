/**
 * A full-duplex byte pipe to one device. A serial port, a socket and a simulated cable all look like this. A link
 * that closed stays closed: reconnecting means asking `OpenLink` for a new one, so no byte of an old command can
 * be sent after reopening.
 */
export interface Link {
  /** As the site file names it; used in faults and captures. */
  readonly name: string;
  readonly isOpen: boolean;
  /** Throws Fault `link.closed` when the link is not open. */
  write(bytes: Uint8Array): void;
  /** The chunk belongs to the handler. Chunks are cut anywhere. Returns the way to stop listening. */
  onData(handler: (chunk: Uint8Array) => void): () => void;
  /** Called once, when the link closes for whatever reason. */
  onClose(handler: (why: string) => void): () => void;
  close(): void;
}

/** Opens a fresh link; rejects with Fault `link.open-failed`, or `link.refused`. */
export type OpenLink = () => Promise<Link>;
