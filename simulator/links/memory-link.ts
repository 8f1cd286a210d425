/**
 * A simulated cable between a driver and a simulated instrument, in one process and in virtual time. Bytes arrive
 * in order after the latency of the cable. Every opening gives a fresh link; what was in flight when a link closed
 * is lost, as is what the device says while nobody listens.
 */
import { Fault } from "../../protocols/base/fault.ts";
import type { Writable } from "../../protocols/base/writable.ts";
import type { Link, OpenLink } from "../../protocols/roles/link.ts";
import type { Felt } from "../plant/felt.ts";
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";
import { EVERY_AILING, type LinkAilment } from "./link-ailment.ts";

export interface MemoryLinkOptions {
  /** As the site file names it. */
  readonly name: string;
  /** One way. */
  readonly latencyMs: number;
  /**
   * True for chunks that only bring data and never complete anything the host awaits: their delivery does not
   * make the clock drain promises. Default: no chunk is quiet.
   */
  readonly isQuiet?: (chunk: Uint8Array) => boolean;
}

export interface MemoryLinkCounters {
  opens: number;
  refusals: number;
  closes: number;
  chunksToHost: number;
  /** Those of them that `isQuiet` took for pure data. */
  quietChunksToHost: number;
  bytesToHost: number;
  chunksToDevice: number;
  bytesToDevice: number;
  chunksLost: number;
}

export interface MemoryLink {
  readonly openLink: OpenLink;
  readonly end: DeviceEnd;
  readonly counters: Readonly<MemoryLinkCounters>;
  /** The cable drops: the open link closes now on both sides. It may be opened again at once. */
  cut(why: string, felt?: Felt): void;
  /** While unplugged, opening fails. Unplugging also cuts. */
  plug(isPlugged: boolean, felt?: Felt): void;
  /** While hung, the link stays open and nothing passes in either direction; what is sent is lost. */
  hang(isHung: boolean, felt?: Felt): void;
  /** While garbled, a bit is wrong in a character of every few chunks to the host. */
  garble(isGarbled: boolean, felt?: Felt): void;
  /** In one way at a time; null: in order again. */
  ail(ailment: LinkAilment | null, felt?: Felt): void;
}

/** The clock's part that a link needs: `touch` announces that promises may have been resolved. */
export interface LinkClock extends WorldClock {
  touch(): void;
}

/** One MethodSCRIPT data package and nothing else: it starts with `P` and its only line end is its last byte. */
export function isMethodScriptData(chunk: Uint8Array): boolean {
  return chunk[0] === 0x50 && chunk.indexOf(0x0a) === chunk.length - 1;
}

export function createMemoryLink(clock: LinkClock, options: MemoryLinkOptions): MemoryLink {
  const { name, latencyMs, isQuiet } = options;
  const counters: MemoryLinkCounters = {
    opens: 0,
    refusals: 0,
    closes: 0,
    chunksToHost: 0,
    quietChunksToHost: 0,
    bytesToHost: 0,
    chunksToDevice: 0,
    bytesToDevice: 0,
    chunksLost: 0,
  };
  let current: HostEnd | undefined;
  let isOpening = false;
  let isPlugged = true;
  let isHung = false;
  let garbledCount: number | null = null;
  let ailing: LinkAilment | null = null;
  let ailingCount = 0;
  let lateMs = 0;
  /** Of what is wrong with the cable now, each told where it takes hold. */
  const felt: Partial<Record<"plug" | "hang" | "garble" | "ail", Felt | undefined>> = {};
  /** What arrived last in order, of a link that repeats it. */
  let before: Uint8Array | undefined;
  /** Counts openings and closings; a chunk sent before the last of them is not delivered. */
  let session = 0;
  let deviceIsOpen = false;
  let deviceOnOpen: (() => void) | undefined;
  let deviceOnClose: (() => void) | undefined;
  let deviceOnData: ((chunk: Uint8Array) => void) | undefined;

  const toHost = createChunkRing();
  const toDevice = createChunkRing();

  function deliverToHost(): void {
    const chunk = toHost.take();
    if (current === undefined || toHost.wasStale || isHung) {
      if (isHung) felt.hang?.();
      counters.chunksLost += 1;
      return;
    }
    if (ailing !== null) {
      deliverAiling(chunk, ailing);
      return;
    }
    pass(chunk);
  }

  function pass(chunk: Uint8Array): void {
    counters.chunksToHost += 1;
    counters.bytesToHost += chunk.length;
    if (garbledCount !== null) garbledCount = spoil(chunk, garbledCount, felt.garble);
    if (isQuiet?.(chunk) === true) counters.quietChunksToHost += 1;
    else clock.touch();
    current?.deliver(chunk);
  }

  function deliverAiling(chunk: Uint8Array, { how }: LinkAilment): void {
    ailingCount += 1;
    const isHit = ailingCount % EVERY_AILING === 0;
    if (how === "mute" || (how === "drops" && isHit)) {
      felt.ail?.();
      counters.chunksLost += 1;
      return;
    }
    const own = Uint8Array.from(chunk);
    const isRepeated = how === "repeats" && isHit && before !== undefined;
    const isDoubled = how === "doubles" && isHit;
    if (isRepeated || isDoubled || how === "late") felt.ail?.();
    pass(isRepeated && before !== undefined ? before : chunk);
    before = own;
    if (isDoubled) pass(Uint8Array.from(own));
  }

  /** Whether what the host sent is lost on the way. */
  function isLostToDevice(): boolean {
    if (ailing === null) return false;
    if (ailing.how !== "deaf") ailingCount += 1;
    const isLost = ailing.how === "deaf" || (ailing.how === "drops" && ailingCount % EVERY_AILING === 0);
    if (isLost) felt.ail?.();
    return isLost;
  }

  function deliverToDevice(): void {
    const chunk = toDevice.take();
    if (isHung) felt.hang?.();
    if (toDevice.wasStale || !deviceIsOpen || isHung || deviceOnData === undefined || isLostToDevice()) {
      counters.chunksLost += 1;
      return;
    }
    counters.chunksToDevice += 1;
    counters.bytesToDevice += chunk.length;
    deviceOnData(chunk);
  }

  function tellDeviceClosed(): void {
    if (!deviceIsOpen) return;
    deviceIsOpen = false;
    deviceOnClose?.();
  }

  function beginSession(): void {
    session += 1;
    toHost.outdate();
    toDevice.outdate();
  }

  /** Ends the present session on the host's side; the device learns of it after `deviceDelayMs`. */
  function endSession(why: string, deviceDelayMs: number): void {
    const ended = current;
    if (ended === undefined) return;
    current = undefined;
    beginSession();
    counters.closes += 1;
    if (deviceDelayMs === 0) tellDeviceClosed();
    else clock.at(clock.nowMs() + deviceDelayMs, tellDeviceClosed);
    clock.touch();
    ended.closed(why);
  }

  function open(): Promise<Link> {
    return new Promise((resolve, reject) => {
      const refuse = (why: string): void => {
        counters.refusals += 1;
        clock.touch();
        reject(new Fault("link.open-failed", name, why));
      };
      if (current !== undefined || isOpening) {
        refuse("the port is already open");
        return;
      }
      isOpening = true;
      clock.at(clock.nowMs() + latencyMs, () => {
        isOpening = false;
        if (!isPlugged) {
          felt.plug?.();
          refuse("no such port");
          return;
        }
        beginSession();
        counters.opens += 1;
        const hostEnd = createHostEnd(
          name,
          (bytes) => {
            toDevice.put(bytes.slice());
            clock.at(clock.nowMs() + latencyMs + lateMs, deliverToDevice);
          },
          (why) => {
            if (current === hostEnd) endSession(why, latencyMs);
          },
        );
        current = hostEnd;
        deviceIsOpen = true;
        clock.touch();
        resolve(hostEnd.link);
        deviceOnOpen?.();
      });
    });
  }

  const end: DeviceEnd = {
    onOpen(handler) {
      deviceOnOpen = handler;
    },
    onClose(handler) {
      deviceOnClose = handler;
    },
    onData(handler) {
      deviceOnData = handler;
    },
    send(chunk) {
      if (!deviceIsOpen || isHung) {
        if (isHung) felt.hang?.();
        counters.chunksLost += 1;
        return;
      }
      toHost.put(chunk);
      clock.at(clock.nowMs() + latencyMs + lateMs, deliverToHost);
    },
    hangUp(why) {
      const ending = session;
      tellDeviceClosed();
      clock.at(clock.nowMs() + latencyMs, () => {
        if (session === ending) endSession(why, 0);
      });
    },
  };

  return {
    openLink: open,
    end,
    counters,
    cut(why, feltCut) {
      if (current !== undefined) feltCut?.();
      endSession(why, 0);
    },
    plug(plugged, feltPlug) {
      isPlugged = plugged;
      felt.plug = feltPlug;
      if (!plugged && current !== undefined) feltPlug?.();
      if (!plugged) endSession("the port vanished", 0);
    },
    hang(hung, feltHang) {
      isHung = hung;
      felt.hang = feltHang;
    },
    garble(garbled, feltGarble) {
      garbledCount = garbled ? 0 : null;
      felt.garble = feltGarble;
    },
    ail(ailment, feltAil) {
      ailing = ailment;
      felt.ail = feltAil;
      before = undefined;
      lateMs = ailment?.how === "late" ? ailment.lateMs : 0;
    },
  };
}

/** Every this many chunks one is spoilt, each time at another place. */
const SPOILT_EVERY = 4;

/** Returns how many chunks have passed. */
function spoil(chunk: Uint8Array, count: number, felt: Felt | undefined): number {
  if (count % SPOILT_EVERY === 0 && chunk.length > 0) {
    felt?.();
    const index = (count * 7 + 3) % chunk.length;
    chunk[index] = (chunk[index] ?? 0) ^ (1 << (count % 7));
  }
  return count + 1;
}

interface HostEnd {
  readonly link: Link;
  deliver(chunk: Uint8Array): void;
  closed(why: string): void;
}

function createHostEnd(name: string, send: (bytes: Uint8Array) => void, close: (why: string) => void): HostEnd {
  const dataHandlers: ((chunk: Uint8Array) => void)[] = [];
  const closeHandlers: ((why: string) => void)[] = [];
  let isOpen = true;
  return {
    link: {
      name,
      get isOpen() {
        return isOpen;
      },
      write(bytes) {
        if (!isOpen) throw new Fault("link.closed", name, "the link is closed");
        send(bytes);
      },
      onData: (handler) => subscribed(dataHandlers, handler),
      onClose: (handler) => subscribed(closeHandlers, handler),
      close() {
        if (isOpen) close("closed by the host");
      },
    },
    deliver(chunk) {
      // By index: a handler may remove itself, and nothing is allocated for a sample.
      for (let index = 0; index < dataHandlers.length; index += 1) dataHandlers[index]?.(chunk);
    },
    closed(why) {
      isOpen = false;
      for (const handler of closeHandlers.splice(0)) handler(why);
      dataHandlers.length = 0;
    },
  };
}

function subscribed<T>(handlers: T[], handler: T): () => void {
  handlers.push(handler);
  return () => {
    const index = handlers.indexOf(handler);
    if (index >= 0) handlers.splice(index, 1);
  };
}

interface ChunkRing {
  put(chunk: Uint8Array): void;
  /** The oldest chunk. One delivery event stands for each chunk put. */
  take(): Uint8Array;
  /** All that is in flight is of a session that is over. */
  outdate(): void;
  /** Whether that held for the chunk taken last. */
  readonly wasStale: boolean;
}

const NO_BYTES = new Uint8Array(0);

function createChunkRing(): ChunkRing {
  let capacity = 8;
  let chunks: Uint8Array[] = new Array<Uint8Array>(capacity).fill(NO_BYTES);
  let head = 0;
  let count = 0;
  let stale = 0;
  const ring: Writable<ChunkRing> = {
    wasStale: false,
    put(chunk) {
      if (count === capacity) {
        chunks = [...chunks.slice(head), ...chunks.slice(0, head), ...new Array<Uint8Array>(capacity).fill(NO_BYTES)];
        head = 0;
        capacity *= 2;
      }
      const index = (head + count) & (capacity - 1);
      chunks[index] = chunk;
      count += 1;
    },
    take() {
      if (count === 0) throw new RangeError("no chunk in flight");
      const chunk = chunks[head] ?? NO_BYTES;
      ring.wasStale = stale > 0;
      if (ring.wasStale) stale -= 1;
      chunks[head] = NO_BYTES;
      head = (head + 1) & (capacity - 1);
      count -= 1;
      return chunk;
    },
    outdate() {
      stale = count;
    },
  };
  return ring;
}
