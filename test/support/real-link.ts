/** What tests on real links share: a clock of the machine, waiting for a condition, and what a link said. */
import { expect } from "vitest";
import type { Link } from "../../protocols/roles/link.ts";

/** Polls until `condition` holds; fails with `what` after `withinMs`. For real links only. */
export async function until(what: string, condition: () => boolean, withinMs = 10_000): Promise<number> {
  const startMs = performance.now();
  while (!condition()) {
    if (performance.now() - startMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return performance.now() - startMs;
}

export interface HeardLink {
  /** Everything received, as Latin-1 text. */
  text(): string;
  readonly closings: readonly string[];
}

export function heard(link: Link): HeardLink {
  let text = "";
  const closings: string[] = [];
  link.onData((chunk) => {
    text += Buffer.from(chunk).toString("latin1");
  });
  link.onClose((why) => {
    closings.push(why);
  });
  return { text: () => text, closings };
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** Writing must throw and closing must not: the link is closed for good. */
export function expectClosedForGood(link: Link): void {
  expect(link.isOpen).toBe(false);
  expect(() => {
    link.write(bytes("x"));
  }).toThrow(/closed/);
  link.close();
}
