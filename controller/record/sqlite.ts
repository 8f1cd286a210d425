/**
 * SQLite through the build of its driver that is made for the Node that runs. better-sqlite3 12 holds on to Node's inner
 * objects: from Node 24.19 on the process aborts when a statement is collected. better-sqlite3 13 asks for Node-API 10
 * instead, and crashes where Node does not have it.
 */
import { createRequire } from "node:module";
import type Driver from "better-sqlite3";
import { Fault } from "../../protocols/base/fault.ts";

export type Database = Driver.Database;

/** As scripts/prepare.mjs has it. */
const NODE_API_OF_13 = 10;

const load: (name: string) => unknown = createRequire(import.meta.url);

/** The package to be loaded where Node has this version of Node-API (`process.versions.napi`). */
export function driverFor(nodeApi: string | undefined): string {
  return Number(nodeApi) >= NODE_API_OF_13 ? "better-sqlite3-13" : "better-sqlite3";
}

const DRIVER = driverFor(process.versions["napi"]);

/** Throws Fault store.no-driver where the driver cannot be loaded; SQLite's own errors as they are. */
export function openDatabase(path: string, options: Driver.Options = {}, driver = DRIVER): Database {
  try {
    const Opened = load(driver);
    if (!isDriver(Opened)) throw new TypeError(`${driver} is no driver`);
    return new Opened(path, options);
  } catch (error) {
    if (!isNotLoaded(error)) throw error;
    const [first = ""] = error.message.split("\n");
    const why = `${driver} cannot be loaded by Node ${process.versions.node}: ${first}`;
    throw new Fault("store.no-driver", "SQLite", why, { driver }, error);
  }
}

/** `code`: how its code begins, such as SQLITE_BUSY. */
export function isSqliteError(error: unknown, code = "SQLITE_"): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith(code);
}

function isDriver(loaded: unknown): loaded is typeof Driver {
  return typeof loaded === "function";
}

/** The package, or the binary in it (of which 12 tells where it looked), is not there or is another Node's. */
function isNotLoaded(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if ("tries" in error) return true;
  return "code" in error && (error.code === "MODULE_NOT_FOUND" || error.code === "ERR_DLOPEN_FAILED");
}
