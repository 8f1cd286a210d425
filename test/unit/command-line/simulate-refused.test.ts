import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runCommandLine } from "../../../tui/command-line.ts";
import type { StartProcess } from "../../../tui/command-context.ts";
import { createNodeContext } from "../../../tui/rim/node-context.ts";
import { createOutput } from "../../../tui/rim/output.ts";

const CAMPAIGN = "protocols/campaigns/bench-quarter-hour.yaml";
const folder = mkdtempSync(join(tmpdir(), "beamrack-refused-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it("a simulation that is refused its folder leaves no broker behind, whether that listens or finds its port taken", async () => {
  const taken = join(folder, "a-file");
  writeFileSync(taken, "no folder");
  for (const firstLine of ['{"listening":"127.0.0.1:9"}', "127.0.0.1:1883: another program listens there"]) {
    let living = 0;
    let complained = "";
    const startProcess: StartProcess = (_, onLine) => {
      living += 1;
      let end: (code: number) => void = () => undefined;
      const ended = new Promise<number>((resolve) => {
        end = resolve;
      });
      let isOver = false;
      const over = (code: number): void => {
        if (!isOver) living -= 1;
        isOver = true;
        end(code);
      };
      onLine(firstLine);
      if (!firstLine.startsWith("{")) over(2);
      return {
        say: () => undefined,
        stop: () => {
          over(0);
        },
        ended,
      };
    };
    const output = (hear: (text: string) => void) =>
      createOutput({ write: (text, done) => (hear(text), done?.()), on: () => undefined }, {});
    const [out, err] = [output(() => undefined), output((text) => (complained += text))];
    const exitCode = await runCommandLine(["simulate", CAMPAIGN, "--data", taken, "--broker-port", "0"], {
      ...{ print: () => undefined, version: () => "0" },
      printError(line) {
        err.write(line);
      },
      createContext: (json) => Promise.resolve({ ...createNodeContext({ json, out, err }), startProcess }),
    });
    expect([exitCode, living]).toEqual([2, 0]);
    expect(complained).toContain(taken);
  }
});
