/**
 * A Link over a node stream that is open already: a socket or a serial port. It closes once and stays closed; what
 * waits to be sent is bounded in size and in time, so that a peer that takes nothing is found out and nothing piles
 * up for it.
 */
import type { Duplex } from "node:stream";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link } from "../../protocols/roles/link.ts";

export interface StreamLinkLimits {
  /** Bytes the system has not taken yet; more closes the link. Default 256 KiB. */
  readonly unsentMax?: number;
  /** Bytes have waited to be taken for this long and none was: the link closes. Default 5000 ms. */
  readonly stalledMs?: number;
}

export interface StreamLinkDeps extends StreamLinkLimits {
  readonly name: string;
  /** Nobody else reads, writes or destroys it from now on. */
  readonly stream: Duplex;
  readonly clock: Clock;
  /** Ends the stream at once. Called once; `isAnswered` is false when bytes went out and none came since. */
  readonly shut: (isAnswered: boolean) => void;
  /** Why the stream ended by itself, for an operator. */
  readonly whyEnded: (error: Error | undefined) => string;
}

export const UNSENT_MAX = 256 * 1024;
export const STALLED_MS = 5000;

export function createStreamLink(deps: StreamLinkDeps): Link {
  const { name, stream, clock } = deps;
  const unsentMax = deps.unsentMax ?? UNSENT_MAX;
  const stalledMs = deps.stalledMs ?? STALLED_MS;
  const dataHandlers: ((chunk: Uint8Array) => void)[] = [];
  const closeHandlers: ((why: string) => void)[] = [];
  let isOpen = true;
  let stallTimer: TimerHandle;
  let isWatched = false;
  let error: Error | undefined;
  /** Writes given to the stream, and those it is done with. */
  let givenCount = 0;
  let takenCount = 0;
  let isAnswered = true;

  function end(why: string): void {
    if (!isOpen) return;
    isOpen = false;
    if (isWatched) clock.clearTimeout(stallTimer);
    deps.shut(isAnswered);
    for (const handler of closeHandlers.splice(0)) handler(why);
    dataHandlers.length = 0;
  }

  /** Looks again after `stalledMs` as long as anything waits; no progress between two looks is a stall. */
  function watchForStall(): void {
    if (isWatched) return;
    isWatched = true;
    const takenBefore = takenCount;
    stallTimer = clock.setTimeout(() => {
      isWatched = false;
      if (!isOpen || takenCount === givenCount) return;
      if (takenCount > takenBefore) watchForStall();
      else end(`the other end took nothing for ${stalledMs / 1000} s, ${stream.writableLength} bytes wait`);
    }, stalledMs);
  }

  stream.on("data", (chunk: Uint8Array) => {
    isAnswered = true;
    // By index: a handler may remove itself, and nothing is allocated for a sample.
    for (let index = 0; index < dataHandlers.length; index += 1) dataHandlers[index]?.(chunk);
  });
  // An error tells why; the end it brings with it follows.
  stream.on("error", (cause) => {
    error = cause;
    end(deps.whyEnded(cause));
  });
  // A peer that says no more is gone for us: no dialect of ours lives on half a connection.
  stream.on("end", () => {
    end(deps.whyEnded(error));
  });
  stream.on("close", (cause?: unknown) => {
    end(deps.whyEnded(error ?? (cause instanceof Error ? cause : undefined)));
  });

  return {
    name,
    get isOpen() {
      return isOpen;
    },
    write(bytes) {
      if (!isOpen) throw new Fault("link.closed", name, "the link is closed");
      if (stream.writableLength + bytes.length > unsentMax) {
        end(`the other end takes nothing: ${stream.writableLength} bytes wait to be sent, ${unsentMax} is the most`);
        throw new Fault("link.closed", name, "the link was closed: too much waits to be sent", { unsentMax });
      }
      givenCount += 1;
      isAnswered = false;
      // A copy: the caller may use its bytes again at once, and the system may take them later.
      stream.write(bytes.slice(), () => {
        takenCount += 1;
      });
      if (takenCount < givenCount) watchForStall();
    },
    onData: (handler) => subscribed(dataHandlers, handler),
    onClose: (handler) => subscribed(closeHandlers, handler),
    close() {
      end("closed by the host");
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
