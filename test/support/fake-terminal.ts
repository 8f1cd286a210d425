/** A terminal in memory: takes what is written, knows what is seen, and types. */
import { PassThrough } from "node:stream";
import type { TerminalDevice } from "../../tui/terminal/terminal-device.ts";

export interface FakeTerminal {
  readonly device: TerminalDevice;
  /** What is seen, row by row, without colours; from what was really written. */
  seen(): readonly string[];
  /** The last text of each row, with its codes. */
  raw(): readonly string[];
  written(): string;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  readonly isEntered: () => boolean;
}

export interface FakeTerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly colour?: boolean;
  /** Does not keep what was written: for many frames. */
  readonly isForgetful?: boolean;
  readonly onWrite?: () => void;
}

export function createFakeTerminal(options: FakeTerminalOptions): FakeTerminal {
  let { columns, rows } = options;
  let isEntered = false;
  let written = "";
  let screen: string[] = [];
  const resized = new Set<() => void>();
  const keys = new PassThrough({ encoding: "utf8" });

  function take(text: string): void {
    options.onWrite?.();
    if (options.isForgetful === true) return;
    written += text;
    const piece = new RegExp("\\u001b\\[2J|\\u001b\\[(\\d+);1H((?:(?!\\u001b\\[\\d+;1H|\\u001b\\[\\?2026l).)*)", "gs");
    for (const [whole, line, content = ""] of text.matchAll(piece)) {
      if (whole === "\u001b[2J") screen = [];
      else screen[Number(line) - 1] = content.replace("\u001b[K", "");
    }
  }

  const overrides = new Map<string | symbol, unknown>([
    ["isTTY", true],
    ["write", (text: string) => (take(text), true)],
    ["prependListener", (_: string, changed: () => void) => resized.add(changed)],
    ["on", (_: string, changed: () => void) => resized.add(changed)],
    ["off", (_: string, changed: () => void) => resized.delete(changed)],
  ]);
  const stdout = new Proxy(process.stdout, {
    get(target, name): unknown {
      if (name === "columns") return columns;
      if (name === "rows") return rows;
      return overrides.has(name) ? overrides.get(name) : Reflect.get(target, name);
    },
  });
  /** Rows that were never written are empty. */
  const raw = (): readonly string[] => Array.from({ length: screen.length }, (_, index) => screen[index] ?? "");
  const nothing = (): undefined => undefined;
  const stdin = new Proxy(process.stdin, {
    get(_, name): unknown {
      if (name === "isTTY") return true;
      if (name === "setRawMode" || name === "ref" || name === "unref") return nothing;
      const value: unknown = Reflect.get(keys, name);
      return typeof value === "function" ? (value.bind(keys) as unknown) : value;
    },
  });
  return {
    device: {
      stdin,
      stdout,
      isInteractive: true,
      colour: options.colour ?? true,
      manyColours: true,
      background: "dark",
      asciiOnly: false,
      enter() {
        isEntered = true;
      },
      leave() {
        isEntered = false;
      },
    },
    seen: () => raw().map((line) => line.replace(/\u001b\[[\d;]*m/g, "").trimEnd()),
    raw,
    written: () => written,
    type(text) {
      keys.write(text);
    },
    resize(nextColumns, nextRows) {
      [columns, rows] = [nextColumns, nextRows];
      for (const changed of resized) changed();
    },
    isEntered: () => isEntered,
  };
}
