import { describe, expect, it } from "vitest";
import type { Clock } from "../../../protocols/base/clock.ts";
import type { Link } from "../../../protocols/roles/link.ts";
import type { DriverDeps } from "../../../tui/rig/drivers.ts";
import { timeLinks } from "../../../tui/rig/timed-links.ts";

/** A cable whose other end speaks when it is told to. */
function cable() {
  let nowMs = 0;
  const handlers = new Set<(chunk: Uint8Array) => void>();
  const link: Link = {
    name: "stage",
    isOpen: true,
    write: () => undefined,
    onData(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    onClose: () => () => undefined,
    close: () => undefined,
  };
  const clock: Clock = {
    wallMs: () => nowMs,
    monoMs: () => nowMs,
    setTimeout: () => null,
    clearTimeout: () => undefined,
  };
  const deps: DriverDeps = {
    clock,
    openLinkOf: () => () => Promise.resolve(link),
    httpPortOf: () => {
      throw new Error("no HTTP here");
    },
    writeFile: () => Promise.resolve(),
  };
  return {
    deps,
    pass: (ms: number): void => {
      nowMs += ms;
    },
    speak: (): void => {
      for (const handler of handlers) handler(new Uint8Array([111, 107]));
    },
  };
}

describe("how long an instrument takes to answer", () => {
  it("is from the first order to the first byte after it; what comes unasked counts for nothing", async () => {
    const { deps, pass, speak } = cable();
    const { links, answerMs } = timeLinks(deps);
    const link = await links.openLinkOf("stage", { kind: "tcp", host: "stage", port: 1 })();
    expect(answerMs("stage")).toBeNull();
    speak();
    expect(answerMs("stage")).toBeNull();
    link.write(new Uint8Array([63]));
    pass(5);
    link.write(new Uint8Array([10]));
    pass(15);
    speak();
    pass(1000);
    speak();
    expect(answerMs("stage")).toBe(20);
  });

  it("follows what it is of late, and forgets a question whose link was lost", async () => {
    const { deps, pass, speak } = cable();
    const { links, answerMs } = timeLinks(deps);
    const open = links.openLinkOf("stage", { kind: "tcp", host: "stage", port: 1 });
    const link = await open();
    for (let order = 0; order < 40; order += 1) {
      link.write(new Uint8Array([63]));
      pass(order < 20 ? 10 : 50);
      speak();
    }
    expect(answerMs("stage")).toBeGreaterThan(49);
    link.write(new Uint8Array([63]));
    await open();
    pass(60_000);
    speak();
    expect(answerMs("stage")).toBeLessThanOrEqual(50);
  });
});
