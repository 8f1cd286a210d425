/** A file that another computer will read: whole, on the disk, or not there. */
import { open, rename } from "node:fs/promises";

/** Rejects with what the system says. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, "w", 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
}
