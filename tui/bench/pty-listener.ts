/** A simulated instrument on a serial port: a pseudo-terminal under a path that stays the same. */
import { lstatSync, mkdirSync, readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { Fault } from "../../protocols/base/fault.ts";
import type { BenchListener, DeviceConnection, DevicePort } from "./listener.ts";
import { openPty, type Pty } from "./pty.ts";

/** Bytes that nobody reads are kept up to here, as a port's own buffer would; what comes beyond is lost. */
const UNREAD_MAX = 64 * 1024;

/**
 * `path` becomes a symbolic link to the pair's own path, which the system numbers anew each time. A serial port does
 * not tell the instrument that somebody opened it: it is told once, when it is plugged in.
 */
export function createPtyListener(path: string, port: DevicePort): BenchListener {
  let pty: Pty | undefined;
  let connection: DeviceConnection | undefined;

  async function plug(): Promise<void> {
    if (pty !== undefined) return;
    const opened = await openPty();
    try {
      pointTo(path, opened.path);
    } catch (error) {
      opened.close();
      throw error;
    }
    const { device } = opened;
    const own: DeviceConnection = {
      send(chunk) {
        if (device.writableLength + chunk.length <= UNREAD_MAX) device.write(chunk);
      },
      // A serial port has nothing to hang up.
      hangUp: () => undefined,
    };
    device.on("data", (chunk: Uint8Array) => {
      port.data(own, chunk);
    });
    pty = opened;
    connection = own;
    port.opened(own);
  }

  function unplug(): Promise<void> {
    const [goneWith, lost] = [pty, connection];
    pty = undefined;
    connection = undefined;
    if (goneWith !== undefined) {
      goneWith.close();
      removeLink(path, goneWith.path);
    }
    if (lost !== undefined) port.closed(lost);
    return Promise.resolve();
  }

  return { where: path, plug, unplug, close: unplug };
}

/** Replaces a symbolic link that an earlier bench left; anything else under that path is not ours. */
function pointTo(path: string, target: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there !== undefined && !there.isSymbolicLink()) {
      throw new Fault("bench.listen", path, "something else stands there, which is not a link of the bench");
    }
    if (there !== undefined) unlinkSync(path);
    symlinkSync(target, path);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const what = error instanceof Error ? error.message : String(error);
    throw new Fault("bench.listen", path, `the port's path cannot be made: ${what}`, {}, error);
  }
}

/** Only the link we made: another bench may have put its own there since. */
function removeLink(path: string, target: string): void {
  try {
    if (readlinkSync(path) === target) unlinkSync(path);
  } catch {
    // It is gone already, which is what was wanted.
  }
}
