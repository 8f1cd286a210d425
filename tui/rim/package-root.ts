/** Where beamrack is installed: the same from source, from dist/ and from node_modules. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

let found: { readonly folder: string; readonly version: string } | undefined;

/** The folder that holds beamrack's package.json, and the version written there. */
export function packageRoot(): { readonly folder: string; readonly version: string } {
  found ??= findRoot(dirname(fileURLToPath(import.meta.url)));
  return found;
}

function findRoot(start: string): { folder: string; version: string } {
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (existsSync(path)) {
      const json: unknown = JSON.parse(readFileSync(path, "utf8"));
      if (isManifest(json)) return { folder, version: json.version };
    }
    if (folder === dirname(folder)) throw new Error(`no package.json of beamrack above ${start}`);
  }
}

function isManifest(json: unknown): json is { name: "beamrack"; version: string } {
  return (
    typeof json === "object" &&
    json !== null &&
    "name" in json &&
    json.name === "beamrack" &&
    "version" in json &&
    typeof json.version === "string"
  );
}
