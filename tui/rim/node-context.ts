/** The command context on a real machine: process, disk and clock. */
import { hostname } from "node:os";
import { join, relative } from "node:path";
import { Fault } from "../../protocols/base/fault.ts";
import { parseAttenuationTables, type AttenuationTables } from "../../protocols/dose/attenuation.ts";
import { parseJsonText } from "../../protocols/input/json-text.ts";
import type { CommandContext } from "../command-context.ts";
import { plainJson, plainLines } from "../progress/number-text.ts";
import { askAtTerminal, askSecretAtTerminal } from "./ask.ts";
import { readBootTime } from "./boot-time.ts";
import { readClockOffset } from "./clock-offset.ts";
import { freeBytes } from "./disk-space.ts";
import { listenForInterrupts } from "./interrupts.ts";
import type { Output } from "./output.ts";
import { packageRoot } from "./package-root.ts";
import { createProcesses, startProcess } from "./processes.ts";
import { createProcessInput } from "./process-input.ts";
import { createRealClock } from "./real-clock.ts";
import { takeSiteLock } from "./site-lock.ts";
import { createTerminalDevice } from "./terminal-device.ts";
import { readTextFile } from "./text-file.ts";
import { createTurns } from "./turns.ts";
import { waitForThread } from "./wait-for-thread.ts";

export function createNodeContext(deps: {
  readonly json: boolean;
  readonly out: Output;
  readonly err: Output;
}): CommandContext {
  const { json, out, err } = deps;
  const shown = json ? err : out;
  let tables: AttenuationTables | undefined;
  const readPackageText = (relativePath: string): string => readTextFile(join(packageRoot().folder, relativePath));
  const readPackageJson = (relativePath: string): unknown => {
    const read = parseJsonText(readPackageText(relativePath));
    if (read.kind === "json") return read.value;
    throw new Fault("file.syntax", `${relativePath}:${read.line}`, `is not JSON: ${read.what}`);
  };
  return {
    json,
    isTerminal: out.isTerminal,
    waitForThread,
    progress: {
      isTerminal: shown.isTerminal,
      colour: shown.colour,
      columns: () => shown.columns(),
      draw: (text) => {
        shown.write(text);
      },
    },
    // Whatever is printed may hold words of files, instruments and other people: nothing of it may steer a terminal.
    print: (line) => {
      out.write(`${json ? plainJson(line) : plainLines(line)}\n`);
    },
    printError: (line) => {
      err.write(`${plainLines(line)}\n`);
    },
    readText: readTextFile,
    readPackageText,
    packagePath(relativePath) {
      const path = relative(process.cwd(), join(packageRoot().folder, relativePath));
      return path.startsWith("..") ? join(packageRoot().folder, relativePath) : path;
    },
    attenuationTables() {
      tables ??= parseAttenuationTables(
        readPackageJson("protocols/data/xray/mass_attenuation.json"),
        readPackageJson("protocols/data/xray/materials.json"),
      );
      return tables;
    },
    freeBytes,
    clockOffset: readClockOffset,
    bootTime: readBootTime,
    clock: createRealClock(),
    drain: createTurns(),
    onInterrupt: (handler) =>
      listenForInterrupts(handler, (reason) => {
        err.write(`\nended at once by a second ${reason}\n`);
      }),
    ask: askAtTerminal,
    askSecret: askSecretAtTerminal,
    self: { pid: process.pid, host: hostname() },
    takeSiteLock,
    processes: createProcesses(),
    startProcess,
    input: createProcessInput(),
    terminal: () => createTerminalDevice(),
    environment: process.env,
    version: packageRoot().version,
  };
}
