/**
 * Position capture of a simulated PandABox and its data port: a sample of the chosen counters at each rising edge of
 * the capture trigger, as text, scaled.
 */
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";

export interface CapturedCounter {
  /** `COUNTER1.OUT` */
  readonly name: string;
  readonly capture: string;
  read(): number;
}

export interface PandaCapture {
  /** Undefined when it was armed, else why not. */
  arm(counters: readonly CapturedCounter[]): string | undefined;
  disarm(): void;
  /** A rising edge of the trigger. */
  sample(): void;
  /** `Idle 0 0`, `Busy 1 1` */
  readonly status: string;
  readonly capturedCount: number;
  readonly completion: string;
}

export interface PandaCaptureDeps {
  /** The data port; without one nobody reads. */
  readonly end?: DeviceEnd;
  readonly clock: WorldClock;
  readonly startWallMs: number;
}

const OPTIONS = new Set(
  "ASCII BASE64 FRAMED UNFRAMED SCALED RAW NO_HEADER NO_STATUS ONE_SHOT XML BARE DEFAULT".split(" "),
);
const LINE_MAX = 200;

export function createPandaCapture(deps: PandaCaptureDeps): PandaCapture {
  const { end, clock } = deps;
  let isOpen = false;
  let options: ReadonlySet<string> | undefined;
  let line = "";
  let counters: readonly CapturedCounter[] | undefined;
  let armedMs = 0;
  let capturedCount = 0;
  let completion = "Ok";
  /** Samples of this round that nobody was there to read. */
  let missedCount = 0;
  let hasHeader = false;

  function say(text: string): void {
    end?.send(Buffer.from(text, "latin1"));
  }

  function timeText(atMs: number): string {
    return new Date(deps.startWallMs + atMs).toISOString();
  }

  function sayHeader(): void {
    if (counters === undefined || options === undefined || hasHeader) return;
    hasHeader = true;
    if (options.has("NO_HEADER") || options.has("BARE")) return;
    const fields = counters.map(({ name, capture }) => ` ${name} double ${capture} scale: 1 offset: 0 units: \n`);
    say(
      `arm_time: ${timeText(armedMs)}\nstart_time: ${timeText(armedMs)}\nmissed: ${missedCount}\n` +
        `process: Scaled\nformat: ASCII\nfields:\n${fields.join("")}\n`,
    );
  }

  function onLine(text: string): void {
    if (options !== undefined) return;
    const words = text.split(/\s+/).filter((word) => word !== "");
    if (!words.every((word) => OPTIONS.has(word))) {
      say("ERR Invalid option\n");
      return;
    }
    options = new Set(words);
    say("OK\n");
    sayHeader();
  }

  function finish(reason: string): void {
    if (counters === undefined) return;
    counters = undefined;
    completion = reason;
    if (options !== undefined && hasHeader && !options.has("NO_STATUS") && !options.has("BARE")) {
      say(`END ${capturedCount} ${reason}\n`);
    }
    hasHeader = false;
  }

  end?.onOpen(() => {
    isOpen = true;
    options = undefined;
    line = "";
    hasHeader = false;
  });
  end?.onClose(() => {
    isOpen = false;
    options = undefined;
    if (counters !== undefined && hasHeader) finish("Early disconnect");
  });
  end?.onData((chunk) => {
    for (const byte of chunk) {
      if (byte === 0x0a) {
        onLine(line);
        line = "";
      } else if (line.length < LINE_MAX) line += String.fromCharCode(byte);
    }
  });

  return {
    arm(chosen) {
      if (counters !== undefined) return "Capture already in progress";
      if (chosen.length === 0) return "Nothing configured for capture";
      counters = chosen;
      armedMs = clock.nowMs();
      capturedCount = 0;
      missedCount = 0;
      completion = "Busy";
      sayHeader();
      return undefined;
    },
    disarm() {
      finish("Disarmed");
    },
    sample() {
      if (counters === undefined) return;
      capturedCount += 1;
      if (hasHeader) say(` ${counters.map((counter) => String(counter.read())).join(" ")}\n`);
      else missedCount += 1;
    },
    get status() {
      const readers = options === undefined ? 0 : 1;
      return `${counters === undefined ? "Idle" : "Busy"} ${isOpen ? 1 : 0} ${counters === undefined ? 0 : readers}`;
    },
    get capturedCount() {
      return capturedCount;
    },
    get completion() {
      return completion;
    },
  };
}
