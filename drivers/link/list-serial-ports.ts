/** Which serial ports this machine has: help for writing a site file, never needed to open one. */
import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { SerialPort } from "serialport";

export interface SerialPortEntry {
  readonly path: string;
  /** Names the device itself and stays when it is plugged in elsewhere; null where the system gives none. */
  readonly stablePath: string | null;
  readonly manufacturer: string | null;
  readonly serialNumber: string | null;
}

export interface SerialPortList {
  readonly ports: readonly SerialPortEntry[];
  /** Why the list may not be complete; null when it is. */
  readonly note: string | null;
}

export interface ListSerialPortsDeps {
  /** The library's own listing, which asks udevadm on Linux. */
  readonly list?: () => Promise<readonly LibraryEntry[]>;
  /** Where the system names devices by what they are. */
  readonly byIdFolder?: string;
}

interface LibraryEntry {
  readonly path: string;
  readonly manufacturer?: string | undefined;
  readonly serialNumber?: string | undefined;
}

/** Never rejects: without udevadm the ports that the system names by id are listed, and the note says so. */
export async function listSerialPorts(deps: ListSerialPortsDeps = {}): Promise<SerialPortList> {
  const byId = await stablePaths(deps.byIdFolder ?? "/dev/serial/by-id");
  try {
    const found = await (deps.list ?? SerialPort.list)();
    const ports = found.map((port) => ({
      path: port.path,
      stablePath: byId.get(port.path) ?? null,
      manufacturer: port.manufacturer ?? null,
      serialNumber: port.serialNumber ?? null,
    }));
    return { ports, note: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const ports = [...byId].map(([path, stablePath]) => ({ path, stablePath, manufacturer: null, serialNumber: null }));
    return { ports, note: `the system could not be asked for its ports (${why}); only those named by id are listed` };
  }
}

/** From the device's path to the link that names it. */
async function stablePaths(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const names = await readdir(folder).catch(() => []);
  for (const name of names.sort()) {
    const link = join(folder, name);
    const path = await realpath(link).catch(() => undefined);
    if (path !== undefined) found.set(path, link);
  }
  return found;
}
