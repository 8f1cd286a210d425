/**
 * SQLite's write-ahead log, `campaign.db-wal`, by its file format (sqlite.org/fileformat.html, section 4). SQLite reads
 * it up to the first frame whose checksum does not hold, and nothing behind it. Each frame's checksum follows from the
 * one before it, which stands in the file as well: so the frame that is damaged can be told from those that are whole.
 */

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC_LITTLE = 0x377f0682;

export interface WalFrame {
  /** From 1. */
  readonly number: number;
  readonly page: number;
  /** The last of a transaction. */
  readonly isCommit: boolean;
  readonly isWhole: boolean;
}

export interface WalReading {
  /** Frames of this log, not those left of one before it. */
  readonly frames: readonly WalFrame[];
  /** The same log without its damaged frames: SQLite reads all of it. */
  readonly mended: Buffer;
}

type Sum = readonly [number, number];

/** undefined where there is nothing to read. */
export function readWal(bytes: Buffer): WalReading | undefined {
  if (bytes.length < HEADER_BYTES + FRAME_HEADER_BYTES) return undefined;
  // Every bit of the header follows from the page size, the first frame and this format: one that was changed is made anew.
  const isLittle = (bytes.readUInt32BE(0) & 1) === 0;
  const pageBytes = 4096;
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  const count = Math.floor((bytes.length - HEADER_BYTES) / frameBytes);
  const salt = saltOf(bytes, frameBytes, count, isLittle);
  const head = Buffer.from(bytes.subarray(0, HEADER_BYTES));
  head.writeUInt32BE(MAGIC_LITTLE + (isLittle ? 0 : 1), 0);
  head.writeUInt32BE(3_007_000, 4);
  head.writeUInt32BE(pageBytes, 8);
  salt.copy(head, 16);
  const isHeaderSame = head.subarray(0, 24).equals(bytes.subarray(0, 24));
  let mendedSum = sumOf([0, 0], head.subarray(0, 24), isLittle);
  let storedSum: Sum = isHeaderSame ? [bytes.readUInt32BE(24), bytes.readUInt32BE(28)] : mendedSum;
  writeSum(head, 24, mendedSum);

  const frames: WalFrame[] = [];
  const parts: Buffer[] = [head];
  let computedSum = mendedSum;
  for (let index = 0; index < count; index += 1) {
    const at = HEADER_BYTES + index * frameBytes;
    const frame = bytes.subarray(at, at + frameBytes);
    // Of a log before this one, which was overwritten from its start: both halves differ.
    if (!frame.subarray(8, 12).equals(salt.subarray(0, 4)) && !frame.subarray(12, 16).equals(salt.subarray(4))) break;
    const stated: Sum = [frame.readUInt32BE(16), frame.readUInt32BE(20)];
    const fromStored = frameSum(storedSum, frame, isLittle);
    const fromComputed = frameSum(computedSum, frame, isLittle);
    const isWhole = isSame(fromStored, stated) || isSame(fromComputed, stated);
    const page = frame.readUInt32BE(0);
    const isCommit = frame.readUInt32BE(4) !== 0;
    frames.push({ number: index + 1, page, isCommit, isWhole });
    storedSum = stated;
    computedSum = isSame(fromComputed, stated) || !isSame(fromStored, stated) ? fromComputed : fromStored;
    if (!isWhole) continue;
    const copy = Buffer.from(frame);
    salt.copy(copy, 8);
    mendedSum = frameSum(mendedSum, copy, isLittle);
    writeSum(copy, 16, mendedSum);
    parts.push(copy);
  }
  return { frames, mended: Buffer.concat(parts) };
}

/**
 * Damaged frames with the whole end of a transaction behind them: what was committed there is not read. An end that is
 * not whole itself is the last write of a process that was killed in it; what had been acknowledged the live head tells.
 */
export function damagedFrames({ frames }: WalReading): readonly WalFrame[] {
  const lastCommit = frames.findLast(({ isCommit, isWhole }) => isCommit && isWhole)?.number ?? 0;
  return frames.filter(({ isWhole, number }) => !isWhole && number <= lastCommit);
}

/**
 * As the header has it, where that is whole: the frames may all be of the log before, in a log just begun anew. Else as
 * most of header and the first two frames have it.
 */
function saltOf(bytes: Buffer, frameBytes: number, count: number, isLittle: boolean): Buffer {
  const headSum: Sum = [bytes.readUInt32BE(24), bytes.readUInt32BE(28)];
  if (isSame(sumOf([0, 0], bytes.subarray(0, 24), isLittle), headSum)) return Buffer.from(bytes.subarray(16, 24));
  const candidates = [bytes.subarray(16, 24)];
  for (let index = 0; index < Math.min(count, 2); index += 1) {
    const at = HEADER_BYTES + index * frameBytes + 8;
    candidates.push(bytes.subarray(at, at + 8));
  }
  const agreed = candidates.find((one) => candidates.filter((other) => other.equals(one)).length > 1);
  return Buffer.from(agreed ?? bytes.subarray(16, 24));
}

function frameSum(before: Sum, frame: Buffer, isLittle: boolean): Sum {
  return sumOf(sumOf(before, frame.subarray(0, 8), isLittle), frame.subarray(FRAME_HEADER_BYTES), isLittle);
}

function sumOf(before: Sum, bytes: Buffer, isLittle: boolean): Sum {
  let [one, two] = before;
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    one = (one + (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)) + two) >>> 0;
    two = (two + (isLittle ? bytes.readUInt32LE(at + 4) : bytes.readUInt32BE(at + 4)) + one) >>> 0;
  }
  return [one, two];
}

function writeSum(bytes: Buffer, at: number, [one, two]: Sum): void {
  bytes.writeUInt32BE(one, at);
  bytes.writeUInt32BE(two, at + 4);
}

function isSame(one: Sum, other: Sum): boolean {
  return one[0] === other[0] && one[1] === other[1];
}
