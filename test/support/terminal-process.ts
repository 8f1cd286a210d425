/** beamrack in a real pseudo-terminal: what it draws is put together again as a terminal would show it. */
import nodePty from "@lydell/node-pty";
import { ROOT } from "../tidy/project-files.ts";

export interface TerminalProcess {
  /** What is seen now, row by row. */
  seen(): readonly string[];
  /** Everything that was written. */
  written(): string;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  /** Resolves when the screen is as it should be; rejects with what it is instead. */
  until(isSo: (screen: string) => boolean, withinMs: number): Promise<void>;
  readonly ended: Promise<number>;
  kill(): void;
}

const POLL_MS = 25;

export function startInTerminal(
  args: readonly string[],
  size: { readonly columns: number; readonly rows: number },
  environment: Readonly<Record<string, string>> = {},
): TerminalProcess {
  const process_ = nodePty.spawn(process.execPath, [`${ROOT}dist/tui/main.js`, ...args], {
    name: environment["TERM"] ?? "xterm-256color",
    cols: size.columns,
    rows: size.rows,
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: "production", LANG: "C.UTF-8", LC_ALL: "C.UTF-8", ...environment },
  });
  let written = "";
  const screen: string[] = [];
  process_.onData((text) => {
    written += text;
    draw(screen, text);
  });
  const ended = new Promise<number>((resolve) => {
    process_.onExit(({ exitCode }) => {
      resolve(exitCode);
    });
  });
  const seen = (): readonly string[] => Array.from({ length: screen.length }, (_, index) => screen[index] ?? "");
  return {
    seen,
    written: () => written,
    type(keys) {
      process_.write(keys);
    },
    resize(columns, rows) {
      process_.resize(columns, rows);
    },
    async until(isSo, withinMs) {
      const endMs = performance.now() + withinMs;
      while (!isSo(seen().join("\n"))) {
        if (performance.now() > endMs) {
          throw new Error(`after ${String(withinMs)} ms the screen was\n${seen().join("\n")}\n${written.slice(-2000)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    ended,
    kill() {
      process_.kill("SIGKILL");
    },
  };
}

/** A row at its place, as the screens write them; a whole clear. */
const PIECE = /\u001b\[2J|\u001b\[(\d+);1H((?:(?!\u001b\[\d+;1H|\u001b\[\?2026l|\u001b\[2J)[^])*)/g;

function draw(screen: string[], text: string): void {
  for (const [whole, line, content = ""] of text.matchAll(PIECE)) {
    if (whole === "\u001b[2J") screen.length = 0;
    else screen[Number(line) - 1] = content.replace(/\u001b\[[\d;]*[mK]/g, "").trimEnd();
  }
}
