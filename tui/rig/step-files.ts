/** A share of step files, seen by two computers: written under one path, read under another. */
import type { SiteNewareCabinet } from "../../protocols/site/site.ts";

/**
 * The path at which this computer finds a step file that the cycler's computer was told of; undefined for one that is
 * not in the cabinet's folder.
 */
export function localStepFile(cabinet: SiteNewareCabinet, path: string): string | undefined {
  const { stepFileFolder, writeFolder } = cabinet;
  if (!path.startsWith(stepFileFolder)) return undefined;
  const fileName = path.slice(stepFileFolder.length).replace(/^[\\/]/, "");
  if (fileName === "" || /[\\/]/.test(fileName)) return undefined;
  return writeFolder.endsWith("/") ? `${writeFolder}${fileName}` : `${writeFolder}/${fileName}`;
}
