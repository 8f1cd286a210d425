import { describe, expect, it } from "vitest";
import type { Clock } from "../../../protocols/base/clock.ts";
import type { CommandContext, ProgressOutput } from "../../../tui/command-context.ts";
import { besideProgress, createProgressPrinter } from "../../../tui/progress/progress-printer.ts";
import type { ProgressState } from "../../../tui/progress/progress-state.ts";

function stateAt(fraction: number): ProgressState {
  return {
    campaign: "formation-day",
    virtualS: fraction * 86_400,
    totalS: 86_400,
    wallS: fraction * 40,
    cellsByState: { charging: 96 },
    sweep: { number: Math.floor(fraction * 96), of: 96 },
    doseLimitFractionMax: fraction,
    exposuresMade: 0,
    alarmsOpen: 0,
    refused: 0,
  };
}

function createBench(isTerminal: boolean) {
  const time = { nowMs: 0 };
  const clock: Clock = {
    wallMs: () => time.nowMs,
    monoMs: () => time.nowMs,
    setTimeout: () => undefined,
    clearTimeout: () => undefined,
  };
  const drawn: string[] = [];
  const output: ProgressOutput = {
    isTerminal,
    colour: false,
    columns: () => 80,
    draw: (text) => {
      drawn.push(text);
    },
  };
  return { time, drawn, output, printer: createProgressPrinter(output, clock) };
}

/** Its messages go to the same terminal by a way of their own. */
function contextWith(output: ProgressOutput): CommandContext {
  return {
    printError(line: string) {
      output.draw(`${line}\n`);
    },
  } as CommandContext;
}

/** A terminal that knows only what the live display uses: line ends, `go up N lines`, `clear the line`, `clear from here`. */
function screenAfter(chunks: readonly string[]): string[] {
  const lines: string[] = [""];
  let row = 0;
  let isAtBegin = true;
  for (const [token] of chunks.join("").matchAll(/\u001b\[\d*[A-Z]|\n|[^\u001b\n]+/g)) {
    if (token === "\n") {
      row += 1;
      lines[row] ??= "";
    } else if (token.endsWith("F") && token.startsWith("\u001b")) {
      row -= Number(token.slice(2, -1));
    } else if (token === "\u001b[K") {
      // Only what is to the right of the cursor: after a text nothing, at the begin of a line all of it.
      if (isAtBegin) lines[row] = "";
    } else if (token === "\u001b[J") {
      lines.length = row;
      lines.push("");
    } else {
      lines[row] = token;
    }
    isAtBegin = token === "\n" || (token.startsWith("\u001b") && isAtBegin) || token.endsWith("F");
  }
  return lines;
}

describe("in a terminal", () => {
  it("redraws in place: what was drawn before is gone", () => {
    const { time, drawn, printer } = createBench(true);
    printer.update({ ...stateAt(0.1), note: "waits for beam" });
    time.nowMs += 1000;
    printer.update(stateAt(0.5));
    const screen = screenAfter(drawn).join("\n");
    expect(screen).toContain("50 %");
    expect(screen).not.toContain("10 %");
    expect(screen).not.toContain("waits for beam");
  });

  it("never clears the screen from its top: terminals would keep each drawing in their history", () => {
    const { time, drawn, printer } = createBench(true);
    for (const fraction of [0.1, 0.2, 0.3]) {
      time.nowMs += 1000;
      printer.update(stateAt(fraction));
    }
    const clears = drawn.filter((text) => text.includes("\u001b[J"));
    expect(clears).toHaveLength(3);
    for (const text of clears) expect(text).toMatch(/\u001b\[K\n\u001b\[J$/);
  });

  it("draws at most five times a second", () => {
    const { time, drawn, printer } = createBench(true);
    for (let tick = 0; tick < 1000; tick++) {
      time.nowMs = tick;
      printer.update(stateAt(tick / 1000));
    }
    expect(drawn.length).toBe(5);
  });

  it("keeps what is written beside it by another way, above the live lines", () => {
    const { time, drawn, output, printer } = createBench(true);
    const { context, show } = besideProgress(contextWith(output));
    context.printError("before");
    show(printer);
    printer.update(stateAt(0.2));
    context.printError("bus: the broker was lost");
    time.nowMs += 1000;
    printer.update({ ...stateAt(0.3), note: "waits for beam" });
    printer.finish(stateAt(1));
    context.printError("stopped");
    const screen = screenAfter(drawn);
    expect(screen.slice(0, 2)).toEqual(["before", "bus: the broker was lost"]);
    expect(screen.filter((line) => line.startsWith("formation-day"))).toHaveLength(1);
    expect(screen.at(-2)).toBe("stopped");
  });

  it("keeps messages above the live lines", () => {
    const { drawn, printer } = createBench(true);
    printer.update(stateAt(0.2));
    printer.say("A1 isolated");
    const screen = screenAfter(drawn);
    expect(screen[0]).toBe("A1 isolated");
    expect(screen[1]).toContain("formation-day");
    expect(screen.filter((line) => line.includes("formation-day"))).toHaveLength(1);
  });

  it("shows the last state however recently it drew", () => {
    const { drawn, printer } = createBench(true);
    printer.update(stateAt(0.99));
    printer.finish(stateAt(1));
    expect(screenAfter(drawn).join("\n")).toContain("100 %");
  });
});

describe("when not in a terminal", () => {
  it("prints one line every tenth of the way and no escape sequences", () => {
    const { time, drawn, printer } = createBench(false);
    for (let percent = 0; percent <= 100; percent++) {
      time.nowMs += 400;
      printer.update(stateAt(percent / 100));
    }
    printer.finish(stateAt(1));
    expect(drawn).toHaveLength(11);
    for (const line of drawn) expect(line).toMatch(/^[^\u001b\n]+\n$/);
    expect(drawn.at(-1)).toContain("100 %");
  });

  it("is not silent for more than a minute however slow the campaign is", () => {
    const { time, drawn, printer } = createBench(false);
    for (let second = 0; second < 180; second++) {
      time.nowMs = second * 1000;
      printer.update(stateAt(0.01));
    }
    expect(drawn).toHaveLength(3);
  });
});
