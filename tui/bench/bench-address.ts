/** Where the bench serves an instrument: at its own address when that is of this computer, beside it otherwise. */
import { existsSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { LinkAddress } from "../../protocols/site/site.ts";

/**
 * Serial paths under /dev belong to the system: such an instrument is served under its last name in `folder`. A host
 * that is not this computer is served on the loopback interface, on a free port (0). `{position}` stays as it is.
 */
export function benchAddress(link: LinkAddress, folder: string): LinkAddress {
  switch (link.kind) {
    case "serial":
    case "modbus-rtu":
      return { ...link, path: benchPath(link.path, folder) };
    case "tcp":
    case "http":
      return isLoopback(link.host) ? link : { ...link, host: "127.0.0.1", port: 0 };
    case "mqtt": {
      const url = URL.canParse(link.url) ? new URL(link.url) : undefined;
      const isHere = url?.protocol === "mqtt:" && isLoopback(url.hostname);
      return isHere ? link : { kind: "mqtt", url: "mqtt://127.0.0.1:0" };
    }
  }
}

/** The path of a serial port on the bench. */
export function benchPath(path: string, folder: string): string {
  return path.startsWith("/dev/") ? join(folder, basename(path)) : path;
}

/** Where step files go on the bench: as the site says where that folder is there, into the bench's own otherwise. */
export function benchStepFolder(writeFolder: string, folder: string): string {
  return existsSync(writeFolder) ? writeFolder : join(folder, "steps");
}

export function isLoopback(host: string): boolean {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  return bare === "localhost" || bare === "::1" || /^127(\.\d{1,3}){3}$/.test(bare);
}

/** Whether a link can only lead to a bench on this computer: loopback, or a pseudo-terminal, links followed. */
export function isBench(link: LinkAddress): boolean {
  switch (link.kind) {
    case "serial":
    case "modbus-rtu":
      return isOfPseudoTerminal(link.path);
    case "tcp":
    case "http":
      return isLoopback(link.host);
    case "mqtt":
      return URL.canParse(link.url) && isLoopback(new URL(link.url).hostname);
  }
}

const PSEUDO_TERMINALS = "/dev/pts/";
/** Files in memory: no devices, and a folder for a bench like any other. */
const SHARED_MEMORY = "/dev/shm/";

/** Where nothing is yet, a bench may be to come, unless it would be among the system's own. */
function isOfPseudoTerminal(path: string): boolean {
  try {
    return realpathSync(path).startsWith(PSEUDO_TERMINALS);
  } catch {
    const target = danglingTarget(path);
    return [PSEUDO_TERMINALS, SHARED_MEMORY].some((place) => target.startsWith(place)) || !target.startsWith("/dev/");
  }
}

/** Where a link leads whose end is not there: a bench that was killed, or an instrument that is unplugged. */
function danglingTarget(path: string): string {
  let target = resolve(path);
  try {
    for (let links = 0; links < LINKS_MAX; links += 1) {
      target = join(realpathSync(dirname(target)), basename(target));
      target = resolve(dirname(target), readlinkSync(target));
    }
  } catch {
    // Its end, or a folder on the way that is not there.
  }
  return target;
}

/** As many as Linux itself follows. */
const LINKS_MAX = 40;
