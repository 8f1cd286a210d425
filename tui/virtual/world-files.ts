/** Files that a simulated run leaves for people: whole or not at all, and Faults in words when the disk says no. */
import { accessSync, constants, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Fault } from "../../protocols/base/fault.ts";

/** Throws Fault `output.unwritable`. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(`${path}.part`, content);
    renameSync(`${path}.part`, path);
  } catch (error) {
    removeQuietly(`${path}.part`);
    throw new Fault("output.unwritable", path, reasonOf(error), {}, error);
  }
}

/** Makes the folder that an option names, before anything is run for it. Throws Fault `command.usage`. */
export function outputFolder(option: string, path: string): void {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new Fault("command.usage", option, `${path} cannot be written: ${reasonOf(error)}`, {}, error);
  }
}

/** What a full disk took the half of. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Nothing more can be done there, and why is told.
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
