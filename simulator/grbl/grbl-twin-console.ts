/**
 * The serial side of the simulated controller: receive buffer, lines one after the other, the line that waits, and
 * what is printed. Lines are read as they come in, so the buffer only fills while a line waits.
 */
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";

export interface TwinConsoleDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  /** While true no line is read and no waiting line goes on. */
  readonly isSuspended: () => boolean;
  /** One line without white space and comments, in capitals. */
  readonly execute: (line: string) => void;
}

export interface TwinConsole {
  /** Prints a line; sent with the next `flush`. */
  readonly say: (line: string) => void;
  /** `ok` for 0, else `error:N`. */
  readonly answer: (error: number) => void;
  /** As it is, without a line end added. */
  readonly print: (text: string) => void;
  readonly flush: () => void;
  /** A byte that is not a real-time command. */
  readonly receive: (byte: number) => void;
  /** Runs what waits, then the lines received, until something waits again; then sends what was printed. */
  readonly goOn: () => void;
  /** The line being executed waits. Several may follow one another. */
  readonly block: (until: () => boolean, then: () => void) => void;
  readonly isLineOpen: boolean;
  readonly abandonLine: () => void;
  readonly discardInput: () => void;
  readonly freeByteCount: number;
  /** Unless `newEpoch` is called before: a reset forgets what was to come. */
  readonly later: (ms: number, fn: () => void) => void;
  readonly newEpoch: () => void;
}

const RX_BUFFER = 128;

export function createTwinConsole(deps: TwinConsoleDeps): TwinConsole {
  const { end, clock } = deps;
  const encoder = new TextEncoder();
  let received = "";
  let printed = "";
  let waitsFor: (() => boolean) | null = null;
  let afterwards: (() => void) | null = null;
  let epoch = 0;

  function say(line: string): void {
    printed += `${line}\r\n`;
  }

  function flush(): void {
    if (printed === "") return;
    const chunk = encoder.encode(printed);
    printed = "";
    end.send(chunk);
  }

  function goOn(): void {
    while (!deps.isSuspended()) {
      if (waitsFor !== null) {
        if (!waitsFor()) break;
        const then = afterwards;
        waitsFor = null;
        afterwards = null;
        then?.();
        continue;
      }
      const lineEnd = received.search(/[\r\n]/);
      if (lineEnd < 0) break;
      const line = received.slice(0, lineEnd);
      received = received.slice(lineEnd + 1);
      deps.execute(strip(line));
    }
    flush();
  }

  return {
    say,
    answer(error) {
      say(error === 0 ? "ok" : `error:${error}`);
    },
    print(text) {
      printed += text;
    },
    flush,
    receive(byte) {
      if (received.length < RX_BUFFER) received += String.fromCharCode(byte);
      if (byte === 0x0a || byte === 0x0d) goOn();
    },
    goOn,
    block(until, then) {
      if (until()) {
        then();
        return;
      }
      waitsFor = until;
      afterwards = then;
    },
    get isLineOpen() {
      return waitsFor !== null;
    },
    abandonLine() {
      waitsFor = null;
      afterwards = null;
    },
    discardInput() {
      received = "";
    },
    get freeByteCount() {
      return RX_BUFFER - received.length;
    },
    later(ms, fn) {
      const asked = epoch;
      clock.at(clock.nowMs() + ms, () => {
        if (epoch !== asked) return;
        fn();
        flush();
      });
    },
    newEpoch() {
      epoch += 1;
    },
  };
}

/** White space, control characters and comments go, letters become capitals. */
function strip(line: string): string {
  let out = "";
  let isInComment = false;
  for (const character of line) {
    if (isInComment) isInComment = character !== ")";
    else if (character === ";") break;
    else if (character === "(") isInComment = true;
    else if (character > " " && character !== "/") out += character.toUpperCase();
  }
  return out;
}
