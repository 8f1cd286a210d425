import { describe, expect, it } from "vitest";
import type { StartProcess } from "../../../tui/command-context.ts";
import { isFault } from "../../../protocols/base/fault.ts";
import { startCommand } from "../../../tui/commands/start.ts";
import { createNodeContext } from "../../../tui/rim/node-context.ts";
import { createOutput } from "../../../tui/rim/output.ts";
import { createFakeTerminal } from "../../support/fake-terminal.ts";

const REFUSAL = [
  "cells.yaml: cells.3.protocol: no such step [campaign.step]",
  "Write one of the steps that the protocol has.",
  "Refused: nothing was moved.",
];

/** What `start` says and ends with where the world's process says this and ends so. */
async function startedWith(args: readonly string[], end: Partial<World> = {}) {
  const { out = [], err = [], code = 0, isWatched = true } = end;
  let [said, complained] = ["", ""];
  const begun: (readonly string[])[] = [];
  const startProcess: StartProcess = (given, onLine, onErrorLine) => {
    begun.push(given);
    for (const line of out) onLine(line);
    for (const line of err) onErrorLine?.(line);
    return { say: () => undefined, stop: () => undefined, ended: Promise.resolve(code) };
  };
  const outputTo = (hear: (text: string) => void) =>
    createOutput({ write: (text, done) => (hear(text), done?.()), on: () => undefined }, {});
  const context = createNodeContext({
    json: false,
    out: outputTo((text) => (said += text)),
    err: outputTo((text) => (complained += text)),
  });
  const { device } = createFakeTerminal({ columns: 80, rows: 24 });
  const terminal = () => ({ ...device, isInteractive: isWatched });
  const ended = await startCommand({ ...context, startProcess, terminal }, args).catch((error: unknown) =>
    isFault(error) ? `${error.code} ${error.where} ${error.message}` : error,
  );
  return { ended, said, complained, begun };
}

interface World {
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly code: number | null;
  /** Somebody sits at a terminal. */
  readonly isWatched: boolean;
}

describe("a simulated world that ends before there is anything to show", () => {
  it("is told with all that it said of why, and ends the command as it ended itself", async () => {
    const { ended, complained } = await startedWith(["cells.yaml"], { err: REFUSAL, code: 2 });
    expect(ended).toBe(2);
    expect(complained.trim().split("\n")).toEqual(REFUSAL);
  });

  it("is told in order with what it did, and where a signal ended it that is said", async () => {
    const broke = await startedWith([], { err: ["the disk is full"], code: 1 });
    expect([broke.ended, broke.complained]).toEqual([1, "the disk is full\n"]);
    const killed = await startedWith([], { code: null });
    expect(killed.ended).toBe(1);
    expect(killed.complained).toMatch(/simulated world.*ended by a signal/);
  });

  it("whose campaign was over by then is no failure", async () => {
    const { ended, said } = await startedWith([], { out: ["short: done", "data: data/short"] });
    expect(ended).toBe(0);
    expect(said).toMatch(/short: done\ndata: data\/short\n$/);
  });
});

it("a pace that is none is refused before anything is begun, with a terminal and without", async () => {
  for (const pace of ["fast", "0", "-1", "1e9", ""]) {
    for (const isWatched of [true, false]) {
      const { ended, begun } = await startedWith([`--pace=${pace}`], { isWatched });
      expect(ended).toMatch(/^command\.usage --pace .*is not a number from 0\.1 to 100000$/);
      expect(begun).toEqual([]);
    }
  }
});
