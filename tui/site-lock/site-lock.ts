/**
 * One controller at a site. The lock is an exclusive transaction on a small database, so it ends with the process that
 * holds it, however that ends. A site is known by its ports, not by its file: two files that share a serial port or an
 * address are the same hardware, and the second is refused whatever the files are called. Brokers are meant to be
 * shared and do not count.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { isSqliteError, openDatabase, type Database } from "../../controller/record/sqlite.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { siteCables } from "../../protocols/site/site-cables.ts";
import { linkText } from "../../protocols/site/site-lookup.ts";
import type { Site } from "../../protocols/site/site.ts";

/** Who holds a site, as the holder told of itself. */
export interface SiteHolder {
  readonly site: string;
  readonly pid: number;
  readonly host: string;
  /** Such as `beamrack run formation-day.yaml`. */
  readonly command: string;
  /** UTC, ISO 8601. */
  readonly since: string;
  readonly ports: readonly string[];
}

export interface SiteLock {
  /** Lets go. Safe to repeat. */
  release(): void;
}

export interface HeldSiteLock extends SiteLock {
  /**
   * Its files count as used just now. What clears old files out of a folder (systemd-tmpfiles, after ten days in /tmp on
   * many systems) would else take away the lock of a campaign that lasts for weeks, and let a second controller in.
   */
  freshen(): void;
}

export interface SiteLocks {
  /** Throws Fault `site.in-use` where another process, or this one, holds the site or a port of it. */
  take(site: Site, options: { readonly command: string }): HeldSiteLock;
  /** Who holds the site or a port of it now; undefined when it is free. */
  holderOf(site: Site): SiteHolder | undefined;
}

export interface SiteLocksDeps {
  /** The same for everybody who may control the site. Made when it is not there. */
  readonly folder: string;
  readonly pid: number;
  readonly host: string;
  readonly wallMs: () => number;
}

/** Looking and taking lasts milliseconds; somebody who holds the guard for longer hangs. */
const GUARD_WAIT_MS = 5000;
const LOCK_ENDING = ".lock";

const holderSchema = z.object({
  site: z.string(),
  pid: z.int(),
  host: z.string(),
  command: z.string(),
  since: z.string(),
  ports: z.array(z.string()),
});

/** All throw Fault `site.lock-unusable` where the folder cannot be used. */
export function createSiteLocks(deps: SiteLocksDeps): SiteLocks {
  const { folder } = deps;

  /** Only one at a time looks at the locks or takes one, so that nobody takes another's look for a holder. */
  function guarded<T>(work: () => T): T {
    let guard: Database | undefined;
    try {
      makeFolder(folder);
      guard = openLock(join(folder, "guard.db"), GUARD_WAIT_MS);
      return work();
    } catch (error) {
      if (error instanceof Fault) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new Fault("site.lock-unusable", folder, `the folder of site locks cannot be used: ${why}`, {}, error);
    } finally {
      guard?.close();
    }
  }

  /** Call under the guard. Clears away what dead holders left. */
  function conflicting(ports: readonly string[]): SiteHolder | undefined {
    for (const name of readdirSync(folder).filter((entry) => entry.endsWith(LOCK_ENDING))) {
      const path = join(folder, name);
      if (!isHeld(path)) {
        rmSync(path, { force: true });
        rmSync(holderPath(path), { force: true });
        continue;
      }
      const holder = readHolder(path);
      // One that does not say what it holds may hold anything.
      if (holder.ports.length === 0 || holder.ports.some((port) => ports.includes(port))) return holder;
    }
    return undefined;
  }

  return {
    take(site, { command }) {
      const ports = portsOf(site);
      const path = join(folder, `${site.name.replace(/[^A-Za-z0-9._-]/g, "-")}-${digest(ports)}${LOCK_ENDING}`);
      const lock = guarded(() => {
        const holder = conflicting(ports);
        if (holder !== undefined) throw inUse(site, ports, holder);
        const taken = openLock(path, 0);
        const since = new Date(deps.wallMs()).toISOString();
        const own: SiteHolder = { site: site.name, pid: deps.pid, host: deps.host, command, since, ports };
        writeFileSync(holderPath(path), `${JSON.stringify(own)}\n`, { mode: 0o666 });
        return taken;
      });
      let isOurs = true;
      return {
        release() {
          if (!isOurs) return;
          isOurs = false;
          // Before the lock: afterwards the file may be another's already.
          rmSync(holderPath(path), { force: true });
          lock.close();
        },
        freshen() {
          if (!isOurs) return;
          const nowS = deps.wallMs() / 1000;
          for (const file of [path, holderPath(path)]) {
            try {
              utimesSync(file, nowS, nowS);
            } catch {
              // It is gone, or on a disk that takes nothing: the lock itself is none the worse for it.
            }
          }
        },
      };
    },
    holderOf(site) {
      return guarded(() => conflicting(portsOf(site)));
    },
  };
}

/** What is plugged in where, as text that is the same for two ways of writing one port. */
function portsOf(site: Site): readonly string[] {
  const positions = site.channels.map((channel) => channel.position);
  const ports = siteCables(site, positions).flatMap(({ link }) => {
    switch (link.kind) {
      case "mqtt":
        return [];
      case "serial":
      case "modbus-rtu":
        return [devicePath(link.path)];
      case "tcp":
      case "http":
        return [linkText(link).replace(/^(localhost|\[::1\]):/, "127.0.0.1:")];
    }
  });
  return [...new Set(ports)].sort();
}

/** Links by id and the device they point to are one port. A device that is not there now keeps its name. */
function devicePath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function digest(ports: readonly string[]): string {
  return createHash("sha256").update(ports.join("\n")).digest("hex").slice(0, 12);
}

/** Others of this machine must be able to look and to take: the site is theirs as well. */
function makeFolder(folder: string): void {
  if (mkdirSync(folder, { recursive: true }) !== undefined) chmodSync(folder, 0o777);
}

function openLock(path: string, waitMs: number): Database {
  const database = openDatabase(path);
  try {
    database.pragma(`busy_timeout = ${waitMs}`);
    database.exec("BEGIN EXCLUSIVE");
    openToOthers(path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function openToOthers(path: string): void {
  try {
    chmodSync(path, 0o666);
  } catch {
    // It is another user's, who has done so already.
  }
}

function isHeld(path: string): boolean {
  try {
    openLock(path, 0).close();
    return false;
  } catch (error) {
    if (isSqliteError(error, "SQLITE_BUSY")) return true;
    throw error;
  }
}

function readHolder(lockPath: string): SiteHolder {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(holderPath(lockPath), "utf8")));
  } catch {
    return { site: lockPath, pid: 0, host: "this machine", command: "not known", since: "not known", ports: [] };
  }
}

function holderPath(lockPath: string): string {
  return `${lockPath.slice(0, -LOCK_ENDING.length)}.json`;
}

function inUse(site: Site, ports: readonly string[], holder: SiteHolder): Fault {
  const shared = holder.ports.filter((port) => ports.includes(port));
  const what =
    shared.length === 0
      ? "this site, or another"
      : shared.length > 3
        ? `${shared.slice(0, 3).join(", ")} and ${shared.length - 3} more`
        : shared.join(", ");
  const who = `process ${holder.pid} on ${holder.host} (${holder.command}), since ${holder.since}`;
  return new Fault("site.in-use", site.name, `another beamrack controls ${what}: ${who}`, {
    pid: holder.pid,
    host: holder.host,
    command: holder.command,
    since: holder.since,
    site: holder.site,
  });
}
