/** The code that a CATS or ISARA robot reads on the way, and the one before it, which it goes on showing. */
import { isFault } from "../../protocols/base/fault.ts";
import { encodePlain } from "../../protocols/wire/irelec-cats/cats-commands.ts";
import type { CatsReading } from "./cats-reader.ts";

export interface CatsCodeDeps {
  readonly readsCodes: boolean;
  readonly look: () => Promise<CatsReading>;
  /** One line on the operate socket. */
  readonly order: (line: string) => Promise<unknown>;
}

/**
 * Before a path that reads a code: the robot shows the last one until it is told to forget it, and where it can read none
 * that one must not pass for the cell's. Resolves with what tells the code that was read by its reading afterwards; null
 * where there is none, or it cannot be told from the old one.
 */
export async function forgetCode(
  { readsCodes, look, order }: CatsCodeDeps,
  before: CatsReading,
): Promise<(after: CatsReading) => string | null> {
  if (!readsCodes) return () => null;
  let old: string | null = null;
  if (before.code !== null) {
    try {
      await order(encodePlain("clearbcrd"));
    } catch (error) {
      // One that does not know the order keeps its code.
      if (!isFault(error) || error.code !== "device.refused") throw error;
    }
    old = (await look()).code;
  }
  return ({ code }) => (code === old ? null : code);
}
