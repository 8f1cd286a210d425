/**
 * The envelope of the BTS dialect. A message is one `<bts>` document and a tail; the reader collects to the end of
 * the document and passes over everything up to the next `<`, so both forms of the tail in use will do.
 */

const HEAD = '<?xml version="1.0" encoding="UTF-8" ?><bts version="1.0">';
const END = "</bts>";
const TAIL = "\n\n#\r\n";

/** A thousand rows of data take about 250 kB. */
export const BTS_MESSAGE_BYTES_MAX = 1 << 20;

const encoder = new TextEncoder();

/** A request, ready to send. */
export function encodeBtsRequest(body: string): Uint8Array {
  return encoder.encode(`${HEAD}${body}${END}${TAIL}`);
}

export interface BtsSplitter {
  push(chunk: Uint8Array): void;
  /** Messages dropped for their length, since the splitter was made. */
  readonly droppedMessages: number;
}

const LESS_THAN = 0x3c;
const END_BYTES = encoder.encode(END);
const FIRST_SIZE = 4096;

/** Cuts a byte stream into documents, wherever the chunks were cut. Memory is bounded by `bytesMax`. */
export function createBtsSplitter(
  onMessage: (text: string) => void,
  bytesMax: number = BTS_MESSAGE_BYTES_MAX,
): BtsSplitter {
  const decoder = new TextDecoder("utf-8");
  let held = new Uint8Array(Math.min(FIRST_SIZE, bytesMax));
  let heldCount = 0;
  let isInside = false;
  let isDropping = false;
  /** Bytes of the end tag seen. `<` stands only at its start, so a mismatch never has to look back. */
  let endSeen = 0;
  let droppedMessages = 0;

  function keep(chunk: Uint8Array, start: number, end: number): void {
    if (isDropping) return;
    const needed = heldCount + end - start;
    if (needed > bytesMax) {
      isDropping = true;
      heldCount = 0;
      held = new Uint8Array(Math.min(FIRST_SIZE, bytesMax));
      return;
    }
    if (needed > held.length) {
      const larger = new Uint8Array(Math.min(bytesMax, Math.max(needed, 2 * held.length)));
      larger.set(held.subarray(0, heldCount));
      held = larger;
    }
    held.set(chunk.subarray(start, end), heldCount);
    heldCount = needed;
  }

  function finish(): void {
    isInside = false;
    endSeen = 0;
    if (isDropping) {
      isDropping = false;
      droppedMessages += 1;
      return;
    }
    const text = decoder.decode(held.subarray(0, heldCount));
    heldCount = 0;
    onMessage(text);
  }

  return {
    push(chunk) {
      let from = 0;
      for (let at = 0; at < chunk.length; at += 1) {
        const byte = chunk[at] as number;
        if (!isInside) {
          if (byte !== LESS_THAN) continue;
          isInside = true;
          from = at;
        }
        endSeen = byte === END_BYTES[endSeen] ? endSeen + 1 : byte === LESS_THAN ? 1 : 0;
        if (endSeen < END_BYTES.length) continue;
        keep(chunk, from, at + 1);
        finish();
      }
      if (isInside) keep(chunk, from, chunk.length);
    },
    get droppedMessages() {
      return droppedMessages;
    },
  };
}
