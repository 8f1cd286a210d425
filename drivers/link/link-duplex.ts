/**
 * A node stream over a Link, for libraries that want to own a socket. Bytes only: no timers, no reconnecting. When
 * the link closes the stream is destroyed, and the other way round.
 */
import { Duplex } from "node:stream";
import type { Link } from "../../protocols/roles/link.ts";

/** What the reader may leave unread, since a link cannot be told to wait. */
const UNREAD_MAX = 1 << 20;

/**
 * Takes the link over: nobody else may write to it. Writes made in one turn leave as one chunk when the writer
 * corks. A reader that leaves more than 1 MiB unread loses the link.
 */
export function createLinkDuplex(link: Link): Duplex {
  const stream = new Duplex({
    // Data comes when the device sends it; there is nothing to ask for.
    read() {
      return;
    },
    write(chunk: Buffer, _encoding, done) {
      done(written(link, chunk));
    },
    writev(chunks, done) {
      done(written(link, Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer))));
    },
    destroy(error, done) {
      link.close();
      done(error);
    },
  });
  link.onData((chunk) => {
    if (stream.destroyed) return;
    stream.push(chunk);
    if (stream.readableLength > UNREAD_MAX) stream.destroy(new Error(`more than ${UNREAD_MAX} bytes left unread`));
  });
  link.onClose(() => {
    stream.destroy();
  });
  return stream;
}

function written(link: Link, bytes: Uint8Array): Error | null {
  try {
    link.write(bytes);
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
