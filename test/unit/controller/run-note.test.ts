import { describe, expect, it } from "vitest";
import { waitingFor } from "../../../controller/machines/waiting.ts";
import { runNote } from "../../../controller/run/run-note.ts";

const NAMES = ["stage", "io", ...Array.from({ length: 94 }, (_, index) => `channel ${String(index + 1)}`)];
const clockAt = (nowMs: number) => ({
  wallMs: () => nowMs,
  monoMs: () => nowMs,
  setTimeout: () => undefined,
  clearTimeout: () => undefined,
});

function noteAt(nowMs: number, readyCount: number, isolated: readonly string[] = []): string | null {
  const waiting = waitingFor("the instruments to identify themselves", "instruments", 1000, 60_000);
  const context = { waiting, ready: new Set(NAMES.slice(0, readyCount)), isolated: new Set(isolated) };
  return runNote({ value: "connecting", context }, NAMES, clockAt(nowMs));
}

describe("what a run waits for while its instruments connect", () => {
  it("is counted from the beginning", () => {
    expect(noteAt(1000, 0)).toBe("the instruments to identify themselves: 0 of 96");
    expect(noteAt(3900, 90)).toBe("the instruments to identify themselves: 90 of 96");
  });

  it("names those that have not answered after three seconds, four at most", () => {
    expect(noteAt(4000, 94)).toBe("the instruments to identify themselves: 94 of 96; not yet: channel 93, channel 94");
    expect(noteAt(4000, 1)).toMatch(/: 1 of 96; not yet: io, channel 1, channel 2, channel 3 and 91 more$/);
  });

  it("does not name again what was given up", () => {
    expect(noteAt(9000, 95, ["channel 94"])).toBe("the instruments to identify themselves: 95 of 96, 1 given up");
  });

  it("is the machine's own word afterwards", () => {
    const context = {
      waiting: waitingFor("beam", "machine", 0, null),
      ready: new Set<string>(),
      isolated: new Set<string>(),
    };
    expect(runNote({ value: { running: {} }, context }, NAMES, clockAt(9000))).toBe("beam");
    expect(
      runNote({ value: { running: {} }, context: { ...context, waiting: null } }, NAMES, clockAt(9000)),
    ).toBeNull();
  });

  it("tells who has access to a cell also where the beam waits for something else, and not twice", () => {
    const access = { reason: "anna to give back the access to A3: a contact" };
    const saidWhile = (reason: string | null): string | null => {
      const waiting = reason === null ? null : waitingFor(reason, "operator", 0, null);
      const context = { waiting, ready: new Set<string>(), isolated: new Set<string>() };
      return runNote({ value: { running: {} }, context }, NAMES, clockAt(9000), access);
    };
    expect(saidWhile("a person to resume exposing")).toBe(`a person to resume exposing; besides, for ${access.reason}`);
    expect([saidWhile(access.reason), saidWhile(null)]).toEqual([access.reason, access.reason]);
  });
});
