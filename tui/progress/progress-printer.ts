/**
 * Shows progress as it comes: redrawn in place in a terminal, at most five times a second; a plain line every tenth
 * of the way otherwise, and at least one a minute so that no log falls silent.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import type { CommandContext, ProgressOutput } from "../command-context.ts";
import { plainText } from "./number-text.ts";
import type { ProgressState } from "./progress-state.ts";
import { COLOURED, fractionDone, PLAIN, renderProgress, renderProgressLine } from "./render-progress.ts";

const REDRAW_MS = 200;
const SILENCE_MS = 60_000;
const STEPS = 10;

export interface ProgressPrinter {
  /** Whether `update` would look at the state now: lets a busy caller save the work of making one. */
  isDue(): boolean;
  /** Shows the state if it is due. */
  update(state: ProgressState): void;
  /** Puts a line above the live progress, or just prints it. */
  say(line: string): void;
  /** What `write` puts on the same screen by another way stands above the live progress, and is not written over. */
  aside(write: () => void): void;
  /** Shows the last state for good, and leaves the cursor below it. */
  finish(state: ProgressState): void;
}

/** A context whose messages find their place beside the progress that is shown last. */
export interface BesideProgress {
  readonly context: CommandContext;
  readonly show: (printer: ProgressPrinter) => void;
}

export function besideProgress(context: CommandContext): BesideProgress {
  let shown: ProgressPrinter | undefined;
  return {
    context: {
      ...context,
      printError(line) {
        const write = (): void => {
          context.printError(line);
        };
        if (shown === undefined) write();
        else shown.aside(write);
      },
    },
    show(printer) {
      shown = printer;
    },
  };
}

/** `clock` is the wall's, not the campaign's. */
export function createProgressPrinter(output: ProgressOutput, clock: Clock): ProgressPrinter {
  return output.isTerminal ? createLivePrinter(output, clock) : createLinePrinter(output, clock);
}

function createLivePrinter(output: ProgressOutput, clock: Clock): ProgressPrinter {
  let drawn: readonly string[] = [];
  let drawnAtMs = Number.NEGATIVE_INFINITY;

  /**
   * Writes over what was drawn before, line by line, and clears what is left of it. Cleared first and from the top of
   * the screen, some terminals would keep every drawing in their history.
   */
  function redraw(above: readonly string[], lines: readonly string[]): void {
    const up = drawn.length === 0 ? "" : `\u001b[${String(drawn.length)}F`;
    const written = [...above, ...lines].map((line) => `${line}\u001b[K\n`).join("");
    output.draw(`${up}${written}\u001b[J`);
    drawn = lines;
  }

  function draw(state: ProgressState): void {
    // one column stays free: some terminals wrap a line that fills the last one
    redraw([], renderProgress(state, output.columns() - 1, output.colour ? COLOURED : PLAIN));
    drawnAtMs = clock.monoMs();
  }
  const isDue = (): boolean => clock.monoMs() - drawnAtMs >= REDRAW_MS;
  return {
    isDue,
    update(state) {
      if (isDue()) draw(state);
    },
    say(line) {
      redraw([plainText(line)], drawn);
    },
    aside(write) {
      const lines = drawn;
      const up = lines.length === 0 ? "" : `\u001b[${String(lines.length)}F`;
      output.draw(`${up}${"\u001b[K\n".repeat(lines.length)}${up}`);
      drawn = [];
      write();
      redraw([], lines);
    },
    finish(state) {
      draw(state);
      drawn = [];
    },
  };
}

function createLinePrinter(output: ProgressOutput, clock: Clock): ProgressPrinter {
  let stepPrinted = -1;
  let lastMs = clock.monoMs();
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let lastLine = "";

  function print(state: ProgressState): void {
    stepPrinted = stepOf(state);
    lastMs = clock.monoMs();
    lastLine = renderProgressLine(state);
    output.draw(`${lastLine}\n`);
  }
  const isDue = (): boolean => clock.monoMs() - lookedAtMs >= REDRAW_MS;
  return {
    isDue,
    update(state) {
      lookedAtMs = clock.monoMs();
      if (stepOf(state) > stepPrinted || lookedAtMs - lastMs >= SILENCE_MS) print(state);
    },
    say(line) {
      output.draw(`${plainText(line)}\n`);
    },
    aside(write) {
      write();
    },
    finish(state) {
      if (renderProgressLine(state) !== lastLine) print(state);
    },
  };
}

function stepOf(state: ProgressState): number {
  return Math.floor(fractionDone(state) * STEPS);
}
