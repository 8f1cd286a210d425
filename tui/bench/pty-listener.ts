/**
 * A pseudo-terminal as the far end of a serial cable: whoever opens `path` finds raw bytes going both ways. The near
 * end is kept open here, so that the terminal outlives every program that opens and closes it, as a port does.
 */
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { Duplex } from "node:stream";
import * as nodePty from "@lydell/node-pty";
import { Fault } from "../../protocols/base/fault.ts";

export interface PtyListener {
  /** The device file to open, such as /dev/pts/7. Another one each time. */
  readonly path: string;
  /** The chunk belongs to the handler. */
  onData(handler: (chunk: Uint8Array) => void): void;
  /** Lost when the near end holds more than a port would. */
  write(bytes: Uint8Array): void;
  /** Stops reading, as a device does that hangs; what the other side sends then piles up at its end. */
  hang(isHung: boolean): void;
  /** Pulls the plug: whoever has the port open is told that it is gone. Safe to repeat. */
  close(): void;
}

/** What waits for a reader that does not come is dropped beyond this, as a UART's buffer would run over. */
const UNREAD_MAX = 16_384;

/** Throws Fault `link.open-failed` where the system has no pseudo-terminals to give. */
export function openPty(name: string): PtyListener {
  const { path, master, slave } = openTerminal(name);
  const keptOpen = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  // This end only has to be open; read here, bytes for the other program would be lost.
  slave.destroy();
  execFileSync("stty", ["-F", path, "raw", "-echo"]);
  let isOpen = true;

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    master.destroy();
    closeSync(keptOpen);
  }

  master.on("error", close);
  master.on("close", close);
  return {
    path,
    onData(handler) {
      master.on("data", handler);
    },
    write(bytes) {
      if (isOpen && master.writableLength + bytes.length <= UNREAD_MAX) master.write(bytes);
    },
    hang(isHung) {
      if (isHung) master.pause();
      else master.resume();
    },
    close,
  };
}

/** `open` of the library is there but not in its types. */
function openTerminal(name: string): { readonly path: string; readonly master: Duplex; readonly slave: Duplex } {
  const open: unknown = Reflect.get(nodePty, "open");
  if (typeof open !== "function") throw new Error("node-pty has no open");
  let terminal: unknown;
  try {
    terminal = Reflect.apply(open, nodePty, [{ encoding: null }]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Fault("link.open-failed", name, `the system gives no pseudo-terminal: ${why}`, {}, error);
  }
  if (typeof terminal !== "object" || terminal === null) throw new Error("node-pty opened nothing");
  const path: unknown = Reflect.get(terminal, "ptsName");
  const master: unknown = Reflect.get(terminal, "master");
  const slave: unknown = Reflect.get(terminal, "slave");
  if (typeof path !== "string" || !(master instanceof Duplex) || !(slave instanceof Duplex)) {
    throw new Error("node-pty opened something else than a terminal");
  }
  return { path, master, slave };
}
