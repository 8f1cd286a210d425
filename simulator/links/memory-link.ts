/**
 * A simulated cable between a driver and a simulated instrument, in one process and in virtual time. Bytes arrive
 * in order after the latency of the cable. Every opening gives a fresh link; what was in flight when a link closed
 * is lost, as is what the device says while nobody listens.
 */
import { Fault } from "../../protocols/base/fault.ts";
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
  if (chunk[0] !== 0x50) return false;
  // By hand: `indexOf` leaves the compiled code, which costs more than the few bytes of a package.
  const last = chunk.length - 1;
  let at = 1;
  while (at < last && chunk[at] !== 0x0a) at += 1;
  return at === last && chunk[at] === 0x0a;
}

export function createMemoryLink(clock: LinkClock, options: MemoryLinkOptions): MemoryLink {
  return new Cable(clock, options);
}

/** Both ends in one class, with what each chunk touches first: 96 cables share the processor's cache. */
class Cable implements MemoryLink {
  private readonly clock: LinkClock;
  private deviceIsOpen = false;
  private isHung = false;
  private ailing: LinkAilment | null = null;
  private garbledCount: number | null = null;
  private current: HostEnd | undefined;
  private readonly toHost = new ChunkRing();
  private readonly latencyMs: number;
  private lateMs = 0;
  private readonly isQuiet: MemoryLinkOptions["isQuiet"];
  readonly counters: MemoryLinkCounters = {
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
  readonly end: DeviceEnd = {
    onOpen: (handler) => {
      this.deviceOnOpen = handler;
    },
    onClose: (handler) => {
      this.deviceOnClose = handler;
    },
    onData: (handler) => {
      this.deviceOnData = handler;
    },
    send: (chunk) => {
      this.send(chunk);
    },
    hangUp: (why) => {
      this.hangUp(why);
    },
  };
  private readonly name: string;
  private readonly toDevice = new ChunkRing();
  private isOpening = false;
  private isPlugged = true;
  private ailingCount = 0;
  /** Of what is wrong with the cable now, each told where it takes hold. */
  private readonly felt: Partial<Record<"plug" | "hang" | "garble" | "ail", Felt | undefined>> = {};
  /** What arrived last in order, of a link that repeats it. */
  private before: Uint8Array | undefined;
  /** Counts openings and closings; a chunk sent before the last of them is not delivered. */
  private session = 0;
  private deviceOnOpen: (() => void) | undefined;
  private deviceOnClose: (() => void) | undefined;
  private deviceOnData: ((chunk: Uint8Array) => void) | undefined;

  constructor(clock: LinkClock, { name, latencyMs, isQuiet }: MemoryLinkOptions) {
    this.clock = clock;
    this.name = name;
    this.latencyMs = latencyMs;
    this.isQuiet = isQuiet;
  }

  private send(chunk: Uint8Array): void {
    if (!this.deviceIsOpen || this.isHung) {
      if (this.isHung) this.felt.hang?.();
      this.counters.chunksLost += 1;
      return;
    }
    this.toHost.put(chunk);
    this.clock.at(this.clock.nowMs() + this.latencyMs + this.lateMs, this.deliverToHost);
  }

  private readonly deliverToHost = (): void => {
    const chunk = this.toHost.take();
    if (this.current === undefined || this.toHost.wasStale || this.isHung) {
      if (this.isHung) this.felt.hang?.();
      this.counters.chunksLost += 1;
      return;
    }
    if (this.ailing === null) this.pass(chunk);
    else this.deliverAiling(chunk, this.ailing);
  };

  private pass(chunk: Uint8Array): void {
    const { counters } = this;
    counters.chunksToHost += 1;
    counters.bytesToHost += chunk.length;
    if (this.garbledCount !== null) this.garbledCount = spoil(chunk, this.garbledCount, this.felt.garble);
    if (this.isQuiet?.(chunk) === true) counters.quietChunksToHost += 1;
    else this.clock.touch();
    this.current?.deliver(chunk);
  }

  private deliverAiling(chunk: Uint8Array, { how }: LinkAilment): void {
    this.ailingCount += 1;
    const isHit = this.ailingCount % EVERY_AILING === 0;
    if (how === "mute" || (how === "drops" && isHit)) {
      this.felt.ail?.();
      this.counters.chunksLost += 1;
      return;
    }
    const own = Uint8Array.from(chunk);
    const { before } = this;
    const isRepeated = how === "repeats" && isHit && before !== undefined;
    const isDoubled = how === "doubles" && isHit;
    if (isRepeated || isDoubled || how === "late") this.felt.ail?.();
    this.pass(isRepeated ? before : chunk);
    this.before = own;
    if (isDoubled) this.pass(Uint8Array.from(own));
  }

  /** Whether what the host sent is lost on the way. */
  private isLostToDevice(): boolean {
    const { ailing } = this;
    if (ailing === null) return false;
    if (ailing.how !== "deaf") this.ailingCount += 1;
    const isLost = ailing.how === "deaf" || (ailing.how === "drops" && this.ailingCount % EVERY_AILING === 0);
    if (isLost) this.felt.ail?.();
    return isLost;
  }

  private readonly deliverToDevice = (): void => {
    const chunk = this.toDevice.take();
    const { counters, deviceOnData } = this;
    if (this.isHung) this.felt.hang?.();
    const isLost = this.toDevice.wasStale || !this.deviceIsOpen || this.isHung || deviceOnData === undefined;
    if (isLost || this.isLostToDevice()) {
      counters.chunksLost += 1;
      return;
    }
    counters.chunksToDevice += 1;
    counters.bytesToDevice += chunk.length;
    deviceOnData(chunk);
  };

  private readonly tellDeviceClosed = (): void => {
    if (!this.deviceIsOpen) return;
    this.deviceIsOpen = false;
    this.deviceOnClose?.();
  };

  private beginSession(): void {
    this.session += 1;
    this.toHost.outdate();
    this.toDevice.outdate();
  }

  /** Ends the present session on the host's side; the device learns of it after `deviceDelayMs`. */
  private endSession(why: string, deviceDelayMs: number): void {
    const { clock, current: ended } = this;
    if (ended === undefined) return;
    this.current = undefined;
    this.beginSession();
    this.counters.closes += 1;
    if (deviceDelayMs === 0) this.tellDeviceClosed();
    else clock.at(clock.nowMs() + deviceDelayMs, this.tellDeviceClosed);
    clock.touch();
    ended.closed(why);
  }

  readonly openLink: OpenLink = () =>
    new Promise((resolve, reject) => {
      const { clock } = this;
      const refuse = (why: string): void => {
        this.counters.refusals += 1;
        clock.touch();
        reject(new Fault("link.open-failed", this.name, why));
      };
      if (this.current !== undefined || this.isOpening) {
        refuse("the port is already open");
        return;
      }
      this.isOpening = true;
      clock.at(clock.nowMs() + this.latencyMs, () => {
        this.isOpening = false;
        if (!this.isPlugged) {
          this.felt.plug?.();
          refuse("no such port");
          return;
        }
        this.beginSession();
        this.counters.opens += 1;
        const hostEnd = new HostEnd(
          this.name,
          (bytes) => {
            this.toDevice.put(bytes.slice());
            clock.at(clock.nowMs() + this.latencyMs + this.lateMs, this.deliverToDevice);
          },
          (why) => {
            if (this.current === hostEnd) this.endSession(why, this.latencyMs);
          },
        );
        this.current = hostEnd;
        this.deviceIsOpen = true;
        clock.touch();
        resolve(hostEnd);
        this.deviceOnOpen?.();
      });
    });

  private hangUp(why: string): void {
    const ending = this.session;
    this.tellDeviceClosed();
    this.clock.at(this.clock.nowMs() + this.latencyMs, () => {
      if (this.session === ending) this.endSession(why, 0);
    });
  }

  cut(why: string, felt?: Felt): void {
    if (this.current !== undefined) felt?.();
    this.endSession(why, 0);
  }

  plug(isPlugged: boolean, felt?: Felt): void {
    this.isPlugged = isPlugged;
    this.felt.plug = felt;
    if (!isPlugged && this.current !== undefined) felt?.();
    if (!isPlugged) this.endSession("the port vanished", 0);
  }

  hang(isHung: boolean, felt?: Felt): void {
    this.isHung = isHung;
    this.felt.hang = felt;
  }

  garble(isGarbled: boolean, felt?: Felt): void {
    this.garbledCount = isGarbled ? 0 : null;
    this.felt.garble = felt;
  }

  ail(ailment: LinkAilment | null, felt?: Felt): void {
    this.ailing = ailment;
    this.felt.ail = felt;
    this.before = undefined;
    this.lateMs = ailment?.how === "late" ? ailment.lateMs : 0;
  }
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

class HostEnd implements Link {
  private readonly dataHandlers: ((chunk: Uint8Array) => void)[] = [];
  private readonly closeHandlers: ((why: string) => void)[] = [];
  isOpen = true;
  readonly name: string;
  private readonly send: (bytes: Uint8Array) => void;
  private readonly hangUp: (why: string) => void;

  constructor(name: string, send: (bytes: Uint8Array) => void, hangUp: (why: string) => void) {
    this.name = name;
    this.send = send;
    this.hangUp = hangUp;
  }

  write(bytes: Uint8Array): void {
    if (!this.isOpen) throw new Fault("link.closed", this.name, "the link is closed");
    this.send(bytes);
  }

  onData(handler: (chunk: Uint8Array) => void): () => void {
    return subscribed(this.dataHandlers, handler);
  }

  onClose(handler: (why: string) => void): () => void {
    return subscribed(this.closeHandlers, handler);
  }

  close(): void {
    if (this.isOpen) this.hangUp("closed by the host");
  }

  deliver(chunk: Uint8Array): void {
    const { dataHandlers } = this;
    // By index: a handler may remove itself, and nothing is allocated for a sample.
    for (let index = 0; index < dataHandlers.length; index += 1) dataHandlers[index]?.(chunk);
  }

  closed(why: string): void {
    this.isOpen = false;
    for (const handler of this.closeHandlers.splice(0)) handler(why);
    this.dataHandlers.length = 0;
  }
}

function subscribed<T>(handlers: T[], handler: T): () => void {
  handlers.push(handler);
  return () => {
    const index = handlers.indexOf(handler);
    if (index >= 0) handlers.splice(index, 1);
  };
}

const NO_BYTES = new Uint8Array(0);

class ChunkRing {
  private chunks: Uint8Array[] = new Array<Uint8Array>(8).fill(NO_BYTES);
  private head = 0;
  private count = 0;
  private stale = 0;
  /** Whether the chunk taken last was of a session that is over. */
  wasStale = false;

  put(chunk: Uint8Array): void {
    const capacity = this.chunks.length;
    if (this.count === capacity) {
      const { chunks, head } = this;
      this.chunks = [
        ...chunks.slice(head),
        ...chunks.slice(0, head),
        ...new Array<Uint8Array>(capacity).fill(NO_BYTES),
      ];
      this.head = 0;
    }
    this.chunks[(this.head + this.count) & (this.chunks.length - 1)] = chunk;
    this.count += 1;
  }

  /** The oldest chunk. One delivery event stands for each chunk put. */
  take(): Uint8Array {
    if (this.count === 0) throw new RangeError("no chunk in flight");
    const { chunks, head } = this;
    const chunk = chunks[head] ?? NO_BYTES;
    this.wasStale = this.stale > 0;
    if (this.wasStale) this.stale -= 1;
    chunks[head] = NO_BYTES;
    this.head = (head + 1) & (chunks.length - 1);
    this.count -= 1;
    return chunk;
  }

  /** All that is in flight is of a session that is over. */
  outdate(): void {
    this.stale = this.count;
  }
}
