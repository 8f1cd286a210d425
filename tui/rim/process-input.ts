/** Standard input, line by line, of a process that another one of beamrack's started. */
import { createInterface } from "node:readline";
import type { ProcessInput } from "../command-context.ts";

/** Nothing is read before the first line is asked for. */
export function createProcessInput(): ProcessInput {
  const lines: string[] = [];
  let waiting: ((line: string | null) => void) | undefined;
  let isBegun = false;
  let isOver = false;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });

  function begin(): void {
    if (isBegun) return;
    isBegun = true;
    const reader = createInterface({ input: process.stdin });
    reader.on("line", (line) => {
      const asked = waiting;
      waiting = undefined;
      if (asked === undefined) lines.push(line);
      else asked(line);
    });
    reader.on("close", () => {
      isOver = true;
      waiting?.(null);
      end();
    });
  }

  return {
    line() {
      begin();
      const next = lines.shift();
      if (next !== undefined || isOver) return Promise.resolve(next ?? null);
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    get ended() {
      begin();
      return ended;
    },
    close() {
      process.stdin.destroy();
    },
  };
}
