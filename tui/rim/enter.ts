/** Joins the command line to the process: arguments in, exit code out, and no way to hang after the work is done. */
import { Fault, faultText } from "../../protocols/base/fault.ts";
import { runCommandLine } from "../command-line.ts";
import { plainLines } from "../progress/number-text.ts";
import { keepHeapSmall } from "./heap.ts";
import { listenUntilBegun } from "./interrupts.ts";
import { createOutput } from "./output.ts";
import { packageRoot } from "./package-root.ts";

const LINGER_MS = 5000;

export async function enter(): Promise<void> {
  keepHeapSmall();
  // some libraries are several times slower unless told before they load
  process.env["NODE_ENV"] ??= "production";
  const out = createOutput(process.stdout, process.env);
  const err = createOutput(process.stderr, process.env);
  const begun = listenUntilBegun((reason) => {
    err.write(`beamrack: ended by ${reason} before it began; nothing was done\n`);
  });
  const done = await runCommandLine(process.argv.slice(2), {
    print: (line) => {
      out.write(`${plainLines(line)}\n`);
    },
    printError: (line) => {
      err.write(`${plainLines(line)}\n`);
    },
    version: () => packageRoot().version,
    begun,
    async createContext(json) {
      const { createNodeContext } = await import("./node-context.ts");
      return createNodeContext({ json, out, err });
    },
  });
  begun();
  await Promise.all([out.flush(), err.flush()]);
  if (out.trouble !== null) err.write(`${faultText(new Fault("output.unwritable", "stdout", out.trouble))}\n`);
  const exitCode = out.trouble !== null && done === 0 ? 1 : done;
  process.exitCode = exitCode;
  setTimeout(() => {
    err.write("beamrack is done, but something it had opened did not close; ending anyway\n");
    process.exit(exitCode);
  }, LINGER_MS).unref();
}
