/**
 * Paths and bodies of the SIMPLON interface (detector, file writer). The version is part of every path but its own,
 * so it is read from the detector and never assumed.
 */

export type SimplonModule = "detector" | "filewriter";

/** Version as a path may hold it: `1.8.0`. */
export const SIMPLON_VERSION = /^\d{1,3}(?:\.\d{1,3}){1,3}$/;

export function versionPath(module: SimplonModule): string {
  return `/${module}/api/version`;
}

export function configPath(version: string, module: SimplonModule, name: string): string {
  return `/${module}/api/${version}/config/${name}`;
}

export function statusPath(version: string, module: SimplonModule, name: string): string {
  return `/${module}/api/${version}/status/${name}`;
}

export type SimplonCommand = "initialize" | "arm" | "trigger" | "disarm" | "cancel" | "abort" | "status_update";

export function commandPath(version: string, command: SimplonCommand): string {
  return `/detector/api/${version}/command/${command}`;
}

/** A file in the detector's buffer. */
export function dataPath(fileName: string): string {
  return `${DATA_FOLDER}/${encodeURIComponent(fileName)}`;
}

/** Where the detector keeps its files; there are no folders in it. */
export const DATA_FOLDER = "/data";

export function valueBody(value: string | number | boolean): string {
  return JSON.stringify({ value });
}

/** One of the files of a series, counted from 1. */
export function dataFile(namePattern: string, number: number): string {
  return `${namePattern}_data_${String(number).padStart(6, "0")}.h5`;
}

const NAME_LENGTH_MAX = 100;

/** Why a name cannot be given to the file writer, or undefined when it can. `$id` would be replaced by the detector. */
export function namePatternProblem(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.length > NAME_LENGTH_MAX) return `it is longer than ${NAME_LENGTH_MAX} characters`;
  return /^[A-Za-z0-9_.-]+$/.test(name) ? undefined : "only letters, digits, `_`, `-` and `.` can be in it";
}
