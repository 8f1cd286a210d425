/** The project's own files, as text. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export const HOUSE = ["controller", "drivers", "protocols", "simulator", "tui", "test", "scripts"] as const;
export type Layer = (typeof HOUSE)[number];

/** Paths from the root of all files under `folder`. */
export function filesUnder(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

export function readFromRoot(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

export interface SourceText {
  /** From the root, with forward slashes: `tui/main.ts`. */
  readonly path: string;
  readonly layer: Layer;
  readonly text: string;
}

/** Every TypeScript file of the house. */
export function sourceTexts(): readonly SourceText[] {
  return HOUSE.flatMap((layer) =>
    filesUnder(layer)
      .filter((path) => /\.tsx?$/.test(path))
      .map((path) => ({ path, layer, text: readFromRoot(path) })),
  );
}
