import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isFault } from "../../../protocols/base/fault.ts";
import { listenForInterrupts } from "../../../tui/rim/interrupts.ts";
import { createNodeContext } from "../../../tui/rim/node-context.ts";
import { createOutput, type Output, type TextStream } from "../../../tui/rim/output.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";
import { readTextFile } from "../../../tui/rim/text-file.ts";
import { createTurns } from "../../../tui/rim/turns.ts";

describe("turns of the event loop", () => {
  it("let every promise settle, also those that others wait for", async () => {
    const turn = createTurns();
    for (let count = 0; count < 200; count += 1) {
      let isSettled = false;
      const work = async (): Promise<void> => {
        for (let step = 0; step < 20; step += 1) await Promise.resolve();
        await new Promise<void>((resolve) => {
          process.nextTick(resolve);
        });
        isSettled = true;
      };
      void work();
      await turn();
      expect(isSettled).toBe(true);
    }
  });

  it("come in the order in which they were asked for", async () => {
    const turn = createTurns();
    const order: number[] = [];
    await Promise.all([0, 1, 2].map((mine) => turn().then(() => order.push(mine))));
    expect(order).toEqual([0, 1, 2]);
  });

  it("come to all who ask at once, wherever in a round, though nobody asks after them", async () => {
    const phases = 70;
    let come = 0;
    for (let phase = 0; phase < phases; phase += 1) {
      const turn = createTurns();
      for (let count = 0; count < phase; count += 1) await turn();
      for (let asked = 0; asked < 3; asked += 1) void turn().then(() => (come += 1));
    }
    // As many rounds as any of them could need.
    for (let round = 0; round < 20; round += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(come).toBe(3 * phases);
  });

  it("leave the event loop to others, and go on after it", async () => {
    const turn = createTurns();
    const heard: string[] = [];
    setTimeout(() => heard.push("a timer"), 0);
    while (heard.length === 0) await turn();
    await turn();
    expect(heard).toEqual(["a timer"]);
  });
});

describe("the real clock", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const DAY_MS = 86_400_000;

  it("waits for longer than the runtime's own timers can", () => {
    const fired = vi.fn();
    createRealClock().setTimeout(fired, 60 * DAY_MS);
    vi.advanceTimersByTime(60 * DAY_MS - 1);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledOnce();
  });

  it("can be told to stop waiting, also after weeks", () => {
    const clock = createRealClock();
    const fired = vi.fn();
    const handle = clock.setTimeout(fired, 60 * DAY_MS);
    vi.advanceTimersByTime(30 * DAY_MS);
    clock.clearTimeout(handle);
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(fired).not.toHaveBeenCalled();
  });
});

describe("reading text", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "beamrack-text-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function faultCodeOf(path: string): string | undefined {
    try {
      readTextFile(path);
    } catch (error) {
      return isFault(error) ? error.code : "not a fault";
    }
    return undefined;
  }

  it("gives UTF-8 text without a byte order mark", () => {
    const path = join(folder, "campaign.yaml");
    writeFileSync(path, "\ufeffname: Zürich\n");
    expect(readTextFile(path)).toBe("name: Zürich\n");
  });

  it("refuses what is not there, a folder, and what is not text", () => {
    const binary = join(folder, "frame.cbf");
    writeFileSync(binary, Uint8Array.of(0xff, 0xfe, 0x00, 0x80));
    expect(faultCodeOf(join(folder, "nowhere.yaml"))).toBe("file.missing");
    expect(faultCodeOf(folder)).toBe("file.missing");
    expect(faultCodeOf(binary)).toBe("file.not-text");
    expect(faultCodeOf("/dev/zero")).toBe("file.missing");
  });
});

/** A stream whose reader may have gone. */
function createStream(isTTY: boolean) {
  const written: string[] = [];
  let onError: ((error: Error) => void) | undefined;
  const stream: TextStream = {
    isTTY,
    columns: 100,
    write(text, done) {
      written.push(text);
      done?.();
    },
    on(_, handler) {
      onError = handler;
    },
  };
  const fail = (code: string): void => onError?.(Object.assign(new Error(`${code}: write`), { code }));
  return {
    stream,
    written,
    breakPipe: () => {
      fail("EPIPE");
    },
    fillDisk: () => {
      fail("ENOSPC");
    },
  };
}

describe("output", () => {
  it("is dropped without complaint once nobody reads it, and work goes on", async () => {
    const { stream, written, breakPipe } = createStream(false);
    const output = createOutput(stream, {});
    output.write("one");
    breakPipe();
    output.write("two");
    await output.flush();
    expect(written).toEqual(["one"]);
    expect(output.trouble).toBeNull();
  });

  it("that is lost to a full disk is no matter of indifference", () => {
    const { stream, fillDisk } = createStream(false);
    const output = createOutput(stream, {});
    output.write("one");
    fillDisk();
    expect(output.trouble).toBe("ENOSPC: write");
  });

  it("has colour in a terminal only, and not where NO_COLOR asks for none", () => {
    const { stream } = createStream(true);
    expect(createOutput(stream, { TERM: "xterm" }).colour).toBe(true);
    expect(createOutput(stream, { TERM: "xterm", NO_COLOR: "" }).colour).toBe(true);
    expect(createOutput(stream, { TERM: "xterm", NO_COLOR: "1" }).colour).toBe(false);
    expect(createOutput(stream, { TERM: "dumb" }).isTerminal).toBe(false);
    expect(createOutput(createStream(false).stream, { TERM: "xterm" }).colour).toBe(false);
  });
});

describe("the context of a command", () => {
  function createBench(json: boolean) {
    const texts = { out: "", err: "" };
    const output = (name: "out" | "err"): Output => ({
      isTerminal: false,
      colour: false,
      columns: () => 80,
      write: (text) => {
        texts[name] += text;
      },
      flush: () => Promise.resolve(),
      trouble: null,
    });
    return { texts, context: createNodeContext({ json, out: output("out"), err: output("err") }) };
  }

  it("shows progress on stdout, unless that carries JSON", () => {
    const plain = createBench(false);
    plain.context.progress.draw("bar");
    expect(plain.texts).toEqual({ out: "bar", err: "" });
    const json = createBench(true);
    json.context.progress.draw("bar");
    json.context.print("{}");
    expect(json.texts).toEqual({ out: "{}\n", err: "bar" });
  });

  it("finds the tables that are shipped, and reads them once", () => {
    const { context } = createBench(false);
    const tables = context.attenuationTables();
    expect(context.attenuationTables()).toBe(tables);
    expect(context.readPackageText("package.json")).toContain(`"version": "${context.version}"`);
  });
});

describe("interrupts", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("first ask to end well, then end the process", () => {
    const exit = vi.spyOn(process, "exit").mockImplementation(() => {
      throw new Error("exited");
    });
    const told: string[] = [];
    const forced: string[] = [];
    const stop = listenForInterrupts(
      (reason) => told.push(reason),
      (reason) => forced.push(reason),
    );
    const now = vi.spyOn(performance, "now").mockReturnValue(1000);
    process.emit("SIGTERM", "SIGTERM");
    expect(told).toEqual(["SIGTERM"]);
    now.mockReturnValue(1400);
    // The same press, passed on by a parent process.
    process.emit("SIGINT", "SIGINT");
    expect(told).toEqual(["SIGTERM"]);
    expect(exit).not.toHaveBeenCalled();
    now.mockReturnValue(1600);
    expect(() => process.emit("SIGINT", "SIGINT")).toThrow("exited");
    expect(exit).toHaveBeenCalledWith(130);
    expect(forced).toEqual(["SIGINT"]);
    stop();
    expect(process.listeners("SIGINT").filter((listener) => listener.name === "listener")).toEqual([]);
  });

  it("by a lost terminal ends well however often it is told, and not at all where there was no terminal to lose", () => {
    const exit = vi.spyOn(process, "exit").mockImplementation(() => {
      throw new Error("exited");
    });
    const now = vi.spyOn(performance, "now").mockReturnValue(1000);
    for (const hasTerminal of [true, false]) {
      const told: string[] = [];
      const stop = listenForInterrupts(
        (reason) => told.push(reason),
        () => undefined,
        hasTerminal,
      );
      process.emit("SIGHUP", "SIGHUP");
      now.mockReturnValue(5000);
      process.emit("SIGHUP", "SIGHUP");
      expect(told).toEqual(hasTerminal ? ["SIGHUP"] : []);
      stop();
    }
    expect(exit).not.toHaveBeenCalled();
  });
});
