import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { startInTerminal, type TerminalProcess } from "../../support/terminal-process.ts";

const SIZE = { columns: 80, rows: 24 };
const SLOW_MS = 60_000;

let running: TerminalProcess | undefined;
let folder: string | undefined;
afterEach(() => {
  running?.kill();
  running = undefined;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

describe("in a real terminal", () => {
  it("a newcomer sees a living rack, finds a way about, and leaves the terminal as it was", async () => {
    folder = mkdtempSync(join(tmpdir(), "beamrack-terminal-"));
    const screen = startInTerminal(["start", "--data", join(folder, "run")], SIZE);
    running = screen;
    // Instruments that are still asked who they are take no orders.
    await screen.until((text) => /formation-day.*● live[^]*(proving|cycling), step 1/.test(text), SLOW_MS);
    screen.type("m");
    await screen.until((text) => text.includes("Rack by step"), SLOW_MS);
    screen.type("c");
    await screen.until((text) => text.includes("control: you"), SLOW_MS);
    // On a machine that is busy with others an order may come too late; whoever sees that gives it again.
    for (let tries = 1; tries <= 3; tries += 1) {
      screen.type("h");
      await screen.until((text) => text.includes("why?"), SLOW_MS);
      screen.type("te");
      screen.type("st");
      await screen.until((text) => text.includes("why? test"), SLOW_MS);
      screen.type("\r");
      await screen.until((text) => text.includes("hold exposing: "), SLOW_MS);
      if (screen.seen().some((row) => row.includes("hold exposing: ordered"))) break;
      await screen.until((text) => !text.includes("hold exposing: "), SLOW_MS);
    }
    await screen.until((text) => text.includes(" held "), SLOW_MS);
    screen.resize(60, 20);
    await screen.until((text) => text.includes("needs 80x24, this is 60x20"), SLOW_MS);
    screen.resize(120, 40);
    await screen.until((text) => text.includes("Rack by step") && text.includes("● live"), SLOW_MS);
    screen.type("q");
    expect(await screen.ended).toBe(0);
    const last = screen.written().split("\u001b[?1049l");
    expect(last.length).toBe(2);
    expect(last[1]).toMatch(/Left\. formation-day on reference .*The simulated world ends here\./s);
  });

  it("a broker that is not there is one line, not a screen", async () => {
    const screen = startInTerminal(["tui", "--broker", "mqtt://127.0.0.1:9"], SIZE);
    running = screen;
    expect(await screen.ended).toBe(2);
    expect(screen.written()).toMatch(/127\.0\.0\.1:9: .*\[bus\.unreachable\]/);
    expect(screen.written()).not.toContain("\u001b[?1049h");
  });

  it("a terminal that cannot draw gets one line that says what to do instead", async () => {
    const screen = startInTerminal(["tui"], SIZE, { TERM: "dumb" });
    running = screen;
    expect(await screen.ended).toBe(2);
    expect(screen.written()).toContain("beamrack status tells how things stand in lines");
  });
});
