/**
 * Everything that goes over a link, as lines that a person can read and a test can replay. Secrets are not written:
 * bytes that carry a password are counted and left out.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import type { Link, OpenLink } from "../../protocols/roles/link.ts";

/**
 * `open` and `close` are ours, `lost` is the other end's or the system's, `refused` an opening that failed. `out` is
 * what we wrote, `in` what came.
 */
export type CaptureDirection = "open" | "refused" | "out" | "in" | "close" | "lost";

export interface CaptureRecord {
  /** Milliseconds since the capture began, on the monotonic clock. */
  readonly t_ms: number;
  readonly dir: CaptureDirection;
  /** The bytes; empty for anything but `out` and `in`, null when they are withheld. */
  readonly hex: string | null;
  /** The bytes as text with escapes, or why the link closed, or why bytes are withheld. */
  readonly text: string;
  /** Of the bytes withheld. */
  readonly length?: number;
}

/** Takes one record; must not throw and not wait. */
export type CaptureSink = (record: CaptureRecord) => void;

export interface CaptureDeps {
  readonly clock: Clock;
  /** The beginning of the capture, on the monotonic clock. */
  readonly startMs: number;
  readonly sink: CaptureSink;
  /** Why these bytes are not to be written down; undefined when they may be. */
  readonly withhold?: (bytes: Uint8Array) => string | undefined;
}

/** Wraps any way of opening a link; the wrapped links behave as the bare ones. */
export function captureLink(openLink: OpenLink, deps: CaptureDeps): OpenLink {
  const note = (dir: CaptureDirection, text: string): void => {
    deps.sink({ t_ms: nowMs(deps), dir, hex: "", text });
  };
  return async () => {
    let link: Link;
    try {
      link = await openLink();
    } catch (error) {
      note("refused", error instanceof Error ? error.message : String(error));
      throw error;
    }
    note("open", link.name);
    return capturedLink(link, deps, note);
  };
}

function capturedLink(link: Link, deps: CaptureDeps, note: (dir: CaptureDirection, text: string) => void): Link {
  let isClosing = false;
  link.onData((chunk) => {
    noteBytes("in", chunk);
  });
  link.onClose((why) => {
    note(isClosing ? "close" : "lost", why);
  });

  function noteBytes(dir: "in" | "out", bytes: Uint8Array): void {
    const withheld = deps.withhold?.(bytes);
    const record =
      withheld === undefined
        ? { hex: hexOf(bytes), text: textOf(bytes) }
        : { hex: null, text: withheld, length: bytes.length };
    deps.sink({ t_ms: nowMs(deps), dir, ...record });
  }

  return {
    name: link.name,
    get isOpen() {
      return link.isOpen;
    },
    write(bytes) {
      // First the line, then the bytes: what a crash leaves behind names what was about to be sent.
      if (link.isOpen) noteBytes("out", bytes);
      link.write(bytes);
    },
    onData: (handler) => link.onData(handler),
    onClose: (handler) => link.onClose(handler),
    close() {
      isClosing = true;
      link.close();
    },
  };
}

const MQTT_CONNECT = 0x10;

/** For links to an MQTT broker: CONNECT carries user and password. */
export function withholdMqttLogin(bytes: Uint8Array): string | undefined {
  return bytes[0] === MQTT_CONNECT ? "CONNECT, which may carry a password" : undefined;
}

/** For every other link: a text that says password. */
export function withholdPasswords(bytes: Uint8Array): string | undefined {
  return /passw|authori[sz]ation:/i.test(latin1(bytes)) ? "a login" : undefined;
}

function nowMs({ clock, startMs }: CaptureDeps): number {
  return Math.round((clock.monoMs() - startMs) * 1000) / 1000;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Printable characters as they are, all others escaped. */
function textOf(bytes: Uint8Array): string {
  return latin1(bytes).replace(/[^\x20-\x7e]|\\/g, (character) => {
    switch (character) {
      case "\r":
        return "\\r";
      case "\n":
        return "\\n";
      case "\\":
        return "\\\\";
      default:
        return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
    }
  });
}
