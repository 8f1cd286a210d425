/** A simulated barcode reader: prints the codes it sees, when its trigger is pulled or when it is told to look. */
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";

export interface SerialLineTwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  /** The codes before the glass; two when two cells lie there. */
  readonly look: (atMs: number) => readonly string[];
  /** Starts and ends a look by command. */
  readonly trigger?: { readonly on: string; readonly off?: string };
  /** Printed when a look saw nothing; without it nothing is printed. */
  readonly noRead?: string;
  /** Answers one question of the reader's own. */
  readonly identity?: { readonly asked: string; readonly answer: string };
  /** One look. Default 80 ms. */
  readonly lookMs?: number;
  /** Default `\r\n`. */
  readonly lineEnd?: string;
  readonly prefix?: string;
  readonly suffix?: string;
}

export interface SerialLineTwin {
  /** A person pulls the trigger. */
  pullTrigger(): void;
  /** The next thing printed is this instead, without its line end when `isCut`. */
  printNext(text: string, isCut?: boolean): void;
  /** Looks by command so far. */
  readonly lookCount: number;
}

export function createSerialLineTwin(deps: SerialLineTwinDeps): SerialLineTwin {
  const { end, clock, trigger, identity } = deps;
  const lookMs = deps.lookMs ?? 80;
  const lineEnd = deps.lineEnd ?? "\r\n";
  let received = "";
  let lookCount = 0;
  let instead: { readonly text: string; readonly isCut: boolean } | undefined;
  let turn = 0;
  let epoch = 0;

  function print(text: string): void {
    const what = instead ?? { text, isCut: false };
    instead = undefined;
    end.send(Buffer.from(`${what.text}${what.isCut ? "" : lineEnd}`, "latin1"));
  }

  function look(): void {
    const seen = deps.look(clock.nowMs());
    // With two before the glass it takes now one, now the other.
    const code = seen[turn % Math.max(1, seen.length)];
    turn += 1;
    if (code !== undefined) print(`${deps.prefix ?? ""}${code}${deps.suffix ?? ""}`);
    else if (deps.noRead !== undefined) print(deps.noRead);
    else if (instead !== undefined) print("");
  }

  function lookSoon(): void {
    epoch += 1;
    const asked = epoch;
    clock.at(clock.nowMs() + lookMs, () => {
      if (asked === epoch) look();
    });
  }

  end.onData((chunk) => {
    received = (received + Buffer.from(chunk).toString("latin1")).slice(-64);
    if (trigger !== undefined && received.endsWith(trigger.on)) {
      received = "";
      lookCount += 1;
      lookSoon();
    } else if (trigger?.off !== undefined && received.endsWith(trigger.off)) {
      received = "";
      epoch += 1;
    } else if (identity !== undefined && received.endsWith(identity.asked)) {
      received = "";
      print(identity.answer);
    }
  });

  return {
    pullTrigger: lookSoon,
    printNext(text, isCut = false) {
      instead = { text, isCut };
    },
    get lookCount() {
      return lookCount;
    },
  };
}
