/** A pair of pseudo-terminals: an instrument's bytes on one side, a serial port like any other on the other. */
import { execFile } from "node:child_process";
import { closeSync, constants, openSync, readdirSync, readlinkSync } from "node:fs";
import { Duplex } from "node:stream";
import nodePty from "@lydell/node-pty";
import { Fault } from "../../protocols/base/fault.ts";

export interface Pty {
  /** The side that a driver opens, e.g. `/dev/pts/7`. */
  readonly path: string;
  /** The instrument's side. Nobody else reads or writes it. */
  readonly device: Duplex;
  /** Both sides are gone; whoever has the path open is told. */
  close(): void;
}

/**
 * Opens a pair, with no line discipline between the sides. A side of our own keeps the path alive while nobody has it
 * open. Rejects with Fault `bench.listen`.
 */
export async function openPty(): Promise<Pty> {
  const { path, master, slave } = openPair();
  // The path dies with the last one who has it open, and this one does not read what is meant for the driver.
  const keeper = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  slave.destroy();
  try {
    await raw(path);
  } catch (error) {
    closeSync(keeper);
    master.destroy();
    throw error;
  }
  for (const descriptor of forgotten(path, keeper)) closeSync(descriptor);
  // What the package listens for would throw; an unplugged pair reports its end as an error, and that is all it is.
  for (const event of ["error", "close"]) master.removeAllListeners(event);
  master.on("error", () => undefined);
  let isOpen = true;
  return {
    path,
    device: master,
    close() {
      if (!isOpen) return;
      isOpen = false;
      closeSync(keeper);
      master.destroy();
    },
  };
}

/**
 * The package opens the driver's side, and its stream opens it once more for itself: the first one nobody knows any more, and
 * nobody would close it. Where the system does not list them none is found.
 */
function forgotten(path: string, keeper: number): readonly number[] {
  const isOnPath = (descriptor: number): boolean => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === path;
    } catch {
      // The one by which the list itself was read is gone.
      return false;
    }
  };
  try {
    const all = readdirSync("/proc/self/fd").map(Number);
    return all.filter((descriptor) => descriptor !== keeper && isOnPath(descriptor));
  } catch {
    return [];
  }
}

/** The package can open a pair; its types do not say so. */
function openPair(): { readonly path: string; readonly master: Duplex; readonly slave: Duplex } {
  const open: unknown = Reflect.get(nodePty, "open");
  if (typeof open !== "function") throw new Fault("bench.listen", "pty", "this system's pty package cannot open pairs");
  let pair: unknown;
  try {
    pair = Reflect.apply(open, undefined, [{ encoding: null }]);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Fault("bench.listen", "pty", `no pseudo-terminal is to be had: ${what}`, {}, error);
  }
  if (typeof pair === "object" && pair !== null && "master" in pair && "slave" in pair && "ptsName" in pair) {
    const { master, slave, ptsName } = pair;
    if (master instanceof Duplex && slave instanceof Duplex && typeof ptsName === "string") {
      return { path: ptsName, master, slave };
    }
  }
  throw new Fault("bench.listen", "pty", "this system's pty package gives no pairs");
}

function raw(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("stty", ["-F", path, "raw", "-echo"], (error) => {
      if (error === null) resolve();
      else reject(new Fault("bench.listen", path, `stty: ${error.message}`, {}, error));
    });
  });
}
