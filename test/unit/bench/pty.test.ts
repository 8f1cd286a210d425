import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openPty } from "../../../tui/bench/pty.ts";

const LIST = "/proc/self/fd";

describe.runIf(existsSync(LIST))("a pair of pseudo-terminals", () => {
  it("that was closed leaves no descriptor behind, however often an instrument is unplugged", async () => {
    const openAndClose = async (): Promise<void> => {
      const pair = await openPty();
      pair.close();
      await new Promise((resolve) => setImmediate(resolve));
    };
    await openAndClose();
    const before = readdirSync(LIST).length;
    for (let count = 0; count < 4; count += 1) await openAndClose();
    expect(readdirSync(LIST).length).toBeLessThan(before + 4);
  });
});
