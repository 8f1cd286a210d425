/** `beamrack`'s command line within this process: for what is asked of many commands, each in its turn. */
import { runCommandLine } from "../../tui/command-line.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput, type Output, type TextStream } from "../../tui/rim/output.ts";

export interface Answered {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

export async function commandLineHere(args: readonly string[]): Promise<Answered> {
  let [out, err] = ["", ""];
  const toOut = outputTo((text) => (out += text));
  const toErr = outputTo((text) => (err += text));
  const exitCode = await runCommandLine(args, {
    print: (line) => {
      toOut.write(`${line}\n`);
    },
    printError: (line) => {
      toErr.write(`${line}\n`);
    },
    version: () => "",
    createContext: (json) => Promise.resolve(createNodeContext({ json, out: toOut, err: toErr })),
  });
  return { exitCode, out, err };
}

function outputTo(hear: (text: string) => void): Output {
  const sink: TextStream = {
    write(text, done) {
      hear(text);
      done?.();
    },
    on: () => undefined,
  };
  return createOutput(sink, {});
}
