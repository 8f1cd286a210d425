/** How much room a disk has, as the system tells whoever is not its administrator. */
import { statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Bytes free where the path lies, or would lie; null where the system does not say. */
export function freeBytes(path: string): number | null {
  for (let place = resolve(path); ; place = dirname(place)) {
    try {
      const { bavail, bsize } = statfsSync(place);
      return bavail * bsize;
    } catch {
      if (place === dirname(place)) return null;
    }
  }
}
