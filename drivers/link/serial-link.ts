/**
 * Serial ports, by `serialport`. Three of its traps are kept out: a port object that failed or closed is never used
 * again (it says it is open and sends nothing, or sends old bytes when reopened), nothing is written to a port that
 * is not open (it would queue without end), and a port that vanished in the middle of a read is noticed by its path
 * (the library would read nothing, as fast as it can, for ever).
 */
import { stat } from "node:fs/promises";
import { SerialPort } from "serialport";
import { within, type Clock, type TimerHandle } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link, OpenLink } from "../../protocols/roles/link.ts";
import { createStreamLink, type StreamLinkLimits } from "./stream-link.ts";

export interface SerialLinkOptions extends StreamLinkLimits {
  /** As the site file names it. */
  readonly name: string;
  /** Best one of /dev/serial/by-id. */
  readonly path: string;
  readonly baud: number;
  readonly clock: Clock;
  /** Default 8, none, 1. */
  readonly dataBits?: 7 | 8;
  readonly parity?: "none" | "even" | "odd";
  readonly stopBits?: 1 | 2;
  /** Levels of the modem lines after opening; left alone when not given. Ports without such lines ignore them. */
  readonly lines?: { readonly dtr?: boolean; readonly rts?: boolean };
  /** Longest wait for the port to open. Default 5000 ms. */
  readonly openMs?: number;
  /** How often the system is asked whether the port is still there. Default 1000 ms. */
  readonly presenceMs?: number;
}

const OPEN_MS = 5000;
const PRESENCE_MS = 1000;
const UNPLUGGED = "it was unplugged, or switched off";

/**
 * Each opening makes a port object of its own, locks the port against every other program, and drops what the system
 * still held for it in either direction. Rejects with `link.open-failed`.
 */
export function createSerialOpenLink(options: SerialLinkOptions): OpenLink {
  const { name, path, clock } = options;
  const openMs = options.openMs ?? OPEN_MS;
  /** Settles when the last port object has let go of the port: until then its lock stands. */
  let released: Promise<void> = Promise.resolve();

  function shut(port: SerialPort): void {
    const before = released;
    released = new Promise<void>((resolve) => {
      const letGo = (): void => {
        if (!port.isOpen) resolve();
        else
          port.close(() => {
            resolve();
          });
      };
      // What is still on its way is dropped: closing would otherwise wait for a device that takes nothing.
      if (port.isOpen) port.flush(letGo);
      else resolve();
    }).then(() => before);
  }

  /** A device that is plugged in again has the same path and is another file. */
  async function watchPresence(port: SerialPort): Promise<() => void> {
    let isWatching = true;
    let timer: TimerHandle;
    const fileNow = async (): Promise<number | undefined> => {
      try {
        return (await stat(path)).ino;
      } catch {
        return undefined;
      }
    };
    const opened = await fileNow();
    const lookLater = (): void => {
      timer = clock.setTimeout(() => {
        void fileNow().then((now) => {
          if (!isWatching) return;
          if (now !== undefined && now === opened) lookLater();
          else port.destroy(new Error(UNPLUGGED));
        });
      }, options.presenceMs ?? PRESENCE_MS);
    };
    lookLater();
    return () => {
      isWatching = false;
      clock.clearTimeout(timer);
    };
  }

  async function open(): Promise<Link> {
    await released;
    const port = new SerialPort({
      path,
      baudRate: options.baud,
      dataBits: options.dataBits ?? 8,
      parity: options.parity ?? "none",
      stopBits: options.stopBits ?? 1,
      lock: true,
      autoOpen: false,
    });
    await called(name, path, (done) => {
      port.open(done);
    });
    try {
      await called(name, path, (done) => {
        port.flush(done);
      });
      const { lines } = options;
      // Pseudo-terminals and some adapters have no such lines and say so.
      if (lines !== undefined) {
        const setting = called(name, path, (done) => {
          port.set(lines, done);
        });
        await setting.catch(() => undefined);
      }
    } catch (error) {
      shut(port);
      throw error;
    }
    const stopWatching = await watchPresence(port);
    return createStreamLink({
      ...options,
      stream: port,
      shut() {
        stopWatching();
        shut(port);
      },
      whyEnded: (error) => `the port ${path} is gone: ${error === undefined ? UNPLUGGED : goneText(error)}`,
    });
  }

  return () => {
    let isLate = false;
    const opening = open();
    opening.then(
      (link) => {
        if (isLate) link.close();
      },
      () => undefined,
    );
    return within(clock, openMs, opening, () => {
      isLate = true;
      return new Fault("link.open-failed", name, `${path} did not open within ${openMs} ms`, { waitMs: openMs });
    });
  };
}

function called(name: string, path: string, act: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    act((error) => {
      if (error === null) resolve();
      else reject(new Fault("link.open-failed", name, `${path}: ${portText(error)}`, {}, error));
    });
  });
}

/** What the system says of a port whose other end went away is about itself. */
function goneText({ message }: Error): string {
  return /bad file descriptor|input.output error|no such device|not configured|EBADF|EIO|ENXIO/i.test(message)
    ? UNPLUGGED
    : message;
}

function portText(error: Error): string {
  const { message } = error;
  if (/no such file|file not found/i.test(message)) return "there is no such port";
  if (/cannot lock|temporarily unavailable|resource busy/i.test(message)) return "another program holds the port";
  if (/permission denied|access denied/i.test(message)) {
    return "this user may not open it; serial ports usually belong to the group dialout";
  }
  return message;
}
